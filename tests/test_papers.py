"""Papers as folders: what is planned, configured and hashed of the first one stays what it is."""

import hashlib
from collections.abc import Iterable

import pytest
from conftest import here

from ncmc.plan import catalog, grid
from ncmc.plan.code_digest import files_of
from ncmc.plan.grid_file import tiers
from ncmc.plan.run import Run, make_run
from ncmc.project import Project
from ncmc.results.configuration import config_hash

# Tier -> runs, and a digest of their ids with the hash of each one's configuration. To change a value
# here is to plan other runs: their records are made anew, or are records of something else.
PLANNED = {
    "paper": (492, "8a6726649ab422d2"),
    "smoke": (25, "ddf873c0a1781fea"),
    "laptop": (162, "3fb96a7d4810374d"),
    "full": (22, "9d6b2dbe6408e690"),
    "calibration": (162, "2806e2eab239cdf1"),
    "studies": (225, "81f27175af0e17e1"),
}


def runs_of(project: Project, tier: str) -> list[Run]:
    return sorted({run for name in tiers(project)[tier] for run in grid.table(project, name).runs})


def digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@pytest.mark.parametrize("tier", PLANNED)
def test_the_runs_of_a_tier_and_their_configurations_are_what_they_were(tier: str) -> None:
    project = here()
    runs = runs_of(project, tier)
    hashes = {run: config_hash(project, run) for run in {run.cell for run in runs}}
    lines = [f"{run.id} {hashes[run.cell]}" for run in runs]
    assert (len(runs), digest(lines)) == PLANNED[tier]


@pytest.mark.parametrize(("method", "backbone"), [("CAL", "resnet50"), ("LDAM-DRW", "densenet150")])
def test_the_digest_of_the_code_names_our_files_as_it_did(method: str, backbone: str) -> None:
    """The digest hashes names too: a file that moves makes every record of it outdated."""
    project = here()
    run = make_run("cifar10", 0.01, backbone, method, project=project)
    own = {file.relative_to(catalog.PACKAGE).as_posix() for file in files_of(project, run)}
    stem = method.lower().replace("-", "_")
    assert {f"methods/{stem}.py", f"backbones/{backbone}.py", "training/train.py"} <= own
