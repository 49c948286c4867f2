"""papers/NAME/grid.yaml and its neighbours: tables and figures as their files write them."""

import itertools
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from ncmc.errors import UsageError, shortened
from ncmc.plan.option_text import parse_value, read_pi
from ncmc.plan.recipes import Execution
from ncmc.project import Project, read_once
from ncmc.system import documents, files
from ncmc.system.documents import Sourced, Strict

PAPER = "grid.yaml"  # the paper's own tables and figures
STUDIES = "studies.yaml"  # ... sweeps over options
# What trains for hours on two cores: a target of the workflow each, named like its file.
TIERS = ("laptop.yaml", "full.yaml")
LAB = "lab.yaml"  # a lab's own
# ... those of the smoke run too
FILES = (PAPER, "smoke.yaml", *TIERS, LAB, STUDIES)
NAMED = ("dataset", "backbone", "method")  # axes whose values are names
REQUIRED = (*NAMED, "tau")
MOST_CELLS = 5000  # of one table; planning them all takes about a minute

# A table's name is a folder below results/, a target of the workflow and a word of its shell lines.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
# What else these are: rules of the workflow, folders of results/, folders of the project.
RULES = {"preflight", "fetch", "split", "train", "table", "verify", "report", "figures"}
RESERVED = RULES | {
    *("all", "claims", "plan", "board", "theory", *(Path(file).stem for file in TIERS)),
    *("runs", "published", "papers", "config", "data", "results", "logs", "ckpt", "rules"),
}

MOST_SEEDS = 1000
MOST_LOOKS = 10


def _rising(looks: tuple[int, ...]) -> tuple[int, ...]:
    if any(later <= earlier for earlier, later in itertools.pairwise(looks)) or looks[0] < 2:
        raise ValueError(
            f"looks are {list(looks)}; allowed: rising numbers of seeds from 2 on, such as [3, 5, 10]"
        )
    return looks


Seeds = Annotated[int, Field(ge=1, le=MOST_SEEDS)]
# Numbers of seeds at which a table is judged, each with its share of the 5 % (results/looks.py).
Looks = Annotated[
    tuple[Seeds, ...], Field(min_length=1, max_length=MOST_LOOKS), AfterValidator(_rising)
]
Points = Annotated[float, Field(gt=0, le=100)]  # of accuracy
AxisValue = Any  # a name, a value, or {name or value: {option: value, ..., label: text}}
Shows = Literal["accuracy", "curves", "class_cosines", "tail_cosines"]
# The paper's own tables; the chain at a size that shows no more than itself.
Scale = Literal["paper", "reduced"]
# Whether all seeds of a cell train on one long-tailed training set, or each on a draw of its own.
Splits = Literal["one", "per_seed"]


class Entry(Strict):
    """A table or figure as papers/NAME/grid.yaml writes it."""

    title: str
    where: str
    axes: dict[str, tuple[AxisValue, ...]]
    columns: Annotated[tuple[str, ...], Field(min_length=1)]
    source: str
    seeds: Seeds | None = None
    splits: Splits = "one"
    looks: Looks | None = None  # in place of `seeds`
    shows: Shows = "accuracy"
    # more cells: these values in place of the axes'
    also: tuple[dict[str, tuple[AxisValue, ...]], ...] = ()

    @property
    def count(self) -> int:
        """How many cells it has, without making them."""
        blocks = (self.axes | more for more in ({}, *self.also))
        return sum(math.prod(map(len, axes.values())) for axes in blocks)

    @model_validator(mode="after")
    def _axes_fit(self) -> "Entry":
        if self.seeds is not None and self.looks is not None:
            raise ValueError("it has 'seeds' and 'looks'; allowed: one of them")
        if missing := [axis for axis in REQUIRED if axis not in self.axes]:
            raise ValueError(f"axis '{missing[0]}' is missing; needed: {', '.join(REQUIRED)}")
        for axis in self.axes:
            if axis in Execution.model_fields:
                raise ValueError(
                    f"axis '{axis}' says how a run is computed, not what is run; set it in "
                    "config/train.yaml"
                )
        for axes in (self.axes, *self.also):
            for axis, values in axes.items():
                if axis not in self.axes:
                    raise ValueError(f"also: '{axis}' is not one of its axes {list(self.axes)}")
                if not values:
                    raise ValueError(f"axis '{axis}' has no values")
        if self.count > MOST_CELLS:
            raise ValueError(f"its axes make {self.count:,} cells; allowed: {MOST_CELLS:,}")
        for column in self.columns:
            if column not in self.axes:
                raise ValueError(f"column '{column}' is not one of its axes {list(self.axes)}")
            if self.columns.count(column) > 1:
                raise ValueError(f"column '{column}' stands twice")
        return self


class Grid(Strict):
    """A whole file of tables and figures."""

    scale: Scale
    seeds: Sourced[Seeds]
    looks: Sourced[Looks] | None = None  # of the tables that say nothing themselves
    tolerance: Sourced[Points]
    tables: dict[str, Entry] = Field(default_factory=dict)
    figures: dict[str, Entry] = Field(default_factory=dict)
    checks: tuple[dict[str, Any], ...] = ()  # read by ncmc/verdicts/checks_file.py

    @model_validator(mode="after")
    def _first_look_is_the_plan(self) -> "Grid":
        if self.looks and self.looks.value[0] != self.seeds.value:
            raise ValueError(
                f"'looks' begin at {self.looks.value[0]} seeds, and 'seeds' is {self.seeds.value}; "
                "needed: the same number"
            )
        return self

    @field_validator("tables", "figures")
    @classmethod
    def _names_of_targets(cls, value: dict[str, Entry]) -> dict[str, Entry]:
        for name in value:
            if not NAME.fullmatch(name) or name.lower() in RESERVED:
                raise ValueError(
                    f"a table is called {name[:60]!r}; allowed: a letter, then up to 39 letters, "
                    f"digits, _ or -, and none of {', '.join(sorted(RESERVED))}"
                )
        return value


@dataclass(frozen=True)
class Placed:
    """A table or figure with the file that it stands in."""

    entry: Entry
    kind: Literal["table", "figure"]
    grid: Grid
    file: Path

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of seeds at which it is judged; one where no looks are planned."""
        if self.entry.looks or self.entry.seeds:
            return self.entry.looks or (self.entry.seeds or 0,)
        return self.grid.looks.value if self.grid.looks else (self.grid.seeds.value,)


@read_once
def grids(project: Project) -> dict[Path, Grid]:
    """Every file of tables by its path. Raises UsageError or UserError that names the file."""
    read: dict[Path, Grid] = {}
    for file in FILES:
        path = project.config(file)
        if file != PAPER and files.is_absent(path):
            continue
        read[path] = documents.read_yaml(path, Grid)
        if read[path].scale == "paper" and file != PAPER:
            raise UsageError(
                f"{path}: 'scale' is 'paper', which only {PAPER} is; allowed: 'reduced'."
            )
    return read


@read_once
def grid_entries(project: Project) -> dict[str, Placed]:
    """Every table and figure by name. Raises UsageError or UserError that names the file."""
    entries: dict[str, Placed] = {}
    for path, grid in grids(project).items():
        kinds: tuple[tuple[Literal["table", "figure"], dict[str, Entry]], ...]
        kinds = ("table", grid.tables), ("figure", grid.figures)
        for kind, named in kinds:
            for name, entry in named.items():
                if name in entries:
                    raise UsageError(
                        f"{path}: '{name}' is also in {entries[name].file}: choose another name."
                    )
                entries[name] = Placed(entry, kind, grid, path)
    return entries


def table_names(project: Project, scale: Scale | None = None) -> list[str]:
    """The names of all tables and figures, or of those of one scale."""
    entries = grid_entries(project)
    return [name for name, placed in entries.items() if scale in (None, placed.grid.scale)]


def table_names_in(project: Project, file: str) -> list[str]:
    """The names of all tables and figures of one file, such as `full.yaml`."""
    path = project.config(file)
    return [name for name, placed in grid_entries(project).items() if placed.file == path]


def tiers(project: Project) -> dict[str, list[str]]:
    """The files of tables by short name (`paper`, `smoke`, `laptop`, ...), with their tables' names."""
    return {_tier(path): table_names_in(project, path.name) for path in grids(project)}


def tier_of(project: Project, name: str) -> str | None:
    """The tier of a table; None for one that stands in no file, as a study that is not saved."""
    placed = grid_entries(project).get(name)
    return _tier(placed.file) if placed else None


def _tier(file: Path) -> str:
    return "paper" if file.name == PAPER else file.stem


def split_axis_value(axis: str, value: AxisValue) -> tuple[Any, dict[str, Any]]:
    """(name or value, options) of an axis value: `CE`, or `{CAL: {f: 20}}`. Raises UsageError."""
    if not isinstance(value, dict):
        return read_pi(value), {}
    if len(value) != 1 or not isinstance(next(iter(value.values())), dict | None):
        raise UsageError(
            f"axis '{axis}' has the value {shortened(str(value))}; allowed: NAME or "
            "{NAME: {OPTION: VALUE, ...}}."
        )
    ((name, options),) = value.items()
    own = {key: read_pi(option) for key, option in (options or {}).items()}
    return parse_value(name), own  # a key is text, though a number was written
