"""Imports run one way, and the left wing needs no torch (pyproject.toml, [tool.importlinter])."""

import subprocess
import sys
import tomllib

from conftest import CHECKOUT

CONTRACTS = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
ROOMS = CONTRACTS[0]["layers"]
LEFT_WING = ROOMS[ROOMS.index("formulas") + 1 :]


def test_no_room_of_the_left_wing_is_left_out_of_the_contract_on_torch() -> None:
    assert CONTRACTS[1]["source_modules"] == [f"ncmc.{room}" for room in LEFT_WING]


def test_the_left_wing_is_imported_without_torch() -> None:
    """Every module of it, by name: this also sees what import-linter cannot, such as importlib."""
    files = (CHECKOUT / "ncmc").rglob("*.py")
    parts = [file.relative_to(CHECKOUT).with_suffix("").parts for file in files]
    modules = [".".join(p) for p in sorted(parts) if p[1] in LEFT_WING and p[-1] != "__init__"]
    assert len(modules) > 40
    code = f"import sys, {', '.join(modules)}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
