"""config/checks.yaml: the claims in a form that a program can check. Knows no results."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field

from ncmc import paths
from ncmc.errors import UsageError, unknown
from ncmc.paper import reference
from ncmc.plan import grid, schema
from ncmc.plan.grid import CellSpec, Table, show
from ncmc.plan.schema import Strict

FILE = "checks.yaml"

Measure = Literal["last", "best", "nc_mean", "nc_std", "variability", "class_cosine", "tail_cosine"]
Wanted = bool | int | float | str
Selector = Mapping[str, Wanted | list[Wanted]]  # what a cell is made of -> value, or allowed values
Positive = Annotated[float, Field(gt=0)]


class Check(Strict):
    """What every kind of check has."""

    id: str
    table: str  # the table or figure that it belongs to
    kind: str
    claim: str | None = None  # the paper's claim; None: ours
    says: str = ""  # this check in words; empty: the claim's own words
    source: str = ""  # where our reading of the words comes from
    where: Selector = Field(default={})

    @property
    def words(self) -> str:
        """What is checked."""
        return self.says or (reference.claim(self.claim).says if self.claim else self.id)

    @property
    def measured(self) -> str:
        """What the check looks at; empty where it looks at no number."""
        return str(getattr(self, "measure", None) or "")


class Pairs(Check):
    """A check of two sides, in every pair of cells that agree on all that neither side names."""

    better: Selector
    than: Selector
    measure: Measure | None = None

    @property
    def measured(self) -> str:
        """`measure`; without one `best` for the paper's claims, `last` for ours (A8)."""
        return self.measure or ("best" if self.claim else "last")


class Greater(Pairs):
    """The mean of `better` is above that of `than`, or at most `margin` below."""

    kind: Literal["greater"]
    rule: Literal["interval", "means"] = "interval"
    margin: Annotated[float, Field(ge=0)] = 0.0
    allow: Annotated[int, Field(ge=0)] = 0


class Slight(Pairs):
    """The gain of `better` over `than`, averaged over pairs, is above 0 and below `most`."""

    kind: Literal["slight"]
    most: Positive


class Equal(Pairs):
    """The two sides are equivalent within `margin`."""

    kind: Literal["equal"]
    margin: Positive


class Largest(Pairs):
    """The advantage of `better` over `than` is largest where `axis` is `at`."""

    kind: Literal["largest"]
    axis: str
    at: Wanted


class Cells(Check):
    """A check of single cells."""

    cells: Selector


class Chance(Cells):
    """The accuracy is compatible with chance."""

    kind: Literal["chance"]
    measure: Literal["last"] = "last"


class Collapse(Cells):
    """Features collapse: NC at the end below `ratio` times NC at the start."""

    kind: Literal["collapse"]
    ratio: Annotated[float, Field(gt=0, lt=1)]
    measure: Literal["nc_mean"] = "nc_mean"


class RiseFall(Cells):
    """A curve rises first and has fallen below `ratio` of its peak at the end."""

    kind: Literal["rise_fall"]
    measure: Measure
    ratio: Annotated[float, Field(gt=0, lt=1)]


class Orthogonal(Cells):
    """The class means' mean cosine starts above `first` and ends within `last` of 0."""

    kind: Literal["orthogonal"]
    first: float
    last: Positive
    measure: Literal["class_cosine"] = "class_cosine"


class Stays(Cells):
    """A curve is above `above` at every measured epoch."""

    kind: Literal["stays"]
    measure: Measure
    above: float


class Peak(Cells):
    """Along `axis` the best mean accuracy is at neither end."""

    kind: Literal["peak"]
    axis: str
    measure: Literal["best"] = "best"


class Text(Check):
    """A claim that no number can check yet."""

    kind: Literal["text"]
    reason: str


KINDS: dict[str, type[Check]] = {
    "greater": Greater,
    "slight": Slight,
    "equal": Equal,
    "largest": Largest,
    "chance": Chance,
    "collapse": Collapse,
    "rise_fall": RiseFall,
    "orthogonal": Orthogonal,
    "stays": Stays,
    "peak": Peak,
    "text": Text,
}


@cache
def every() -> tuple[Check, ...]:
    """All checks. Raises UsageError naming the file, the check and what is wrong with it."""
    path = paths.config(FILE)
    found: dict[str, Check] = {}
    for entry in schema.read_yaml(path)["checks"]:
        where = f"{path}: {entry.get('id')}"
        if entry.get("kind") not in KINDS:
            raise UsageError(f"{where}: {unknown('kind', entry.get('kind'), KINDS)}")
        check = schema.parse(KINDS[entry["kind"]], entry, where)
        if check.id in found:
            raise UsageError(f"{where}: this id stands there twice.")
        if check.table not in grid.entries():
            raise UsageError(f"{where}: {unknown('table', check.table, grid.entries())}")
        if check.claim:
            reference.claim(check.claim)
        found[check.id] = check
    return tuple(found.values())


def of(table: str) -> list[Check]:
    """The checks of a table or figure."""
    return [check for check in every() if check.table == table]


# --- choosing cells ----------------------------------------------------------------------------


def attributes(spec: CellSpec) -> dict[str, str]:
    """What a cell is made of: names, tau, recipe keys, options, its labels on the axes."""
    run = spec.run
    resolved = run.resolve()
    values: dict[str, Any] = resolved.recipe.model_dump() | resolved.split.model_dump()
    values |= resolved.model | dict(run.options)
    values |= {"backbone": run.backbone, "method": run.method}
    values |= {"dataset": run.dataset, "tau": run.tau}
    labels = {axis: label for axis, label in spec.coords if axis not in values}
    return labels | {key: show(value) for key, value in values.items()}


def chosen(spec: CellSpec, *selectors: Selector) -> bool:
    """Whether a cell is one of those that all `selectors` choose."""
    has = attributes(spec)
    return all(
        has.get(key) in _allowed(wanted)
        for selector in selectors
        for key, wanted in selector.items()
        if key != "table"
    )


def select(check: Check, selector: Selector) -> list[CellSpec]:
    """The cells of one side of a check, from its table or the one that the selector names.

    Raises UsageError if there is none: the check then is about nothing.
    """
    table = table_of(check, selector)
    found = [spec for spec in table.cells if chosen(spec, selector, check.where)]
    if not found:
        raise UsageError(
            f"{paths.config(FILE)}: {check.id}: no cell of {table.name} has "
            f"{_plain(check.where)} {_plain(selector)}. Its cells: "
            f"{'; '.join(spec.label for spec in table.cells[:6])} ..."
        )
    return found


def table_of(check: Check, selector: Selector) -> Table:
    """The table that a selector looks its cells up in."""
    return grid.table(str(selector.get("table", check.table)))


def pairs(check: Pairs) -> list[tuple[CellSpec, CellSpec]]:
    """(better, than): the cells that agree on every axis that neither side names."""
    sides = select(check, check.better), select(check, check.than)
    tables = table_of(check, check.better), table_of(check, check.than)
    named = {*check.better, *check.than, "method"}
    shared = {"dataset", "tau", "backbone", *(set(tables[0].axes) & set(tables[1].axes))} - named
    found = []
    for better in sides[0]:
        key = {axis: attributes(better).get(axis) for axis in shared}
        matching = [
            than
            for than in sides[1]
            if than.run != better.run
            and all(attributes(than).get(axis) == value for axis, value in key.items())
        ]
        found += [(better, than) for than in matching]
    if not found:
        raise UsageError(f"{paths.config(FILE)}: {check.id}: no cell of one side fits the other.")
    return found


def _allowed(wanted: Wanted | list[Wanted]) -> list[str]:
    return [show(value) for value in (wanted if isinstance(wanted, list) else [wanted])]


def _plain(selector: Selector) -> str:
    return ", ".join(f"{key}={'|'.join(_allowed(value))}" for key, value in selector.items())
