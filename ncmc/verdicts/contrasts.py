"""Differences between cells over their seeds, and what they say beside a bound."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from ncmc.plan.run import Run
from ncmc.results.cells import Cell
from ncmc.results.curves import IN_PERCENT, Measure, by_seed, moderated
from ncmc.results.shared_spread import InBlock, Prior, over_settings, prior_of
from ncmc.results.statistics import ALPHA, LEVEL, Difference, Sample, against, combine, sample
from ncmc.results.table_cells import block_key
from ncmc.results.wording import counted, interval_words, plural, rounded, signed
from ncmc.verdicts.verdict import Status, no_spread

Terms = Sequence[tuple[float, Cell]]  # weight, cell
LACKING = "block_lacks"  # the key of a finding's numbers for `Contrast.lacking`


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of cells' means of a measure, such as one cell minus another."""

    measure: Measure
    difference: Difference
    n: int  # paired seeds, or those of the cell that has fewest
    paired: bool  # by seed
    alpha: float = ALPHA  # of its tests, both sides together
    spread_of: int = 0  # cells of the blocks that its spread is of; 0: its own cells alone
    lacking: int = 0  # further cells of these blocks, which do not have its seeds yet
    first_look: int = 0  # seeds below which nothing is judged; 0: no looks are planned

    @property
    def level(self) -> float:
        """Of the interval that decides: 1 - alpha."""
        return 1 - self.alpha

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval at `level`; None where the seeds show no spread, or before the first look."""
        return None if self.n < self.first_look else self.difference.interval(self.level)

    @property
    def seeds(self) -> str:
        """`3 seeds`, or `2 of 3 seeds` before the first look."""
        return counted(self.n, max(self.n, self.first_look))

    @property
    def side(self) -> str:
        """Where the interval lies of 0: `above`, `below` or `not told apart`; nothing without one."""
        if self.interval is None:
            return ""
        low, high = self.interval
        return "above" if low > 0 else "below" if high < 0 else "not told apart"

    @property
    def unit(self) -> str:
        """Accuracies differ by points, other measures by a number."""
        return " points" if self.measure in IN_PERCENT else ""

    @property
    def words(self) -> str:
        """The estimate with its interval and seeds."""
        digits = 2 if self.measure in IN_PERCENT else 4
        seeds = plural(self.n, "paired seed" if self.paired else "seed")
        estimate = f"{signed(self.difference.mean, digits)}{self.unit}"
        words = f"{estimate}{interval_words(self.interval, digits, self.level)}, {seeds}"
        return words if self.interval else f"{words}; {no_spread(self.n)}"

    def in_words(self, bounds: Sequence[float] = (0.0,)) -> tuple[str, str]:
        """`2.0 points`, `95 %: 1.7 to 2.3`: in digits that tell the ends from the bounds."""
        ends = self.interval or ()
        near = any(round(end, 1) == round(bound, 1) for end in ends for bound in bounds)
        digits = 4 if not self.unit else 2 if near else 1
        size = f"{abs(self.difference.mean):.{digits}f}{self.unit}"
        if not ends:
            return size, no_spread(self.n)
        low, high = (rounded(end, digits) for end in ends)
        return size, f"{100 * self.level:.3g} %: {low} to {high}"

    def by_words(self, positive: str, negative: str) -> str:
        """`larger by 2.0 points (95 %: 1.7 to 2.3)`, with one of two words."""
        size, interval = self.in_words()
        return f"{positive if self.difference.mean >= 0 else negative} by {size} ({interval})"

    @property
    def numbers(self) -> dict[str, JsonValue]:
        """The estimate, its interval and seeds, for a finding."""
        numbers = estimate_numbers(self.difference, self.n, self.level)
        numbers |= {"paired": self.paired, "spread_of": self.spread_of}
        return numbers | lacking_numbers([self])


def contrast(terms: Terms, measure: Measure, shared: Prior | None = None) -> Contrast:
    """The weighted sum of the cells' means, each of which has the measure (see `check.gap`).

    By seed where each seed has a split of its own, which then is what the cells share (`_by_seed`);
    else the cells are independent (Welch), each with its moderated deviation: seeds on one split have
    nothing in common.
    """
    cells = [cell for _, cell in terms]
    first_look = max(cell.first_look for cell in cells)
    if seeds := paired_seeds(cells, measure):
        difference, of_cells, lacking = _by_seed(terms, measure, seeds, shared)
        alpha = min(cell.alpha_at(len(seeds)) for cell in cells)
        return Contrast(measure, difference, len(seeds), True, alpha, of_cells, lacking, first_look)
    weights: dict[tuple[object, ...], float] = {}
    samples: dict[tuple[object, ...], Sample] = {}
    for weight, cell in terms:
        key = (cell.spec.run, *by_seed(cell, measure).values())
        weights[key] = weights.get(key, 0.0) + weight  # a cell of several pairs counts once
        if part := moderated(cell, measure):
            samples[key] = part
    known = [(weights[key], part) for key, part in samples.items()]
    fewest = min(len(by_seed(cell, measure)) for cell in cells)
    alpha = min(cell.alpha for cell in cells)
    return Contrast(measure, combine(known), fewest, False, alpha, first_look=first_look)


def _by_seed(
    terms: Terms, measure: Measure, seeds: Sequence[int], shared: Prior | None
) -> tuple[Difference, int, int]:
    """The weighted sum over seeds with splits of their own; how many cells its spread is of, and lacks.

    Within a block of cells (shared_spread.block_of) the splits cancel where the weights do, and each
    cell has a spread that rests on all of them. Without a block the sums by seed are a sample,
    moderated by `shared`.
    """
    sums = seed_sums(terms, measure, seeds)
    settings: dict[object, list[tuple[float, Cell]]] = {}
    for weight, cell in terms:
        settings.setdefault(block_key(cell.spec), []).append((weight, cell))
    if any(abs(sum(weight for weight, _ in part)) > 1e-9 for part in settings.values()):
        return against(shared.moderate(sums) if shared else sums, 0.0), 0, 0
    in_settings = [_in_setting(part, measure, seeds, shared) for part in settings.values()]
    if len(in_settings) == 1:
        return in_settings[0]
    parts, cells, lacking = zip(*in_settings, strict=True)
    return over_settings(parts, sums), min(cells), max(lacking)


def _in_setting(
    terms: Terms, measure: Measure, seeds: Sequence[int], shared: Prior | None
) -> tuple[Difference, int, int]:
    """A weighted sum of cells that share their splits; how many cells its spread is of, and lacks."""
    weights: dict[Run, float] = {}
    parts: dict[Run, InBlock] = {}
    for weight, cell in terms:
        weights[cell.spec.run] = weights.get(cell.spec.run, 0.0) + weight
        if part := cell.block(measure, tuple(seeds)):
            parts[cell.spec.run] = part
    if len(parts) < len(weights):
        sums = seed_sums(terms, measure, seeds)
        return against(shared.moderate(sums) if shared else sums, 0.0), 0, 0
    combined = combine([(weights[run], part.sample) for run, part in parts.items()])
    cells, lacking = zip(*((part.cells, part.lacking) for part in parts.values()), strict=True)
    return combined, min(cells), max(lacking)


def one_sided(two_sided: Contrast) -> Contrast:
    """A contrast whose tests, one per side, are at alpha each: its interval is that at 1 - 2 alpha."""
    return replace(two_sided, alpha=2 * two_sided.alpha)


def contrasts(pairs: Sequence[tuple[Cell, Cell]], measure: Measure) -> list[Contrast]:
    """First minus second, pair by pair.

    Where pairs are paired by seed, the differences of one dataset share their spread.
    """
    terms = [((1.0, better), (-1.0, than)) for better, than in pairs]
    sums: dict[str, list[Sample]] = {}
    for pair, both in zip(pairs, terms, strict=True):
        if seeds := paired_seeds(pair, measure):
            sums.setdefault(pair[0].spec.run.dataset, []).append(seed_sums(both, measure, seeds))
    shared = {dataset: prior_of(found) for dataset, found in sums.items()}
    return [
        contrast(both, measure, shared.get(pair[0].spec.run.dataset))
        for pair, both in zip(pairs, terms, strict=True)
    ]


def average(pairs: Sequence[tuple[Cell, Cell]], measure: Measure) -> Contrast:
    """First minus second, averaged over the pairs.

    Where the sides of a pair are of different blocks, such as two datasets, their few sums by seed may
    vary less by luck than the pairs' own differences do: the average is not narrower than these give.
    """
    share = 1 / len(pairs)
    terms = [term for b, t in pairs for term in ((share, b), (-share, t))]
    mean = contrast(terms, measure)
    across = any(block_key(better.spec) != block_key(than.spec) for better, than in pairs)
    if len(pairs) == 1 or not mean.paired or not across:
        return mean
    each = [c.difference for c in contrasts(pairs, measure)]
    parts = [Difference(d.mean * share, d.error * share, d.df) for d in each]
    sums = seed_sums(terms, measure, paired_seeds([cell for _, cell in terms], measure))
    return replace(mean, difference=over_settings(parts, sums))


def paired_seeds(cells: Sequence[Cell], measure: Measure) -> list[int]:
    """The seeds by which cells are paired: those that all have, where each has a split of its own.

    None where the cells are not paired: seeds on one split, or fewer than two in common.
    """
    if not all(cell.spec.split_per_seed for cell in cells):
        return []
    common = set.intersection(*(set(by_seed(cell, measure)) for cell in cells))
    return sorted(common) if len(common) > 1 else []


def seed_sums(terms: Terms, measure: Measure, seeds: Sequence[int]) -> Sample:
    """The weighted sum in each of some seeds."""
    values = [(weight, by_seed(cell, measure)) for weight, cell in terms]
    return sample([sum(w * of_seed[seed] for w, of_seed in values) for seed in seeds])


def lacking_numbers(contrasts: Iterable[Contrast]) -> dict[str, JsonValue]:
    """How many cells of their blocks do not have the seeds yet, for a finding; nothing if all have."""
    lacking = max(contrast.lacking for contrast in contrasts)
    return {LACKING: lacking} if lacking else {}


def estimate_numbers(difference: Difference, n: int, level: float = LEVEL) -> dict[str, JsonValue]:
    """Estimate, interval at `level` and number of seeds of a finding."""
    low, high = difference.interval(level) or (None, None)
    return {"estimate": difference.mean, "low": low, "high": high, "level": level, "n": n}


def shown_or_excluded(interval: tuple[float, float] | None, delta: float) -> Status:
    """holds: the interval of an advantage lies above 0; differs: one of `delta` is excluded."""
    if interval is None:
        return "inconclusive"
    return "holds" if interval[0] > 0 else "differs" if interval[1] < delta else "inconclusive"
