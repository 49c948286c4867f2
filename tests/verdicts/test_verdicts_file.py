"""verdicts.json: what stands in it."""

import json
from pathlib import Path

import fakes
import pytest
from conftest import here

from ncmc.plan import grid
from ncmc.results.record import path_of
from ncmc.verdicts import judge
from ncmc.verdicts.verdict import Verdict
from ncmc.verdicts.verdicts_file import write


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    """Those on the smoke run, of which one run is missing, and on printed numbers without any."""
    runs, project = tmp_path_factory.mktemp("runs"), here()
    smoke = grid.table(project, "smoke")
    fakes.smoke(runs, smoke)
    path_of(project, fakes.spec_of(smoke, "AL").runs(5)[3], runs).unlink()
    return [v for name in ("smoke", "numbers") for v in judge.verify(name, runs, project=project)]


def test_verdicts_stand_in_the_file_with_what_they_rest_on(
    verdicts: list[Verdict], tmp_path: Path
) -> None:
    body = json.loads(write(verdicts, tmp_path, []).read_text())
    assert list(body) == ["schema", "exit_code", "verdicts", "records"]
    assert (body["schema"], body["exit_code"]) == (2, 3)
    assert [v["id"] for v in body["verdicts"]] == [v.id for v in verdicts]
    assert list(body["verdicts"][0]) == [
        *("id", "table", "kind", "status", "says", "why", "scale", "claim", "where", "measure"),
        *("source", "findings", "numbers", "missing", "remedy", "problems", "next_look"),
        *("epochs", "backbones", "taus", "turns_on", "added", "nothing", "sides", "opposite"),
    ]
    (finding,) = body["verdicts"][0]["findings"]
    assert list(finding) == [*("label", "status", "why", "numbers", "cells", "missing", "problems")]
    assert finding["numbers"]["n"] == 5
    assert [v["remedy"] for v in body["verdicts"] if v["id"] in ("S1", "S3", "N1")] == [
        None,
        "uv run snakemake --cores all smoke",
        "uv run snakemake --cores all numbers",
    ]
    assert body["verdicts"][2]["missing"] == ["digits/tau=0.02/resnet8/AL/f=20+theta=0.2/seed=3"]
