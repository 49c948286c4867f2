"""`untestable`: a clause of a claim that no run of ours can decide."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ncmc.results.cells import Cell
from ncmc.verdicts.check import Cells, Selector
from ncmc.verdicts.verdict import Finding


class Untestable(Cells):
    """Never holds and never differs; `why` says what is missing to test it."""

    kind: Literal["untestable"]
    cells: Selector = Field(default={})  # every cell of the table: none decides
    measure: Literal["best"] = "best"
    why: Annotated[str, StringConstraints(min_length=1)]

    def judge(self, cells: Sequence[Cell]) -> list[Finding]:
        """One finding, with the reason."""
        return [Finding(label=self.id, status="not testable", why=self.why)]
