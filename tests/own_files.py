"""Methods and backbones of a test's own, as files beside those of ncmc."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CHECKOUT, METHODS

from ncmc.plan import catalog

KINDS = ("methods", "backbones")


@pytest.fixture
def own_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of ncmc/methods and ncmc/backbones, whose additional files are found and imported."""
    import ncmc.backbones
    import ncmc.methods

    package = tmp_path / "ncmc"
    for kind, module in zip(KINDS, (ncmc.methods, ncmc.backbones), strict=True):
        shutil.copytree(CHECKOUT / "ncmc" / kind, package / kind)
        monkeypatch.setattr(module, "__path__", [*module.__path__, str(package / kind)])
    shutil.copytree(CHECKOUT / METHODS, tmp_path / METHODS)
    monkeypatch.setattr(catalog, "PACKAGE", package)
    before = set(sys.modules)
    yield package
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            room, _, file = name.rpartition(".")
            del sys.modules[name]
            vars(sys.modules[room]).pop(file, None)
