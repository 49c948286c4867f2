"""What a check says: findings, verdicts, their status, and the words that they share."""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ncmc.plan.run import Run
from ncmc.results.cells import Cell
from ncmc.results.statistics import Difference
from ncmc.results.wording import make_command, signed

Status = Literal["holds", "differs", "inconclusive", "incomplete"]
STATUSES: tuple[Status, ...] = ("holds", "differs", "inconclusive", "incomplete")
ONE_SEED = "one seed shows no spread"


@dataclass(frozen=True)
class Finding:
    """One comparison of a check: two cells, or one cell against a bound."""

    label: str
    status: Status
    why: str
    numbers: dict[str, Any] = field(default_factory=dict)  # estimate, low, high, p, n, ...
    missing: tuple[Run, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What the results say of one check."""

    id: str
    table: str
    kind: str
    status: Status
    says: str
    why: str
    claim: str | None = None  # the paper's claim; None: a number of the paper, or a check of ours
    where: str = ""  # the claim's place in the paper
    measure: str = ""
    source: str = ""  # where our reading of the claim comes from
    findings: tuple[Finding, ...] = ()

    @property
    def missing(self) -> tuple[Run, ...]:
        """The runs that the verdict lacks."""
        return tuple(dict.fromkeys(run for f in self.findings for run in f.missing))

    @property
    def remedy(self) -> str | None:
        """The command that makes what is missing, in other tables too; None if nothing is."""
        return make_command(self.table) if self.missing else None

    def to_json(self) -> dict[str, Any]:
        """The verdict as data; missing runs as ids, with the command that makes them."""
        body = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        body["findings"] = [
            {
                "label": finding.label,
                "status": finding.status,
                "why": finding.why,
                "numbers": finding.numbers,
                "missing": [run.id for run in finding.missing],
            }
            for finding in self.findings
        ]
        return body | {"missing": [run.id for run in self.missing], "remedy": self.remedy}


def overall(statuses: Sequence[Status], allow: int = 0) -> Status:
    """One status of several comparisons, of which `allow` may fail."""
    if statuses.count("differs") > allow:
        return "differs"
    if "incomplete" in statuses:
        return "incomplete"
    return "holds" if statuses.count("holds") >= len(statuses) - allow else "inconclusive"


def verdict_exit_code(verdicts: Iterable[Verdict]) -> int:
    """0 all hold; 1 something differs; 3 something is incomplete or inconclusive, or no verdict."""
    statuses = {verdict.status for verdict in verdicts}
    if "differs" in statuses:
        return 1
    return 0 if statuses == {"holds"} else 3


def side(interval: tuple[float, float], bound: float) -> Status:
    """Whether an interval lies above a bound (holds), below it (differs), or over it."""
    if interval[0] > bound:
        return "holds"
    return "differs" if interval[1] < bound else "inconclusive"


def agreement(agree: int, n: int) -> Status:
    """What all seeds, none of them, or some of them show."""
    return "holds" if agree == n else "inconclusive" if agree else "differs"


def lacking(label: str, *cells: Cell) -> Finding:
    """The finding of a comparison whose cells have no record for some of their seeds."""
    missing = tuple(dict.fromkeys(run for cell in cells for run in cell.missing))
    planned = len(missing) + len({record.run for cell in cells for record in cell.records})
    why = f"{len(missing)} of {planned} runs have no record"
    return Finding(label, "incomplete", why, {"n": planned - len(missing)}, missing)


def summary(findings: Sequence[Finding], allow: int = 0) -> str:
    """The findings of a check in one sentence."""
    if len(findings) == 1:
        return findings[0].why
    counts = [(status, sum(f.status == status for f in findings)) for status in STATUSES]
    listed = ", ".join(f"{n} {verb(status, n)}" for status, n in counts if n)
    return f"of {len(findings)} comparisons {listed}" + (f"; {allow} may fail" if allow else "")


def verb(status: Status, n: int) -> str:
    """A status as what `n` things do: 1 `holds`, 2 `hold`, 1 `is incomplete`."""
    if status in ("holds", "differs"):
        return status if n == 1 else status[:-1]
    return f"{'is' if n == 1 else 'are'} {status}"


def numbers_of(difference: Difference, n: int, paired: bool | None = None) -> dict[str, Any]:
    """Estimate, 95 % interval and number of seeds of a finding."""
    interval = difference.interval()
    found: dict[str, Any] = {
        "estimate": None if math.isnan(difference.mean) else difference.mean,
        "low": interval and interval[0],
        "high": interval and interval[1],
        "n": n,
    }
    return found if paired is None else found | {"paired": paired}


def range_words(interval: tuple[float, float] | None, digits: int = 2) -> str:
    """` (95 % interval 1.00 to 2.00)`; nothing without an interval."""
    if interval is None:
        return ""
    low, high = (f"{value:.{digits}f}".replace("-", "−") for value in interval)
    return f" (95 % interval {low} to {high})"


def p_words(p: float) -> str:
    """`p = 0.012` or `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def difference_words(
    difference: Difference, n: int, paired: bool, unit: str = " points", digits: int = 2
) -> str:
    """An estimated difference with its interval, p value and seeds."""
    p = difference.p_different()
    test = "" if p is None else f", {p_words(p)}"
    seeds = f"{n} {'paired ' if paired else ''}seed{'' if n == 1 else 's'}"
    interval = range_words(difference.interval(), digits)
    return f"{signed(difference.mean, digits)}{unit}{interval}{test}, {seeds}"
