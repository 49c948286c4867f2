"""The forest plot shows what the board says, and nothing that it does not."""

from typing import Any

import matplotlib.figure
import numpy as np
import pytest

from ncmc.board.entries import Board, BoardEntry
from ncmc.figures.figure import Figure
from ncmc.figures.forest_plot import Checked, claims_figure
from ncmc.figures.marks import STATUS_STYLES
from ncmc.figures.painting import images
from ncmc.verdicts.verdict import STATUSES, Finding, Status, Verdict


def finding(estimate: float, label: str = "a setting") -> Finding:
    numbers = {"estimate": estimate, "low": estimate - 1, "high": estimate + 1}
    return Finding(label=label, status="holds", why="", numbers=numbers)


def verdict(id: str, status: Status, *findings: Finding, **changes: Any) -> Verdict:
    fields: dict[str, Any] = {"table": "table2", "kind": "greater", "measure": "best"} | changes
    return Verdict(id=id, status=status, says=f"{id} says", why="", findings=findings, **fields)


def board(*verdicts: Verdict) -> Board:
    entry = BoardEntry(
        id="C4", subject="claim", says="", where="", scale="paper", status="holds", outcome="holds",
        line="", sentence="", verdicts=verdicts,
    )  # fmt: skip
    return Board(entries=(entry,))


def claims(*verdicts: Verdict) -> Figure:
    figure = claims_figure(board(*verdicts), "The claims")
    assert figure
    return figure


def rows(*verdicts: Verdict) -> list[Checked]:
    return list(claims(*verdicts).rows)


def axes_of(figure: Figure) -> Any:
    axes = matplotlib.figure.Figure().add_subplot()
    figure.panels[0].draw(axes, figure.rows)
    return axes


def test_a_verdict_over_settings_is_drawn_by_its_own_numbers() -> None:
    numbers = {"estimate": 2.0, "low": 1.7, "high": 2.3, "delta": 0.5, "shown": 11, "of": 12}
    (first,) = rows(
        verdict("C4", "holds", finding(1.0, "one"), finding(3.0, "two"), numbers=numbers)
    )
    assert (first.estimate, first.low, first.high, first.delta) == (2.0, 1.7, 2.3, 0.5)
    assert (first.shown, first.of) == (11, 12)


def test_a_verdict_on_one_setting_is_drawn_by_its_findings_numbers() -> None:
    (only,) = rows(verdict("C8a", "differs", finding(-2.0)))
    assert (only.estimate, only.low, only.high) == (-2.0, -3.0, -1.0)


def test_several_settings_without_numbers_of_their_own_have_no_estimate_together() -> None:
    (first,) = rows(verdict("C4", "inconclusive", finding(1.0), finding(3.0)))
    assert first.estimate is None


@pytest.mark.parametrize(
    "changes", [{"kind": "chance", "measure": "last"}, {"measure": "nc_mean"}], ids=str
)
def test_what_is_no_advantage_in_points_has_its_verdict_alone(changes: dict[str, str]) -> None:
    (only,) = rows(verdict("C14", "holds", finding(10.0), **changes))
    assert only.estimate is None
    assert only.status == "holds"


def test_checks_without_records_are_counted_and_not_drawn() -> None:
    figure = claims_figure(
        board(verdict("C4", "incomplete"), verdict("C5", "holds", finding(2))), "Claims"
    )
    assert figure
    assert [row.check for row in figure.rows] == ["C5"]
    assert "1 check without all of its records: not drawn." in figure.caption
    assert claims_figure(board(verdict("C4", "incomplete")), "Claims") is None


def test_every_status_has_its_own_marker_and_colour_or_filling() -> None:
    drawn = set(STATUSES) - {"not checked"}
    assert set(STATUS_STYLES) == drawn
    assert len({style.marker for style in STATUS_STYLES.values()}) == len(drawn)


def test_a_line_per_check_with_its_words_its_verdict_and_zero_and_delta() -> None:
    numbers = {"estimate": 2.0, "low": 1.7, "high": 2.3, "delta": 0.5, "shown": 11, "of": 12}
    axes = axes_of(
        claims(
            verdict("C4", "holds", finding(1.0), finding(3.0), numbers=numbers),
            verdict("N1", "differs", finding(-1.0), kind="number"),
            verdict("N1", "holds", finding(0.1), kind="number", table="numbers"),
            verdict("F1", "not testable", measure="nc_mean"),
            verdict("C1", "holds", finding(1.0), numbers=numbers | {"shown": 1, "of": 1}),
        )
    )
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == [
        "C4 says (C4)", "N1 says (N1, table2)", "N1 says (N1, numbers)", "F1 says (F1)",
        "C1 says (C1)",
    ]  # fmt: skip
    assert [text.get_text() for text in axes.texts] == [
        "✓ holds, 11 of 12", "✗ differs", "✓ holds", "– not testable", "✓ holds",
    ]  # fmt: skip
    upright = [np.asarray(line.get_xdata()).tolist() for line in axes.lines]
    assert [0, 0] in upright
    assert [0.5, 0.5] in upright
    assert [-0.5, -0.5] in upright


def test_long_words_take_two_lines_and_are_cut_after_them() -> None:
    long = verdict("C4", "holds", finding(1)).model_copy(update={"says": "word " * 60})
    label = axes_of(claims(long)).get_yticklabels()[0].get_text()
    assert label.count("\n") == 1
    assert label.endswith("… (C4)")


def test_markup_in_words_is_text() -> None:
    odd = verdict("C4", "holds", finding(1)).model_copy(update={"says": "$x_1^2$ <b> & \\frac"})
    assert b"$x_1^2$ &lt;b&gt; &amp; \\frac" in images(claims(odd), ("svg",))["svg"]
