"""tools/same_bits.py: which changed parts two commits' runs show to give the same bits."""

import importlib
from types import ModuleType
from typing import Any

import pytest
from conftest import CHECKOUT

LOOP, CE, CAL = ("loop", "a", "b"), ("method", "ce", "CE"), ("method", "cal", "CAL")
PARTS = {"mixed: CE": {LOOP, CE}, "mixed: CAL": {LOOP, CAL}, "resumed: CAL": {LOOP, CAL}}


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(CHECKOUT / "tools")
    return importlib.import_module("same_bits")


def shown(tool: ModuleType, **changes: Any) -> set[tuple[str, str, str]]:
    """What is shown if the new commit's runs of these names have other numbers; None: no run."""
    old = {run: {"weights": "w", "history": [{"loss": 1.0}]} for run in PARTS}
    new = {
        run: entry | changes.get(run, changes.get(run.split(": ")[1], {}))
        for run, entry in old.items()
        if changes.get(run, {}) is not None
    }
    found: set[tuple[str, str, str]] = tool.compare(old, new, PARTS)
    return found


def test_equal_runs_show_every_part_that_they_hold(tool: ModuleType) -> None:
    assert shown(tool) == {LOOP, CE, CAL}


def test_other_weights_are_blamed_on_the_part_that_no_equal_run_holds(tool: ModuleType) -> None:
    assert shown(tool, CAL={"weights": "x"}) == {CE}  # and nothing that was resumed is equal
    assert shown(tool, CE={"weights": "x"}) == {LOOP, CAL}
    assert shown(tool, CE={"history": [{"loss": 1.5}]}) == {LOOP, CAL}
    assert shown(tool, CE={"history": [{"loss": 1.0, "more": 2}]}) == {LOOP, CE, CAL}


def test_other_weights_that_no_part_explains_show_nothing_of_what_they_hold(
    tool: ModuleType,
) -> None:
    assert shown(tool, **{"mixed: CAL": {"weights": "x"}}) == {CE}


def test_without_a_resumed_run_nothing_is_shown_of_the_loop(tool: ModuleType) -> None:
    assert shown(tool, **{"resumed: CAL": None}) == {CE, CAL}


def test_only_runs_whose_code_differs_are_trained(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool.Tree, "runs", lambda tree: ["mixed: A", "mixed: B", "clean: A"])
    old = {run: {"loop": "1", "method": run} for run in "AB"}
    new = {**old, "B": {"loop": "1", "method": "other"}}
    trees = [tool.Tree(CHECKOUT, "", digests) for digests in (old, new)]
    changed = tool.changed_parts(*trees)
    assert {run for run, parts in changed.items() if parts} == {"mixed: B"}
    assert changed["mixed: B"] == {("method", "B", "other")}
    new = {run: parts | {"loop": "2"} for run, parts in new.items()}
    changed = tool.changed_parts(trees[0], tool.Tree(CHECKOUT, "", new))
    assert all(("loop", "1", "2") in parts for parts in changed.values())


def test_a_part_is_shown_by_the_runs_of_its_groups(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool.Tree, "runs", lambda tree: ["mixed: A", "readers: A"])
    trees = [tool.Tree(CHECKOUT, "", {"A": {"data": digest}}) for digest in "ab"]
    changed = tool.changed_parts(*trees)
    assert changed == {"mixed: A": set(), "readers: A": {("data", "a", "b")}}
