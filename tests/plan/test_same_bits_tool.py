"""tools/same_bits.py: which changed parts two commits' runs show to give the same bits."""

import importlib.util
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from conftest import CHECKOUT

LOOP, CE, CAL = ("loop", "a", "b"), ("method", "ce", "CE"), ("method", "cal", "CAL")
PARTS = {"mixed: CE": {LOOP, CE}, "mixed: CAL": {LOOP, CAL}, "resumed: CAL": {LOOP, CAL}}


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path = CHECKOUT / "tools" / "same_bits.py"
    spec = importlib.util.spec_from_file_location("same_bits_tool", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "same_bits_tool", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "changed_parts", lambda old, new, run: PARTS[run])
    return module


def shown(tool: ModuleType, **other: Any) -> set[tuple[str, str, str]]:
    """What is shown if the new commit's runs of these names have other fields."""

    def tree(changes: dict[str, Any]) -> SimpleNamespace:
        outcomes = {
            run: {"weights": "w", "config": {"epochs": 3}} | changes.get(run.split(": ")[1], {})
            for run in PARTS
        }
        outcomes |= {run: entry for run, entry in changes.items() if run in PARTS}
        present = {run: entry for run, entry in outcomes.items() if entry}
        return SimpleNamespace(outcomes=present, groups=lambda: {"mixed": ([], [])})

    return tool.compare(tree({}), tree(other))


def test_equal_runs_show_every_part_that_they_hold(tool: ModuleType) -> None:
    assert shown(tool) == {LOOP, CE, CAL}


def test_other_weights_are_blamed_on_the_part_that_no_equal_run_holds(tool: ModuleType) -> None:
    assert shown(tool, CAL={"weights": "x"}) == {CE}  # and nothing that was resumed is equal
    other = {"resumed: CAL": {"weights": "w", "config": {"epochs": 3}}}
    assert shown(tool, CE={"weights": "x"}, **other) == {LOOP, CAL}


def test_other_weights_that_no_part_explains_show_nothing_of_what_they_hold(
    tool: ModuleType,
) -> None:
    mixed = {"mixed: CAL": {"weights": "x", "config": {"epochs": 3}}}
    assert shown(tool, **mixed) == {CE}  # CAL's and the loop's are in an equal run, and in another


def test_a_run_of_another_configuration_says_nothing(tool: ModuleType) -> None:
    assert shown(tool, CE={"weights": "x", "config": {"epochs": 4}}) == {LOOP, CAL}


def test_without_a_resumed_run_nothing_is_shown_of_the_loop(tool: ModuleType) -> None:
    assert shown(tool, **{"resumed: CAL": {}}) == {CE, CAL}
