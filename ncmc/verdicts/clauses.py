"""The clauses of one claim in one sentence: which hold, which do not, and why not."""

from collections.abc import Sequence

from ncmc.results.wording import plural, sentence
from ncmc.verdicts.verdict import STATUSES, Status, Verdict, verb


def clauses_sentence(verdicts: Sequence[Verdict]) -> str:
    """The verdicts on one claim, number or check of ours as text; at least one is needed.

    One clause, or a number that stands in several tables, is told by its own words.
    """
    if len({verdict.why for verdict in verdicts}) == 1 and len({v.id for v in verdicts}) == 1:
        return sentence(verdicts[0].why)
    groups = [(status, [v for v in verdicts if v.status == status]) for status in STATUSES]
    told = [(status, clauses) for status, clauses in groups if clauses]
    if len(told) == 1:
        ((status, clauses),) = told
        every = "both" if len(clauses) == 2 else f"all {len(clauses)}"
        return sentence(f"{every} clauses {verb(status, 2)}{_detail(status, clauses)}")
    parts = [f"{len(c)} {verb(status, len(c))}{_detail(status, c)}" for status, c in told]
    return sentence(f"of {plural(len(verdicts), 'clause')} " + ". ".join(parts))


def _detail(status: Status, clauses: Sequence[Verdict]) -> str:
    """`: CAL > CE (C1a); SETF > CE (C1b)`, with the reason of each that does not hold."""
    if status == "incomplete":
        missing = {run for clause in clauses for run in clause.missing}
        names = ", ".join(dict.fromkeys(clause.id for clause in clauses))
        have = "has" if len(missing) == 1 else "have"
        return f" ({names}): {plural(len(missing), 'run')} {have} no record"
    if status == "holds":
        return ": " + "; ".join(f"{clause.says} ({clause.id})" for clause in clauses)
    return ": " + "; ".join(f"{clause.says} ({clause.id}): {clause.why}" for clause in clauses)
