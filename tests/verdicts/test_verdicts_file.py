"""verdicts.json: written whole, read back as the same objects."""

import json
from pathlib import Path

import fakes
import pytest
from conftest import here

from ncmc.errors import UserError
from ncmc.plan import grid
from ncmc.results.record import path_of
from ncmc.verdicts import judge
from ncmc.verdicts.verdict import Verdict
from ncmc.verdicts.verdicts_file import read_file, write


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    """Those on the smoke run, of which one run is missing, and on printed numbers without any."""
    runs, project = tmp_path_factory.mktemp("runs"), here()
    smoke = grid.table(project, "smoke")
    fakes.smoke(runs, smoke)
    path_of(project, fakes.spec_of(smoke, "AL").runs(5)[3], runs).unlink()
    return [v for name in ("smoke", "numbers") for v in judge.verify(name, runs, project=project)]


def test_verdicts_are_read_back_as_the_same_objects(
    verdicts: list[Verdict], tmp_path: Path
) -> None:
    found = read_file(write(verdicts, tmp_path)).verdicts
    assert found == tuple(verdicts)
    assert [v.remedy for v in found if v.id in ("S1", "S3", "N1")] == [
        None,
        "uv run snakemake --cores all smoke",
        "uv run snakemake --cores all numbers",
    ]


def test_verdicts_stand_in_the_file_with_what_they_rest_on(
    verdicts: list[Verdict], tmp_path: Path
) -> None:
    body = json.loads(write(verdicts, tmp_path).read_text())
    assert list(body) == ["schema", "exit_code", "verdicts", "records"]
    assert (body["schema"], body["exit_code"]) == (2, 3)
    assert [v["id"] for v in body["verdicts"]] == [v.id for v in verdicts]
    assert list(body["verdicts"][0]) == [
        *("id", "table", "kind", "status", "says", "why", "scale", "claim", "where", "measure"),
        *("source", "findings", "numbers", "missing", "remedy", "problems", "next_look"),
        *("epochs", "backbones", "turns_on", "added", "nothing", "sides", "opposite", "course"),
    ]
    (finding,) = body["verdicts"][0]["findings"]
    assert list(finding) == [*("label", "status", "why", "numbers", "cells", "missing", "problems")]
    assert finding["numbers"]["n"] == 5
    assert body["verdicts"][2]["missing"] == ["digits/tau=0.02/resnet8/AL/f=20+theta=0.2/seed=3"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema": 1}, "is not a file of verdicts. Run `ncmc verify` again.*'schema' is 1"),
        ({"verdicts": [{"id": "S1"}]}, "S1: 'table' is missing"),
        ({"exit_code": None}, "'exit_code' is None"),
    ],
)
def test_a_file_that_is_not_ours_is_refused(
    verdicts: list[Verdict], tmp_path: Path, change: dict[str, object], told: str
) -> None:
    path = write(verdicts, tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError, match=told):
        read_file(path)


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"verdicts\.json does not exist"):
        read_file(tmp_path / "verdicts.json")
