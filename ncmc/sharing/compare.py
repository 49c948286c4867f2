"""What differs between two records of a run, and between two sets of results, in words and numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ncmc import paths
from ncmc.errors import DamagedError, UsageError, UserError
from ncmc.plan.same_bits import version
from ncmc.results.code_versions import kind_of
from ncmc.results.configuration import flat
from ncmc.results.record import Record, load_record
from ncmc.results.statistics import against, sample
from ncmc.sharing.export_format import NAME, read_export
from ncmc.system import files

SHORT = 10  # characters of a commit or a digest


def reasons(ours: Record, theirs: Record) -> Iterator[str]:
    """What was otherwise when two records were made, in words."""
    here, there = _made(ours), _made(theirs)
    for key in dict.fromkeys((*here, *there)):
        if here.get(key, "absent") != there.get(key, "absent"):
            yield f"{key} {here.get(key, 'absent')} here, {there.get(key, 'absent')} there"


def _made(record: Record) -> dict[str, str]:
    """Machine, commit, ... and every key of its configuration -> value; of codes that are known to
    give the same bits, one.
    """
    made = record.made
    kind = kind_of(made.device)
    values = {
        "machine": made.hardware.processor,
        "device": made.device,
        "instructions": made.instructions,
        "commit": (made.git.commit or "unknown")[:SHORT]
        + (" with uncommitted changes" if made.dirty else ""),
        "torch": made.packages.get("torch"),
        "split": record.split.sha256[:SHORT],
        **{f"code of its {p}": version(p, digest, kind) for p, digest in made.code if p != "torch"},
        **dict(flat(record.config)),
    }
    return {key: "unknown" if value is None else str(value) for key, value in values.items()}


@dataclass(frozen=True)
class CellDifference:
    """A cell of which both sides have runs with other digests. Differences in points, B minus A."""

    cell: str
    seeds: tuple[int, ...]  # of which both have a record
    differing: tuple[int, ...]  # ... with other digests
    a: float  # mean accuracy over `seeds`, percent
    b: float
    difference: float
    interval: tuple[float, float] | None  # 95 % t interval over seeds, paired; None below two seeds
    reasons: tuple[str, ...]  # what was otherwise when they were made, of all differing runs


@dataclass(frozen=True)
class ResultsComparison:
    """Two sets of results, A and B. Runs by id."""

    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    equal: tuple[str, ...]
    cells: tuple[CellDifference, ...]

    @property
    def same(self) -> bool:
        """Whether A holds every run of B with the same digest; it may hold others too."""
        return not (self.only_b or self.cells)


def compare(a: Path, b: Path) -> ResultsComparison:
    """Compare two sets of results, each an export or a folder of records.

    Raises DamagedError for a record or an export that is damaged, UsageError for a place without
    records.
    """
    first, second = read_set(a), read_set(b)
    both = [(first[run], second[run]) for run in first.keys() & second.keys()]
    both.sort(key=lambda pair: (pair[0].run.configuration, pair[0].run.seed))
    cells: dict[str, list[tuple[Record, Record]]] = {}
    for pair in both:
        cells.setdefault(pair[0].run.configuration, []).append(pair)
    differences_of = (_difference(cell, pairs) for cell, pairs in cells.items())
    return ResultsComparison(
        only_a=tuple(sorted(first.keys() - second.keys())),
        only_b=tuple(sorted(second.keys() - first.keys())),
        equal=tuple(ours.run.id for ours, theirs in both if ours.digest == theirs.digest),
        cells=tuple(one for one in differences_of if one.differing),
    )


def read_set(source: Path) -> dict[str, Record]:
    """Every record of an export, or below a folder, by run id. Raises as `compare`."""
    if source.is_file() or files.exists(source / NAME):
        export = read_export(source)
        return {run: export.record(run) for run in export.manifest.runs}
    # of a checkout or its results/: the folder of runs, beside what is published
    places = (source / paths.RUNS, source / Path(paths.RUNS).name, source)
    records = sorted(next(p for p in places if p.is_dir() or p == source).rglob(paths.RECORD))
    if not records:
        raise UsageError(
            f"there is no record in {source}. Give two exports or folders; one is held against yours."
        )
    by_run: dict[str, Record] = {}
    for path in records:
        try:
            record = load_record(path)
        except UserError as error:
            raise DamagedError(str(error)) from error
        first = by_run.setdefault(record.run.id, record)
        if first.digest != record.digest:
            raise DamagedError(f"{source} holds two records of {record.run.id}: {path} is one.")
    return by_run


def _difference(cell: str, pairs: list[tuple[Record, Record]]) -> CellDifference:
    accuracies = [(a.result.accuracy.last, b.result.accuracy.last) for a, b in pairs]
    estimate = against(sample([b - a for a, b in accuracies]), 0.0)
    differing = [(a, b) for a, b in pairs if a.digest != b.digest]
    return CellDifference(
        cell=cell,
        seeds=tuple(a.run.seed for a, _ in pairs),
        differing=tuple(a.run.seed for a, _ in differing),
        a=sample([a for a, _ in accuracies]).mean,
        b=sample([b for _, b in accuracies]).mean,
        difference=estimate.mean,
        interval=estimate.interval(),
        reasons=tuple(dict.fromkeys(text for a, b in differing for text in reasons(a, b))),
    )
