"""Fixtures that several files share."""

import os
import pickle
import shutil
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer.testing

# Tests run beside each other: threads that wait must not keep a core from others, which took 15 times as
# long. Read when torch is loaded, here and in the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Tests start hundreds of processes: where no bytecode is kept, as in many containers, each of them, and
# each worker, would compile torch.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if find_spec("torch"):  # the left wing's tests run without
    from jaxtyping import install_import_hook

    SHAPED = [
        *("ncmc.formulas", "ncmc.methods.base", "ncmc.methods.focal"),
        *("ncmc.training.draws", "ncmc.training.batches"),
    ]
    install_import_hook(SHAPED, "shapes.checked")  # before anything imports them

from ncmc import paths
from ncmc.data import datasets, fetch, splits
from ncmc.plan import catalog, grid
from ncmc.plan.grid import Table
from ncmc.plan.run import make_run
from ncmc.project import Project

if find_spec("torch"):
    catalog.load("method", "CAL")  # from here on `ncmc.methods` finds the methods of papers too
from ncmc.system import documents

# Typer builds all commands anew for each call of its test runner: as long as a refusal takes.
typer.testing._get_command = cache(typer.testing._get_command)  # type: ignore[attr-defined]

# Each test has a project of its own, but nearly all have the same files: a YAML text is parsed once.
_construct = documents._constructed
_pickled = lru_cache(maxsize=64)(lambda text: pickle.dumps(_construct(text)))
documents._constructed = lambda text: pickle.loads(_pickled(text))

pytest_plugins = ["projects", "own_files"]  # the fixtures `project` and `own_package`

CHECKOUT = Path(__file__).resolve().parents[1]
METHODS = "papers/ncmc/methods"
PROJECT_FILES = ("config", "papers", "dvc.yaml", "dvc.lock", ".dvc/config", ".dvcignore")


def here() -> Project:
    """The project of the test at hand, its files read anew."""
    return Project.find()


def copy_project(root: Path) -> Path:
    """The project's configuration in a folder of its own, without data and results."""
    for name in PROJECT_FILES:
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (CHECKOUT / name).is_dir():
            shutil.copytree(CHECKOUT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(CHECKOUT / name, target)
    return root


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """One thread, also after a test that trained with the threads of a recipe."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Signatures as they are outside of the tests, where nothing checks shapes and types."""
    import jaxtyping

    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def digits_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the digits fetched and split at tau 0.02; not to be written to."""
    root = copy_project(tmp_path_factory.mktemp("digits"))
    project = Project(root)
    fetch.fetch(project, "digits")
    datasets.prepare(project, "digits")
    run = make_run("digits", 0.02, "resnet8", "CE", project=project)
    splits.make_split(project, "digits", 0.02).save(root / run.split_folder)
    return root


@pytest.fixture
def workspace(digits_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh project with the digits in it, which every function of ncmc works on."""
    root = copy_project(tmp_path / "project")
    shutil.copytree(digits_project / "data", root / "data", symlinks=True)
    monkeypatch.setenv("NCMC_ROOT", str(root))
    return root


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, in which the program looks for the code of a run."""
    shutil.copytree(CHECKOUT / "ncmc", tmp_path / "ncmc", ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copytree(CHECKOUT / METHODS, tmp_path / METHODS)
    monkeypatch.setattr(catalog, "PACKAGE", tmp_path / "ncmc")
    return tmp_path / "ncmc"


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh project without data and results, which every function of ncmc works on."""
    root = copy_project(tmp_path / "project")
    monkeypatch.setenv("NCMC_ROOT", str(root))
    monkeypatch.chdir(root)  # a command that a hostile file slips in would leave its trace here
    return root


@pytest.fixture(scope="session")
def smoke() -> Table:
    """The smoke table of the checkout."""
    return grid.table(here(), "smoke")


@pytest.fixture
def smoked(configured: Path, smoke: Table) -> Path:
    """A project with the records of the smoke run alone: every check of it holds."""
    import fakes  # which imports this file

    fakes.smoke(configured / paths.RUNS, smoke)
    return configured


@pytest.fixture(name="here")
def bare_project(configured: Path) -> Project:
    """The project that the commands work on, without data and results."""
    return Project(configured)


@pytest.fixture(name="other")
def somebody_elses_project(tmp_path: Path) -> Project:
    """Another one, which no command works on unless it is told to."""
    return Project(copy_project(tmp_path / "other"))
