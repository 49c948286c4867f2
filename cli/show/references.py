"""Numbers that others report beside ours, in the terminal."""

from collections.abc import Sequence

from cli.show.grids import console, literal, print_grid
from ncmc.results.reference_numbers import ReferenceEntry, difference_words, stated_words
from ncmc.results.table_data import CellEntry, MeanEntry, TableData
from ncmc.results.wording import plus_minus
from ncmc.verdicts.kinds.references import reference_verdict
from ncmc.verdicts.verdict import Verdict

COLUMNS = ("cell", "theirs", "ours", "ours minus theirs", "verdict")
CAPTION = (
    "accuracy in %; best*: at the best epoch, because theirs is not known. Intervals count the error "
    "of both sides; what they do not state is assumed. The numbers: config/paper/references.csv"
)


def print_references(table: TableData, verdicts: Sequence[Verdict]) -> None:
    """Every number that others report for a table's cells; nothing if there is none."""
    rows = [
        (cell.label, *_numbers(cell, entry), reference_verdict(entry, cell.label, verdicts))
        for cell in table.cells
        for entry in cell.references
    ]
    if not rows:
        return
    print_grid(COLUMNS, rows, f"{table.table}: numbers of others")
    console().print(literal(CAPTION))
    for other in table.uncompared:
        console().print(literal(f"Not compared: {', '.join(other.ids)}: {other.why}"))


def references_json(table: TableData, verdicts: Sequence[Verdict]) -> dict[str, object]:
    """The same for a program: each number with its cell and verdict; what is not compared."""
    numbers = [
        {
            "cell": cell.label,
            **entry.model_dump(mode="json"),
            "ours": _ours(cell, entry).model_dump(mode="json"),
            "verdict": reference_verdict(entry, cell.label, verdicts),
        }
        for cell in table.cells
        for entry in cell.references
    ]
    others = [other.model_dump(mode="json") for other in table.uncompared]
    return {"references": numbers, "uncompared": others} if numbers or others else {}


def _ours(cell: CellEntry, entry: ReferenceEntry) -> MeanEntry:
    """Our accuracy that a number is compared with."""
    return cell.last if entry.measure == "last" else cell.best


def _numbers(cell: CellEntry, entry: ReferenceEntry) -> tuple[str, str, str]:
    """Theirs with its source, ours, and the difference with its interval."""
    return (
        f"{stated_words(entry)} ({entry.id}, {entry.source})",
        f"{entry.compared_with} {plus_minus(_ours(cell, entry))}",
        difference_words(entry),
    )
