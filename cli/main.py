"""`ncmc`: the command line. Each command imports what it needs when it runs, so help is instant."""

import os
import traceback
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from cli import streams
from ncmc.errors import UserError, unknown
from ncmc.paths import OURS, PAPER_VARIABLE

HOMES = {  # command -> its module and function, where they are not called as it is
    "list": ("listing", "list_names"),
    "import": ("import_", "import_results"),
    "new-paper": ("new_paper", "new_paper"),
}
SETTINGS = {"help_option_names": ["-h", "--help"]}
START = """\
Does the paper hold?         ncmc verify claims{pages}
{run}
A loss of your own:          docs/your-own.md, then ncmc check method NAME
All commands:                ncmc --help
"""


class Commands(TyperGroup):
    """Prints the errors that are the user's to mend, without a traceback, with their exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line; 1 in place of 0 if something that was printed is lost."""
        with streams.watched() as (out, err):
            try:
                return super().main(*args, **kwargs)
            except Exception as error:  # a fault of ours: told through the streams, as all the rest
                traceback.print_exc()
                raise SystemExit(1) from error
            except SystemExit as end:
                if streams.lost_output(out, err) and not end.code:
                    raise SystemExit(1) from None
                raise

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called, imported now: `ncmc --help` need not wait for all of them."""
        if not args[0].startswith("-") and args[0] not in self.commands:
            raise unknown("command", args[0], self.commands)
        name, _, rest = super().resolve_command(ctx, args)
        return name, _command(str(name)), rest

    def invoke(self, ctx: Any) -> Any:
        """Run a command; 1 and 2 are the exit codes of errors, 128 + n of signal n."""
        from ncmc.system import signals

        try:
            return super().invoke(ctx)
        except UserError as error:
            streams.say_on_stderr(str(error))
            raise typer.Exit(error.exit_code) from error
        except signals.Interrupted as stop:
            signals.ignore()
            streams.say_on_stderr(
                f"stopped by {stop}; a checkpoint is saved. Run the same command to resume."
            )
            raise typer.Exit(stop.exit_code) from stop
        except KeyboardInterrupt as stop:
            streams.say_on_stderr("stopped by Ctrl-C.")
            raise typer.Exit(130) from stop
        except OSError as error:  # of the user's system, if it is about a file
            if error.filename is None:
                raise
            streams.say_on_stderr(f"{error.filename}: {error.strerror}.")
            raise typer.Exit(1) from error
        finally:
            while streams.AT_END:
                streams.AT_END.pop()()


@cache
def _command(name: str) -> Any:
    """The command of a name, built from the module in cli/commands."""
    module_name, function = HOMES.get(name, (name, name))
    module = import_module(f"cli.commands.{module_name}")
    if name == "reference":
        return get_command(module.app)
    own = typer.Typer(add_completion=False, rich_markup_mode="rich", context_settings=SETTINGS)
    own.command(name, epilog=module.EPILOG)(getattr(module, function))
    return get_command(own)


def _start() -> str:
    """What somebody who types `ncmc` alone can do, a line for each reader."""
    from ncmc import paths
    from ncmc.project import Project

    run = "Without a GPU, in minutes:   uv run snakemake --cores all smoke"
    try:
        project = Project.find()
    except UserError:  # outside of a checkout
        return START.format(pages="", run=run)
    if not project.config("smoke.yaml").exists():
        run = "What its runs would take:    uv run snakemake -n all"
    pages = "".join(
        f"\n  or in a browser:           {paths.PUBLISHED.format(tier=tier)}/{paths.PROJECT_PAGE}"
        for tier in project.published_tiers
    )
    return paths.commands_of_paper(START.format(pages=pages, run=run), project.paper)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        print(f"ncmc {metadata.version('ncmc')}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    invoke_without_command=True,
    add_completion=False,  # `uv run ncmc` has none
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
    help="Re-run a paper on long-tailed learning and say, claim by claim, whether the result holds. "
    "Without --paper that is 'Neural Collapse To Multiple Centers For Imbalanced Data' (NeurIPS 2024).",
    epilog="The whole chain on bundled images: `snakemake --cores all smoke`. Inside a checkout "
    "`uv run` goes before each command.",
)


@app.callback()
def options(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
    ),
    paper: str = typer.Option(
        "",
        help="The paper that is asked: a folder of papers/.",
        show_default=f"${PAPER_VARIABLE}, or {OURS}",
        metavar="NAME",
    ),
) -> None:
    """Options of `ncmc` itself."""
    if paper:  # in the environment, so that Snakemake and every process that is started agree
        os.environ[PAPER_VARIABLE] = paper
    if context.invoked_subcommand is None:
        print(_start(), end="")


PANELS = {  # as in `ncmc --help`; each command's own help has more
    "Read": {
        "list": "What there is: tables, runs, datasets, methods, claims, ...",
        "table": "A table of the records so far, also as CSV and LaTeX.",
        "verify": "What holds: of a table, of the paper's claims, of all.",
        "explain": "One claim in full: its reading, runs and findings.",
        "figures": "The figures as SVG, PNG and PDF.",
        "report": "The page of a table, or of everything.",
    },
    "Run": {
        "doctor": "What this machine can run, and what a table would take.",
        "plan": "Which runs to do next, and what they would decide.",
        "fetch": "A dataset, verified.",
        "split": "A long-tailed training set.",
        "train": "Runs, each to its record.",
        "evaluate": "Records made again from trained models.",
        "theory": "The theorems, checked numerically.",
    },
    "Your own": {
        "check": "What is wrong with a method, backbone, dataset or paper of yours.",
        "new-paper": "A folder for another paper, with a form to fill in.",
        "sweep": "A study over options, planned and trained.",
        "reference": "Numbers that you read in your copy of the paper.",
    },
    "Share": {
        "export": "Records in one file, with checksums.",
        "import": "Somebody else's records, merged with yours.",
        "compare": "What differs between two sets of results.",
    },
    "Keep": {
        "status": "How far the runs are; which records are outdated.",
        "publish": "Records that belong to the repository.",
    },
}
for panel, texts in PANELS.items():
    for name, text in texts.items():  # `Commands.resolve_command` puts the command in its place
        app.command(name, help=text, rich_help_panel=panel)(lambda: None)

if __name__ == "__main__":
    app()
