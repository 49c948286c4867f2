"""What planning asks for again and again is worked out once: a grid has thousands of runs."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import here

from ncmc import jobs
from ncmc.plan import catalog, recipes
from ncmc.plan.run import parse_run_id
from ncmc.project import Project

SEEDS = 100
ID = "cifar10/tau=0.01/resnet32/CAL/f=10+theta=0.2/seed={}"


def test_the_seeds_of_a_cell_share_its_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = 0
    resolve = recipes.resolve

    def counted(*args: Any) -> recipes.Resolved:
        nonlocal resolved
        resolved += 1
        return resolve(*args)

    monkeypatch.setattr(recipes, "resolve", counted)
    job = jobs.Jobs(Project(here().root))
    for seed in range(SEEDS):
        runs = job.runs_of(SimpleNamespace(run=ID.format(seed)))
        job.data_of(runs)
        job.models_of(runs)
        job.threads_of(runs)
        job.memory_of(runs)
    assert resolved < 5


def test_seeds_of_a_parsed_cell_stay_apart() -> None:
    runs = [parse_run_id(here(), ID.format(seed)) for seed in (0, 7, 0)]
    assert [run.seed for run in runs] == [0, 7, 0]
    assert [run.id for run in runs] == [ID.format(seed) for seed in (0, 7, 0)]


def test_a_new_method_is_in_the_catalog_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "PACKAGE", tmp_path)
    folder = tmp_path / "methods"
    folder.mkdir()
    os.utime(folder, (1, 1))
    assert catalog.names("method") == []
    (folder / "my_own.py").touch()
    assert catalog.names("method") == ["MY-OWN"]
