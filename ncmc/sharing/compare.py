"""What differs between two records of a run, and between two sets of results, in words and numbers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ncmc import paths
from ncmc.errors import DamagedError, UsageError, UserError
from ncmc.plan.code_digest import Code
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results import code_versions
from ncmc.results.configuration import flat
from ncmc.results.record import Record, load_record
from ncmc.results.statistics import against, sample
from ncmc.results.wording import signed
from ncmc.sharing.manifest import NAME, open_export
from ncmc.system import files
from ncmc.system.documents import Strict

SHORT = 10  # characters of a commit or a digest


def origin_of(record: Record) -> dict[str, str]:
    """Where a record comes from: commit, machine, ... -> its value, in words."""
    made = record.made
    commit = (made.git.commit or "unknown")[:SHORT]
    return {
        "commit": commit + (" with uncommitted changes" if made.git.dirty else ""),
        "machine": made.hardware.processor,
        "device": made.device or "unknown",
        "torch": made.packages.get("torch") or "unknown",
        "instructions": made.instructions or "unknown",
        "training loop": made.code.loop if isinstance(made.code, Code) else "unknown",
        "split": record.split.sha256[:SHORT],
    }


def differences(ours: Record, theirs: Record) -> Iterator[str]:
    """What differs between two records of a run: the accuracy, then what could be the reason."""
    a, b = ours.result.accuracy.last, theirs.result.accuracy.last
    yield f"accuracy {a:.2f} % here, {b:.2f} % there ({signed(b - a)})"
    here, there = (origin_of(record) | dict(flat(record.config)) for record in (ours, theirs))
    for key in sorted(here.keys() | there.keys(), key=[*here, *there].index):
        if here.get(key, "absent") != there.get(key, "absent"):
            yield f"{key} {here.get(key, 'absent')} here, {there.get(key, 'absent')} there"
    yield from code_versions.differences((ours, theirs))


@dataclass(frozen=True)
class Brief:
    """What of a record is compared; the records themselves would fill the memory of a large grid."""

    run: Run
    digest: str
    last: float  # percent
    config_hash: str
    origin: Mapping[str, str]


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
    both = sorted(first.keys() & second.keys(), key=lambda run: first[run].run)
    equal = {run for run in both if first[run].digest == second[run].digest}
    cells: dict[str, list[str]] = {}
    for run in both:
        cells.setdefault(run.rpartition("/")[0], []).append(run)
    return Comparison(
        a=str(a or paths.RUNS),
        b=str(b or paths.RUNS),
        only_a=tuple(sorted(first.keys() - second.keys())),
        only_b=tuple(sorted(second.keys() - first.keys())),
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
            return {run: _brief(export.record(run)) for run in export.manifest.runs}
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
    last = record.result.accuracy.last
    return Brief(record.run, record.digest, last, record.config_hash, origin_of(record))


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
