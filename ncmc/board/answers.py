"""What is known so far, in one line and five answers: the first thing that README.md says.

Computed from published records. CAL is compared with the other methods of a tier's table of methods,
after the last epoch and at tau 0.01, by the contrasts that verdicts rest on.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ncmc import paths
from ncmc.board.published import published_boards
from ncmc.paths import OURS
from ncmc.plan import grid
from ncmc.plan.grid_file import tiers
from ncmc.project import Project, papers
from ncmc.results.cells import Cell
from ncmc.results.curves import sample_of
from ncmc.results.statistics import Sample, against
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
    "BALANCED-SOFTMAX": "Balanced Softmax",
    "NCM": "the nearest class mean of CE's features",
    "CE-LA": "logit adjustment of CE's own scores",
}
SIDES = {"above": "above ", "below": "below ", "not told apart": "not told apart from "}
ONE_LINE = ("BALANCED-SOFTMAX", "NCM", "CE-LA")


class Lead(NamedTuple):
    """CAL minus another method, in points of accuracy."""

    tier: AnswerTier
    other: str  # the method's label in its table
    contrast: Contrast

    @property
    def words(self) -> str:
        """`above by 5.3 points (95 %: +3.1 to +7.5; 3 seeds)`."""
        points, seeds = self.contrast.difference.mean, self.contrast.seeds
        if self.contrast.interval is None:
            return f"{signed(points, 1)} points with {seeds}, which decides nothing"
        low, high = (signed(bound, 1) for bound in self.contrast.interval)
        interval = f"({100 * self.contrast.level:.3g} %: {low} to {high}; {seeds})"
        if self.contrast.side == "not told apart":
            return f"not told apart, {signed(points, 1)} points {interval}"
        return f"{self.contrast.side} by {abs(points):.1f} points {interval}"


def leads(project: Project) -> tuple[Lead, ...]:
    """CAL minus each other method with published records, by tier, in the order of its table."""
    return tuple(lead for tier in TIERS for lead in _leads(project, tier))


def _leads(project: Project, tier: AnswerTier) -> Iterator[Lead]:
    cells = {
        cell.spec.coord("method"): cell for cell in _cells(project, tier, f"{tier.name}_methods")
    }
    if ours := cells.pop("CAL", None):
        for label, cell in cells.items():
            yield Lead(tier, label, contrast([(1.0, ours), (-1.0, cell)], "last"))


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
        "CAL minus each other method (right of 0 CAL is better; tau 0.01: the smallest class has a "
        "hundredth of the largest). Seeds are added in planned steps; intervals begin with the first of "
        "them, and are of more than 95 % so that all steps together err in 5 %.",
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
    if not compared:
        under_way = _listed([_link(project, tier) for tier in TIERS])
        return f"{UNKNOWN} No run of the nearest scales, {under_way}, is published yet."
    nearest = compared[0].tier
    decided = next((lead.tier for lead in compared if lead.contrast.side), None)
    if decided is None:
        return (
            f"{UNKNOWN} The nearest to it so far is {_link(project, nearest)} ({nearest.setting}): "
            f"{_most_seeds(compared, nearest)} so far, which decides nothing."
        )
    sides = {lead.other: lead.contrast.side for lead in compared if lead.tier == decided}
    parts = [
        words + _listed([PLAIN[name] for name in PLAIN if sides.get(name) == side])
        for side, words in SIDES.items()
        if side in {sides.get(name) for name in PLAIN}
    ]
    where = f"{_link(project, decided)} ({decided.setting})"
    if decided == nearest:
        return f"{UNKNOWN} The nearest to it so far is {where}: there CAL is {', '.join(parts)}."
    return (
        f"{UNKNOWN} On {where} CAL is {', '.join(parts)}; {_most_seeds(compared, nearest)} on "
        f"{_link(project, nearest)} ({nearest.setting}), which is nearer to it, decides nothing so far."
    )


def _most_seeds(compared: Sequence[Lead], tier: AnswerTier) -> str:
    """`1 seed` or `2 of 3 seeds`: of the comparison of a tier that has most."""
    contrasts = [lead.contrast for lead in compared if lead.tier == tier]
    return max(contrasts, key=lambda contrast: contrast.n).seeds


def five_answers(project: Project) -> list[str]:
    """CAL against CE, SETF and baselines of one line; collapse; whether the harness is right."""
    compared = leads(project)
    return [
        f"**CAL against cross-entropy (CE).** {_compared(project, compared, ['CE'])}",
        f"**CAL against the fixed simplex classifier (SETF).** {_compared(project, compared, ['SETF'])}",
        f"**CAL against baselines of one line of code.** {_compared(project, compared, ONE_LINE)}",
        f"**Collapse.** {_collapse(project)}",
        f"**Is the harness right?** {_harness(project)}",
    ]


def _compared(project: Project, compared: Sequence[Lead], others: Sequence[str]) -> str:
    parts = []
    for tier in TIERS:
        of_tier = {lead.other: lead for lead in compared if lead.tier == tier}
        there = [of_tier[name] for name in others if name in of_tier]
        words = [
            (f"{PLAIN[lead.other]}: " if len(others) > 1 else "") + lead.words for lead in there
        ]
        if there:
            supported = any(lead.contrast.side for lead in there)
            parts.append((supported, f"{_link(project, tier)} {'; '.join(words)}"))
    return _best_supported_first(parts) or "Not compared yet."


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
    """NC to the mean centers (0 to 4) that CAL ends with, and CE's around its own class means."""
    tiers_with = []
    for tier in TIERS:
        supported, parts = False, []
        for cell in _cells(project, tier, f"{tier.name}_curves"):
            if cell.spec.run.method == "CAL" and (nc := sample_of(cell, "nc_mean")):
                judged = nc.n >= max(2, cell.first_look)
                interval = against(nc, 0.0).interval() if judged else None
                supported = supported or interval is not None
                parts.append(_collapse_words(cell, nc, interval))
        for cell in _cells(project, tier, f"{tier.name}_methods") if parts else ():
            if cell.spec.coord("method") == "CE" and (nc := sample_of(cell, "nc_mean")):
                parts.append(
                    f"cross-entropy's, around its own class means, {_collapse_words(cell, nc)}"
                )
        if parts:
            words = f"{_link(project, tier)} CAL's features end at NC {', '.join(parts)}"
            tiers_with.append((supported, words))
    scale = "NC is 0 at complete collapse to the mean centers, 2 for features that know nothing."
    known = _best_supported_first(tiers_with)
    return f"{known} {scale}" if known else "Not measured yet."


def _collapse_words(cell: Cell, nc: Sample, interval: tuple[float, float] | None = None) -> str:
    """`0.38 with Mixup (95 %: 0.08 to 0.67; 2 seeds)`."""
    mixup = "with" if cell.spec.resolved.recipe.mixup else "without"
    spread = f"95 %: {interval[0]:.2f} to {interval[1]:.2f}; " if interval else ""
    return f"{nc.mean:.2f} {mixup} Mixup ({spread}{plural(nc.n, 'seed')})"


def _harness(project: Project) -> str:
    """How far ours is from what other papers print, where a published record stands beside it."""
    distances, boards, seeds = list[float](), list[str](), 0
    for name in papers(project.root):
        other = Project(project.root, paper=name)
        folder = other.published(PAPER)
        if name == OURS or not (folder / paths.RUNS).is_dir():
            continue
        cells, printed = CellCache(other, folder / paths.RUNS), dict[str, float]()
        for cell in (c for t in tiers(other)[PAPER] for c in cells.of(grid.table(other, t))):
            if cell.paper and cell.best and not cell.paper.made_otherwise:
                printed[cell.paper.id] = abs(cell.best.mean - cell.paper.value)
                seeds = max(seeds, cell.n)
        distances += printed.values()
        board = (folder / paths.BOARD_MARKDOWN).relative_to(project.root).as_posix()
        boards += [f"[{name}]({board})"] if printed else []
    if not distances:
        return "Not known yet: no setting that other papers print a number of was run."
    near = sum(distance <= 1 for distance in distances)
    return (
        f"{plural(len(distances), 'number')} that other papers print can be compared so far "
        f"({plural(seeds, 'seed')} at most): {near} within 1 point of ours, the furthest "
        f"{max(distances):.1f} points away: {', '.join(boards)}."
    )
