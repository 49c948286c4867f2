"""config/grid.yaml and config/smoke.yaml: tables and figures as their files write them."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from ncmc.errors import UsageError
from ncmc.plan.option_text import parse_value
from ncmc.plan.recipes import Execution
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILES = ("grid.yaml", "smoke.yaml")
NAMED = ("dataset", "backbone", "method")  # axes whose values are names
REQUIRED = (*NAMED, "tau")
MOST_SEEDS = 1000

# A table's name is a folder below results/, a target of the workflow and a word of its shell lines.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
# What else these are: rules of the workflow, folders of results/, folders of the project.
RESERVED = frozenset(
    {
        *("all", "preflight", "fetch", "split", "train", "table", "verify", "report", "theory"),
        *("runs", "published", "config", "data", "results", "logs", "ckpt", "rules"),
    }
)

AxisValue = Any  # a name, a value, or {name or value: {option: value, ..., label: text}}
Shows = Literal["accuracy", "curves", "class_cosines", "tail_cosines"]
Seeds = Annotated[int, Field(ge=1, le=MOST_SEEDS)]


class Entry(Strict):
    """A table or figure as config/grid.yaml writes it."""

    title: str
    where: str
    axes: dict[str, tuple[AxisValue, ...]]
    columns: Annotated[tuple[str, ...], Field(min_length=1)]
    source: str
    seeds: Seeds | None = None
    shows: Shows = "accuracy"
    # more cells: these values in place of the axes'
    also: tuple[dict[str, tuple[AxisValue, ...]], ...] = ()

    @model_validator(mode="after")
    def _axes_fit(self) -> "Entry":
        if missing := [axis for axis in REQUIRED if axis not in self.axes]:
            raise ValueError(f"axis '{missing[0]}' is missing from its axes")
        for axis in self.axes:
            if axis in Execution.model_fields:
                raise ValueError(
                    f"axis '{axis}' says how a run is computed, not what is run; it cannot be an axis"
                )
        for axes in (self.axes, *self.also):
            for axis, values in axes.items():
                if axis not in self.axes:
                    raise ValueError(f"also: '{axis}' is not one of its axes {list(self.axes)}")
                if not values:
                    raise ValueError(f"axis '{axis}' has no values")
        for column in self.columns:
            if column not in self.axes:
                raise ValueError(f"column '{column}' is not one of its axes {list(self.axes)}")
        return self


class SourcedSeeds(Strict):
    """A number of seeds and where it comes from."""

    value: Seeds
    source: str


class SourcedPoints(Strict):
    """Points of accuracy and where they come from."""

    value: Annotated[float, Field(gt=0, le=100)]
    source: str


class Grid(Strict):
    """A whole file of tables and figures."""

    scale: Literal["paper", "reduced"]
    seeds: SourcedSeeds
    tolerance: SourcedPoints
    tables: dict[str, Entry] = Field(default_factory=dict)
    figures: dict[str, Entry] = Field(default_factory=dict)

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


@read_once
def grid_entries(project: Project) -> dict[str, tuple[Grid, Literal["table", "figure"], Entry]]:
    """(grid, kind, entry) of every table and figure, by name."""
    found: dict[str, tuple[Grid, Literal["table", "figure"], Entry]] = {}
    for file in FILES:
        path = project.config(file)
        grid = documents.read_yaml(path, Grid)
        for name in (*grid.tables, *grid.figures):
            if name in found or (name in grid.tables and name in grid.figures):
                raise UsageError(f"{path}: two tables or figures are called '{name}'.")
        found |= {name: (grid, "table", entry) for name, entry in grid.tables.items()}
        found |= {name: (grid, "figure", entry) for name, entry in grid.figures.items()}
    return found


def table_names(project: Project, scale: str | None = None) -> list[str]:
    """The names of all tables and figures, or of those of one scale."""
    return [n for n, (grid, _, _) in grid_entries(project).items() if scale in (None, grid.scale)]


def split_axis_value(value: AxisValue) -> tuple[Any, dict[str, Any]]:
    """(name or value, options) of an axis value: `CE`, or `{CAL: {f: 20}}`. Raises UsageError."""
    if not isinstance(value, dict):
        return value, {}
    if len(value) != 1 or not isinstance(next(iter(value.values())), dict | None):
        raise UsageError(f"axis value {value}: allowed is {{NAME: {{OPTION: VALUE, ...}}}}.")
    ((name, options),) = value.items()
    return parse_value(name), dict(options or {})  # a key is text, though a number was written
