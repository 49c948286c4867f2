"""Papers as folders: what is planned, configured and hashed of the first one stays what it is."""

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from conftest import CHECKOUT, copy_project, here

from ncmc import paths
from ncmc.errors import UsageError
from ncmc.paper.assumptions import assumptions
from ncmc.paper.claims import claims
from ncmc.paper.printed_numbers import printed_numbers
from ncmc.plan import catalog, grid
from ncmc.plan.code_digest import files_of, part_code
from ncmc.plan.grid_file import table_names, tiers
from ncmc.plan.run import Run, make_run
from ncmc.project import Project
from ncmc.results.configuration import config_hash
from ncmc.theory import checks
from ncmc.verdicts.checks_file import all_checks
from ncmc.verdicts.judge import verify

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


# --- another paper -------------------------------------------------------------------------------


@pytest.fixture
def of_ldam() -> Project:
    """The checkout with LDAM-DRW's paper open, published records read."""
    return Project(CHECKOUT, lambda: None, "ldam-drw")


def test_another_paper_has_tables_and_files_of_its_own_and_shares_the_runs(
    of_ldam: Project,
) -> None:
    ours = Project(CHECKOUT)
    assert "table2" in table_names(of_ldam)
    assert "table1" not in table_names(of_ldam)
    assert of_ldam.place(paths.PAGE, table="table2") != ours.place(paths.PAGE, table="table2")
    assert ours.place(paths.PAGE, table="table2") == CHECKOUT / "results/table2/report.html"
    calibration = set(runs_of(ours, "calibration"))
    assert len(calibration & set(runs_of(of_ldam, "paper"))) == 18
    assert of_ldam.config("train.yaml") == ours.config("train.yaml")
    assert assumptions(of_ldam) == assumptions(ours)  # else a shared run would be outdated in one


def test_the_printed_cells_of_another_paper_are_compared_with_published_runs(
    of_ldam: Project,
) -> None:
    known = {v.id: v for v in verify("table2", project=of_ldam)}
    assert known.keys() == {"D1", "D2", "D3", "D4"}
    assert "above the paper's 77.03" in known["D3"].why
    assert not known["D3"].missing
    assert known["D4"].remedy == "NCMC_PAPER=ldam-drw uv run snakemake --cores all table2"


def test_a_paper_needs_its_name_and_its_grid_alone(tmp_path: Path) -> None:
    root = copy_project(tmp_path)
    bare = root / "papers" / "bare"
    bare.mkdir()
    for name in ("paper.yaml", "grid.yaml"):
        shutil.copy(root / "papers" / "setf" / name, bare)
    project = Project(root, paper="bare")
    assert tiers(project).keys() == {"paper", "lab"}
    empty = claims(project), printed_numbers(project), all_checks(project), checks.names(project)
    assert not any(empty)
    assert verify("cifar", project=project) == []


def test_an_unknown_paper_is_refused_with_those_that_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(paths.PAPER_VARIABLE, "ldm-drw")
    with pytest.raises(UsageError, match="unknown paper 'ldm-drw'. Did you mean 'ldam-drw'"):
        here()


# --- methods of a paper's folder -----------------------------------------------------------------

METHOD = '''"""MINE: a test's own."""

from ncmc.methods.ce import CE


class MINE(CE):
    """CE by another name."""
'''


@pytest.fixture
def mine(own_package: Path) -> Path:
    """A method in a paper's folder beside a copy of the package."""
    file = own_package.parent / "papers" / "mine" / "methods" / "mine.py"
    file.parent.mkdir(parents=True)
    file.write_text(METHOD)
    return file


def test_a_method_of_a_papers_folder_is_found_loaded_and_hashed(mine: Path) -> None:
    assert catalog.canonical("method", "mine") == "MINE"
    assert catalog.load("method", "MINE").__file__ == str(mine)
    assert catalog.own_options("method", "MINE") == frozenset()  # read through its base, in ncmc
    before, ce = (_method_code(name) for name in ("mine", "ce"))
    assert {mine, mine.parents[3] / "ncmc/methods/ce.py"} <= set(before[1])
    mine.write_text(METHOD.replace('"""CE by another name."""', "scores_are_cosines = True"))
    assert _method_code("mine")[0] != before[0]
    assert _method_code("ce") == ce


def _method_code(stem: str) -> tuple[str | None, tuple[Path, ...]]:
    """The digest of a method's code, and its files."""
    return part_code(here(), "method", f"ncmc.methods.{stem}")


def test_two_files_of_one_name_are_refused(mine: Path) -> None:
    shutil.copy(mine, mine.with_name("cal.py"))
    with pytest.raises(UsageError, match=r"ncmc/methods/cal.py and .*papers/mine/methods/cal.py"):
        catalog.names("method")
