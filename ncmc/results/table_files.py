"""A table's files: table.json (everything), table.csv (a line a cell), table.md, table.tex."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ncmc import paths
from ncmc.plan.option_text import format_value
from ncmc.results.reference_numbers import ReferenceEntry, reference_words
from ncmc.results.table_data import BEST_IS_LAST, CellEntry, TableData
from ncmc.results.table_latex import as_latex
from ncmc.results.table_layout import layout
from ncmc.results.wording import counted, make_command, plural, plus_minus, printed, sentence
from ncmc.system import files

MEANING = (
    "Top-1 accuracy in percent on the balanced test set after the last epoch, mean ± sample "
    "standard deviation over seeds"
)
BEST = "; best: at the best test epoch, a selection on the test set (assumption A8)."
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs what begins with one
MARKDOWN = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;"} | {sign: f"\\{sign}" for sign in "\\`*|[]"}
)


def write_table(table: TableData, folder: Path) -> list[Path]:
    """Write the files into `folder`; their paths. Raises UserError if that fails."""
    texts = {
        paths.TABLE_CSV: as_csv(table),
        paths.TABLE_JSON: as_json(table),
        paths.TABLE_MARKDOWN: as_markdown(table),
        paths.TABLE_LATEX: as_latex(table),
    }
    written = []
    for template, text in texts.items():
        written.append(folder / Path(template).name)
        files.write_atomic(written[-1], text)
    return written


# --- JSON and CSV ------------------------------------------------------------------------------


def as_json(table: TableData) -> str:
    """The table as JSON text."""
    body = table.model_dump(mode="json", by_alias=True)
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def as_csv(table: TableData) -> str:
    """One line a cell; what is not known or not measured stays empty."""
    return csv_of([_csv_row(cell) for cell in table.cells])


def csv_of(rows: Sequence[Mapping[str, Any]], exact: bool = False) -> str:
    """Rows with equal keys as CSV with a header; nothing without rows. `exact`: see `csv_text`."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: csv_text(v, exact) for key, v in row.items()} for row in rows)
    return out.getvalue()


def _csv_row(cell: CellEntry) -> dict[str, str]:
    """A cell as columns: nested keys joined by `_`, lists by spaces."""
    row: dict[str, str] = {}
    for key, value in cell.model_dump().items():
        if key in ("coords", "missing_runs"):  # its label and the seeds say them
            continue
        if key == "unusable":
            row[key] = " ".join(str(entry.seed) for entry in cell.unusable)
            continue
        if key == "options":
            options = [f"{name}={format_value(option)}" for name, option in value.items()]
            row[key] = csv_text(",".join(options))
        elif key == "references":
            row |= _reference_columns(cell.references)
        elif key == "interval":
            row["low"], row["high"] = (csv_text(bound) for bound in value or (None, None))
        elif isinstance(value, Mapping):
            row |= {f"{key}_{inner}": csv_text(entry) for inner, entry in value.items()}
        elif isinstance(value, tuple):
            row[key] = " ".join(csv_text(entry) for entry in value)
        else:
            row[key] = csv_text(value)
    return row


def _reference_columns(references: Sequence[ReferenceEntry]) -> dict[str, str]:
    """The numbers that others report for a cell, who they are, and which of them count."""
    return {
        "references": " ".join(csv_text(entry.value) for entry in references),
        "references_from": csv_text(
            "; ".join(f"{entry.id}: {entry.source}, {entry.place}" for entry in references)
        ),
        "references_remarks": "; ".join(f"{entry.id}: {entry.remark}" for entry in references),
    }


def csv_text(value: Any, exact: bool = False) -> str:
    """A value in a CSV file: nothing for None, four digits, and no formula for a spreadsheet to run.

    `exact`: with all digits.
    """
    if value is None:
        return ""
    if isinstance(value, float) and not exact:
        return f"{value:.4f}".rstrip("0").rstrip(".")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_SIGNS) else text


# --- Markdown ----------------------------------------------------------------------------------


def as_markdown(table: TableData) -> str:
    """The table for people: `last`, `best` and the paper's number in each cell; what is missing."""
    return "\n".join(_markdown_lines(table)) + "\n"


def markdown_text(text: str) -> str:
    """Text from outside as it reads, in one line: no HTML, no link, no cell's end."""
    return " ".join(text.split()).translate(MARKDOWN)


def _markdown_lines(table: TableData) -> Iterator[str]:
    shown = layout(table)
    yield f"# {markdown_text(table.title)}"
    yield ""
    best = BEST if "best" in table.measures else f". {BEST_IS_LAST}"
    yield f"{markdown_text(sentence(table.where))} {MEANING}{best}"
    if table.banner:
        yield ""
        yield f"**{markdown_text(table.banner)}**"
    yield ""
    yield markdown_row(markdown_text(text) for text in (*shown.stub, *shown.headings))
    yield markdown_row(["---"] * len(shown.stub) + ["---:"] * len(shown.headings))
    for row in shown.rows:
        labels = [markdown_text(label) for label in row.labels]
        yield markdown_row([*labels, *(_markdown_cell(table, cell) for cell in row.cells)])
    for note in table.notes:
        yield ""
        yield markdown_text(note)
    if missing := [run for cell in table.cells for run in cell.missing_runs]:
        yield ""
        yield f"Missing runs, all made by `{make_command(table.table, table.paper)}`:"
        yield ""
        yield from (f"- `{run}`" for run in missing)


def _markdown_cell(table: TableData, cell: CellEntry | None) -> str:
    if cell is None:
        return "not planned"
    parts = [plus_minus(cell.last)] if cell.n else ["no record"]
    if cell.n and "best" in table.measures:
        parts.append(f"*best* {plus_minus(cell.best)}")
    if table.scale == "paper":
        parts.append(f"paper: {markdown_text(printed(cell.paper))}")
    if cell.references:
        parts.append(f"others: {markdown_text(reference_words(cell.references))}")
    if cell.n and not cell.complete:
        parts.append(counted(cell.n, cell.planned))
    elif cell.n > table.seeds:  # at a later look than others may be
        parts.append(plural(cell.n, "seed"))
    return "; ".join(parts)


def markdown_row(parts: Iterable[str]) -> str:
    """A row of a table in Markdown; the parts are Markdown themselves (`markdown_text`)."""
    return f"| {' | '.join(parts)} |"
