"""`ncmc`: the command line. Each command imports what it needs when it runs, so help is instant."""

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from cli import streams
from cli.commands import (
    check_backbone,
    check_dataset,
    check_method,
    compare,
    doctor,
    evaluate,
    explain,
    export,
    fetch,
    figures,
    import_,
    listing,
    outdated,
    plan,
    publish,
    reference,
    report,
    show,
    split,
    status,
    sweep,
    table,
    theory,
    train,
    verify,
)
from ncmc.errors import UsageError, UserError, printable, shortened

FUNCTIONS = {
    "list": "list_names",
    "import": "import_results",
}  # of commands that Python has the word of
LONGEST = 2_000  # characters of an argument


class Commands(TyperGroup):
    """Prints the errors that are the user's to mend, without a traceback, with their exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line; 1 in place of 0 if something that was printed is lost."""
        with streams.watched() as (out, err):
            try:
                _check_lengths(kwargs.get("args") or (args[0] if args else None) or sys.argv[1:])
                return super().main(*args, **kwargs)
            except UserError as error:
                print(f"ncmc: {error}", file=sys.stderr)
                raise SystemExit(error.exit_code) from error
            except Exception as error:  # a fault of ours: told through the streams, as all the rest
                traceback.print_exc()
                raise SystemExit(1) from error
            except SystemExit as end:
                if streams.lost_output(out, err) and not end.code:
                    raise SystemExit(1) from None
                raise

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """The options of `ncmc` itself."""
        with _printable_usage_errors():
            return super().make_context(*args, **kwargs)

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order of a run through the harness, not of the alphabet."""
        return list(self.commands)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; 1 and 2 are the exit codes of errors, 128 + n of signal n."""
        from ncmc.system import signals

        try:
            with _printable_usage_errors():
                return super().invoke(ctx)
        except UserError as error:
            print(f"ncmc: {error}", file=sys.stderr)
            raise typer.Exit(error.exit_code) from error
        except signals.Interrupted as stop:
            signals.ignore()
            print(
                f"ncmc: stopped by {stop}; a checkpoint is saved. Run the same command to resume.",
                file=sys.stderr,
            )
            raise typer.Exit(stop.exit_code) from stop
        except KeyboardInterrupt as stop:
            print("ncmc: stopped by Ctrl-C.", file=sys.stderr)
            raise typer.Exit(130) from stop
        except OSError as error:  # of the user's system, if it is about a file
            if error.filename is None:
                raise
            print(f"ncmc: {error.filename}: {error.strerror}.", file=sys.stderr)
            raise typer.Exit(1) from error


@contextmanager
def _printable_usage_errors() -> Iterator[None]:
    """Typer prints these by a console of its own, with the argument that is wrong."""
    try:
        yield
    except typer.TyperException as error:
        error.message = printable(error.message)
        raise


def _check_lengths(arguments: Sequence[str]) -> None:
    """Raises UsageError for an argument that is no name, number or path, and would be echoed whole."""
    for argument in arguments:
        if len(argument) > LONGEST:
            raise UsageError(
                f"an argument is {len(argument):,} characters long ({shortened(argument, 40)}); "
                f"allowed: {LONGEST:,}."
            )


def _version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        print(f"ncmc {metadata.version('ncmc')}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Re-run 'Neural Collapse To Multiple Centers For Imbalanced Data' (NeurIPS 2024) "
    "and say, claim by claim, whether the result holds.",
    epilog="The whole chain on bundled images: "
    "`snakemake --cores all smoke`. Start with `ncmc doctor` and `ncmc list tables`.",
)


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Options of `ncmc` itself."""


for module, name in (
    (plan, "plan"),
    (fetch, "fetch"),
    (split, "split"),
    (train, "train"),
    (sweep, "sweep"),
    (evaluate, "evaluate"),
    (table, "table"),
    (verify, "verify"),
    (explain, "explain"),
    (report, "report"),
    (figures, "figures"),
    (show, "show"),
    (status, "status"),
    (outdated, "outdated"),
    (export, "export"),
    (import_, "import"),
    (publish, "publish"),
    (compare, "compare"),
    (theory, "theory"),
    (listing, "list"),
    (check_method, "check-method"),
    (check_backbone, "check-backbone"),
    (check_dataset, "check-dataset"),
    (doctor, "doctor"),
):
    function = getattr(module, FUNCTIONS.get(name, name.replace("-", "_")))
    app.command(name, epilog=module.EPILOG)(function)

app.add_typer(reference.app, name="reference")

if __name__ == "__main__":
    app()
