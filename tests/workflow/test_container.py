"""The image and the lock fit the project, and the workflow starts its jobs in the configured image."""

import os
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from calls import BIN, copy_workflow, snakemake
from conftest import CHECKOUT

from ncmc import preflight

DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
LOCKS = ("requirements.lock", "requirements-cpu.lock", "requirements-build.lock")
LOCK = (CHECKOUT / "requirements.lock").read_text()
PROFILES = sorted((CHECKOUT / "profiles").glob("*/config.yaml"))
FILES = (
    "Dockerfile",
    ".dockerignore",
    *LOCKS,
    "tools/lock.sh",
    "config/workflow.yaml",
)


def locked() -> dict[str, set[str]]:
    """Package -> the versions that the lock names for it (more than one: by platform)."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", LOCK, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def declared() -> dict[str, str]:
    """Package -> version specifier, as pyproject.toml declares it for run time."""
    lines = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["dependencies"]
    parts = [re.fullmatch(r"([A-Za-z0-9-]+)(.*)", line) for line in lines]
    return {part[1].lower(): part[2] for part in parts if part}


def copied() -> list[str]:
    """What the Dockerfile takes from the project."""
    lines = re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE)
    sources = [source for line in lines for source in line.split()[:-1]]
    return [s for s in sources if s != "${LOCK}"] + ["requirements.lock", "requirements-cpu.lock"]


# --- the lock ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "least"), list(zip(LOCKS, (150, 130, 5), strict=True)))
def test_every_locked_package_has_a_hash(name: str, least: int) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", (CHECKOUT / name).read_text().strip())
    assert len(entries) >= least
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


def test_the_lock_names_no_address_and_no_option() -> None:
    assert "://" not in LOCK
    assert not [line for line in LOCK.splitlines() if line.startswith("-")]


def test_every_dependency_is_locked_at_a_version_it_allows() -> None:
    versions = locked()
    for name, wanted in declared().items():
        assert name in versions, f"{name}: run tools/lock.sh"
        if wanted.startswith("=="):
            assert versions[name] == {wanted[2:]}, f"{name}: run tools/lock.sh"


def test_the_lock_without_cuda_is_the_other_one_without_it() -> None:
    cuda = r"(cuda-|nvidia-|triton|torch)"
    names = {n for n in re.findall(r"^(\S+==\S+)", LOCK, re.MULTILINE) if not re.match(cuda, n)}
    text = (CHECKOUT / "requirements-cpu.lock").read_text()
    version = re.search(r"^torch==(\S+)", LOCK, re.MULTILINE)
    assert version
    assert set(re.findall(r"^(\S+==\S+)", text, re.MULTILINE)) == {
        *names,
        f"torch=={version[1]}+cpu",
    }


def test_what_only_the_tests_need_is_not_in_the_image() -> None:
    assert not {"pytest", "hypothesis", "ruff", "mypy"} & set(locked())


# --- the Dockerfile ----------------------------------------------------------------------------


def test_everything_that_the_image_takes_is_there_and_not_ignored() -> None:
    lines = (CHECKOUT / ".dockerignore").read_text().split()
    kept = [line[1:] for line in lines if line.startswith("!")]
    assert set(copied()) == set(kept)
    for source in copied():
        assert (CHECKOUT / source).exists(), source


def test_the_packages_come_before_the_code() -> None:
    assert DOCKERFILE.index("COPY ${LOCK}") < DOCKERFILE.index("COPY ncmc")
    assert DOCKERFILE.index("COPY ncmc") < DOCKERFILE.index("ARG NCMC_COMMIT")


def test_the_image_says_which_commit_it_holds() -> None:
    label = DOCKERFILE.index('org.opencontainers.image.revision="${NCMC_COMMIT}"')
    assert DOCKERFILE.index("ARG NCMC_COMMIT") < label


def test_every_package_of_the_project_is_in_the_image() -> None:
    wheel = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert set(wheel["targets"]["wheel"]["packages"]) <= set(copied())


def test_the_base_is_named_by_its_digest() -> None:
    assert re.search(r"^ARG BASE_IMAGE=\S+@sha256:[0-9a-f]{64}$", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", FILES)
def test_no_file_names_a_host(name: str) -> None:
    assert not re.search(r"https?://|[a-z0-9-]+\.(io|com|org|net)\b", (CHECKOUT / name).read_text())


# --- the workflow ------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.parent.name)
def test_profiles_agree_where_they_do_not_mean_to_differ(profile: Path) -> None:
    default = yaml.safe_load((CHECKOUT / "profiles/default/config.yaml").read_text())
    other = yaml.safe_load(profile.read_text())
    for key in default.keys() - {"resources"}:
        assert other[key] == default[key], key
    assert "dvc=1" in other["resources"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The workflow in a folder of its own, beside a dummy that notes how Apptainer is called."""
    root: Path = copy_workflow(tmp_path / "project")
    (root / "ncmc.sif").touch()
    dummy = tmp_path / "bin" / "apptainer"
    dummy.parent.mkdir()
    dummy.write_text(
        "#!/bin/bash\n"
        '[ "$1" = --version ] && exec echo apptainer version 1.3.0\n'
        f'printf "%s\\n" "$*" >> {tmp_path}/calls\n'
        'exec bash -c "${@: -1}"\n'
    )
    dummy.chmod(0o755)
    return root


def in_the_image(project: Path, *arguments: str) -> str:
    """Run Snakemake with the dummy first on the PATH; what it printed."""
    done = snakemake(
        project,
        "--use-singularity",
        *arguments,
        PATH=f"{project.parent}/bin{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}",
        NCMC_ROOT=str(project),
        CUDA_VISIBLE_DEVICES="3,1",
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.mark.slow
def test_every_job_starts_in_the_image_that_the_configuration_names(project: Path) -> None:
    split = "data/splits/digits/tau=0.02/default/manifest.json"
    image = project.parent / "image-of-mine"
    image.touch()
    in_the_image(project, "--cores", "1", split, "--config", f"container={image}")
    lines = (project.parent / "calls").read_text().splitlines()
    calls = [call for call in lines if call.startswith("exec")]
    assert [re.search(r"ncmc (\w+)", call)[1] for call in calls] == ["fetch", "split"]  # type: ignore[index]
    for call in calls:
        assert fnmatch(call, f"exec --home {project} --nv --cleanenv * {image} bash -c *")
        assert " --env=CUDA_VISIBLE_DEVICES=3,1 " in call
        assert f" --env=NCMC_IMAGE={preflight.image_digest(str(image))} " in call
    assert (project / split).exists()


@pytest.mark.parametrize("profile", ["default", "gpu"])
def test_a_profile_plans_with_the_image(project: Path, profile: str) -> None:
    told = in_the_image(project, "-n", "--cores", "1", "--workflow-profile", profile, "smoke")
    assert "train" in told
