"""Runs trained one after the other, to their records: what several commands do."""

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.progress import Shown, working
from cli.streams import say_on_stderr
from ncmc.errors import BusyError, UserError, place_in
from ncmc.plan import catalog
from ncmc.plan.option_text import Value
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.dead_runs import dead_words, is_dead
from ncmc.results.record import Record

if TYPE_CHECKING:  # which imports torch
    from ncmc.training.run_inputs import RunInputs

SECONDS_BETWEEN_TRIES = 5.0  # of a run that another process trains


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
