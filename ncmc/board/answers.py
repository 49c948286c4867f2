"""What is known so far, in one line and five answers: the first thing that README.md says.

Computed from published records. CAL is compared with the other methods of a tier's table of methods,
after the last epoch and at tau 0.01, by the contrasts that verdicts rest on.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ncmc import paths
from ncmc.board.published import published_boards
from ncmc.paths import OURS
from ncmc.plan import grid
from ncmc.plan.grid_file import tiers
from ncmc.project import Project, papers
from ncmc.results.cells import Cell
from ncmc.results.curves import sample_of
from ncmc.results.statistics import against
from ncmc.results.wording import plural, signed
from ncmc.system import files
from ncmc.verdicts.contrasts import Contrast, contrast
from ncmc.verdicts.judge import CellCache

START, END = "<!-- answers -->", "<!-- /answers -->"
BLOCK = re.compile(rf"{START}\n.*?{END}\n", re.DOTALL)
TAU = 0.01
PAPER = "paper"  # the tier of the paper's own scale, and its main claim
MAIN_CLAIM = "C1"
UNKNOWN = (
    "**Whether CAL beats CE or SETF at the paper's own scale is not known: none of its runs (ResNet-50, "
    "DenseNet-150) has been made.**"
)


class AnswerTier(NamedTuple):
    """A tier whose runs can speak of the paper: its tables are NAME_methods and NAME_curves."""

    name: str
    words: str  # also the heading of docs/plan.md that describes it
    setting: str


TIERS = (  # the nearest to the paper first
    AnswerTier("full", "the full schedule", "ResNet-32, all images, 200 epochs"),
    AnswerTier("laptop", "the laptop tier", "ResNet-20, a tenth of CIFAR-10, 120 epochs"),
)
PLAIN = {  # methods by their labels, in words for a reader who has not met them
    "CE": "cross-entropy (CE)",
    "SETF": "the fixed simplex classifier (SETF)",
    "ARB": "the attraction-repulsion-balanced loss (ARB)",
    "BALANCED-SOFTMAX": "Balanced Softmax",
    "NCM": "the nearest class mean of CE's features (NCM)",
    "CE-LA": "logit adjustment of CE's own scores (CE-LA)",
}
SIDES = {  # of a contrast -> what CAL is
    "above": "above ",
    "below": "below ",
    "not told apart": "not told apart from ",
    "": "not judged yet against ",
}
COMPARED = {  # the first answers, each with the methods that it is about
    "CAL against cross-entropy (CE).": ("CE",),
    "CAL against earlier methods built on neural collapse.": ("SETF", "ARB"),
    "CAL against baselines of one line of code.": ("BALANCED-SOFTMAX", "NCM", "CE-LA"),
}


class Lead(NamedTuple):
    """CAL minus another method, in points of accuracy."""

    tier: AnswerTier
    other: str  # the method's label in its table
    contrast: Contrast

    @property
    def words(self) -> str:
        """`CE: +5.3 points (95 %: +3.1 to +7.5; 3 seeds)`."""
        bounds = " to ".join(signed(bound, 1) for bound in self.contrast.interval or ())
        interval = f"{100 * self.contrast.level:.3g} %: {bounds}; " if bounds else ""
        points = signed(self.contrast.difference.mean, 1)
        return f"{self.other}: {points} points ({interval}{self.contrast.seeds})"


def leads(project: Project) -> list[Lead]:
    """CAL minus each other method with published records, by tier, in the order of its table."""
    found = []
    for tier in TIERS:
        cells = {c.spec.coord("method"): c for c in _cells(project, tier, f"{tier.name}_methods")}
        if ours := cells.pop("CAL", None):
            for label, cell in cells.items():
                gap = contrast([(1.0, ours), (-1.0, cell)], "last")
                found.append(Lead(tier, label, gap))
    return found


def _cells(project: Project, tier: AnswerTier, name: str) -> list[Cell]:
    """The cells of a table at tau 0.01 that have published records, none of a dead run."""
    runs = project.published(tier.name) / paths.RUNS
    if name not in tiers(project).get(tier.name, ()) or not runs.is_dir():
        return []
    table, cache = grid.table(project, name), CellCache(project, runs)
    cells = [cache.cell(spec, table) for spec in table.cells if spec.run.tau == TAU]
    return [cell for cell in cells if cell.records and not cell.dead]


# --- words ---------------------------------------------------------------------------------------


def with_answers(project: Project, text: str) -> str:
    """README.md with the answers as of now between its marks; a text without these is left as it is."""
    if not BLOCK.search(text):
        return text
    numbered = [f"{i}. {answer}" for i, answer in enumerate(five_answers(project), start=1)]
    lines = [START, headline(project), "", *numbered, *_picture(project), END]
    return BLOCK.sub(lambda _: "\n".join(lines) + "\n", text)


def _picture(project: Project) -> list[str]:
    """The picture of the leads, where it was published."""
    light, dark = (paths.ANSWER_PICTURE.format(page=page) for page in ("light", "dark"))
    if not files.exists(project.root / light):
        return []
    return [
        "",
        "Points are percent of test accuracy after the last epoch, with intervals in brackets. Seeds "
        "are added in steps, each at a level above 95 %: those of one comparison err in at most 5 %.",
        "",
        "<picture>",
        f'  <source media="(prefers-color-scheme: dark)" srcset="{dark}">',
        f'  <img src="{light}" alt="CAL minus each other method, in points of accuracy with intervals">',
        "</picture>",
    ]


def headline(project: Project) -> str:
    """What is known at the paper's scale; if nothing is, that, and what is at the nearest one."""
    if paper := published_boards(project).get(PAPER):
        entry = next(entry for entry in paper.entries if entry.id == MAIN_CLAIM)
        return f"**At the paper's own scale: {entry.says}: {entry.outcome}.** {entry.sentence}"
    compared = leads(project)
    decided = next((lead.tier for lead in compared if lead.contrast.side), None)
    if decided is None:
        scales = _listed([_link(project, tier) for tier in TIERS])
        return f"{UNKNOWN} The nearest scales, {scales}, have too few runs to decide anything yet."
    known = [lead for lead in compared if lead.tier == decided and lead.other in PLAIN]
    return (
        f"{UNKNOWN} The nearest with enough seeds is {_link(project, decided)} "
        f"({decided.setting}; the smallest class has a hundredth of the largest's images): there "
        f"CAL is {_by_side(known, lambda lead: PLAIN[lead.other])}."
    )


def five_answers(project: Project) -> list[str]:
    """CAL against others, in three answers; collapse; whether the harness is right."""
    compared = leads(project)
    return [
        *(f"**{title}** {_compared(project, compared, who)}" for title, who in COMPARED.items()),
        f"**Collapse.** {_collapse(project)}",
        f"**Is the harness right?** {_harness(project)}",
    ]


def _compared(project: Project, compared: Sequence[Lead], others: Sequence[str]) -> str:
    parts = []
    for tier in TIERS:
        of_tier = {lead.other: lead for lead in compared if lead.tier == tier}
        if there := [of_tier[name] for name in others if name in of_tier]:
            supported = any(lead.contrast.side for lead in there)
            words = _by_side(there, lambda lead: lead.words)
            parts.append((supported, f"{_link(project, tier)} CAL is {words}"))
    return _best_supported_first(parts) or "Not compared yet."


def _by_side(leads: Sequence[Lead], say: Callable[[Lead], str]) -> str:
    """`above CE and SETF; below Balanced Softmax`."""
    told = {side: [say(lead) for lead in leads if lead.contrast.side == side] for side in SIDES}
    return "; ".join(SIDES[side] + _listed(names) for side, names in told.items() if names)


def _best_supported_first(parts: Sequence[tuple[bool, str]]) -> str:
    """What is known of each tier, in one sentence: what has an interval before what has none."""
    ordered = [words for _, words in sorted(parts, key=lambda part: not part[0])]
    return f"On {'; on '.join(ordered)}." if ordered else ""


def _link(project: Project, tier: AnswerTier) -> str:
    """A tier with a link to its board, or to what it will be."""
    board = f"{paths.PUBLISHED.format(tier=tier.name)}/{paths.BOARD_MARKDOWN}"
    plan = f"docs/plan.md#{tier.words.replace(' ', '-')}"
    return f"[{tier.words}]({board if files.exists(project.root / board) else plan})"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _collapse(project: Project) -> str:
    """NC (0 to 4) that CAL ends with, from its mean centers.

    Not beside that of CE: around class means of its own an untrained network is near 0 as well.
    """
    parts = []
    for tier in TIERS:
        curves = _cells(project, tier, f"{tier.name}_curves")
        ends = [_collapse_end(cell) for cell in curves if cell.spec.run.method == "CAL"]
        if known := [words for words, _ in ends if words]:
            words = f"{_link(project, tier)} CAL ends at {_listed(known)}"
            parts.append((any(supported for _, supported in ends), words))
    if not parts:
        return "Not measured yet."
    return (
        "Measured by NC, the mean squared distance of a training image's feature from the center of "
        "its class: 0 is complete collapse; one feature for all images has about 1, random ones have 2. "
        "Mixup trains on blends of two images. " + _best_supported_first(parts)
    )


def _collapse_end(cell: Cell) -> tuple[str, bool]:
    """`0.38 with Mixup (95 %: 0.32 to 0.43; 3 seeds)`, and whether there is an interval."""
    nc = sample_of(cell, "nc_mean")
    if nc is None:
        return "", False
    judged = nc.n >= max(2, cell.first_look)
    interval = against(nc, 0.0).interval() if judged else None
    mixup = "with" if cell.spec.resolved.recipe.mixup else "without"
    spread = f"95 %: {interval[0]:.2f} to {interval[1]:.2f}; " if interval else ""
    words = f"{nc.mean:.2f} {mixup} Mixup ({spread}{plural(nc.n, 'seed')})"
    return words, interval is not None


def _harness(project: Project) -> str:
    """How far ours is from what other papers print, where a published record stands beside it."""
    distances, boards, seeds, apart = list[float](), list[str](), 0, dict[str, float]()
    for name in papers(project.root):
        other = Project(project.root, paper=name)
        folder = other.published(PAPER)
        if name == OURS or not (folder / paths.RUNS).is_dir():
            continue
        cells, printed = CellCache(other, folder / paths.RUNS), dict[str, float]()
        for cell in (c for t in tiers(other)[PAPER] for c in cells.of(grid.table(other, t))):
            if cell.paper and cell.best:
                counts = not cell.paper.made_otherwise
                seeds = max(seeds, cell.n if counts else 0)
                kept = printed if counts else apart
                kept[f"{name} {cell.paper.id}"] = abs(cell.best.mean - cell.paper.value)
        distances += printed.values()
        board = (folder / paths.BOARD_MARKDOWN).relative_to(project.root).as_posix()
        boards += [f"[{name}]({board})"] if printed else []
    if not distances:
        return "Not known yet: no setting that other papers print a number of was run."
    away = sorted(apart.values())
    span = f"{away[0]:.1f} to {away[-1]:.1f}" if away else ""
    near = sum(distance <= 1 for distance in distances)
    doubt = "Not known yet, as one seed decides nothing. " if seeds == 1 else ""
    return (
        f"{doubt}Of {plural(len(distances), 'number')} of other papers that can be compared, {near} "
        f"{'is' if near == 1 else 'are'} within 1 point of ours; the furthest is {max(distances):.1f} "
        f"points away ({', '.join(boards)})."
        + (
            f" {len(away)} more, made otherwise and {span} points away, do not count."
            if away
            else ""
        )
    )
