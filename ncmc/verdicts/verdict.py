"""What the results say of a check: its findings, and the verdict over them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

from pydantic import JsonValue

from ncmc.system.documents import Strict

Status = Literal["holds", "differs", "inconclusive", "incomplete"]
STATUSES: tuple[Status, ...] = get_args(Status)


class Finding(Strict):
    """One comparison of a check: two cells, or one cell against a bound."""

    label: str
    status: Status
    why: str
    numbers: Mapping[str, JsonValue] = {}  # estimate, low, high, p, n, ...
    missing: tuple[str, ...] = ()  # ids of the runs that it lacks


class Verdict(Strict):
    """What the results say of one check."""

    id: str
    table: str
    kind: str  # of the check, or `number`
    status: Status
    says: str
    why: str
    claim: str | None = None  # the paper's claim; None: a number of the paper, or a check of ours
    where: str = ""  # the claim's place in the paper
    measure: str = ""
    source: str = ""  # where our reading of the claim comes from
    findings: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = ()  # ids of the runs that its findings lack
    remedy: str | None = None  # the command that makes what is missing, in other tables too


def missing_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The ids of the runs that findings lack, each once."""
    return tuple(dict.fromkeys(run for finding in findings for run in finding.missing))


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
