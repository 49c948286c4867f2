"""From the wish to train a run to its record: is it trained already, are its data and split here?"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ncmc import paths
from ncmc.data import datasets
from ncmc.errors import UsageError, UserError
from ncmc.plan.option_text import Value
from ncmc.plan.run import Run, trained_run
from ncmc.project import Project
from ncmc.results.outdated import why_outdated
from ncmc.results.record import Record, load_record, path_of
from ncmc.system import allocator, files, gpu_lease, hardware
from ncmc.training.opened_run import open_run

if TYPE_CHECKING:  # a run that is trained already must not wait for torch
    from ncmc.training.told_progress import Progress


def launch(
    project: Project,
    run: Run,
    progress: "Callable[[], Progress]",
    *,
    device: str | None = None,
    results: Path | None = None,
    execution: Mapping[str, Value] | None = None,
    force: bool = False,
    with_model: bool = False,
) -> tuple[Record, str]:
    """The record of a run and how it came: "already trained", "trained" or "evaluated".

    A run whose method is a decision rule is evaluated, on the model of the run that it names, which is
    trained first if it is not yet, and again if its record came without a model. `progress` is called if
    there is something to train. `force`: train again though a record is there; `with_model`: unless its
    model is there too.
    Raises UserError and Interrupted as `train.train` does, UsageError if the record that is there was
    made in another way.
    """
    target = path_of(project, run, results)
    before = None if force else finished(project, run, results)
    if before and not (with_model and not files.exists(target.with_name(paths.MODEL))):
        return before, "already trained"
    source = trained_run(project, run)
    if source != run:
        launch(
            project,
            source,
            progress,
            device=device,
            results=results,
            execution=execution,
            with_model=True,
        )
    datasets.verify(project, run.dataset)  # the bytes that it trains on are those that were fetched
    opened = open_run(project, run, execution)
    allocator.keep_pages()
    from ncmc.training import decision_rule, train

    with gpu_lease.claim() as gpu:
        if device is None and hardware.gpu_count() > 1:
            device = f"cuda:{gpu}"
        if source != run:
            return decision_rule.apply(opened, source, device=device, results=results), "evaluated"
        told = progress()
        record = train.train(opened, told, device=device, results=results, anew=force)
    if before and before.digest != record.digest:
        told.say(
            f"{run.id}: trained again for its model, it came out otherwise than the record that was "
            "here, which this one replaces (made on another processor?)"
        )
    return record, "trained"


def evaluate(
    project: Project, run: Run, *, device: str | None = None, results: Path | None = None
) -> Record:
    """The record of a run made again from the model that was trained for it, and written.

    Raises UserError if there is no model, or it is damaged or of another configuration.
    """
    from ncmc.training import decision_rule, finish

    source = trained_run(project, run)
    if source == run:
        return finish.evaluate_again(project, run, device=device, results=results)
    return decision_rule.apply(open_run(project, run), source, device=device, results=results)


def finished(project: Project, run: Run, results: Path | None = None) -> Record | None:
    """The record of a run, if it is there and made as it would be made now.

    Raises UserError for a damaged record or one of another run, UsageError if it was made otherwise.
    """
    path = path_of(project, run, results)
    if not files.exists(path):
        return None
    record = load_record(path)
    if record.run != run:
        raise UserError(
            f"{path} is the record of {record.run.id}, not of {run.id}. Move it to its own folder, or "
            "use --force to replace it."
        )
    if why := why_outdated(project, record, results):
        raise UsageError(f"{path} {why}. Use --force to train it again.")
    return record
