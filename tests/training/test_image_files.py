"""A set whose images stay in their files, from its lists to a record."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import here
from projects import CHECKOUT, ScratchProject
from watching import Watch, stop, trained

from ncmc.data import datasets, fetch, splits
from ncmc.plan.run import make_run, resolve_run
from ncmc.system.signals import Interrupted


@pytest.fixture
def configured(declared_set: ScratchProject) -> ScratchProject:
    """The project with this checkout's configuration, its own data set added."""
    shutil.copytree(
        CHECKOUT / "config",
        declared_set.root / "config",
        ignore=shutil.ignore_patterns("datasets.yaml"),
        dirs_exist_ok=True,
    )
    shutil.copytree(CHECKOUT / "papers", declared_set.root / "papers")
    path = declared_set.root / "config" / "datasets.yaml"  # other files name the checkout's sets
    entries = yaml.safe_load((CHECKOUT / "config" / "datasets.yaml").read_text())
    entries["datasets"] |= yaml.safe_load(path.read_text())["datasets"]
    path.write_text(yaml.safe_dump(entries))
    return declared_set


@pytest.mark.parametrize("method", ["CE", "CAL"])
def test_the_set_trains_from_lists_to_record_and_a_stop_changes_nothing(
    declared_set: ScratchProject,
    imagenet: tuple[Path, Path],
    method: str,
    configured: ScratchProject,
) -> None:
    """Files, lists, split, streaming, the recipe of ImageNet, evaluation: all but the size is real."""
    fetch.fetch(here(), "big", imagenet[0])
    datasets.prepare(here(), "big")
    run = make_run("big", 1 / 6, "resnet8", method, {"epochs": 2, "batch_size": 4})
    splits.make_split(here(), "big", 1 / 6).save(here().root / run.split_folder)
    assert resolve_run(here(), run).recipe.augment == "resized_crop_flip"
    whole = trained(run, results=declared_set.root / "whole")
    with pytest.raises(Interrupted):
        trained(run, Watch(4, stop), results=declared_set.root / "parts")
    parts = trained(run, results=declared_set.root / "parts")
    assert parts.digest == whole.digest
    assert len(whole.result.history) == 2
    assert all(np.isfinite(entry.loss) for entry in whole.result.history)
