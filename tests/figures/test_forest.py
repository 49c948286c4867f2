"""The forest plot shows what the board says, and nothing that it does not."""

from typing import Any

import matplotlib.figure
import numpy as np
import pytest

from ncmc.board.entries import Board, BoardEntry
from ncmc.figures.forest import LOOKS, Checked, draw_forest, forest
from ncmc.figures.painted import images
from ncmc.verdicts.verdict import STATUSES, Finding, Status, Verdict


def finding(estimate: float, label: str = "a setting") -> Finding:
    numbers = {"estimate": estimate, "low": estimate - 1, "high": estimate + 1}
    return Finding(label=label, status="holds", why="", numbers=numbers)


def verdict(id: str, status: Status, *findings: Finding, **changes: Any) -> Verdict:
    fields: dict[str, Any] = {"table": "table2", "kind": "greater", "measure": "best"} | changes
    return Verdict(id=id, status=status, says=f"{id} says", why="", findings=findings, **fields)


def board(*verdicts: Verdict) -> Board:
    entry = BoardEntry(
        id="C4", subject="claim", says="", where="", scale="paper", status="holds", sentence="",
        verdicts=verdicts,
    )  # fmt: skip
    return Board(entries=(entry,))


def rows(*verdicts: Verdict) -> list[Checked]:
    figure = forest(board(*verdicts), "The claims")
    assert figure
    return list(figure.rows)


def test_a_verdict_over_settings_is_drawn_by_its_own_numbers() -> None:
    numbers = {"estimate": 2.0, "low": 1.7, "high": 2.3, "delta": 0.5, "shown": 11, "of": 12}
    first, *settings = rows(
        verdict("C4", "holds", finding(1.0, "one"), finding(3.0, "two"), numbers=numbers)
    )
    assert (first.estimate, first.low, first.high, first.delta) == (2.0, 1.7, 2.3, 0.5)
    assert (first.shown, first.of) == (11, 12)
    assert [(row.setting, row.estimate) for row in settings] == [("one", 1.0), ("two", 3.0)]


def test_a_verdict_on_one_setting_is_drawn_by_its_findings_numbers() -> None:
    (only,) = rows(verdict("C8a", "differs", finding(-2.0)))
    assert (only.estimate, only.low, only.high) == (-2.0, -3.0, -1.0)


def test_several_settings_without_numbers_of_their_own_have_no_estimate_together() -> None:
    first, *settings = rows(verdict("C4", "inconclusive", finding(1.0), finding(3.0)))
    assert first.estimate is None
    assert len(settings) == 2


@pytest.mark.parametrize(
    "changes", [{"kind": "chance", "measure": "last"}, {"measure": "nc_mean"}], ids=str
)
def test_what_is_no_advantage_in_points_has_its_verdict_alone(changes: dict[str, str]) -> None:
    (only,) = rows(verdict("C14", "holds", finding(10.0), **changes))
    assert only.estimate is None
    assert only.status == "holds"


def test_checks_without_records_are_counted_and_not_drawn() -> None:
    figure = forest(
        board(verdict("C4", "incomplete"), verdict("C5", "holds", finding(2))), "Claims"
    )
    assert figure
    assert [row.check for row in figure.rows] == ["C5"]
    assert "1 check without all of its records: not drawn." in figure.caption
    assert forest(board(verdict("C4", "incomplete")), "Claims") is None


def test_every_status_has_its_own_marker_and_colour_or_filling() -> None:
    assert set(LOOKS) == set(STATUSES)
    assert len({look.marker for look in LOOKS.values()}) == len(STATUSES)


def test_a_line_a_check_with_its_words_its_verdict_and_zero_and_delta() -> None:
    numbers = {"estimate": 2.0, "low": 1.7, "high": 2.3, "delta": 0.5, "shown": 11, "of": 12}
    drawn = rows(
        verdict("C4", "holds", finding(1.0), finding(3.0), numbers=numbers),
        verdict("N1", "differs", finding(-1.0), kind="number"),
        verdict("N1", "holds", finding(0.1), kind="number", table="numbers"),
        verdict("F1", "not testable", measure="nc_mean"),
    )
    axes = matplotlib.figure.Figure().add_subplot()
    draw_forest(axes, drawn)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == [
        "C4 (table2)  C4 says", "N1 (table2)  N1 says", "N1 (numbers)  N1 says",
        "F1 (table2)  F1 says",
    ]  # fmt: skip
    assert [text.get_text() for text in axes.texts] == [
        "✓ holds, 11 of 12", "✗ differs", "✓ holds", "– not testable",
    ]  # fmt: skip
    upright = [np.asarray(line.get_xdata()).tolist() for line in axes.lines]
    assert [0, 0] in upright
    assert [0.5, 0.5] in upright
    assert [-0.5, -0.5] in upright


def test_long_words_take_two_lines_and_are_cut_after_them() -> None:
    (row,) = rows(verdict("C4", "holds", finding(1)).model_copy(update={"says": "word " * 60}))
    axes = matplotlib.figure.Figure().add_subplot()
    draw_forest(axes, [row])
    label = axes.get_yticklabels()[0].get_text()
    assert label.count("\n") == 1
    assert label.endswith("…")


def test_markup_in_words_is_text() -> None:
    odd = verdict("C4", "holds", finding(1)).model_copy(update={"says": "$x_1^2$ <b> & \\frac"})
    figure = forest(board(odd), "$1 and $2")
    assert figure
    assert b"$x_1^2$ &lt;b&gt; &amp; \\frac" in images(figure, ("svg",))["svg"]
