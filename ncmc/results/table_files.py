"""A table's files: table.json (everything), table.csv (a line per cell), table.md, table.tex."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ncmc import paths
from ncmc.plan.option_text import format_value
from ncmc.results.cells import Cell
from ncmc.results.table_data import BEST_IS_LAST, TableData, cell_json, table_json
from ncmc.results.table_latex import as_latex
from ncmc.results.table_layout import layout
from ncmc.results.wording import counted, make_command, plural, plus_minus, printed, sentence
from ncmc.system import documents, files

MEANING = (
    "Top-1 accuracy in percent on the balanced test set after the last epoch, mean ± sample "
    "standard deviation over seeds"
)
BEST = "; best: at the best test epoch, a selection on the test set (assumption A8)."
DIGITS = 4  # after the point, in CSV
MARKDOWN = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;"} | {sign: f"\\{sign}" for sign in "\\`*|[]"}
)


def write_table(data: TableData, folder: Path) -> list[Path]:
    """Write the files into `folder`; their paths. Raises UserError if that fails."""
    texts = {
        paths.TABLE_CSV: as_csv(data),
        paths.TABLE_JSON: as_json(data),
        paths.TABLE_MARKDOWN: as_markdown(data),
        paths.TABLE_LATEX: as_latex(data),
    }
    written = []
    for template, text in texts.items():
        written.append(folder / Path(template).name)
        files.write_atomic(written[-1], text)
    return written


# --- JSON and CSV ------------------------------------------------------------------------------


def as_json(data: TableData) -> str:
    """The table as JSON text."""
    return json.dumps(table_json(data), indent=1, ensure_ascii=False) + "\n"


def as_csv(data: TableData) -> str:
    """One line per cell; what is not known or not measured stays empty."""
    return documents.as_csv([_csv_row(cell) for cell in data.cells], DIGITS)


def _csv_row(cell: Cell) -> dict[str, object]:
    """A cell as columns: nested keys joined by `_`, lists by spaces."""
    row: dict[str, object] = {}
    for key, value in cell_json(cell).items():
        if key in ("coords", "missing_runs"):  # its label and the seeds say them
            continue
        if key == "unusable":
            row[key] = _spaced(entry.run.seed for entry in cell.unusable)
        elif key == "options":
            row[key] = ",".join(f"{name}={format_value(v)}" for name, v in value.items())
        elif key == "interval":
            row["low"], row["high"] = value or (None, None)
        elif isinstance(value, Mapping):
            row |= {f"{key}_{inner}": entry for inner, entry in value.items()}
        else:
            row[key] = _spaced(value) if isinstance(value, tuple) else value
    return row


def _spaced(values: Iterable[object]) -> str:
    return " ".join(documents.csv_text(value, DIGITS) for value in values)


# --- Markdown ----------------------------------------------------------------------------------


def as_markdown(data: TableData) -> str:
    """The table for people: `last`, `best` and the paper's number in each cell; what is missing."""
    return "\n".join(_markdown_lines(data)) + "\n"


def markdown_text(text: str) -> str:
    """Text from outside as it reads, in one line: no HTML, no link, no cell's end."""
    return " ".join(text.split()).translate(MARKDOWN)


def _markdown_lines(data: TableData) -> Iterator[str]:
    table, shown = data.table, layout(data)
    yield f"# {markdown_text(table.title)}"
    yield ""
    best = BEST if "best" in data.measures else f". {BEST_IS_LAST}"
    yield f"{markdown_text(sentence(table.where))} {MEANING}{best}"
    if data.banner:
        yield ""
        yield f"**{markdown_text(data.banner)}**"
    yield ""
    yield markdown_row(markdown_text(text) for text in (*shown.stub, *shown.headings))
    yield markdown_row(["---"] * len(shown.stub) + ["---:"] * len(shown.headings))
    for row in shown.rows:
        labels = [markdown_text(label) for label in row.labels]
        yield markdown_row([*labels, *(_markdown_cell(data, cell) for cell in row.cells)])
    for note in data.notes:
        yield ""
        yield markdown_text(note)
    if missing := [run.id for cell in data.cells for run in cell.missing]:
        yield ""
        yield f"Missing runs, all made by `{make_command(table.name, table.paper)}`:"
        yield ""
        yield from (f"- `{run}`" for run in missing)


def _markdown_cell(data: TableData, cell: Cell | None) -> str:
    if cell is None:
        return "not planned"
    parts = [plus_minus(cell.last)] if cell.n else ["no record"]
    if cell.n and "best" in data.measures:
        parts.append(f"*best* {plus_minus(cell.best)}")
    if data.table.scale == "paper":
        parts.append(f"paper: {markdown_text(printed(cell.paper))}")
    if cell.n and not cell.complete:
        parts.append(counted(cell.n, cell.planned))
    elif cell.n > data.table.seeds:  # at a later look than others may be
        parts.append(plural(cell.n, "seed"))
    return "; ".join(parts)


def markdown_row(parts: Iterable[str]) -> str:
    """A row of a table in Markdown; the parts are Markdown themselves (`markdown_text`)."""
    return f"| {' | '.join(parts)} |"
