"""What a figure says of itself, so that it can stand alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from ncmc.plan.grid import Table
from ncmc.results.cells import Cell
from ncmc.results.wording import plural, sentence

INTERVAL = "lines are 95 % intervals of the mean over seeds"
BAND = "lines are means over seeds, bands reach from the lowest seed to the highest"


@dataclass(frozen=True)
class Captions:
    """What all captions of a table's figures have in common."""

    table: Table
    cells: Sequence[Cell]
    banner: str | None  # what must be said over a table that is not the paper's

    def of(self, *parts: str) -> str:
        """Sentences, then the table, its seeds, and what is missing or not the paper's."""
        table = self.table
        return " ".join(
            [
                *(sentence(part) for part in parts if part),
                sentence(f"{table.name}, {table.title} ({table.where})"),
                sentence(self.seeds),
                *([self.banner] if self.banner else []),
            ]
        )

    @property
    def seeds(self) -> str:
        """How many seeds there are, and how many are missing."""
        counts = sorted({cell.n for cell in self.cells if cell.n})
        words = (
            plural(counts[0], "seed")
            if counts[0] == counts[-1]
            else (f"{counts[0]} to {plural(counts[-1], 'seed')}")
        )
        missing = sum(cell.planned - cell.n for cell in self.cells)
        have = "has" if missing == 1 else "have"
        lacking = f"; {missing} of {plural(len(self.table.runs), 'run')} {have} no record"
        return f"{words} a line or field" + (lacking if missing else "")
