"""What the results say of a check: its findings, and the verdict over them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

from pydantic import Field, JsonValue

from ncmc.plan.grid_file import Scale
from ncmc.results.wording import all_of, plural
from ncmc.system.documents import Strict
from ncmc.verdicts.labels import shortened

Status = Literal["holds", "differs", "inconclusive", "incomplete", "not testable", "not checked"]
STATUSES: tuple[Status, ...] = get_args(Status)
Outcome = Literal[
    "holds", "differs", "inconclusive", "incomplete", "not testable", "seen at this scale",
    "not seen at this scale", "against it at this scale", "open", "not tested by this schedule",
    "not checked",
]  # fmt: skip


class Finding(Strict):
    """One comparison of a check: two cells, or one cell against a bound."""

    label: str
    status: Status
    why: str
    numbers: Mapping[str, JsonValue] = {}  # estimate, low, high, p, n, ...
    cells: tuple[str, ...] = ()  # ids of runs without the seed: the configurations it looks at
    missing: tuple[str, ...] = ()  # ids of the runs that it lacks
    problems: tuple[str, ...] = ()  # what must be said of its records: other splits, commits, ...


class Verdict(Strict):
    """What the results say of one check."""

    id: str
    table: str
    kind: str  # of the check, `number`, or `unchecked`: a claim that no check reads
    status: Status
    says: str
    why: str
    scale: Scale = "paper"  # of its table: what the verdict can be about
    claim: str | None = None  # the paper's claim; None: a number of the paper, or a check of ours
    where: str = ""  # the claim's place in the paper
    measure: str = ""
    source: str = ""  # where our reading of the claim comes from
    findings: tuple[Finding, ...] = ()
    # Over all settings: estimate, low, high of the average; shown in at least `shown` of `of`.
    numbers: Mapping[str, JsonValue] = {}
    missing: tuple[str, ...] = ()  # ids of the runs that its findings lack
    remedy: str | None = None  # the command that makes what is missing, in other tables too
    problems: tuple[str, ...] = ()  # those of its findings, and of the cells that they look at
    next_look: int | None = None  # seeds at which an open one is looked at next; None: never
    epochs: int | None = None  # the largest number of epochs of its cells
    backbones: tuple[str, ...] = ()  # of its cells
    taus: tuple[float, ...] = ()  # of its cells
    turns_on: tuple[str, ...] = ()  # open points whose other reading may turn it round
    added: str = ""  # what had been seen when its check was added; empty: nothing
    nothing: str = ""  # the outcome that was said, before the runs, to say nothing of the paper
    sides: tuple[str, str] | None = None  # of a comparison: what is compared with what
    # Whether the opposite of what is claimed is shown; of a trend, that its last step does not go on.
    opposite: bool = False
    against: bool = Field(default=False, exclude=True)  # `outcome` says it, here and on the board

    @property
    def outcome(self) -> Outcome:
        """What it may say of the paper: `holds` and `differs` belong to the paper's own scale.

        A weakness that was written down before the runs leaves what is not seen untested.
        """
        if self.scale != "reduced":
            return self.status
        if self.status == "differs" and self.nothing:
            return "not tested by this schedule"
        return "against it at this scale" if self.against else at_scale(self.status)

    def beside(self, others: Iterable["Verdict"]) -> "Verdict":
        """The same, which may count against the paper beside others: on its claim, and on trends.

        The opposite must be seen at the largest budget at which its claim was judged, and the advantage
        be shown not to grow with the budget: where that is open, nothing is against the paper.
        """
        if not (self.claim and self.opposite and self.outcome == "not seen at this scale"):
            return self
        others = list(others)
        judged = [v for v in others if v.claim == self.claim and v.status != "incomplete"]
        last = all((v.epochs or 0) <= (self.epochs or 0) for v in judged)
        stalled = any(v.kind == "trend" and v.opposite and v.sides == self.sides for v in others)
        return self.model_copy(update={"against": last and stalled})


class Conclusion(Strict):
    """What the findings of a check say together: the part of a verdict that its kind decides."""

    status: Status
    why: str
    numbers: Mapping[str, JsonValue] = {}
    sides: tuple[str, str] | None = None
    opposite: bool = False


def at_scale(status: Status) -> Outcome:
    """A status at a smaller scale than the paper's, which neither confirms nor refutes."""
    words: dict[Status, Outcome] = {
        "holds": "seen at this scale",
        "differs": "not seen at this scale",
        "inconclusive": "open",
    }
    return words.get(status) or status


def overall(statuses: Sequence[Status]) -> Status:
    """One status of several comparisons; those not testable do not count."""
    testable = set(statuses) - {"not testable"}
    if not testable:
        return "not testable"
    worst: tuple[Status, ...] = ("differs", "incomplete", "inconclusive", "not checked")
    return next((status for status in worst if status in testable), "holds")


def verdict_exit_code(verdicts: Iterable[Verdict], *, usable: bool = True) -> int:
    """0 all that can be tested hold; 1 something differs; 3 something else, or no verdict.

    `usable`: whether every record of the table counts; else all that hold is not all there is.
    """
    statuses = {verdict.status for verdict in verdicts} - {"not testable"}
    if "differs" in statuses:
        return 1
    return 0 if statuses == {"holds"} and usable else 3


# --- words ---------------------------------------------------------------------------------------

MARKS: dict[Status, str] = {
    "holds": "✓",
    "differs": "✗",
    "inconclusive": "?",
    "incomplete": "…",
    "not testable": "–",
    "not checked": "·",
}
ONE_SEED = "one seed shows no spread"
EQUAL_SEEDS = "seeds that are all equal show no spread"
ADDED = "added or changed after results were seen"  # of a check
LATE = "added or changed late"  # the same, where there is little room
MOST_NAMED = 6  # settings, in a sentence


def no_spread(n: int) -> str:
    """Why a difference of `n` seeds has no interval."""
    return ONE_SEED if n == 1 else EQUAL_SEEDS


def verb(status: Status, n: int) -> str:
    """A status as what `n` things do: 1 `holds`, 2 `hold`, 1 `is incomplete`."""
    if status in ("holds", "differs"):
        return status if n == 1 else status[:-1]
    return f"{'is' if n == 1 else 'are'} {status}"


def summary(findings: Sequence[Finding]) -> str:
    """`2 of 3 comparisons hold, 1 differs, such as CAL: ...`: with the numbers of one that decides."""
    if len(findings) == 1:
        return findings[0].why
    counts, k = Counter(finding.status for finding in findings), len(findings)
    (first, n), *others = [(status, counts[status]) for status in STATUSES if counts[status]]
    of = f"{n} of {plural(k, 'comparison')}" if others else all_of(k, "comparison")
    words = ", ".join([f"{of} {verb(first, n)}", *(f"{m} {verb(s, m)}" for s, m in others)])
    order: tuple[Status, ...] = ("differs", "inconclusive", "holds")
    one = next((f for status in order for f in findings if f.status == status), None)
    if one is None:
        return words
    label = shortened([finding.label for finding in findings])[findings.index(one)]
    return f"{words}, such as {label}: {one.why}"
