"""Tables and figures as axes -> the runs that make them. The only place that expands axes."""

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from ncmc import paths
from ncmc.errors import UsageError, unknown
from ncmc.plan import catalog, recipes, schema
from ncmc.plan.recipes import Resolved, Sourced, Value
from ncmc.plan.schema import Strict

FILES = ("grid.yaml", "smoke.yaml")
NAMED = ("dataset", "backbone", "method")  # axes whose values are names
# A table's name is a rule of Snakemake, a folder under results/ and an argument of a shell line ...
TABLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
# ... so it is none of the other rules (Snakefile, rules/), and none of the folders.
RESERVED = frozenset({
    "all", "preflight", "fetch", "split", "train", "table", "verify", "report", "theory",
    "runs", "published", "config", "data", "results", "logs", "ckpt", "rules",
})  # fmt: skip
_WORD = re.compile(r"[A-Za-z0-9_.+-]+")


def show(value: Value) -> str:
    """An option's value as it stands in ids, paths and commands: on/off for booleans."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def read(text: str) -> Value:
    """The value that `show` printed: on/off, an integer, a number or a word."""
    if text in ("on", "off", "true", "false"):
        return text in ("on", "true")
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


@dataclass(frozen=True, order=True)
class Run:
    """One training: what it is made of, and nothing about how it went."""

    dataset: str
    tau: float  # imbalance ratio n_min / n_max, in (0, 1] (assumption A1)
    backbone: str
    method: str
    options: tuple[tuple[str, Value], ...] = ()  # sorted by key; only what differs from the recipe
    seed: int = 0

    @property
    def slug(self) -> str:
        """The options as one path component, `default` if there are none."""
        return _joined(self.options)

    @property
    def wildcards(self) -> dict[str, str]:
        """The fields as the path templates of ncmc.paths take them."""
        return {
            "dataset": self.dataset,
            "tau": show(self.tau),
            "backbone": self.backbone,
            "method": self.method,
            "options": self.slug,
            "seed": str(self.seed),
        }

    @property
    def id(self) -> str:
        """For example `digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`; the folder of a run."""
        return paths.RUN.format(**self.wildcards)

    @property
    def cell(self) -> "Run":
        """The same run with seed 0: what runs that differ in the seed alone have in common."""
        return Run(self.dataset, self.tau, self.backbone, self.method, self.options)

    def resolve(self) -> Resolved:
        """The configuration that the run is made with."""
        return recipes.resolve(self.dataset, self.backbone, self.method, dict(self.options))

    @property
    def split_slug(self) -> str:
        """The split's options as one path component, `default` if there are none."""
        chosen = [(k, v) for k, v in self.options if recipes.owner(k) == "split"]
        return _joined(chosen)

    @property
    def split_folder(self) -> str:
        """Where the split's manifest lies, relative to the root."""
        return paths.SPLIT.format(dataset=self.dataset, tau=show(self.tau), split=self.split_slug)


def _joined(options: Iterable[tuple[str, Value]]) -> str:
    # no commas: Snakemake splits a wildcard at them when it hands a job to Slurm (its issue 2366)
    return "+".join(f"{key}={show(value)}" for key, value in options) or "default"


def make_run(
    dataset: str,
    tau: float,
    backbone: str,
    method: str,
    options: Mapping[str, Value] | None = None,
    seed: int = 0,
) -> Run:
    """A checked Run with catalog spelling, without options that repeat the recipe.

    Names that the grid plans but nobody has built yet are accepted: training them says which file
    is missing. Raises UsageError for an unknown name, tau outside (0, 1] or a bad option.
    """
    dataset = catalog.canonical("dataset", dataset)
    backbone = catalog.canonical("backbone", backbone, planned("backbone"))
    method = catalog.canonical("method", method, planned("method"))
    return _checked(dataset, tau, backbone, method, options or {}, seed)


def _checked(
    dataset: str, tau: Any, backbone: str, method: str, options: Mapping[str, Any], seed: int
) -> Run:
    check_tau(tau)
    if not 0 <= seed < 2**31:
        raise UsageError(f"seed is {seed}; allowed: an integer from 0 to 2147483647.")
    for key, value in options.items():
        if not _WORD.fullmatch(key) or not _WORD.fullmatch(show(value)):
            raise UsageError(
                f"option {key}={value!r} cannot stand in a path; allowed: letters, digits, _ . + -"
            )
    default = recipes.resolve(dataset, backbone, method, {})
    given = recipes.resolve(dataset, backbone, method, options)  # checks the values
    kept = {}
    for key, value in options.items():
        part = recipes.owner(key)
        if part == "execution":
            continue  # how, not what: no part of a run's identity
        if part != "model":
            value = getattr(getattr(given, part), key)
            if value == getattr(getattr(default, part), key):
                continue
        elif default.model.get(key) == value:
            continue
        kept[key] = read(show(value))  # one spelling of 0 and 0.0
    return Run(dataset, float(tau), backbone, method, tuple(sorted(kept.items())), seed)


def check_tau(tau: Any) -> None:
    """Raises UsageError unless tau is a number in (0, 1]."""
    if isinstance(tau, bool) or not isinstance(tau, int | float) or not 0 < tau <= 1:
        inverse = isinstance(tau, int | float) and 1 < tau < math.inf  # n_max / n_min (A1)
        raise UsageError(
            f"tau is {tau}; allowed: a number in (0, 1], n_min/n_max: the smallest class over the "
            "largest (the paper uses 0.005, 0.01 and 0.02; 1 is balanced)."
            + (f" Did you mean {1 / tau:g}?" if inverse else "")
        )


def parse_id(text: str) -> Run:
    """The Run of an id such as `digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`."""
    shape = "DATASET/tau=T/BACKBONE/METHOD/OPTIONS/seed=N (OPTIONS: f=20+theta=0.2 or default)"
    match = re.fullmatch(r"([^/]+)/tau=([^/]+)/([^/]+)/([^/]+)/([^/]+)/seed=(\d+)", text.strip("/"))
    if not match:
        raise UsageError(f"'{text}' is no run; allowed: {shape}.")
    dataset, tau, backbone, method, options, seed = match.groups()
    return make_run(dataset, parse_tau(tau), backbone, method, parse_options(options), int(seed))


def parse_tau(text: str) -> float:
    """A number in (0, 1] from text. Raises UsageError."""
    value = read(text)
    check_tau(value)
    return float(value)


def parse_options(text: str) -> dict[str, Value]:
    """`f=20+theta=0.2`, `f=20,theta=0.2` or `default` as a dictionary. Raises UsageError."""
    if text in ("", "default"):
        return {}
    options: dict[str, Value] = {}
    for item in re.split(r",|\+(?=\w+=)", text):  # 1e+20 is one number
        key, equals, value = item.partition("=")
        if not (key and equals and value):
            raise UsageError(f"option '{item}' is no KEY=VALUE pair, such as f=20.")
        if key in options:
            raise UsageError(f"option '{key}' is given twice.")
        options[key] = read(value)
    return options


# --- tables ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CellSpec:
    """One cell of a table: a run without its seed, and where it stands on the table's axes."""

    run: Run
    coords: tuple[tuple[str, str], ...]  # (axis, label), in the order of the table's axes

    @property
    def label(self) -> str:
        """The cell in words, such as `digits, resnet8, CAL, tau 0.02`."""
        return ", ".join(v if a in NAMED else f"{a} {v}" for a, v in self.coords)

    def coord(self, axis: str) -> str:
        """The label on one axis."""
        return dict(self.coords)[axis]

    def runs(self, seeds: int) -> list[Run]:
        """The cell's runs with seeds 0, 1, ..., seeds - 1."""
        r = self.run
        return [Run(r.dataset, r.tau, r.backbone, r.method, r.options, s) for s in range(seeds)]


class Entry(Strict):
    """A table or figure as config/grid.yaml writes it."""

    title: str
    where: str
    axes: dict[str, list[Any]]
    columns: tuple[str, ...]
    source: str
    seeds: Annotated[int, Field(ge=1)] | None = None
    shows: Literal["accuracy", "curves", "class_cosines", "tail_cosines"] = "accuracy"
    also: tuple[dict[str, list[Any]], ...] = ()  # more cells: these values in place of the axes'


class Grid(Strict):
    """A whole file of tables and figures."""

    scale: Literal["paper", "reduced"]
    seeds: Sourced
    tolerance: Sourced
    tables: dict[str, Entry] = Field(default_factory=dict)
    figures: dict[str, Entry] = Field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table or figure with its cells."""

    name: str
    kind: Literal["table", "figure"]
    scale: Literal["paper", "reduced"]
    title: str
    where: str
    shows: str
    axes: tuple[str, ...]
    columns: tuple[str, ...]
    seeds: int
    tolerance: float  # points of accuracy
    cells: tuple[CellSpec, ...]
    source: str

    @property
    def rows(self) -> tuple[str, ...]:
        """The axes that tell the rows apart: those that are no column and have several values."""
        return tuple(a for a in self.axes if a not in self.columns)

    @property
    def runs(self) -> list[Run]:
        """Every run that the table needs, in the order of its cells."""
        return [run for cell in self.cells for run in cell.runs(self.seeds)]


@cache
def entries() -> dict[str, tuple[Grid, str, Entry]]:
    """(grid, kind, entry) of every table and figure, by name."""
    found: dict[str, tuple[Grid, str, Entry]] = {}
    for file in FILES:
        path = paths.config(file)
        grid = schema.parse(Grid, schema.read_yaml(path), str(path))
        for kind, group in (("table", grid.tables), ("figure", grid.figures)):
            for name, entry in group.items():
                _check_name(name, path)
                if name in found:
                    raise UsageError(f"{path}: '{name}' stands in two grid files.")
                found[name] = (grid, kind, entry)
    return found


def _check_name(name: str, path: Path) -> None:
    if not TABLE_NAME.fullmatch(name) or name.lower() in RESERVED:
        raise UsageError(
            f"{path}: {name!r} cannot be the name of a table or figure; allowed: a letter, then up "
            "to 39 letters, digits, _ or -, and none of the names that stand for something else: "
            f"{', '.join(sorted(RESERVED))}."
        )


def table_names(scale: str | None = None) -> list[str]:
    """The names of all tables and figures, or of those of one scale."""
    return [n for n, (grid, _, _) in entries().items() if scale in (None, grid.scale)]


@cache
def table(name: str) -> Table:
    """A table or figure by name. Raises UsageError with the known names."""
    if name not in entries():
        raise unknown("table", name, entries())
    grid, kind, entry = entries()[name]
    where = f"{name} in config/"
    for column in entry.columns:
        if column not in entry.axes:
            raise UsageError(f"{where}: column '{column}' is no axis of {list(entry.axes)}.")
    return Table(
        name=name,
        kind="table" if kind == "table" else "figure",
        scale=grid.scale,
        title=entry.title,
        where=entry.where,
        shows=entry.shows,
        axes=tuple(entry.axes),
        columns=entry.columns,
        seeds=entry.seeds or int(grid.seeds.value),
        tolerance=float(grid.tolerance.value),
        cells=tuple(_cells(name, entry)),
        source=entry.source,
    )


def runs(name: str) -> list[Run]:
    """Every run that a table or figure needs."""
    return table(name).runs


@cache
def planned(kind: str) -> frozenset[str]:
    """The names of a kind that any table or figure uses, built or not."""
    used = set()
    for _, _, entry in entries().values():
        for axes in (entry.axes, *entry.also):
            used |= {_split_value(value)[0] for value in axes.get(kind, [])}
    return frozenset(used)


def _cells(name: str, entry: Entry) -> Iterable[CellSpec]:
    for axis in ("dataset", "backbone", "method", "tau"):
        if axis not in entry.axes:
            raise UsageError(f"{name}: axis '{axis}' is missing from its axes.")
    for more in ({}, *entry.also):
        if unknown_axes := set(more) - set(entry.axes):
            raise UsageError(f"{name}: also: {unknown_axes} are no axes of {list(entry.axes)}.")
        axes = entry.axes | more
        for values in itertools.product(*axes.values()):
            yield _cell(dict(zip(axes, values, strict=True)))


def _cell(chosen: dict[str, Any]) -> CellSpec:
    names: dict[str, Any] = {}
    options: dict[str, Any] = {}
    coords = []
    for axis, value in chosen.items():
        plain, own = _split_value(value)
        label = str(own.pop("label", show(plain)))
        options |= own
        if axis in NAMED or axis == "tau":
            names[axis] = plain
        else:
            options[axis] = plain
        coords.append((axis, label))
    run = _checked(
        catalog.canonical("dataset", names["dataset"], planned("dataset")),
        names["tau"],
        names["backbone"],
        names["method"],
        options,
        0,
    )
    return CellSpec(run, tuple(coords))


def _split_value(value: Any) -> tuple[Any, dict[str, Any]]:
    """(name, options) of an axis value: `CE`, or `{CAL: {f: 20}}`."""
    if isinstance(value, dict):
        if len(value) != 1:
            raise UsageError(f"axis value {value}: allowed is {{NAME: {{OPTION: VALUE, ...}}}}.")
        ((name, options),) = value.items()
        return name, dict(options or {})
    return value, {}
