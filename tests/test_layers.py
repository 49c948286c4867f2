"""Imports run one way, and what runs on a laptop needs no torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "ncmc"
# Each may import those before it (design: from places and files to pictures and pages).
ORDER = """
errors paths files interrupts memory devices threads config recipes catalog grid statistics reference
records digests store archives transfer pictures streamed arrays readers download fetch datasets splits
cost_guess preflight team frames losses backbones methods loaders synced schedule metrics models evaluate
checkpoint steps parallel training rehearsal faults resume train cost theory
tables curves checks verdicts compare observe verify targets figures report
""".split()
TORCH_FREE = """
catalog grid records reference datasets fetch splits tables checks verify targets figures report
cost_guess preflight
""".split()


def imported(path: Path) -> set[str]:
    """The modules of ncmc that a file imports when it is imported itself."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module == "ncmc":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ncmc."):
            found.add(str(node.module).split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("ncmc.")}
    return found


def module_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_module_has_its_place_in_the_order() -> None:
    found = {module_of(p) for p in PACKAGE.rglob("*.py")} - {"__init__"}
    assert found == set(ORDER)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.name)
def test_imports_run_from_right_to_left(path: Path) -> None:
    module = module_of(path)
    if module == "__init__":
        return
    allowed = {*ORDER[: ORDER.index(module)], module, "__init__"}
    assert imported(path) <= allowed, f"{module} imports {imported(path) - allowed}"


def test_results_are_read_and_shown_without_torch() -> None:
    code = f"import sys; from ncmc import {', '.join(TORCH_FREE)}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
