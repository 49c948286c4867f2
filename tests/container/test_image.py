"""The image, built and run: `pytest -m container -n 0` (docs/container.md, which says what is needed).

It takes minutes. BUILDER and ENGINE are those of tools/image.sh. NCMC_SIF names a .sif that is there
already, made of the image `ncmc-test`.
"""

import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from calls import BIN, copy_workflow
from conftest import CHECKOUT

from ncmc.plan.code_digest import code_of
from ncmc.plan.run import make_run
from ncmc.project import Project

pytestmark = pytest.mark.container

TAG = "ncmc-test"
OTHER = pwd.getpwnam("nobody").pw_uid  # a user with a name: Snakemake asks for it
LINE = ("snakemake", "--cores", "all", "--use-singularity", "smoke")
TEST = re.compile(r"(?<!un)test")  # verdicts/kinds/untestable.py is none
SECRETS = ("TOKEN", "SECRET", "PASSWORD", "KEY", "PROXY", "INDEX", "CERT")


def call(*command: str | Path, **more: Any) -> str:
    """What a program printed; the test fails with its last words if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def engine() -> str:
    found = os.environ.get("ENGINE") or shutil.which("docker") or shutil.which("podman")
    return found or pytest.fail("neither docker nor podman is there")


@pytest.fixture(scope="session")
def sif(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image of this checkout, as one file."""
    if not shutil.which("apptainer"):
        pytest.fail("apptainer is not there")
    if given := os.environ.get("NCMC_SIF"):
        return Path(given).resolve()
    file = tmp_path_factory.mktemp("image") / "ncmc.sif"
    call(CHECKOUT / "tools/image.sh", TAG, file)
    return file


@pytest.fixture(scope="session")
def image(sif: Path) -> str:
    """Its name, once it is built."""
    return TAG


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """A folder that every user may enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="ncmc-image-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def by_host(root: Path) -> dict[str, Any]:
    """The records of the smoke run as this environment makes them."""
    project = a_project(root / "host")
    call(BIN / "snakemake", "--cores", "all", "smoke", cwd=project, env=environment())
    return records(project)


def a_project(where: Path) -> Path:
    """The workflow in a folder of its own; its smoke run of two epochs and one seed."""
    project: Path = copy_workflow(where)
    path = project / "papers" / "ncmc" / "smoke.yaml"
    text = path.read_text().replace("seeds: {value: 5", "seeds: {value: 1")
    path.write_text(text.replace("dataset: [digits]", "dataset: [digits]\n      epochs: [2]"))
    return project


def environment(**more: str) -> dict[str, str]:
    """This one, without what would choose another project or image."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NCMC_")}
    return kept | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"} | more


def records(project: Path) -> dict[str, Any]:
    """Run -> its record."""
    found = {}
    for path in project.glob("results/runs/**/record.json"):
        record = json.loads(path.read_text())
        found[str(path.relative_to(project))] = record
    assert len(found) == 5
    return found


def without_provenance(found: dict[str, Any]) -> dict[str, Any]:
    return {run: {k: v for k, v in record.items() if k != "made"} for run, record in found.items()}


def check(found: dict[str, Any], by_host: dict[str, Any], sif: Path) -> None:
    """Records of the image are the host's, and say which image made them."""
    assert without_provenance(found) == without_provenance(by_host)
    sum_of_it = call("sha256sum", sif).split()[0]
    for run, record in found.items():
        assert record["made"]["image"] == f"sha256:{sum_of_it}", run
        assert record["made"]["git"]["dirty"] is None  # there is no git in the image
        assert by_host[run]["made"].get("image") is None


# --- the image itself -----------------------------------------------------------------------------


def test_the_image_holds_neither_tests_nor_secrets(engine: str, image: str) -> None:
    listed = call(
        *(engine, "run", "--rm", "--user", "0", "--entrypoint", "find", image),
        *("/opt/app", "/opt/venv/lib", "/project", "/tmp", "/root", "/home", "-type", "f"),
    ).splitlines()  # fmt: skip
    own = [f for f in listed if f.startswith("/opt/app/") or "site-packages/ncmc" in f]
    assert any(f.endswith("/ncmc/jobs.py") for f in own)
    assert not [f for f in own if TEST.search(Path(f).name) or "/tests/" in f or "/.git" in f]
    assert not [f for f in listed if Path(f).name in (".netrc", "pip.conf", ".env", "id_rsa")]
    config = json.loads(call(engine, "image", "inspect", image))[0]["Config"]
    names = [line.partition("=")[0] for line in config["Env"]]
    official = {"GPG_KEY"}  # of the base: the release key of Python
    assert not [n for n in names if any(s in n.upper() for s in SECRETS) and n not in official]


def test_the_image_says_what_it_is_and_how_it_is(engine: str, image: str) -> None:
    config = json.loads(call(engine, "image", "inspect", image))[0]["Config"]
    labels = config["Labels"]
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    assert len(labels["org.opencontainers.image.revision"].removesuffix("-dirty")) == 40
    assert config["User"] not in ("", "root", "0")


def test_it_runs_read_only_as_anyone_and_finds_its_code_in_the_checkout(
    engine: str, image: str
) -> None:
    run = (engine, "run", "--rm", "--read-only", "--tmpfs", "/tmp", "--user", f"{OTHER}:{OTHER}")
    told = call(*run, "-v", f"{CHECKOUT}:/project:ro", image, "doctor")
    assert re.search(r"✓\W+torch\W+\d", told), told


# --- under Apptainer ------------------------------------------------------------------------------


def test_the_smoke_run_is_the_hosts_but_for_its_provenance(
    root: Path, sif: Path, by_host: dict[str, Any]
) -> None:
    project = a_project(root / "image")
    (project / "ncmc.sif").symlink_to(sif)
    where = environment(APPTAINER_BIND=str(sif.parent))
    call(BIN / LINE[0], *LINE[1:], cwd=project, env=where)
    found = records(project)
    check(found, by_host, sif)
    code = code_of(Project(project), make_run("digits", 0.02, "resnet8", "CE"))
    assert code
    assert code.model_dump() in [record["made"]["code"] for record in found.values()]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_gets_the_same(root: Path, sif: Path, by_host: dict[str, Any]) -> None:
    """By an environment that this user can read: OTHER_BIN, where this one lies in a closed home."""
    project = a_project(root / "other")
    shutil.copy(sif, project / "ncmc.sif")
    (project / "ncmc.sif").chmod(0o644)
    call("chown", "-R", f"{OTHER}:{OTHER}", project)
    programs = os.environ.get("OTHER_BIN", str(BIN))
    where = environment(PATH=f"{programs}{os.pathsep}{os.environ['PATH']}", HOME=str(project))
    # In a namespace of its own, where /dev/fuse opens for everyone, as it does on a cluster.
    script = (
        "mount -t tmpfs tmpfs /mnt && mknod /mnt/fuse c 10 229 && chmod 666 /mnt/fuse && "
        "mount --bind /mnt/fuse /dev/fuse && "
        f"exec setpriv --reuid={OTHER} --regid={OTHER} --clear-groups {' '.join(LINE)}"
    )
    call("unshare", "--mount", "sh", "-c", script, cwd=project, env=where)
    check(records(project), by_host, sif)
