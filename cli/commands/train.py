"""`ncmc train`: one run, or several in one process, to their records."""

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Assume, Device, Options, Results, parse_given
from cli.progress import Shown, working
from cli.streams import say_on_stderr
from ncmc.errors import BusyError, UsageError, UserError, place_in
from ncmc.paper import switches
from ncmc.plan import catalog
from ncmc.plan.option_text import Value
from ncmc.plan.run import Run, make_run, parse_run_id
from ncmc.project import Project
from ncmc.results.dead_runs import dead_words, is_dead
from ncmc.results.record import Record
from ncmc.system import signals

if TYPE_CHECKING:  # which imports torch
    from ncmc.training.run_inputs import RunInputs

EPILOG = (
    "Examples: `ncmc train digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`, "
    "`ncmc train --dataset digits --tau 0.02 --backbone resnet8 --method CAL -o f=10`. "
    "Several runs in one command start torch once: one that fails does not stop the others."
)

SECONDS_BETWEEN_TRIES = 5.0  # of a run that another process trains


def train(
    runs: Annotated[
        list[str] | None,
        typer.Argument(help="Run ids; or describe one run by the options.", metavar="[RUN]..."),
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="See `ncmc list datasets`.")] = None,
    tau: Annotated[float | None, typer.Option(help="Imbalance ratio n_min / n_max.")] = None,
    backbone: Annotated[str | None, typer.Option(help="See `ncmc list backbones`.")] = None,
    method: Annotated[str | None, typer.Option(help="See `ncmc list methods`.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Training seed, 0 by default; the split has its own.")
    ] = None,
    option: Options = None,
    assume: Assume = None,
    device: Device = None,
    results: Results = None,
    force: Annotated[
        bool,
        typer.Option(
            help="Train again even if there is a record; resumes from a checkpoint if there is one."
        ),
    ] = False,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait",
            help="If another process trains a run, wait and take its record, in place of an error.",
        ),
    ] = False,
) -> None:
    """Train runs to their records, each resuming from its checkpoint if there is one."""
    signals.stop_without_launcher()
    project = Project.find()
    parts = {"--dataset": dataset, "--tau": tau, "--backbone": backbone, "--method": method}
    parts |= {"--seed": seed}
    texts: list[str | None] = [*(runs or [])] or [None]
    chosen = [_run_from(project, text, parts, option, assume) for text in texts]
    runs_once = [*dict.fromkeys(chosen)]
    train_all(project, runs_once, device, results, parse_given(option), force, wait)


def _run_from(
    project: Project,
    run_id: str | None,
    parts: Mapping[str, Any],
    options: list[str] | None,
    assume: list[str] | None,
) -> Run:
    """The Run of an id, or of its parts. Raises UsageError."""
    chosen, extra = switches.parse_switches(project, assume or []), parse_given(options)
    given = [name for name, value in parts.items() if value is not None]
    missing = [name for name in parts if name not in given and name != "--seed"]
    for switch in chosen:
        if twice := extra.keys() & switch.options.keys():
            raise UsageError(f"option {min(twice)} is given by -o and by --assume {switch}.")
    if run_id and given:
        raise UsageError(f"a run is given by its id or by its parts, not by both ({given[0]}).")
    if not run_id and missing:
        raise UsageError(
            f"a run needs {', '.join(missing)} too, or its id, such as "
            "digits/tau=0.02/resnet8/CAL/default/seed=0."
        )
    if run_id:
        run = parse_run_id(project, run_id)
        cell, seed = (run.dataset, run.tau, run.backbone, run.method), run.seed
        extra = dict(run.options) | extra
    else:
        cell = tuple(parts[f"--{name}"] for name in ("dataset", "tau", "backbone", "method"))
        seed = parts["--seed"] or 0
    return switches.switched(project, make_run(*cell, extra, seed, project=project), chosen)


def train_all(
    project: Project,
    runs: Sequence[Run],
    device: str | None = None,
    results: Path | None = None,
    execution: Mapping[str, Value] | None = None,
    force: bool = False,
    wait: bool = False,
) -> None:
    """Train runs one after the other. Raises as `for_each`."""
    from ncmc.training.run_inputs import RunInputs

    def train_one(run: Run) -> None:
        inputs = RunInputs(project, run, execution or {}, results)
        with _explain_own_code(run):
            record, how = _trained(inputs, device, force, wait)
        print_trained(record, inputs.record_path, how)

    for_each(runs, train_one)


def for_each(runs: Sequence[Run], act: Callable[[Run], None]) -> None:
    """Do it for each run; one that fails does not stop the others. Raises UserError at the end."""
    failures = 0
    for run in runs:
        try:
            act(run)
        except Exception as error:  # of a lab's own method too: the other runs are not to blame
            if len(runs) == 1:
                raise
            failures += 1
            if not isinstance(error, UserError):
                traceback.print_exception(error)
            say_on_stderr(f"{run.id}: {error}")
    if failures:
        raise UserError(f"{failures} of {len(runs)} runs failed; see above. The others are done.")


@contextmanager
def _explain_own_code(run: Run) -> Iterator[None]:
    """An error on a line of the run's method or backbone as a UserError that names the line."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        for kind, name in (("method", run.method), ("backbone", run.backbone)):
            if place := place_in(catalog.file_of(kind, name), error):
                raise UserError(
                    f"{place}. `ncmc check {kind} {name}` looks at all of it."
                ) from error
        raise


def print_trained(record: Record, path: Path, how: str) -> None:
    """What a run reached."""
    accuracy = record.result.accuracy
    if is_dead(record):
        say_on_stderr(
            f"{record.run.configuration}: {dead_words(record)}. No verdict rests on its cell. A "
            "longer warm-up (-o warmup_epochs=10) or a smaller rate may train all of its seeds."
        )
    print(
        f"{record.run.id}: {how}, accuracy {accuracy.last:.2f} % "
        f"(best {accuracy.best:.2f} % in epoch {accuracy.best_epoch}), {path}"
    )


def _trained(
    inputs: "RunInputs", device: str | None, force: bool, wait: bool
) -> tuple[Record, str]:
    """The record of a run and how it came about; with `wait` after any other process that trains it."""
    from ncmc.training.launch import launch

    waiting = False
    while True:
        try:
            with ExitStack() as shown:
                return launch(
                    inputs,
                    lambda: Shown(shown.enter_context(working(inputs.run.id))),
                    device=device,
                    force=force,
                )
        except BusyError:
            if not wait:
                raise
            if not waiting:
                say_on_stderr(f"{inputs.run.id}: another process is training it; waiting.")
                waiting = True
            time.sleep(SECONDS_BETWEEN_TRIES)
