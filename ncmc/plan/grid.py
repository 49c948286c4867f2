"""Tables and figures as axes -> the runs that make them. The only place that expands axes."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from ncmc.errors import UsageError, UserError, unknown
from ncmc.paths import OURS
from ncmc.plan.dataset_entries import SPLIT_SEED, dataset_entries
from ncmc.plan.grid_file import NAMED, Placed, Scale, Shows, Splits, grid_entries, split_axis_value
from ncmc.plan.option_text import Value, axis_label, format_value
from ncmc.plan.recipes import Resolved, owner, recipes
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.project import Project, read_once


@dataclass(frozen=True)
class CellSpec:
    """One cell of a table: a run without its seed, and where it stands on the table's axes."""

    run: Run
    coords: tuple[tuple[str, str], ...]  # (axis, label), in the order of the table's axes
    plain: Run  # `run`, but for assumptions that are switched; what checks and numbers look up
    resolved: Resolved = field(compare=False, repr=False)  # of `plain`
    split_per_seed: bool = False  # whether each seed draws a training set of its own

    @property
    def label(self) -> str:
        """The cell in words, such as `digits, resnet8, CAL, tau 0.02`."""
        return ", ".join(axis_words(axis, label) for axis, label in self.coords)

    def coord(self, axis: str) -> str:
        """The label on one axis."""
        return dict(self.coords)[axis]

    def runs(self, seeds: int) -> list[Run]:
        """The cell's runs with seeds 0, 1, ..., seeds - 1."""
        runs = [self.run.with_seed(seed) for seed in range(seeds)]
        return [self._with_own_split(run) for run in runs] if self.split_per_seed else runs

    def _with_own_split(self, run: Run) -> Run:
        """`run` with the split of its seed: an option, but where the recipe says the same."""
        options = dict(run.options)
        if run.seed != self.resolved.split.split_seed:
            options[SPLIT_SEED] = run.seed
        return replace(run, options=tuple(sorted(options.items())))

    @cached_property  # a plan asks thousands of times
    def attributes(self) -> dict[str, str]:
        """What the cell is made of: names, tau, recipe keys, options, its labels on the axes."""
        run, resolved = self.plain, self.resolved
        values: dict[str, Any] = resolved.recipe.model_dump() | resolved.split.model_dump()
        values |= resolved.model | dict(run.options)
        values |= {"dataset": run.dataset, "tau": run.tau}
        values |= {"backbone": run.backbone, "method": run.method, "recipe": resolved.name}
        if self.split_per_seed:
            del values[SPLIT_SEED]
        labels = {axis: label for axis, label in self.coords if axis not in values}
        return labels | {key: format_value(value) for key, value in values.items()}


@dataclass(frozen=True)
class Table:
    """A table or figure with its cells."""

    name: str
    kind: Literal["table", "figure"]
    scale: Scale
    title: str
    where: str
    shows: Shows
    axes: tuple[str, ...]
    columns: tuple[str, ...]
    looks: tuple[int, ...]  # numbers of seeds at which it is judged, rising
    tolerance: float  # points of accuracy
    cells: tuple[CellSpec, ...]
    source: str
    paper: str = OURS

    @property
    def seeds(self) -> int:
        """The seeds that it is planned with: those of its first look."""
        return self.looks[0]

    @property
    def rows(self) -> tuple[str, ...]:
        """The axes that tell the rows apart: those that are no column and have several values."""
        return tuple(a for a in self.axes if a not in self.columns)

    @property
    def runs(self) -> list[Run]:
        """Every run that the table needs, in the order of its cells."""
        return [run for cell in self.cells for run in cell.runs(self.seeds)]

    @property
    def later_runs(self) -> list[Run]:
        """The runs that later looks may add."""
        return [run for cell in self.cells for run in cell.runs(self.looks[-1])[self.seeds :]]


def axis_words(axis: str, label: str) -> str:
    """A place on an axis in words: names stand alone, values name their axis (`tau 0.02`)."""
    return label if axis in NAMED else f"{axis} {label}"


@read_once
def table(project: Project, name: str) -> Table:
    """A table or figure by name.

    Raises UsageError with the known names, or that names the file, the table and what is wrong in it.
    """
    entries = grid_entries(project)
    if name not in entries:
        raise unknown("table", name, entries)
    for read in (dataset_entries, recipes):
        read(project)  # what is wrong there is no fault of the table
    return build(project, name, entries[name])


def build(project: Project, name: str, placed: Placed) -> Table:
    """The table that an entry means, whether or not it stands in its file yet. Raises UsageError."""
    grid, entry = placed.grid, placed.entry
    return Table(
        name=name,
        kind=placed.kind,
        scale=grid.scale,
        title=entry.title,
        where=entry.where,
        shows=entry.shows,
        axes=tuple(entry.axes),
        columns=entry.columns,
        looks=placed.looks,
        tolerance=grid.tolerance.value,
        cells=tuple(_cells(project, name, placed)),
        source=entry.source,
        paper=project.paper,
    )


def _cells(project: Project, name: str, placed: Placed) -> Iterable[CellSpec]:
    where, entry = f"{placed.file}, {name}", placed.entry
    runs: dict[Run, CellSpec] = {}
    places: dict[tuple[tuple[str, str], ...], CellSpec] = {}
    for more in ({}, *entry.also):
        axes = entry.axes | more
        for values in itertools.product(*axes.values()):
            try:
                cell = _cell(project, dict(zip(axes, values, strict=True)), entry.splits)
            except UserError as error:
                raise type(error)(f"{where}: {error}") from error
            if cell.run in runs:
                raise UsageError(
                    f"{where}: two cells are the same run: {runs[cell.run].label}; {cell.label}."
                )
            if cell.coords in places:
                raise UsageError(
                    f"{where}: two cells are called {cell.label}. Give one of them another label."
                )
            runs[cell.run] = places[cell.coords] = cell
            yield cell


def _cell(project: Project, chosen: dict[str, Any], splits: Splits) -> CellSpec:
    names: dict[str, Any] = {}
    options: dict[str, Value] = {}
    coords = []
    for axis, value in chosen.items():
        plain, own = split_axis_value(axis, value)
        label = own.pop("label", axis_label(plain))
        if not isinstance(label, str) or not label.strip():
            raise UsageError(f"axis '{axis}' has the label {label!r}; allowed: a text.")
        options |= own
        if axis in NAMED or axis == "tau":
            names[axis] = plain
        else:
            options[axis] = plain
        coords.append((axis, label))
    for key in options:
        if owner(key) == "execution":
            raise UsageError(
                f"option '{key}' says how a run is computed, not what is run; set it in "
                "config/train.yaml."
            )
    if splits == "per_seed" and SPLIT_SEED in options:
        raise UsageError(
            f"'splits: per_seed' gives each seed its own {SPLIT_SEED}, and a cell sets it too: "
            "leave one of the two out."
        )
    run = make_run(**names, options=options, project=project)
    resolved = resolve_run(project, run)
    drawn = resolved.split.imbalance != "given"  # a set that comes long-tailed has one split
    return CellSpec(run, tuple(coords), run, resolved, splits == "per_seed" and drawn)
