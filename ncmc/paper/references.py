"""Numbers that other papers, READMEs and logs state, how they were made as far as we know, and which
of them stand beside a cell of ours and count: the harness is calibrated with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from ncmc.errors import UsageError, shortened, unknown
from ncmc.paper.validation import (
    Percent,
    Points,
    Seeds,
    Tau,
    Text,
    csv_numbers,
    require_names,
    require_unique,
)
from ncmc.plan import catalog, recipes
from ncmc.plan.grid import CellSpec
from ncmc.plan.option_text import Value, format_options, format_value, parse_options
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "references.csv"
SWITCH = {"on": True, "off": False}
MATCHED = ("method", "dataset", "tau", "backbone", "mixup")  # what the two must have in common
UNKNOWN_RECIPE = "recipe not known to us"
# Datasets whose cells are compared with the numbers of another one, and say so; they decide nothing.
STAND_INS = {
    "cifar10_jpeg": ("cifar10", "JPEG copies"),
    "cifar10_binary": ("cifar10", "the same images from its binary version"),
}

Epoch = Literal["last", "best"]


class Reference(Strict):
    """An accuracy that somebody reports, in percent top-1 on the balanced test set."""

    id: Annotated[str, Field(pattern=r"^R[0-9]{1,4}$")]
    source: Text
    place: Text  # where in the source
    dataset: str
    tau: Tau | None  # n_min / n_max; None for a fixed list of images, such as ImageNet-LT
    backbone: str
    method: str
    mixup: bool
    value: Percent
    std: Points | None  # standard deviation over seeds; None where it is not stated
    n: Seeds | None  # seeds behind it; None where not stated
    address: Text
    reading: Text  # how it was read, and what is known of how it was made
    recipe: str | None  # ours that it was made with; None: no recipe of ours, or not known to us
    options: tuple[tuple[str, Value], ...]  # of its method, where not our defaults; sorted
    epoch: Epoch | None  # which epoch it is of; None: not known to us
    recipe_from: str  # how we know recipe, options and epoch
    differs: tuple[str, ...]  # what differs from every recipe of ours; the file separates by `; `

    @property
    def stated(self) -> str:
        """The number as it is stated: `44.66 ± 0.24`."""
        return f"{self.value:g}" if self.std is None else f"{self.value:g} ± {self.std:g}"


COLUMNS = tuple(Reference.model_fields)


@read_once
def references(project: Project) -> tuple[Reference, ...]:
    """The rows of papers/NAME/references.csv. Raises UsageError naming the line at fault.

    A method that the harness does not have is allowed in a row that says so under `differs`.
    """
    path = project.config(FILE)
    rows = documents.read_csv(path, COLUMNS, optional=True)
    require_unique(path, [row["id"] for row in rows])
    methods, known_recipes = catalog.names("method"), recipes.recipes(project)
    stated = []
    for place, row in enumerate(rows, start=2):
        where = f"{path}, line {place} ({shortened(row['id'])})"
        reference = documents.parse(Reference, _typed(row, where), where)
        require_names(project, where, [reference.dataset], [reference.backbone])
        if reference.method not in methods and not reference.differs:
            raise UsageError(f"{where}: {unknown('method', reference.method, methods)}")
        if reference.recipe is not None and reference.recipe not in known_recipes:
            raise UsageError(f"{where}: {unknown('recipe', reference.recipe, known_recipes)}")
        stated.append(reference)
    return tuple(stated)


def _typed(row: dict[str, str], where: str) -> dict[str, Any]:
    """The cells of a row as numbers, switches, lists and text; an empty one as None."""
    if row["mixup"] not in SWITCH:
        raise UsageError(f"{where}: mixup is {shortened(repr(row['mixup']))}; allowed: on, off.")
    try:
        options = parse_options(row["options"])
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
    return {
        **row,
        **csv_numbers(row, where),
        "mixup": SWITCH[row["mixup"]],
        "recipe": row["recipe"] or None,
        "options": tuple(sorted(options.items())),
        "epoch": row["epoch"] or None,
        "differs": tuple(row["differs"].split("; ")) if row["differs"] else (),
    }


# --- beside a cell of ours -----------------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """A reference number beside one cell of ours."""

    reference: Reference
    differs: tuple[str, ...]  # how the number was made otherwise than ours; empty: it counts
    stand_in: str | None  # what must be said of our dataset, where it stands in for another

    @property
    def measure(self) -> Epoch:
        """The accuracy of ours that it is compared with: of its epoch, `best` if unknown (A8)."""
        return self.reference.epoch or "best"

    @property
    def counts(self) -> bool:
        """Whether it counts when the harness is judged."""
        return not self.differs

    @property
    def remark(self) -> str:
        """Whether it counts, and if not, what differs."""
        return "counts" if self.counts else f"not counted: {'; '.join(self.differs)}"

    @property
    def compared_with(self) -> str:
        """What of ours it is compared with: `best`, `best*` if its epoch is not known to us."""
        measure = self.reference.epoch or f"{self.measure}*"
        return f"{self.stand_in}: {measure}" if self.stand_in else measure


def comparisons_for(project: Project, spec: CellSpec) -> tuple[Comparison, ...]:
    """The reference numbers of a cell's dataset, tau, backbone, method and Mixup, in their order.

    Raises UsageError for what is wrong in references.csv.
    """
    setting = _matched_by(spec)
    _, stand_in = STAND_INS.get(spec.run.dataset, (None, None))
    return tuple(
        Comparison(reference, (*_differences(reference, spec), *reference.differs), stand_in)
        for reference in references(project)
        if _setting(reference) == setting
    )


def uncompared(project: Project, specs: Sequence[CellSpec]) -> dict[str, list[str]]:
    """The ids of the reference numbers that stand beside none of the cells, by the reason."""
    settings, methods = [_matched_by(spec) for spec in specs], catalog.names("method")
    by_reason: dict[str, list[str]] = {}
    for reference in references(project):
        if (setting := _setting(reference)) not in settings:
            known = reference.method in methods
            why = _reason(setting, settings) if known else "; ".join(reference.differs)
            by_reason.setdefault(why, []).append(reference.id)
    return by_reason


def _differences(reference: Reference, spec: CellSpec) -> list[str]:
    """Another recipe, and options of one side that the other has not."""
    differences = []
    if reference.recipe is None:
        differences.append(UNKNOWN_RECIPE)
    elif reference.recipe != spec.resolved.name:
        recipe = spec.resolved.name
        differences.append(f"made with the recipe {reference.recipe}, ours with {recipe}")
    ours = {(k, v) for k, v in spec.run.options if k not in (recipes.NAME, "mixup")}
    theirs = set(reference.options)
    if ours - theirs:
        differences.append(f"ours has options of its own: {format_options(sorted(ours - theirs))}")
    if theirs - ours:
        differences.append(
            f"theirs has options of its own: {format_options(sorted(theirs - ours))}"
        )
    return differences


def _setting(reference: Reference) -> dict[str, str]:
    """What a cell must be made of for the number to stand beside it."""
    tau = "" if reference.tau is None else format_value(reference.tau)
    names = {name: getattr(reference, name) for name in ("method", "dataset", "backbone")}
    return names | {"tau": tau, "mixup": format_value(reference.mixup)}


def _matched_by(spec: CellSpec) -> dict[str, str]:
    """The same of a cell; a dataset that stands in for another counts as that one."""
    has = {name: spec.attributes[name] for name in MATCHED}
    has["dataset"], _ = STAND_INS.get(has["dataset"], (has["dataset"], None))
    if spec.resolved.split.imbalance == "given":  # one list of images, whatever its tau is called
        has["tau"] = ""
    return has


def _reason(wanted: dict[str, str], settings: Sequence[dict[str, str]]) -> str:
    """Why no cell has the setting of a number: the first thing that none has."""
    for name in MATCHED:
        if wanted[name] not in {has[name] for has in settings}:
            return f"no cell here has {name} {wanted[name] or '(one list of images)'}"
    return "no cell here has this setting"
