"""What differs between two sets of results: runs, numbers cell by cell, and where they come from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ncmc import paths
from ncmc.errors import DamagedError, UsageError, UserError
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.record import Record, load_record
from ncmc.results.statistics import against, sample
from ncmc.sharing.differences import SHORT, commit_words, origin_of
from ncmc.sharing.manifest import NAME, RECORD
from ncmc.sharing.source import open_export, record_in
from ncmc.system import files
from ncmc.system.documents import Strict


@dataclass(frozen=True)
class Brief:
    """What of a record is compared; the record itself would fill the memory of a large grid."""

    run: Run
    digest: str
    last: float  # percent
    config_hash: str
    origin: Mapping[str, str]  # what -> its value, in words


class CellDifference(Strict):
    """A cell of which both sides have runs with other digests. Differences in points, B minus A."""

    cell: str  # the id of its runs, without the seed
    seeds: tuple[int, ...]  # of which both have a record
    differing: tuple[int, ...]  # ... with other digests
    a: float  # mean accuracy over `seeds`, percent
    b: float
    difference: float
    interval: tuple[float, float] | None  # 95 % t interval over seeds, paired; None below two seeds
    largest: float  # of one seed, without its sign
    configuration: bool  # whether they were made with other configurations


class Comparison(Strict):
    """Two sets of results, A and B. Runs by id."""

    a: str
    b: str
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    equal: tuple[str, ...]
    cells: tuple[CellDifference, ...]
    origins_a: Mapping[str, Mapping[str, int]]  # commit, machine, ... -> value -> records
    origins_b: Mapping[str, Mapping[str, int]]

    @property
    def same(self) -> bool:
        """Whether both hold the same runs with the same digests."""
        return not (self.only_a or self.only_b or self.cells)


def compare(project: Project, a: Path | None, b: Path | None) -> Comparison:
    """Compare two sets of results: an export, a folder of records, or None for results/runs.

    Raises DamagedError for a record or an export that is damaged, UsageError for a place without
    records.
    """
    first, second = (read_set(source or project.root / paths.RUNS) for source in (a, b))
    both = first.keys() & second.keys()
    equal = {run for run in both if first[run].digest == second[run].digest}
    cells: dict[str, list[str]] = {}
    for run in sorted(both, key=lambda run: first[run].run):
        cells.setdefault(_cell(first[run].run), []).append(run)
    return Comparison(
        a=str(a or paths.RUNS),
        b=str(b or paths.RUNS),
        only_a=tuple(sorted(first.keys() - both)),
        only_b=tuple(sorted(second.keys() - both)),
        equal=tuple(sorted(equal)),
        cells=tuple(
            _difference(cell, [(first[run], second[run]) for run in runs])
            for cell, runs in cells.items()
            if not equal.issuperset(runs)
        ),
        origins_a=_origins(first.values()),
        origins_b=_origins(second.values()),
    )


def read_set(source: Path) -> dict[str, Brief]:
    """Every record of an export, or below a folder, by run id. Raises as `compare`."""
    if source.is_file() or files.exists(source / NAME):
        with open_export(source) as export:
            names = [name for name in export.manifest.files if RECORD.fullmatch(name)]
            briefs = [_brief(record_in(export, name)) for name in names]
            return {brief.run.id: brief for brief in briefs}
    if not source.is_dir():
        raise UsageError(f"there are no results in {source}: it does not exist.")
    found = sorted(_records_folder(source).rglob(paths.RECORD))
    if not found:
        raise UsageError(f"there is no record below {source}.")
    by_run: dict[str, Brief] = {}
    for path in found:
        try:
            brief = _brief(load_record(path))
        except UserError as error:
            raise DamagedError(str(error)) from error
        if brief.digest != by_run.setdefault(brief.run.id, brief).digest:
            raise DamagedError(f"{source} holds two records of {brief.run.id}: {path} is one.")
    return by_run


def _records_folder(source: Path) -> Path:
    """The folder of runs in a checkout or its results/, beside what is published; or `source`."""
    runs = Path(paths.RUNS)
    return next((f for f in (source / runs, source / runs.name) if f.is_dir()), source)


def _brief(record: Record) -> Brief:
    origin = origin_of(record)
    return Brief(
        run=record.run,
        digest=record.digest,
        last=record.result.accuracy.last,
        config_hash=record.config_hash,
        origin={
            "commit": commit_words(origin),
            "machine": origin.processor,
            "device": origin.device or "unknown",
            "torch": origin.torch or "unknown",
            "code": (origin.code or "unknown")[:SHORT],
            "split": record.split.sha256[:SHORT],
        },
    )


def _cell(run: Run) -> str:
    return run.cell.id.rpartition("/")[0]


def _difference(cell: str, pairs: list[tuple[Brief, Brief]]) -> CellDifference:
    steps = [b.last - a.last for a, b in pairs]
    estimate = against(sample(steps), 0.0)
    return CellDifference(
        cell=cell,
        seeds=tuple(a.run.seed for a, _ in pairs),
        differing=tuple(a.run.seed for a, b in pairs if a.digest != b.digest),
        a=sample([a.last for a, _ in pairs]).mean,
        b=sample([b.last for _, b in pairs]).mean,
        difference=estimate.mean,
        interval=estimate.interval(),
        largest=max(map(abs, steps)),
        configuration=any(a.config_hash != b.config_hash for a, b in pairs),
    )


def _origins(briefs: Iterable[Brief]) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    for brief in briefs:
        for what, value in brief.origin.items():
            values = counted.setdefault(what, {})
            values[value] = values.get(value, 0) + 1
    return {what: dict(sorted(values.items())) for what, values in counted.items()}
