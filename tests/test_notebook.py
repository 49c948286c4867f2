"""docs/smoke.ipynb: its cells run in order, and what is stored below them is what they print."""

import json
import shutil
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT

pytest.importorskip("torch", reason="the notebook trains")

NOTEBOOK = CHECKOUT / "docs" / "smoke.ipynb"
PUBLISHED = "results/published/smoke"


def code_cells() -> list[dict[str, Any]]:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.slow
def test_each_cell_prints_what_is_stored_below_it(configured: Path) -> None:
    """If not: run all cells in Jupyter, in a checkout without records of its own, and save."""
    shutil.copytree(CHECKOUT / PUBLISHED, configured / PUBLISHED)
    space: dict[str, Any] = {"__name__": "__main__"}
    for cell in code_cells():
        printed = StringIO()
        with redirect_stdout(printed):
            exec(compile("".join(cell["source"]), f"cell {cell['id']}", "exec"), space)
        assert printed.getvalue() == "".join(
            line for output in cell["outputs"] for line in output["text"]
        )


def test_nothing_but_printed_text_is_stored_in_the_order_of_the_cells() -> None:
    cells = code_cells()
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        kinds = {(output["output_type"], output["name"]) for output in cell["outputs"]}
        assert kinds == {("stream", "stdout")}
