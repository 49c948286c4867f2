"""What was predicted of checks before their runs, beside what came: wrong ones first."""

from collections.abc import Iterable, Iterator, Mapping

from ncmc.results.table_files import markdown_text
from ncmc.results.wording import capital, plural
from ncmc.verdicts.check import Check
from ncmc.verdicts.verdict import Status, Verdict

OUTCOMES: Mapping[Status, str] = {"holds": "holds", "differs": "differs", "inconclusive": "open"}
GROUPS = (
    "Other than predicted",
    "Predicted to be open, and decided",
    "Predicted to be decided, and open",
    "As predicted",
)
INTRODUCTION = """\
# Predictions and outcomes

Each prediction was written down, with what would count against the paper or say nothing about it, before
the runs of its check. It is not reworded after them. `holds` is said of the check as it is stated here.
"""


def as_markdown(checks: Iterable[Check], verdicts: Iterable[Verdict]) -> str | None:
    """A table per way that a prediction can end; None where no check has a prediction.

    `checks` and `verdicts`: of the same tables.
    """
    judged = {verdict.id: verdict for verdict in verdicts}
    groups: dict[str, list[str]] = {name: [] for name in GROUPS}
    predicted = [check for check in checks if check.prediction]
    waiting = 0
    for check in predicted:
        verdict = judged[check.id]
        if outcome := OUTCOMES.get(verdict.status):
            groups[_group(check, outcome)].append(_row(check, verdict, outcome))
        else:
            waiting += 1
    if not predicted:
        return None
    return "\n".join((INTRODUCTION, *_lines(groups, waiting))) + "\n"


def _group(check: Check, outcome: str) -> str:
    expected = check.prediction.expected if check.prediction else ""
    if outcome == expected:
        return GROUPS[3]
    if expected == "open":
        return GROUPS[1]
    return GROUPS[2] if outcome == "open" else GROUPS[0]


def _lines(groups: Mapping[str, list[str]], waiting: int) -> Iterator[str]:
    yield f"{plural(waiting, 'check')} {'waits' if waiting == 1 else 'wait'} for records."
    for name, rows in groups.items():
        yield from ("", f"## {name}: {len(rows)}")
        if rows:
            yield from ("", "| check | predicted, because | what came | what it would mean |")
            yield from ("| --- | --- | --- | --- |", *rows)


def _row(check: Check, verdict: Verdict, outcome: str) -> str:
    prediction = check.prediction
    assert prediction
    meaning = [
        f"{words}: {text}"
        for words, text in (
            ("against the paper", prediction.against),
            ("says nothing", prediction.nothing),
        )
        if text
    ]
    parts = (
        f"{capital(verdict.says)} ({check.id})",
        f"{prediction.expected}: {prediction.because}",
        f"{outcome}: {verdict.why}",
        "; ".join(meaning),
    )
    return f"| {' | '.join(markdown_text(part) for part in parts)} |"
