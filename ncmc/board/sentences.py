"""What the verdicts on one claim may say of the paper, at its own scale and at others, in words.

`holds` and `differs` belong to the paper's own scale. At a smaller one a comparison is seen or not
seen; it counts against the paper only where the opposite is seen, at the largest budget that was run,
and the advantage is shown not to grow with the budget.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ncmc.results.wording import capital, plural, sentence
from ncmc.verdicts.verdict import LATE, STATUSES, Outcome, Status, Verdict, at_scale, overall

INTERVAL = re.compile(r" \([\d.]+ %: ([^)]*)\)")
LONGEST = 200  # characters of a board's line; the whole sentence is one step further
UNDECIDABLE: tuple[Status, ...] = ("not testable", "not checked")  # whatever is recorded
NOT_JUDGED: tuple[Status, ...] = ("incomplete", *UNDECIDABLE)
WORST: tuple[Status, ...] = ("differs", "inconclusive", "incomplete", "holds", *UNDECIDABLE)


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
        """` at tau 0.01 alone after 120 epochs of resnet20`; nothing at the paper's own scale.

        That it is one tau is said of the paper's claims alone, which are of several.
        """
        first = self.verdicts[0]
        if self.paper or first.epochs is None:
            return ""
        taus = {tau for verdict in self.verdicts for tau in verdict.taus}
        alone = f" at tau {taus.pop():g} alone" if first.claim and len(taus) == 1 else ""
        return f"{alone} after {plural(first.epochs, 'epoch')} of {' and '.join(first.backbones)}"

    @property
    def words(self) -> str:
        """`seen after 120 epochs of resnet20`, `2 of 3 clauses hold`."""
        short = short_outcome(self.outcome)
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
        verdicts = [verdict for stage in staged for verdict in stage.verdicts]
        if not any(verdict.missing for verdict in verdicts):
            return whole_sentence(staged)
        words = _without_record(verdicts)
        if decided := [v for v in staged[-1].verdicts if v.status not in NOT_JUDGED]:
            words += f"; so far: {_details(decided, LONGEST - len(words) - len('; so far: '))}"
        return f"{words}."
    shown = known[-1]
    head = ", ".join(stage.words for stage in known)
    tail = "".join(f"; {part}" for part in _remarks(shown))
    clauses = sorted(shown.verdicts, key=lambda verdict: WORST.index(verdict.status))
    detail = _details(clauses, LONGEST - len(head) - len(tail) - len(": ."))
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


def _details(clauses: Sequence[Verdict], room: int) -> str:
    """The numbers of every clause, in the longest form for which there is room.

    If there is none for all of them, as much as there is of what the first one says.
    """
    told = [clause.why.split(". ")[0].rstrip(".") for clause in clauses]
    if len(clauses) > 1:
        numbers = [words.split("; ")[0] for words in told]
        each = [f"{clause.says}: {words}" for clause, words in zip(clauses, numbers, strict=True)]
        forms = (
            each,
            [INTERVAL.sub(r" (\1)", words) for words in each],
            numbers,
            [INTERVAL.sub(r" (\1)", words) for words in numbers],
            [INTERVAL.sub(r" (\1)", words).replace(" is ", " ") for words in numbers],
            [INTERVAL.sub("", words) for words in numbers],
        )
        for form in forms:
            if len(words := "; ".join(form)) <= room:
                return words
    words, *others = told[0].split("; ")
    if len(words) > room:
        words = words.rpartition(", such as ")[2]
    for other in others:
        if len(f"{words}; {other}") > room:
            break
        words += f"; {other}"
    return words if len(words) <= room else words[: room - 1].rpartition(" ")[0].rstrip(",;:") + "…"


def whole_sentence(staged: Sequence[Stage], between: str = " ") -> str:
    """Everything that was found, over all clauses, scales and budgets; `between`: these."""
    paragraphs = []
    for stage in staged:
        words, told = _clauses_words(stage), {(v.id, v.why) for v in stage.verdicts}
        alone = len(staged) == len(told) == 1 and (stage.paper or stage.status == "incomplete")
        remarks = [] if alone else _remarks(stage)
        parts = [words if alone else f"{stage.words}: {words}", "; ".join(remarks)]
        paragraphs.append(" ".join(sentence(part) for part in parts if part))
    return between.join(paragraphs)


def _clauses_words(stage: Stage) -> str:
    """`CAL > CE (C1a): CAL is above CE by 2.0`, with the reason of each clause, and which differ.

    One clause, or a number that stands in several tables, is told by its own words.
    """
    verdicts = stage.verdicts
    if len({(verdict.id, verdict.why) for verdict in verdicts}) == 1:
        return verdicts[0].why
    agree = len({verdict.outcome for verdict in verdicts}) == 1
    parts = [
        f"{v.says} ({v.id}{'' if agree else f', {short_outcome(v.outcome)}'}): {v.why}"
        for v in sorted(verdicts, key=lambda verdict: STATUSES.index(verdict.status))
        if v.status != "incomplete"
    ]
    if waiting := [verdict for verdict in verdicts if verdict.status == "incomplete"]:
        names = ", ".join(dict.fromkeys(verdict.id for verdict in waiting))
        parts.append(f"{names}: {_without_record(waiting)}")
    return "; ".join(parts)


def _without_record(verdicts: Iterable[Verdict]) -> str:
    """`36 runs at the paper's scale and 2 at a smaller one have no record`."""
    missing = {run: verdict.scale for verdict in verdicts for run in verdict.missing}
    smaller = [*missing.values()].count("reduced")
    if 0 < smaller < len(missing):
        papers = plural(len(missing) - smaller, "run")
        return f"{papers} at the paper's scale and {smaller} at a smaller one have no record"
    return f"{plural(len(missing), 'run')} {'has' if len(missing) == 1 else 'have'} no record"


def short_outcome(outcome: Outcome) -> str:
    """An outcome whose scale is said elsewhere."""
    return outcome.removesuffix(" at this scale").removesuffix(" by this schedule")
