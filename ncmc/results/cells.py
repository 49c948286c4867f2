"""Records -> cells: mean and standard deviation over seeds, `last` and `best` (A8)."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path

from ncmc.paper.printed_numbers import Number
from ncmc.plan.class_counts import NOT_OF_TAU
from ncmc.plan.grid import CellSpec
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results import code_versions
from ncmc.results.class_groups import GROUPS
from ncmc.results.dead_runs import dead_words, has_diverged, is_dead
from ncmc.results.looks import levels, reached
from ncmc.results.problems import RecordProblem, read_record
from ncmc.results.record import ClassGroups, Groups, Record, check_results_folder, path_of
from ncmc.results.shared_spread import InBlock, Prior
from ncmc.results.statistics import ALPHA, Sample, against, sample
from ncmc.results.wording import sentence


@dataclass(frozen=True)
class Cell:
    """What the seeds of one configuration measured. Accuracies in percent."""

    spec: CellSpec
    records: tuple[Record, ...]  # by seed
    missing: tuple[Run, ...]  # planned runs that have no record
    paper: Number | None = None  # the paper's number for it in its table, where it is known
    unused: tuple[int, ...] = ()  # seeds with a record, of a later look that is not complete
    extra: tuple[int, ...] = ()  # seeds with a record that no look plans
    unusable: tuple[RecordProblem, ...] = ()  # records that no table counts
    alpha: float = ALPHA  # of the tests at this number of seeds: what looks by plan leave of 5 %
    looks: tuple[int, ...] = ()  # of its table
    share: float = 1.0  # of the level that its tests have: one of several clauses has a part of it
    # What the cells of its dataset in its table have in common: {measure: prior of the variances}.
    priors: Callable[[str], Prior | None] = field(default=lambda _: None, compare=False, repr=False)
    # Its mean over some seeds within the block of cells that share their splits: {measure, seeds: mean}.
    block: Callable[[str, tuple[int, ...]], InBlock | None] = field(
        default=lambda *_: None, compare=False, repr=False
    )

    @property
    def n(self) -> int:
        """Seeds that have a record."""
        return len(self.records)

    @property
    def first_look(self) -> int:
        """Seeds below which nothing of it is judged; 0 where no looks are planned."""
        return self.looks[0] if self.looks else 0

    def alpha_at(self, seeds: int) -> float:
        """The level of a test that rests on so many of its seeds: that of their look."""
        look = reached(self.looks, range(min(seeds, self.n))) or 0
        return self.share * levels(self.looks)[look] if self.looks else self.alpha

    def at_share(self, share: float) -> "Cell":
        """The cell, whose tests have a share of their level."""
        return self if share == 1 else replace(self, alpha=share * self.alpha, share=share)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that have a record."""
        return tuple(record.run.seed for record in self.records)

    @property
    def copies(self) -> tuple[str, ...]:
        """Seeds whose result is that of another, in words. They count as all others do."""
        return tuple(
            f"{self.spec.label}: seeds {first.run.seed} and {second.run.seed} have the same result, "
            "epoch by epoch: one is a copy, or the seed has no effect."
            for first, second in combinations(self.records, 2)
            if first.result == second.result
        )

    @cached_property
    def dead(self) -> tuple[str, ...]:
        """Its dead and diverged runs, in words: no verdict rests on a cell that has one."""
        return tuple(
            f"{self.spec.label}: {dead_words(record)}; no verdict rests on this cell."
            for record in self.records
            if is_dead(record) or has_diverged(record, [r for r in self.records if r is not record])
        )

    @property
    def planned(self) -> int:
        """Seeds that are planned."""
        return self.n + len(self.missing) + len(self.unusable)

    @property
    def complete(self) -> bool:
        """Whether every planned seed has a record that counts."""
        return self.n == self.planned

    @property
    def values_last(self) -> tuple[float, ...]:
        """Test accuracy after the last epoch, one per seed."""
        return tuple(record.result.accuracy.last for record in self.records)

    @property
    def values_best(self) -> tuple[float, ...]:
        """The best test accuracy over epochs, one per seed: selected on the test set (A8)."""
        return tuple(record.result.accuracy.best for record in self.records)

    @property
    def last(self) -> Sample | None:
        """Mean and sample standard deviation of `values_last`; None without a record."""
        return sample(self.values_last) if self.records else None

    @property
    def best(self) -> Sample | None:
        """Mean and sample standard deviation of `values_best`; None without a record."""
        return sample(self.values_best) if self.records else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % t interval of the mean of `values_last`; None below two seeds."""
        return against(self.last, 0.0).interval() if self.last else None

    @property
    def groups(self) -> Groups:
        """Mean accuracy of many, medium and few classes, under each definition."""
        of_seeds = [record.result.groups for record in self.records]
        released = [groups.released for groups in of_seeds if groups.released is not None]
        return Groups(
            thirds=_mean_groups(groups.thirds for groups in of_seeds),
            shots=_mean_groups(groups.shots for groups in of_seeds),
            released=_mean_groups(released if len(released) == len(of_seeds) else ()),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said with the cell's numbers."""
        unusable = (f"{self.spec.label}: {entry.words}" for entry in self.unusable)
        notes = [*unusable, *self.copies, *self.dead]
        of_records = (note for record in self.records for note in record.notes)
        notes += dict.fromkeys(sentence(note) for note in of_records if NOT_OF_TAU in note)
        if self.unused and self.complete:
            seeds = ", ".join(map(str, self.unused))
            notes.append(
                f"{self.spec.label}: judged at {self.n} seeds; the next look is not complete, and its "
                f"seeds so far ({seeds}) are not used."
            )
        if differing := code_versions.differences(self.records):
            notes.append(
                f"{self.spec.label}: its records were made with {', '.join(differing)}; "
                "ncmc status --outdated names those that are not of the present code."
            )
        return tuple(notes)

    @property
    def ece(self) -> float | None:
        """Mean expected calibration error (0 to 1)."""
        return _mean(record.result.ece for record in self.records)


def read_cell(
    project: Project,
    spec: CellSpec,
    seeds: int | tuple[int, ...],
    results: Path | None = None,
    tier: str | None = None,
) -> Cell:
    """The cell at the last look that its records complete, or at the first, with what it misses.

    `seeds`: a table's looks, or the seeds of its only one; `tier`: where the table stands. A look has
    seeds 0 .. n - 1; those beyond it are not read. A record that is damaged, of another run, or of
    another configuration is listed as unusable. Raises UsageError if `results` is not a folder.
    """
    check_results_folder(results)
    looks = seeds if isinstance(seeds, tuple) else (seeds,)
    planned = [(run, path_of(project, run, results, tier)) for run in spec.runs(looks[-1])]
    seeds_there = {run.seed for run, path in planned if os.access(path, os.F_OK)}
    look = reached(looks, seeds_there) or 0
    records = {run: read_record(project, run, path) for run, path in planned[: looks[look]]}
    return Cell(
        spec,
        tuple(record for record in records.values() if isinstance(record, Record)),
        tuple(run for run, record in records.items() if record is None),
        unusable=tuple(entry for entry in records.values() if isinstance(entry, RecordProblem)),
        extra=_beyond(spec, looks[-1], planned[0][1]),
        unused=tuple(sorted(seed for seed in seeds_there if seed >= looks[look])),
        alpha=levels(looks)[look],
        looks=looks,
    )


def _beyond(spec: CellSpec, planned: int, first: Path) -> tuple[int, ...]:
    """Seeds from `planned` on that have a record beside that of the first; of one split alone.

    Where each seed has a split of its own, seeds lie in different folders, and nobody looks.
    """
    if spec.split_per_seed:
        return ()
    try:
        names = [path.parent.name for path in first.parent.parent.glob(f"seed=*/{first.name}")]
    except OSError:
        return ()
    seeds = [int(name[5:]) for name in names if name[5:].isdecimal()]
    return tuple(sorted(seed for seed in seeds if seed >= planned))


def _mean_groups(groups: Iterable[ClassGroups]) -> ClassGroups:
    values = list(groups)
    return ClassGroups(**{name: _mean(getattr(g, name) for g in values) for name in GROUPS})


def _mean(values: Iterable[float | None]) -> float | None:
    """The mean of the values that are known; None if none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
