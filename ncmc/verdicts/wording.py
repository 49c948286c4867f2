"""The words and marks of verdicts, the same in the terminal, on the page and in files."""

from collections.abc import Sequence

from ncmc.results.reference_numbers import ReferenceEntry
from ncmc.results.statistics import Difference
from ncmc.results.wording import interval_words, plural, signed
from ncmc.verdicts.verdict import STATUSES, Finding, Status, Verdict

MARKS: dict[Status, str] = {
    "holds": "✓",
    "differs": "✗",
    "inconclusive": "?",
    "incomplete": "…",
    "not testable": "–",
}
ONE_SEED = "one seed shows no spread"
EQUAL_SEEDS = "seeds that are all equal show no spread"
MOST_NAMED = 6  # settings, in a sentence


def no_spread(n: int) -> str:
    """Why a difference of `n` seeds has no interval."""
    return ONE_SEED if n == 1 else EQUAL_SEEDS


def more_words(more: int | None) -> str:
    """`4 more seeds a cell would probably decide it, ...`; nothing if nobody knows how many."""
    if more is None:
        return ""
    return (
        f"{plural(more, 'more seed')} a cell would probably decide it, if what is estimated is true"
    )


def listed(labels: Sequence[str], most: int = MOST_NAMED) -> str:
    """The first labels, and how many more there are."""
    more = f"; and {len(labels) - most} more" if len(labels) > most else ""
    return "; ".join(labels[:most]) + more


def verb(status: Status, n: int) -> str:
    """A status as what `n` things do: 1 `holds`, 2 `hold`, 1 `is incomplete`."""
    if status in ("holds", "differs"):
        return status if n == 1 else status[:-1]
    return f"{'is' if n == 1 else 'are'} {status}"


def summary(findings: Sequence[Finding], allow: int = 0) -> str:
    """The findings of a check in one sentence."""
    if len(findings) == 1:
        return findings[0].why
    counts = [(status, sum(f.status == status for f in findings)) for status in STATUSES]
    listed = ", ".join(f"{n} {verb(status, n)}" for status, n in counts if n)
    return f"of {len(findings)} comparisons {listed}" + (f"; {allow} may fail" if allow else "")


def p_words(p: float) -> str:
    """`p = 0.012` or `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def difference_words(
    difference: Difference, n: int, paired: bool, unit: str, digits: int, level: float
) -> str:
    """An estimated difference with its interval, p value and seeds."""
    p = difference.p_different()
    test = "" if p is None else f", {p_words(p)}"
    interval = interval_words(difference.interval(level), digits, level)
    estimate = f"{signed(difference.mean, digits)}{unit}"
    return f"{estimate}{interval}{test}, {plural(n, 'paired seed' if paired else 'seed')}"


def reference_verdict(entry: ReferenceEntry, cell: str, verdicts: Sequence[Verdict]) -> str:
    """What a number of others says of ours: its cell's verdict if it counts, else why it does not."""
    judged = [f for v in verdicts if v.kind == "references" for f in v.findings]
    status = next((finding.status for finding in judged if finding.label == cell), None)
    return f"{MARKS[status]} {status}" if entry.counts and status else entry.remark
