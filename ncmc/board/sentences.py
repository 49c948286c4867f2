"""What the verdicts on one claim may say of the paper, at its own scale and at others, in words.

`holds` and `differs` belong to the paper's own scale. At a smaller one a comparison is seen or not
seen; it counts against the paper only where the opposite is seen, at the largest budget that was run,
and the advantage is shown not to grow with the budget.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ncmc.results.wording import all_of, capital, plural, sentence
from ncmc.verdicts.verdict import LATE, STATUSES, Outcome, Status, Verdict, at_scale, overall, verb

LONGEST = 200  # characters of a board's line; the whole sentence is one step further
WORST: tuple[Status, ...] = ("differs", "inconclusive", "incomplete", "holds", "not testable")


@dataclass(frozen=True)
class Stage:
    """The verdicts on one claim at one scale and budget."""

    verdicts: tuple[Verdict, ...]

    @property
    def paper(self) -> bool:
        """Whether it is of the paper's own scale, where `holds` and `differs` are said."""
        return self.verdicts[0].scale != "reduced"

    @cached_property
    def status(self) -> Status:
        """Of all clauses together."""
        return overall([verdict.status for verdict in self.verdicts])

    @property
    def outcome(self) -> Outcome:
        """That of all clauses together: what the clauses with its status say, if they say one thing."""
        told = {v.outcome for v in self.verdicts if v.status == self.status}
        if len(told) == 1:
            return told.pop()
        return "not seen at this scale" if self.status == "differs" else at_scale(self.status)

    @property
    def place(self) -> str:
        """`after 120 epochs of resnet20`; nothing at the paper's own scale."""
        first = self.verdicts[0]
        if self.paper or first.epochs is None:
            return ""
        return f" after {plural(first.epochs, 'epoch')} of {' and '.join(first.backbones)}"

    @property
    def words(self) -> str:
        """`seen after 120 epochs of resnet20`, `2 of 3 clauses hold`."""
        short = self.outcome.removesuffix(" at this scale").removesuffix(" by this schedule")
        n, agree = len(self.verdicts), sum(v.outcome == self.outcome for v in self.verdicts)
        if agree == n:
            return f"{short}{self.place}"
        return f"{short} in {agree} of {plural(n, 'clause')}{self.place}"


def stages(verdicts: Iterable[Verdict]) -> list[Stage]:
    """The verdicts on one claim by scale and budget: smaller budgets first, the paper's scale last."""
    groups = dict[tuple[bool, int, tuple[str, ...]], list[Verdict]]()
    for verdict in verdicts:
        paper = verdict.scale != "reduced"
        key = (True, 0, ()) if paper else (False, verdict.epochs or 0, verdict.backbones)
        groups.setdefault(key, []).append(verdict)
    return [Stage(tuple(group)) for _, group in sorted(groups.items())]


# --- sentences ---------------------------------------------------------------------------------


def line(staged: Sequence[Stage]) -> str:
    """A board's line, at most LONGEST characters: where it is seen, its numbers, what it depends on."""
    known = [stage for stage in staged if stage.status != "incomplete"]
    if not known:
        missing = {run for stage in staged for verdict in stage.verdicts for run in verdict.missing}
        have = "has" if len(missing) == 1 else "have"
        return (
            f"{plural(len(missing), 'run')} {have} no record."
            if missing
            else whole_sentence(staged)
        )
    shown = known[-1]
    head = ", ".join(stage.words for stage in known)
    tail = "".join(f"; {part}" for part in _remarks(shown))
    clause = min(shown.verdicts, key=lambda verdict: WORST.index(verdict.status))
    room = LONGEST - len(head) - len(tail) - len(": .")
    detail = _detail_of(clause, room, named=len(shown.verdicts) > 1)
    return f"{capital(head)}: {detail}{tail}."[: LONGEST + 1]


def _remarks(stage: Stage) -> list[str]:
    """What a verdict turns on, and that clauses were written or changed after results were seen."""
    if stage.status == "incomplete":
        return []
    added = sum(bool(verdict.added) for verdict in stage.verdicts)
    of = "check" if len(stage.verdicts) == 1 else f"{added} of {len(stage.verdicts)} clauses"
    remarks = [f"{of} {LATE}"] if added else []
    turns_on = dict.fromkeys(point for verdict in stage.verdicts for point in verdict.turns_on)
    return [*remarks, *([f"depends on {', '.join(turns_on)}"] if turns_on else [])]


def _detail_of(verdict: Verdict, room: int, named: bool) -> str:
    """As much as there is room for of what a verdict says: its numbers first.

    `named`: of several clauses, which it is, if that leaves room for its numbers.
    """
    told, *others = verdict.why.split(". ")[0].rstrip(".").split("; ")
    if len(told) > room:
        told = told.rpartition(", such as ")[2]
    if named and len(f"{verdict.says}: {told}") <= room:
        told = f"{verdict.says}: {told}"
    for other in others:
        if len(f"{told}; {other}") > room:
            break
        told += f"; {other}"
    return told if len(told) <= room else told[: room - 1].rpartition(" ")[0].rstrip(",;:") + "…"


def whole_sentence(staged: Sequence[Stage]) -> str:
    """Everything that was found, over all clauses, scales and budgets."""
    if len(staged) == 1 and (staged[0].paper or staged[0].status == "incomplete"):
        return clauses_sentence(staged[0].verdicts)
    return " ".join(
        sentence(f"{stage.words}: {_clauses_words(stage.verdicts)}")
        + (f" {capital('; '.join(remarks))}." if (remarks := _remarks(stage)) else "")
        for stage in staged
    )


def clauses_sentence(verdicts: Sequence[Verdict]) -> str:
    """The verdicts on one claim, number or check of ours as text; at least one is needed."""
    return sentence(_clauses_words(verdicts))


def _clauses_words(verdicts: Sequence[Verdict]) -> str:
    """One clause, or a number that stands in several tables, is told by its own words."""
    if len({verdict.why for verdict in verdicts}) == 1 and len({v.id for v in verdicts}) == 1:
        return verdicts[0].why
    groups = [(status, [v for v in verdicts if v.status == status]) for status in STATUSES]
    told = [(status, clauses) for status, clauses in groups if clauses]
    if len(told) == 1:
        ((status, clauses),) = told
        return f"{all_of(len(clauses), 'clause')} {_do(clauses)}{_clauses(status, clauses)}"
    of = f" of {plural(len(verdicts), 'clause')}"
    return ". ".join(
        f"{len(c)}{'' if i else of} {_do(c)}{_clauses(status, c)}"
        for i, (status, c) in enumerate(told)
    )


def _do(clauses: Sequence[Verdict]) -> str:
    """What clauses of one status do: `hold`; at a smaller scale than the paper's `are seen`."""
    status, n = clauses[0].status, len(clauses)
    if clauses[0].scale != "reduced":
        return verb(status, n)
    return f"{'is' if n == 1 else 'are'} {at_scale(status).removesuffix(' at this scale')}"


def _clauses(status: Status, clauses: Sequence[Verdict]) -> str:
    """`: CAL > CE (C1a): CAL is above CE by 2.0`, with the reason of each."""
    if status == "incomplete":
        missing = {run for clause in clauses for run in clause.missing}
        names = ", ".join(dict.fromkeys(clause.id for clause in clauses))
        have = "has" if len(missing) == 1 else "have"
        return f" ({names}): {plural(len(missing), 'run')} {have} no record"
    return ": " + "; ".join(f"{clause.says} ({clause.id}): {clause.why}" for clause in clauses)
