"""The wheel: one package, whose command says outside of a checkout what it needs."""

import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import CHECKOUT

pytestmark = pytest.mark.skipif(find_spec("hatchling") is None, reason="needs hatchling")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files, as an installer lays them."""
    place = tmp_path_factory.mktemp("wheel")
    built = ("-m", "hatchling", "build", "--target", "wheel", "--directory", str(place))
    subprocess.run([sys.executable, *built], cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "site")
    return place / "site"


def run(site: Path, where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command, with this environment's packages and not the checkout's."""
    code = (
        f"import sys; sys.path = [{str(site)!r}, *(p for p in sys.path if p != {str(CHECKOUT)!r})]\n"
        "from ncmc.__main__ import app; app()"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "NCMC_ROOT")}
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_has_one_package(installed: Path) -> None:
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {"ncmc"}
    for part, place in (("ncmc", "ncmc"), ("cli", "ncmc/cli"), ("papers", "ncmc/papers")):
        files = [f for f in (CHECKOUT / part).rglob("*") if f.is_file() and f.suffix != ".pyc"]
        for file in files:
            copy = installed / place / file.relative_to(CHECKOUT / part)
            assert copy.read_bytes() == file.read_bytes(), copy


@pytest.mark.slow
def test_the_command_works_on_a_project_and_says_elsewhere_what_it_needs(
    installed: Path, configured: Path, tmp_path: Path
) -> None:
    listed = run(installed, configured, "list", "tables", "--json")
    assert (listed.returncode, '"smoke"' in listed.stdout) == (0, True), listed.stderr
    methods = run(installed, configured, "list", "methods").stdout
    assert "ncmc/papers/ldam-drw/methods/ce_drw.py" in methods.replace("\n", "")
    refused = run(installed, tmp_path, "list", "tables")
    assert refused.returncode == 2
    assert "Start ncmc inside its checkout, or set NCMC_ROOT to it." in refused.stderr
