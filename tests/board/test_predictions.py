"""Predictions beside outcomes: in the group that the two make, wrong ones first."""

from typing import Any

import pytest
from conftest import here

from ncmc.board.predictions import GROUPS, as_markdown
from ncmc.verdicts.check import Check
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.verdict import Status, Verdict


def verdict_of(check: Check, status: Status) -> Verdict:
    return Verdict(
        id=check.id, table=check.table, kind=check.kind, status=status, says="A > B", why="by 2 | 3"
    )


@pytest.fixture
def check() -> Check:
    return next(check for check in checks_of(here(), "laptop_methods") if check.id == "L-C1c")


def predicted(check: Check, expected: str) -> Check:
    changed: Any = check.prediction
    return check.model_copy(
        update={"prediction": changed.model_copy(update={"expected": expected})}
    )


@pytest.mark.parametrize(
    ("expected", "status", "group"),
    [
        ("holds", "differs", 0),
        ("differs", "holds", 0),
        ("open", "holds", 1),
        ("open", "differs", 1),
        ("holds", "inconclusive", 2),
        ("holds", "holds", 3),
        ("open", "inconclusive", 3),
    ],
)
def test_a_prediction_stands_in_the_group_that_its_outcome_gives(
    check: Check, expected: str, status: Status, group: int
) -> None:
    text = as_markdown([predicted(check, expected)], [verdict_of(check, status)])
    assert text
    sizes = [text.split(f"## {name}: ")[1][0] for name in GROUPS]
    assert sizes == ["1" if place == group else "0" for place in range(len(GROUPS))]
    assert "0 checks wait for records." in text
    assert r"by 2 \| 3" in text
    assert check.prediction
    assert check.prediction.because in text
    assert f"against the paper: {check.prediction.against}" in text


def test_a_check_without_records_waits_and_one_without_prediction_is_not_told(check: Check) -> None:
    waiting = verdict_of(check, "incomplete")
    assert "1 check waits for records." in (as_markdown([check], [waiting]) or "")
    assert as_markdown([check.model_copy(update={"prediction": None})], [waiting]) is None
