"""What differs between two records of a run, and between two sets of results, in words and numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ncmc import paths
from ncmc.errors import DamagedError, UsageError, UserError
from ncmc.project import Project
from ncmc.results.configuration import flat
from ncmc.results.record import Record, load_record
from ncmc.results.statistics import against, sample
from ncmc.sharing.export_format import NAME, read_export
from ncmc.system import files
from ncmc.system.documents import Strict

SHORT = 10  # characters of a commit or a digest


@dataclass(frozen=True)
class Brief:
    """What of a record is compared; the records themselves would fill the memory of a large grid."""

    cell: str  # the id of its runs, without the seed
    seed: int
    digest: str
    last: float  # accuracy, percent
    made: Mapping[str, str]  # commit, machine, ... and every key of its configuration -> value


def brief(record: Record) -> Brief:
    """What of a record is compared."""
    made = record.made
    values = {
        "commit": (made.git.commit or "unknown")[:SHORT]
        + (" with uncommitted changes" if made.dirty else ""),
        "machine": made.hardware.processor,
        "device": made.device,
        "instructions": made.instructions,
        "torch": made.packages.get("torch"),
        "split": record.split.sha256[:SHORT],
        **{f"code of its {part}": digest for part, digest in made.code if part != "torch"},
        **dict(flat(record.config)),
    }
    texts = {key: "unknown" if value is None else str(value) for key, value in values.items()}
    cell, seed, last = record.run.configuration, record.run.seed, record.result.accuracy.last
    return Brief(cell, seed, record.digest, last, texts)


def reasons(ours: Brief, theirs: Brief) -> Iterator[str]:
    """What was otherwise when two records were made, in words."""
    for key in dict.fromkeys((*ours.made, *theirs.made)):
        here, there = (one.made.get(key, "absent") for one in (ours, theirs))
        if here != there:
            yield f"{key} {here} here, {there} there"


class CellDifference(Strict):
    """A cell of which both sides have runs with other digests. Differences in points, B minus A."""

    cell: str
    seeds: tuple[int, ...]  # of which both have a record
    differing: tuple[int, ...]  # ... with other digests
    a: float  # mean accuracy over `seeds`, percent
    b: float
    difference: float
    interval: tuple[float, float] | None  # 95 % t interval over seeds, paired; None below two seeds
    reasons: tuple[str, ...]  # what was otherwise when they were made, of all differing runs


class ResultsComparison(Strict):
    """Two sets of results, A and B. Runs by id."""

    a: str
    b: str
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    equal: tuple[str, ...]
    cells: tuple[CellDifference, ...]

    @property
    def same(self) -> bool:
        """Whether A holds every run of B with the same digest; it may hold others too."""
        return not (self.only_b or self.cells)


def compare(project: Project, a: Path | None, b: Path | None) -> ResultsComparison:
    """Compare two sets of results: an export, a folder of records, or None for results/runs.

    Raises DamagedError for a record or an export that is damaged, UsageError for a place without
    records.
    """
    first, second = (read_set(source or project.root / paths.RUNS) for source in (a, b))
    both = sorted(first.keys() & second.keys(), key=lambda run: (first[run].cell, first[run].seed))
    equal = tuple(run for run in both if first[run].digest == second[run].digest)
    cells: dict[str, list[tuple[Brief, Brief]]] = {}
    for run in both:
        cells.setdefault(first[run].cell, []).append((first[run], second[run]))
    differences_of = (_difference(cell, pairs) for cell, pairs in cells.items())
    return ResultsComparison(
        a=str(a or paths.RUNS),
        b=str(b or paths.RUNS),
        only_a=tuple(sorted(first.keys() - second.keys())),
        only_b=tuple(sorted(second.keys() - first.keys())),
        equal=equal,
        cells=tuple(one for one in differences_of if one.differing),
    )


def read_set(source: Path) -> dict[str, Brief]:
    """Every record of an export, or below a folder, by run id. Raises as `compare`."""
    if source.is_file() or files.exists(source / NAME):
        export = read_export(source)
        return {run: brief(export.record(run)) for run in export.manifest.runs}
    # of a checkout or its results/: the folder of runs, beside what is published
    places = (source / paths.RUNS, source / Path(paths.RUNS).name, source)
    records = sorted(next(p for p in places if p.is_dir() or p == source).rglob(paths.RECORD))
    if not records:
        raise UsageError(f"there is no record in {source}. Give an export or a folder of records.")
    by_run: dict[str, Brief] = {}
    for path in records:
        try:
            record = load_record(path)
        except UserError as error:
            raise DamagedError(str(error)) from error
        first = by_run.setdefault(record.run.id, brief(record))
        if first.digest != record.digest:
            raise DamagedError(f"{source} holds two records of {record.run.id}: {path} is one.")
    return by_run


def _difference(cell: str, pairs: list[tuple[Brief, Brief]]) -> CellDifference:
    estimate = against(sample([b.last - a.last for a, b in pairs]), 0.0)
    differing = [(a, b) for a, b in pairs if a.digest != b.digest]
    return CellDifference(
        cell=cell,
        seeds=tuple(a.seed for a, _ in pairs),
        differing=tuple(a.seed for a, _ in differing),
        a=sample([a.last for a, _ in pairs]).mean,
        b=sample([b.last for _, b in pairs]).mean,
        difference=estimate.mean,
        interval=estimate.interval(),
        reasons=tuple(dict.fromkeys(text for a, b in differing for text in reasons(a, b))),
    )
