"""config/checks.yaml: the claims in a form that a program can check. Knows no results."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from ncmc.errors import UsageError, unknown
from ncmc.paper.claims import claims
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.grid_file import grid_entries
from ncmc.plan.option_text import format_value
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "checks.yaml"

Measure = Literal["last", "best", "nc_mean", "nc_std", "variability", "class_cosine", "tail_cosine"]
Wanted = bool | int | float | str
Selector = Mapping[str, Wanted | list[Wanted]]  # what a cell is made of -> value, or allowed values
Positive = Annotated[float, Field(gt=0)]


class Check(Strict):
    """What every kind of check has."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,39}$")]
    table: str  # the table or figure that it belongs to
    kind: str
    claim: str | None = None  # the paper's claim; None: ours
    says: str = ""  # this check in words; in the file, empty means the claim's own words
    source: str = ""  # where our reading of the words comes from
    where: Selector = Field(default={})

    @property
    def measured(self) -> Measure | None:
        """What the check looks at; None where it looks at no number."""
        return getattr(self, "measure", None)


class Pairs(Check):
    """A check of two sides, in every pair of cells that agree on all that neither side names."""

    better: Selector
    than: Selector
    measure: Measure | None = None

    @property
    def measured(self) -> Measure:
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


AnyCheck = (
    Greater
    | Slight
    | Equal
    | Largest
    | Chance
    | Collapse
    | RiseFall
    | Orthogonal
    | Stays
    | Peak
    | Text
)


class ChecksFile(Strict):
    """config/checks.yaml."""

    checks: tuple[Annotated[AnyCheck, Field(discriminator="kind")], ...]


@read_once
def all_checks(project: Project) -> tuple[Check, ...]:
    """All checks. Raises UsageError naming the file, the check and what is wrong with it."""
    path = project.config(FILE)
    found: dict[str, Check] = {}
    for check in documents.read_yaml(path, ChecksFile).checks:
        where = f"{path}: {check.id}"
        if check.id in found:
            raise UsageError(f"{where}: this id stands there twice.")
        if check.table not in grid_entries(project):
            raise UsageError(f"{where}: {unknown('table', check.table, grid_entries(project))}")
        if check.claim is not None and check.claim not in claims(project):
            raise UsageError(f"{where}: {unknown('claim', check.claim, claims(project))}")
        claim = claims(project)[check.claim] if check.claim else None
        words = check.says or (claim.says if claim else check.id)
        found[check.id] = check.model_copy(update={"says": words})
    return tuple(found.values())


def checks_of(project: Project, table: str) -> list[Check]:
    """The checks of a table or figure."""
    return [check for check in all_checks(project) if check.table == table]


# --- choosing cells ----------------------------------------------------------------------------


def chosen(spec: CellSpec, *selectors: Selector) -> bool:
    """Whether a cell is one of those that all `selectors` choose."""
    has = spec.attributes
    return all(
        has.get(key) in _allowed(wanted)
        for selector in selectors
        for key, wanted in selector.items()
        if key != "table"
    )


def select(project: Project, check: Check, selector: Selector) -> list[CellSpec]:
    """The cells of one side of a check, from its table or the one that the selector names.

    Raises UsageError if there is none: the check then is about nothing.
    """
    table = table_of(project, check, selector)
    found = [spec for spec in table.cells if chosen(spec, selector, check.where)]
    if not found:
        raise UsageError(
            f"config/{FILE}: {check.id}: no cell of {table.name} has "
            f"{_plain(check.where)} {_plain(selector)}. Its cells: "
            f"{'; '.join(spec.label for spec in table.cells[:6])} ..."
        )
    return found


def table_of(project: Project, check: Check, selector: Selector) -> Table:
    """The table that a selector looks its cells up in."""
    return grid.table(project, str(selector.get("table", check.table)))


def pairs(project: Project, check: Pairs) -> list[tuple[CellSpec, CellSpec]]:
    """(better, than): the cells that agree on every axis that neither side names."""
    sides = select(project, check, check.better), select(project, check, check.than)
    tables = table_of(project, check, check.better), table_of(project, check, check.than)
    named = {*check.better, *check.than, "method"}
    shared = {"dataset", "tau", "backbone", *(set(tables[0].axes) & set(tables[1].axes))} - named
    found = []
    for better in sides[0]:
        key = {axis: better.attributes.get(axis) for axis in shared}
        matching = [
            than
            for than in sides[1]
            if than.run != better.run
            and all(than.attributes.get(axis) == value for axis, value in key.items())
        ]
        found += [(better, than) for than in matching]
    if not found:
        raise UsageError(f"config/{FILE}: {check.id}: no cell of one side fits the other.")
    return found


def _allowed(wanted: Wanted | list[Wanted]) -> list[str]:
    return [format_value(value) for value in (wanted if isinstance(wanted, list) else [wanted])]


def _plain(selector: Selector) -> str:
    return ", ".join(f"{key}={'|'.join(_allowed(value))}" for key, value in selector.items())
