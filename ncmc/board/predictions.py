"""What was predicted of checks before their runs, beside what came: wrong ones first."""

from collections.abc import Iterable, Iterator, Mapping

from ncmc.results.table_files import markdown_row, markdown_text
from ncmc.results.wording import capital, plural
from ncmc.verdicts.check import Check, Prediction
from ncmc.verdicts.verdict import Status, Verdict

OUTCOMES: Mapping[Status, str] = {"holds": "holds", "differs": "differs", "inconclusive": "open"}
WRONG, DECIDED, OPEN, RIGHT = GROUPS = (
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
    waiting = 0
    predicted = [(check.prediction, judged[check.id]) for check in checks if check.prediction]
    for prediction, verdict in predicted:
        if outcome := OUTCOMES.get(verdict.status):
            groups[_group(prediction, outcome)].append(_row(prediction, verdict, outcome))
        else:
            waiting += 1
    return "\n".join((INTRODUCTION, *_lines(groups, waiting))) + "\n" if predicted else None


def _group(prediction: Prediction, outcome: str) -> str:
    if outcome == prediction.expected:
        return RIGHT
    if prediction.expected == "open":
        return DECIDED
    return OPEN if outcome == "open" else WRONG


def _lines(groups: Mapping[str, list[str]], waiting: int) -> Iterator[str]:
    yield f"{plural(waiting, 'check')} {'waits' if waiting == 1 else 'wait'} for records."
    for name, rows in groups.items():
        yield from ("", f"## {name}: {len(rows)}")
        if rows:
            yield from ("", "| check | predicted, because | what came | what it would mean |")
            yield from ("| --- | --- | --- | --- |", *rows)


def _row(prediction: Prediction, verdict: Verdict, outcome: str) -> str:
    meanings = {"against the paper": prediction.against, "says nothing": prediction.nothing}
    parts = (
        f"{capital(verdict.says)} ({verdict.id})",
        f"{prediction.expected}: {prediction.because}",
        f"{outcome}: {verdict.why}",
        "; ".join(f"{words}: {text}" for words, text in meanings.items() if text),
    )
    return markdown_row(map(markdown_text, parts))
