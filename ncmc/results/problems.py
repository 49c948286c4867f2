"""What is wrong with records: with one in its project, and with those that are judged together.

A record that contradicts itself is refused wherever it is read (`ncmc.results.contradictions`). Here
it is held against its run: no table counts a record with a `RecordProblem`. One that was made with
other code is counted and told (`why_outdated`), for its numbers were measured all the same.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ncmc import paths
from ncmc.errors import UserError, listed
from ncmc.paper.assumptions import assumptions, assumptions_for
from ncmc.plan import catalog, grid, same_bits
from ncmc.plan.class_counts import expected_counts
from ncmc.plan.code_digest import code_of
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, parse_run_id, resolve_run, trained_run
from ncmc.project import Project
from ncmc.results import code_versions
from ncmc.results.configuration import differing_keys
from ncmc.results.contradictions import Twice, differing
from ncmc.results.record import (
    ModelOf,
    Record,
    check_results_folder,
    load_record,
    parse_record,
    path_of,
)
from ncmc.results.wording import plural, sentence, train_command
from ncmc.system import documents, files

if TYPE_CHECKING:
    from ncmc.results.cells import Cell

MOST_NAMED = 4  # runs, in a sentence


# --- one record in its project -----------------------------------------------------------------

Kind = Literal["damaged", "outdated"]  # outdated: was right, the configuration has changed


@dataclass(frozen=True)
class RecordProblem:
    """Why no table counts the record of a run."""

    run: Run
    path: Path
    kind: Kind
    reason: str  # names the file
    remedy: str

    @property
    def why(self) -> str:
        """The reason, after the name of the file."""
        return self.reason.removeprefix(f"{self.path} ").rstrip(".")

    @property
    def words(self) -> str:
        """Why it does not count, and what to do."""
        return f"{self.reason.rstrip('.')}. {self.remedy}"


def read_record(project: Project, run: Run, path: Path) -> Record | RecordProblem | None:
    """The record of a run at `path`, or why it does not count; None without one."""
    again = f"delete it and make it again: {train_command(run)}"
    try:
        if not files.exists(path):
            return None
        data = files.read_bytes(path, documents.MOST_BYTES)
    except UserError as error:  # it, or its folder, cannot be read
        remedy = sentence(f"make it readable, or {again}")
        return RecordProblem(run, path, "damaged", str(error), remedy)
    try:
        record = parse_record(data, str(path))
    except UserError as error:
        return RecordProblem(run, path, "damaged", str(error), sentence(again))
    if unfit := why_unfit(project, run, record):
        kind, words, remedy = unfit
        if kind == "outdated" and path in project.published_in_use:
            return None  # of no use here, and nobody's to mend
        return RecordProblem(run, path, kind, f"{path} {words}.", sentence(f"{remedy}{again}"))
    return record


def why_unfit(project: Project, run: Run, record: Record) -> tuple[Kind, str, str] | None:
    """(kind, what a record is that cannot be that of `run` here, what to try first); None if it can.

    `path` + the words make a sentence, such as `was made with another configuration: ...`.
    """
    if record.run != run:
        words = f"is the record of {record.run.id}, not of {run.id}"
        return "damaged", words, "move it to its own folder, or "
    if keys := differing_keys(project, record):
        words = f"was made with another configuration: {'; '.join(keys)}"
        return "outdated", words, "undo the change in config/, or "
    if problems := differing(_twice(project, record), "the run"):
        return "damaged", f"contradicts its run: {'; '.join(problems)}", ""
    if other := _other_assumptions(project, record):
        words = f"was made under other assumptions: {'; '.join(other)}"
        return "outdated", words, "undo the change in papers/ncmc/assumptions.yaml, or "
    return None


def _twice(project: Project, record: Record) -> Iterator[Twice]:
    """What a record of this configuration states, and what follows from its run."""
    yield from _options(project, record)
    source = trained_run(project, record.run)
    model = record.model_of.run if record.model_of else None
    yield "model_of.run", model, None if source == record.run else source.id
    if expected := known_counts(project, record.run):
        yield "split.counts", list(record.split.counts), expected
    test_images = [sum(row) for row in record.result.confusion]
    of_class = dataset_entry(project, record.run.dataset).test_counts
    if of_class is not None:
        counts = [of_class] * len(test_images) if isinstance(of_class, int) else list(of_class)
        times = sum(test_images) // sum(counts)
        yield "the number of test images per class", test_images, [times * n for n in counts]


def known_counts(project: Project, run: Run) -> list[int] | None:
    """Training images per class of a run (K,), where config/ alone says so; None elsewhere.

    Classes of images of one's own may be of any size, and ImageNet-LT comes long-tailed. SVHN is drawn
    part by part, and with labels as released classes are left empty (A4).
    """
    entry, split = dataset_entry(project, run.dataset), resolve_run(project, run).split
    any_size = entry.reader == "imagefolder" or split.imbalance == "given"
    if entry.reader == "svhn" or (any_size and entry.train_counts is None):
        return None
    return expected_counts(entry, run.tau, split)


def _options(project: Project, record: Record) -> Iterator[Twice]:
    """The options of backbone and method are those of the run, or the defaults of their code.

    Nothing is said of a part whose code is not known to be the present one: its defaults may have been
    others.
    """
    now, then = code_of(project, record.run), record.made.code
    if now is None:
        return
    other = same_bits.differing(then, now, code_versions.kind_of(record.made.device))
    for part in catalog.KINDS:
        if part in other:
            continue
        stored, name = record.config[part], getattr(record.run, part)
        for key, default in catalog.default_options(part, name).items():
            if key in stored:
                due = record.config["model"].get(key, default)
                yield f"config.{part}.{key}", stored[key], due
        if getattr(then, part) == getattr(now, part):
            names = catalog.own_options(part, name) or stored
            yield f"config.{part}, by its keys,", sorted(stored), sorted(names)


def _other_assumptions(project: Project, record: Record) -> list[str]:
    """What a record says of assumptions that the register does not say of its run.

    Points that were `added` to the register since do not count, nor how a choice that no option sets
    is worded: a better sentence must not cost a training.
    """
    then, now = record.assumptions, assumptions_for(project, record.run, record.config)
    register = {entry.id: entry for entry in assumptions(project)}
    return [
        f"{key} is '{choice}' then, {repr(now[key]) if key in now else 'does not arise'} now"
        for key, choice in then.items()
        if key not in now or (now[key] != choice and register[key].option is not None)
    ] + [
        f"{key} is absent then, '{choice}' now (a new point of the register has its day as `added`)"
        for key, choice in now.items()
        if key not in then and str(register[key].added or "") < record.made.at[:10]
    ]


# --- records that would be made otherwise now --------------------------------------------------


@dataclass(frozen=True)
class Outdated:
    """A record that does not fit, and why."""

    run: str  # the id that its folder names
    record: Path
    why: str


def why_outdated(project: Project, record: Record, results: Path | None = None) -> str | None:
    """What of a record that counts would be otherwise if it were made now; None if nothing is known.

    `results`: the folder of the records, by default results/runs.
    """
    if changed := code_versions.changes(project, record):
        return f"was made with other code: {', '.join(changed)}"
    source = trained_run(project, record.run)
    if record.model_of and _trained_again(path_of(project, source, results), record.model_of):
        return f"was made from another model of {source.id}, which was trained again since"
    return None


def _trained_again(path: Path, model: ModelOf) -> bool:
    try:
        return files.exists(path) and load_record(path).digest != model.digest
    except UserError:
        return False  # a damaged record says nothing of this one


def outdated_records(project: Project, results: Path | None = None) -> list[Outdated]:
    """Every outdated record below results/runs, those that cannot be read included.

    Raises UsageError if the configuration is not valid: it must not make every record outdated.
    """
    check_results_folder(results)
    for name in table_names(project):
        grid.table(project, name)
    root = results or project.root / paths.RUNS
    records = []
    for path in sorted(root.rglob(paths.RECORD)):
        run_id = path.parent.relative_to(root).as_posix()
        record = record_of(project, run_id, path)
        why = why_outdated(project, record, results) if isinstance(record, Record) else record
        if why:
            records.append(Outdated(run_id, path, why))
    return records


def record_of(project: Project, run_id: str, path: Path) -> Record | str | None:
    """The record of a run at `path`, or why no table can show it, in words; None without one."""
    try:
        record = read_record(project, parse_run_id(project, run_id), path)
    except UserError as error:
        return f"is of a run that cannot be made here: {error}"
    return record.why if isinstance(record, RecordProblem) else record


def delete(records: list[Outdated]) -> None:
    """Delete these records, so that they are planned again. Raises UserError (no permission)."""
    for entry in records:
        try:
            entry.record.unlink()
        except OSError as error:
            raise files.explain(error, entry.record) from error


# --- records that are judged together ----------------------------------------------------------


def problems_in(cells: Iterable["Cell"]) -> tuple[str, ...]:
    """What must be said of the records of cells that are judged together.

    It does not decide, but it can be why: one sentence each, which names the cells or runs.
    """
    distinct = list({cell.spec.run: cell for cell in cells if cell.records}.values())
    records = list({r.run: r for cell in distinct for r in cell.records}.values())
    of_records = (*_images(records), *_code(records), *_computed(records))
    of_cells = (problem for cell in distinct for problem in _seeds(cell))
    return tuple(dict.fromkeys((*of_records, *of_cells)))


def _images(records: Sequence[Record]) -> Iterator[str]:
    """Other training images under one configuration of the split, other test images of a dataset."""
    training_images: dict[str, dict[str, str]] = defaultdict(dict)  # ... -> SHA-256 -> first run
    test_images: dict[str, dict[tuple[int, ...], str]] = defaultdict(dict)
    for record in records:
        run = record.run
        split = json.dumps([run.dataset, run.tau, record.config.get("split")], sort_keys=True)
        training_images[split].setdefault(record.split.sha256, run.id)
        rows = tuple(map(sum, record.result.confusion))
        test_images[run.dataset].setdefault(rows, run.id)
    for groups, words in (
        (training_images.values(), "training images under one configuration of the split"),
        (test_images.values(), "numbers of test images of one dataset"),
    ):
        for runs in (list(group.values()) for group in groups if len(group) > 1):
            yield (
                f"different {words}, as in {listed(runs, MOST_NAMED)}: a difference between them may be "
                "one of images."
            )


def _code(records: Sequence[Record]) -> Iterator[str]:
    """Several versions of what their numbers depend on, and uncommitted changes of it."""
    if differing := code_versions.differences(records):
        yield f"the records were made with {', '.join(differing)}."
    if dirty := [record for record in records if record.made.dirty]:
        yield (
            f"{len(dirty)} of {plural(len(records), 'record')} were made with uncommitted changes in "
            "the code that they depend on: their commit does not say what was run."
        )


def _computed(records: Sequence[Record]) -> Iterator[str]:
    """Several precisions or kinds of device."""
    ways = sorted(
        {
            f"{session.precision} on {session.device.split(':')[0]}"
            for record in records
            for session in record.made.sessions
        }
    )
    if len(ways) > 1:
        yield f"the records were computed in {len(ways)} ways: {', '.join(ways)}."


def _seeds(cell: "Cell") -> Iterator[str]:
    """Seeds that say too much, nothing, or the same as another."""
    label = cell.spec.label
    if cell.extra:
        yield (
            f"{label}: {cell.n + len(cell.extra)} seeds have a record, of which the {cell.planned} that "
            f"are planned count; not used: {', '.join(map(str, cell.extra))}."
        )
    yield from cell.copies
    yield from cell.dead
