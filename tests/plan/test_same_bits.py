"""Versions of the code that give the same bits."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT

from ncmc.plan import same_bits
from ncmc.plan.code_digest import Code
from ncmc.plan.same_bits import differing
from ncmc.project import Project
from ncmc.results import code_versions
from ncmc.results.record import load_record

NOW = Code(loop="a", method="a", backbone="a", data="a", torch="2.13.0")


def shown(device: str = "cpu", **same: dict[str, str]) -> dict[str, Any]:
    origin = {"old": "o" * 40, "new": "n" * 40, "at": "2026-01-02T03:04:05Z", "torch": "2.13.0"}
    return origin | {"device": device, "processor": "a test", "runs": 60, "same": same}


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file of a test's own in place of the one that is committed."""
    path = tmp_path / "same_bits.json"
    monkeypatch.setattr(same_bits, "FILE", path)
    same_bits._versions.cache_clear()
    yield path
    same_bits._versions.cache_clear()


def then(**changes: str) -> Code:
    return NOW.model_copy(update=changes)


def test_versions_that_were_shown_to_give_the_same_bits_are_one_also_by_way_of_others(
    known: Path,
) -> None:
    entries = [shown(loop={"c": "b"}), shown(loop={"x": "y"}), shown(loop={"b": "a"})]
    known.write_text(json.dumps({"shown": entries}))
    assert differing(then(loop="c"), NOW) == []
    assert differing(then(loop="x"), NOW) == ["loop"]
    assert differing(then(loop="c", method="c", torch="2.12.0"), NOW) == ["method", "torch"]
    assert differing(then(loop="c"), NOW, "gpu") == ["loop"]  # a CPU says nothing of it


def test_the_file_of_this_checkout_is_valid() -> None:
    assert same_bits.read(same_bits.FILE)


# Records of full size that are of other code, and are to be: run id -> why.
OTHER_CODE: dict[str, str] = {}


def test_published_records_of_full_size_are_of_code_that_gives_the_same_bits_as_this() -> None:
    """If not: `python tools/same_bits.py COMMIT`, or make them again."""
    found = {}
    for path in sorted((CHECKOUT / "results" / "published").rglob("record.json")):
        record = load_record(path)
        epochs = record.config["recipe"]["epochs"]
        if isinstance(epochs, int) and epochs >= 200:
            found[record.run.id] = code_versions.changes(Project(CHECKOUT), record)
    assert found
    assert {
        run: changed for run, changed in found.items() if changed and run not in OTHER_CODE
    } == {}
