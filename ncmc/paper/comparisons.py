"""Which reference numbers stand beside a cell of ours, what differs, and which of them count."""

from collections.abc import Sequence
from dataclasses import dataclass

from ncmc.paper.references import Epoch, MadeWith, Reference, reference_recipes, references
from ncmc.plan import recipes
from ncmc.plan.grid import CellSpec
from ncmc.plan.option_text import format_options, format_value
from ncmc.project import Project

MATCHED = ("method", "dataset", "tau", "backbone", "mixup")  # what the two must have in common
UNKNOWN_RECIPE = "recipe not known to us"


@dataclass(frozen=True)
class Comparison:
    """A reference number beside one cell of ours."""

    reference: Reference
    epoch: Epoch | None  # which epoch it is of; None: not known to us
    differs: tuple[str, ...]  # how the number was made otherwise than ours; empty: it counts
    stand_in: str | None  # what must be said of our dataset, where it stands in for another

    @property
    def measure(self) -> Epoch:
        """The accuracy of ours that it is compared with: of its epoch, `best` if unknown (A8)."""
        return self.epoch or "best"

    @property
    def counts(self) -> bool:
        """Whether it counts when the harness is judged."""
        return not self.differs


def comparisons_for(project: Project, spec: CellSpec) -> tuple[Comparison, ...]:
    """The reference numbers of a cell's dataset, tau, backbone, method and Mixup, in their order.

    Raises UsageError for what is wrong in references.csv or reference_recipes.yaml.
    """
    setting = _matched_by(project, spec)
    return tuple(
        _comparison(project, reference, spec)
        for reference in references(project)
        if _setting(reference) == setting
    )


def uncompared(project: Project, specs: Sequence[CellSpec]) -> dict[Reference, str]:
    """The reference numbers that stand beside none of the cells, each with the reason."""
    settings = [_matched_by(project, spec) for spec in specs]
    foreign = reference_recipes(project).foreign_methods
    return {
        reference: foreign.get(reference.method) or _reason(_setting(reference), settings)
        for reference in references(project)
        if _setting(reference) not in settings
    }


def _comparison(project: Project, reference: Reference, spec: CellSpec) -> Comparison:
    file = reference_recipes(project)
    recipe = next((entry for entry in file.made_with if entry.fits(reference)), None)
    differs = [*_other_recipe(recipe, spec), *_own_options(recipe, spec)]
    differs += [entry.says for entry in file.differences if entry.fits(reference)]
    stand_ins = (entry.says for entry in file.stand_ins if entry.dataset == spec.run.dataset)
    return Comparison(
        reference=reference,
        epoch=recipe.epoch if recipe else None,
        differs=tuple(differs),
        stand_in=next(stand_ins, None),
    )


def _other_recipe(made: MadeWith | None, spec: CellSpec) -> list[str]:
    if made is None or made.recipe is None:
        return [UNKNOWN_RECIPE]
    if made.recipe != spec.resolved.name:
        return [f"made with the recipe {made.recipe}, ours with {spec.resolved.name}"]
    return []


def _own_options(made: MadeWith | None, spec: CellSpec) -> list[str]:
    """Options of one side that the other has not; a named recipe is told by itself."""
    ours = {(k, v) for k, v in spec.run.options if k not in (recipes.NAME, "mixup")}
    theirs = set(made.options.items() if made else ())
    sides = (
        ("ours has options of its own", sorted(ours - theirs)),
        ("theirs has options of its own", sorted(theirs - ours)),
    )
    return [f"{says}: {format_options(options)}" for says, options in sides if options]


def _setting(reference: Reference) -> dict[str, str]:
    """What a cell must be made of for the number to stand beside it."""
    tau = "" if reference.tau is None else format_value(reference.tau)
    names = {name: getattr(reference, name) for name in ("method", "dataset", "backbone")}
    return names | {"tau": tau, "mixup": format_value(reference.mixup)}


def _matched_by(project: Project, spec: CellSpec) -> dict[str, str]:
    """The same of a cell; a dataset that stands in for another counts as that one."""
    has = {name: spec.attributes[name] for name in MATCHED}
    for entry in reference_recipes(project).stand_ins:
        if entry.dataset == has["dataset"]:
            has["dataset"] = entry.original
    if spec.resolved.split.imbalance == "given":  # one list of images, whatever its tau is called
        has["tau"] = ""
    return has


def _reason(wanted: dict[str, str], settings: Sequence[dict[str, str]]) -> str:
    """Why no cell has the setting of a number: the first thing that none has."""
    for name in MATCHED:
        if wanted[name] not in {has[name] for has in settings}:
            return f"no cell here has {name} {wanted[name] or '(one list of images)'}"
    return "no cell here has this setting"
