"""Power before the run: the probability that a number of seeds decides a question.

From an effect that config/plan.yaml states, never from one that was observed (its power says no more
than its p value), and from a deviation over seeds: that of records where there are enough, else a
stated one. The tests are those that judge real records, with their levels and degrees of freedom;
settings are taken for independent of each other.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from pydantic import Field

from ncmc.forecast.plan_file import Power
from ncmc.forecast.questions import Question
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.grid_file import Points, tiers
from ncmc.project import Project, read_once
from ncmc.results.curves import IN_PERCENT
from ncmc.results.looks import levels
from ncmc.results.shared_spread import FEWEST, Prior, as_printed
from ncmc.results.statistics import (
    Difference,
    Sample,
    against,
    against_reported,
    combine,
    t_quantile,
)
from ncmc.results.table_cells import block_key, measured_deviation
from ncmc.system import documents
from ncmc.system.documents import Sourced, Strict
from ncmc.verdicts import cell_selection
from ncmc.verdicts.cell_selection import Place
from ncmc.verdicts.check import Pairs
from ncmc.verdicts.kinds.equal import Equal
from ncmc.verdicts.kinds.greater import Greater
from ncmc.verdicts.kinds.slight import Slight

FILE = "plan.yaml"
NODES = 200  # of the integrals over what deviation is observed
Terms = Mapping[Place, float]  # cell -> its weight


class Deviation(Sourced[Points]):
    """The deviation over seeds of one cell; `tiers` and `datasets` have one of their own."""

    tiers: dict[str, Sourced[Points]] = Field(default_factory=dict)
    datasets: dict[str, Sourced[Points]] = Field(default_factory=dict)


class Assumed(Strict):
    """config/plan.yaml: what is assumed before anything has run."""

    deviation: Deviation
    effect: Sourced[Points]


@read_once
def assumed(project: Project) -> Assumed:
    """What config/plan.yaml assumes. Raises UsageError: the key, what came, what is allowed."""
    return documents.read_yaml(project.config(FILE), Assumed)


def deviation_of(project: Project, spec: CellSpec, table: Table) -> Sourced[Points]:
    """The deviation of a cell before it is trained, in points.

    That of the records of its dataset at its scale, where there are enough; else what
    config/plan.yaml states of its tier, its dataset, or in general.
    """
    if measured := measured_deviation(project, spec.run.dataset, table.scale):
        std, cells, df = measured
        words = f"ours: {cells} cells with records at this scale ({df:.0f} degrees of freedom)"
        return Sourced[Points](value=std, source=words)
    stated = assumed(project).deviation
    tier = next((t for t, names in tiers(project).items() if table.name in names), "")
    return stated.tiers.get(tier) or stated.datasets.get(spec.run.dataset) or stated


def seeds_at(table: Table, look: int) -> int:
    """The seeds of a look of a table: of its last, where it has fewer."""
    return table.looks[min(look, len(table.looks) - 1)]


def _level(table: Table, look: int) -> float:
    return levels(table.looks)[min(look, len(table.looks) - 1)]


def power_of(project: Project, question: Question, look: int) -> Power | None:
    """The power of a question at a look of each of its tables (0: the first).

    None for checks of curves, of chance and of collapse, which have no deviation in points, and for
    those along an axis.
    """
    if question.check is None:
        return _of_number(project, question, look)
    check, effect = question.check, assumed(project).effect.value
    if not isinstance(check, Pairs) or check.measured not in IN_PERCENT:
        return None
    pairs = cell_selection.comparisons(project, check)
    alpha = min(_level(table, look) for _, table in question.places)
    one_by_one = [_difference(project, {b: 1.0, t: -1.0}, look, len(pairs)) for b, t in pairs]
    average = _difference(project, _mean_of(pairs), look, 1)
    if isinstance(check, Greater):
        away = check.margin or effect
        level = alpha / 2 / (check.allow + 1)  # of the last of those that must be shown
        shown = [_detected(d, away, level) for d in one_by_one]
        refuted = _detected(average, effect if check.margin else check.delta or 0.0, alpha / 2)
        words = f"{effect:g} points above everywhere", "all equal"
        if check.margin:
            words = "both equal", f"{check.margin + effect:g} points below"
        return _power(_all_but(shown, check.allow), refuted, words)
    if isinstance(check, Equal):
        inside = [_within(d, check.margin, alpha) for d in one_by_one]
        words = "both equal", f"{check.margin + effect:g} points apart"
        return _power(math.prod(inside), _detected(average, effect, alpha), words)
    if isinstance(check, Slight):
        inside_gain = _within(average, check.most / 2, alpha / 2)
        words = f"a gain of {check.most / 2:g}", f"a gain of {check.most + effect:g}"
        return _power(inside_gain, _detected(average, effect, alpha / 2), words)
    return None


def _power(holds: float, differs: float, words: tuple[str, str]) -> Power:
    return Power(holds=holds, differs=differs, if_true=words[0], if_false=words[1])


def _detected(expected: Difference, away: float, level: float) -> float:
    """The probability that a one-sided t test shows a difference to lie beyond a bound.

    `away`: how far beyond it truly lies.
    """
    return float(_beyond(expected, away, level).mean())


def _within(expected: Difference, margin: float, level: float) -> float:
    """The probability that two one-sided tests show a difference of 0 to lie within a margin."""
    return float((2 * _beyond(expected, margin, level) - 1).clip(0).mean())


def _beyond(expected: Difference, away: float, level: float) -> np.ndarray:
    """The probability of `_detected` at each of NODES equally probable observed deviations."""
    from scipy import stats

    places = (np.arange(NODES) + 0.5) / NODES
    observed = np.sqrt(stats.chi2.ppf(places, expected.df) / expected.df)  # over the true one
    edge = t_quantile(1 - level, expected.df) * observed
    return np.asarray(stats.norm.cdf(away / expected.error - edge))


def _all_but(shown: list[float], allow: int) -> float:
    """The probability of all of several events but at most `allow`, with their mean probability."""
    from scipy import stats

    k = len(shown)
    return float(stats.binom.sf(k - allow - 1, k, sum(shown) / k))


def _difference(project: Project, terms: Terms, look: int, peers: int) -> Difference:
    """A weighted sum of cells that have no difference, as verdicts would test it.

    Where each seed has its own split, which the cells share: with the spread of the block of its cells
    (shared_spread.block_of), or by seed where it has too few; `peers` such sums share their spread
    then. Else cells are independent, and share the spread of their table.
    """
    if not all(spec.split_per_seed for spec, _ in terms):
        return combine([(w, _in_table(project, *place, look)) for place, w in terms.items()])
    parts = [(weight, _sample(project, *place, look)) for place, weight in terms.items()]
    blocks = [_block_size(*place) for place in terms]
    if min(blocks) >= FEWEST:
        rows = zip(parts, blocks, strict=True)
        return combine([(w, _sharing(part, (k - 1) / k, k)) for (w, part), k in rows])
    std = math.hypot(*(weight * (part.std or 0.0) for weight, part in parts))
    sums = Sample(0.0, std, min(part.n for _, part in parts))
    return against(_sharing(sums, 1.0, peers), 0.0)


def _sample(project: Project, spec: CellSpec, table: Table, look: int) -> Sample:
    return Sample(0.0, deviation_of(project, spec, table).value, seeds_at(table, look))


def _block_size(spec: CellSpec, table: Table) -> int:
    """How many cells of a table share their splits with one of them."""
    key = block_key(spec)
    return len({s.run for s in table.cells if s.split_per_seed and block_key(s) == key})


def _in_table(project: Project, spec: CellSpec, table: Table, look: int) -> Sample:
    """The sample of a cell with the spread that it shares with those of its dataset in the table."""
    peers = sum(cell.run.dataset == spec.run.dataset for cell in table.cells)
    return _sharing(_sample(project, spec, table, look), 1.0, peers)


def _sharing(part: Sample, share: float, peers: int) -> Sample:
    """A sample with the degrees of freedom of a spread that it shares with as many others.

    `share`: of the n - 1 degrees of each that are left where the seeds' splits take their part.
    """
    if peers < FEWEST or part.std is None:
        return part
    df = (part.n - 1) * share
    return Prior(part.std**2, math.inf, peers * df).moderate(replace(part, df=df))


def _mean_of(pairs: Sequence[tuple[Place, ...]]) -> dict[Place, float]:
    """First minus second, averaged over pairs; a cell of several pairs counts once."""
    terms: dict[Place, float] = {}
    for pair in pairs:
        for place, sign in zip(pair, (1.0, -1.0), strict=True):
            terms[place] = terms.get(place, 0.0) + sign / len(pairs)
    return terms


def _of_number(project: Project, question: Question, look: int) -> Power:
    """Equivalence with a printed number, which has an error of its own too."""
    number, ((spec, table),) = question.number, question.places
    assert number is not None
    effect, tolerance = assumed(project).effect.value, table.tolerance
    ours = _in_table(project, spec, table, look)
    theirs, _ = as_printed(Sample(0.0, number.std, number.n or 1), ours)
    difference = against_reported(ours, theirs)
    alpha = _level(table, look)
    words = "ours is the paper's", f"ours is {tolerance + effect:g} points away"
    return _power(
        _within(difference, tolerance, alpha), _detected(difference, effect, alpha), words
    )
