"""The digest of a run's code: changed by what the code does, and by nothing else."""

import shutil
from pathlib import Path

import pytest
from conftest import CHECKOUT, here

from ncmc.errors import UserError
from ncmc.plan import catalog
from ncmc.plan.code_digest import code_digest


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the rooms whose code is followed, which the program looks into."""
    for room in ("methods", "backbones", "formulas"):
        shutil.copytree(CHECKOUT / "ncmc" / room, tmp_path / "ncmc" / room)
    monkeypatch.setattr(catalog, "PACKAGE", tmp_path / "ncmc")
    return tmp_path / "ncmc"


def digest(method: str = "CAL", backbone: str = "resnet8") -> str | None:
    return code_digest(here(), backbone, method)


@pytest.mark.parametrize(
    "file",
    [
        "methods/cal.py",
        "methods/_multi_center.py",  # imported by it
        "methods/base.py",  # imported by its package
        "backbones/resnet8.py",
        "backbones/_resnet.py",
        "formulas/losses.py",
    ],
)
def test_code_that_a_run_uses_changes_its_digest(package: Path, file: str) -> None:
    before = digest()
    with (package / file).open("a") as text:
        text.write("\nA_NUMBER = 3\n")
    assert digest() != before


@pytest.mark.parametrize("file", ["methods/setf.py", "backbones/resnet50.py"])
def test_code_that_it_does_not_use_does_not(package: Path, file: str) -> None:
    before = digest()
    with (package / file).open("a") as text:
        text.write("\nA_NUMBER = 3\n")
    assert digest() == before


def test_comments_docstrings_and_layout_do_not_count(package: Path) -> None:
    path = package / "methods" / "own.py"
    path.write_text('"""One."""\nfrom ncmc.methods import ce\n\n\ndef f(x):\n    return (x + 1)\n')
    before = digest("OWN")
    path.write_text(
        '"""Two."""\nfrom ncmc.methods import ce\n\n\ndef f(x):\n    """Says."""\n'
        "    # one more\n    return x + \\\n        1\n"
    )
    assert digest("OWN") == before
    path.write_text('"""Two."""\nfrom ncmc.methods import ce\n\n\ndef f(x):\n    return x + 2\n')
    assert digest("OWN") != before


def test_imports_are_followed_wherever_and_however_they_stand(package: Path) -> None:
    helper = package / "methods" / "_helper.py"
    for line in (
        "from ncmc.methods import _helper",
        "from ncmc.methods._helper import X",
        "import ncmc.methods._helper",
        "from . import _helper",
        "from ._helper import X",
        "def f():\n    from ncmc.methods import _helper",
    ):
        (package / "methods" / "own.py").write_text(line + "\n")
        found = []
        for value in (1, 2):
            helper.write_text(f"X = {value}\n")
            found.append(digest("OWN"))
        assert found[0] != found[1], line


def test_a_method_without_a_file_has_none() -> None:
    assert digest("NOPE") is None


def test_a_file_that_is_not_python_is_named(package: Path) -> None:
    (package / "methods" / "own.py").write_text("def f(:\n")
    with pytest.raises(UserError, match=r"own\.py is not valid Python"):
        digest("OWN")
