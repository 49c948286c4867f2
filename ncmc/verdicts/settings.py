"""A claim over several settings: in how many it is shown, and what their average says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from ncmc.errors import listed
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.results.statistics import shown
from ncmc.results.wording import plural
from ncmc.verdicts.check import Pair, gap
from ncmc.verdicts.contrasts import Contrast, average, contrasts, one_sided
from ncmc.verdicts.labels import shared, shortened, sides, versus
from ncmc.verdicts.verdict import MOST_NAMED, Finding

OPPOSED = "settings of opposite sign, so that their average decides nothing"


@dataclass(frozen=True)
class Settings:
    """The pairs of a check with their findings, and the average of those that can be compared."""

    pairs: Sequence[Pair]
    findings: Sequence[Finding]
    measure: Measure
    names: tuple[str, str]
    bounds: tuple[float, ...]  # that decide
    range: float = 0.0  # from 0, that is claimed of the average
    one_sided: bool = False  # whether its tests, one per side, are at alpha each

    @property
    def k(self) -> int:
        """How many there are, compared or not."""
        return len(self.pairs)

    @cached_property
    def whole(self) -> list[Pair]:
        """Those that have records of the measure on both sides."""
        return [pair for pair in self.pairs if gap("", self.measure, *pair) is None]

    @cached_property
    def average(self) -> Contrast | None:
        """Over those that can be compared; None without any."""
        if not self.whole:
            return None
        found = average(self.whole, self.measure)
        return one_sided(found) if self.one_sided else found

    @property
    def all_compared(self) -> bool:
        """Whether none of them lacks a record or the measure."""
        return len(self.whole) == self.k

    @cached_property
    def opposed(self) -> bool:
        """Whether settings lie on both sides of what is claimed: their average then decides nothing."""
        return opposed(contrasts(self.whole, self.measure), 0.0, self.range)

    def opposite(self, bound: float = 0.0) -> bool:
        """Whether the average is shown to lie below a bound: the opposite of what is claimed."""
        interval = self.average.interval if self.average and self.all_compared else None
        return interval is not None and interval[1] < bound and not self.opposed

    @property
    def numbers(self) -> dict[str, JsonValue]:
        """The average, for a verdict."""
        numbers = self.average.numbers if self.average else {}
        return numbers | {"shown": self.count("holds"), "of": self.k, "compared": len(self.whole)}

    def count(self, status: str) -> int:
        """How many findings have a status."""
        return sum(finding.status == status for finding in self.findings)

    def words(self, shown: str, refuted: str, excluded: str | None, alone: str = "") -> str:
        """What was found: the average, where it is shown and where refuted, and what is open.

        `excluded`: what stands before `refuted` where the average says so too, else None; `alone`: what
        a single setting shows, beside its difference.
        """
        if not self.whole:
            return self.nothing
        (u, v, n), k = map(self.count, ("holds", "differs", "inconclusive")), self.k
        words = [self.difference_words + (self._shown_words(shown) if k > 1 else alone * u)]
        if excluded is not None:
            words.append(excluded + refuted + " on average" * (k > 1))
        if k > 1 and v:
            words.append(f"{refuted} in at least {v} of {k} settings: {self.places('differs')}")
        if self.opposed:
            words.append(OPPOSED)
        if n:
            named = (
                "none of them decided" if n == k else f"not decided: {self.places('inconclusive')}"
            )
            words.append(named if k > 1 else "not decided")
        return "; ".join([*words, *self.lacking])

    def _shown_words(self, what: str) -> str:
        """In how many of several settings it is shown."""
        u, k = self.count("holds"), self.k
        if u == 0:
            return f", not {what} in any of {k} settings"
        return f", {what} in " + (f"all {k}" if u == k else f"at least {u} of {k}") + " settings"

    def places(self, status: str) -> str:
        """The settings whose finding has a status."""
        alike = len({sides([(b.spec, t.spec)], {}, {}) for b, t in self.pairs}) == 1
        label = shared if alike else versus
        labels = shortened([label(b.spec, t.spec) for b, t in self.pairs])
        named = [
            words for words, f in zip(labels, self.findings, strict=True) if f.status == status
        ]
        return listed(named, MOST_NAMED, "; ")

    @property
    def nothing(self) -> str:
        """Why no setting can be compared."""
        finding = gap("", self.measure, *(cell for pair in self.pairs for cell in pair))
        assert finding, "asked for where no setting can be compared"
        return finding.why

    @property
    def lacking(self) -> list[str]:
        """Which settings are not compared, because runs of them have no record."""
        if not (n := self.count("incomplete")):
            return []
        return [f"{plural(n, 'setting')} without all records: {self.places('incomplete')}"]

    @property
    def difference_words(self) -> str:
        """`CAL is above CE by 2.0 points on average (95 %: 1.7 to 2.3)`; `CAL minus CE is ...` if 0
        lies in the interval.
        """
        assert self.average is not None
        size, interval = self.average.in_words(self.bounds)
        mean = self.average.difference.mean
        where = " on average" if self.k > 1 else ""
        where += f" over {len(self.whole)} of {self.k} settings" if not self.all_compared else ""
        if self.average.side == "not told apart":
            sign = "−" if mean < 0 else ""
            return f"{self.names[0]} minus {self.names[1]} is {sign}{size}{where} ({interval})"
        way = "above" if mean >= 0 else "below"
        return f"{self.names[0]} is {way} {self.names[1]} by {size}{where} ({interval})"

    @property
    def origin(self) -> str:
        """`One split, 3 seeds`, `One split per seed (3 splits), 3 seeds`: what it all rests on."""
        cells = [cell for pair in self.pairs for cell in pair if cell.n]
        if not cells or self.average is None:
            return ""
        compared = {n for f in self.findings if isinstance(n := f.numbers.get("n"), int)}
        of_cells = {cell.n for cell in cells}
        seeds = sorted(compared or {self.average.n}) if self.average.paired else sorted(of_cells)
        words = plural(seeds[-1], "seed")
        words = f"{seeds[0]} to {words}" if len(seeds) > 1 else words
        block = self.average.spread_of
        shared = f", spread of a block of {block} cells" if block else ""
        return f". {split_words(cells).capitalize()}, {words}{shared}"


def compared(
    pairs: Sequence[Pair], measure: Measure
) -> tuple[list[Finding | None], dict[int, Contrast]]:
    """For each pair why it cannot be compared, or None; by their places the contrasts of the others."""
    absent = [gap(versus(b.spec, t.spec), measure, b, t) for b, t in pairs]
    whole = [i for i, lacking in enumerate(absent) if lacking is None]
    return absent, dict(zip(whole, contrasts([pairs[i] for i in whole], measure), strict=True))


def opposed(settings: Sequence[Contrast], low: float = 0.0, high: float = 0.0) -> bool:
    """Whether effects are shown below `low` and above `high`: their average decides nothing then."""
    half = min((c.alpha for c in settings), default=0.0) / 2
    above = {i: c.difference.p_above(high) for i, c in enumerate(settings)}
    below = {i: c.difference.p_below(low) for i, c in enumerate(settings)}
    return all(shown_in(p_values, len(settings), half) for p_values in (above, below))


def shown_in(p_values: Mapping[int, float | None], k: int, alpha: float) -> frozenset[int]:
    """The places of `k` settings in which something is shown; without a p value it is not."""
    known = (p_values.get(i) for i in range(k))
    return shown([1.0 if p is None else p for p in known], alpha)


def split_words(cells: Iterable[Cell]) -> str:
    """`one split`, or `one split per seed (3 splits)`: which of the two was planned for these cells.

    The number is that of different splits in the cell that has fewest; without records it is left out.
    Of cells of both kinds it says so.
    """
    cells = list(cells)
    drawn = [cell for cell in cells if cell.spec.split_per_seed]
    if not drawn:
        return "one split"
    fewest = min(len({record.split.sha256 for record in cell.records}) for cell in drawn)
    words = f"one split per seed ({plural(fewest, 'split')})" if fewest else "one split per seed"
    return words if len(drawn) == len(cells) else f"{words} in some cells, one split in others"
