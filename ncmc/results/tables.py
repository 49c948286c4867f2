"""Records -> cells -> tables: mean and standard deviation over seeds, `last` and `best` (A8)."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncmc.errors import UserError
from ncmc.paper.printed_numbers import Number, number_for
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.option_text import format_value
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results import records
from ncmc.results.records import Record
from ncmc.results.statistics import Sample, against, sample
from ncmc.system import files

MEANING = (
    "Top-1 accuracy in percent on the balanced test set after the last epoch, mean ± sample "
    "standard deviation over seeds; best: at the best test epoch, a selection on the test set "
    "(assumption A8)."
)
RULES = ("thirds", "shots")  # the two usual definitions of the class groups
GROUPS = ("many", "medium", "few")
SCHEMA = 1


@dataclass(frozen=True)
class Cell:
    """What the seeds of one configuration measured. Accuracies in percent."""

    spec: CellSpec
    records: tuple[Record, ...]  # by seed
    missing: tuple[Run, ...]  # planned runs that have no record
    paper: Number | None = None  # the paper's number for this configuration, where it is known

    @property
    def n(self) -> int:
        """Seeds that have a record."""
        return len(self.records)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that have a record."""
        return tuple(record.run.seed for record in self.records)

    @property
    def complete(self) -> bool:
        """Whether every planned seed has a record."""
        return not self.missing

    @property
    def values_last(self) -> tuple[float, ...]:
        """Test accuracy after the last epoch, one a seed."""
        return tuple(r.result["accuracy"]["last"] for r in self.records)

    @property
    def values_best(self) -> tuple[float, ...]:
        """The best test accuracy over epochs, one a seed: selected on the test set (A8)."""
        return tuple(r.result["accuracy"]["best"] for r in self.records)

    @property
    def last(self) -> Sample | None:
        """Mean and sample standard deviation of `values_last`; None without a record."""
        return sample(self.values_last) if self.records else None

    @property
    def best(self) -> Sample | None:
        """Mean and sample standard deviation of `values_best`; None without a record."""
        return sample(self.values_best) if self.records else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % t interval of the mean of `values_last`; None below two seeds."""
        return against(self.last, 0.0).interval() if self.last else None

    @property
    def groups(self) -> dict[str, dict[str, float | None]]:
        """Mean accuracy of many, medium and few classes, under both definitions."""
        return {
            rule: {
                group: _mean(r.result["groups"][rule][group] for r in self.records)
                for group in GROUPS
            }
            for rule in RULES
        }

    @property
    def ece(self) -> float | None:
        """Mean expected calibration error (0 to 1)."""
        return _mean(r.result["ece"] for r in self.records)


def cells(project: Project, table: Table, results: Path | None = None) -> list[Cell]:
    """Every cell of a table. A run without a record is listed as missing.

    Raises UserError for a record that is damaged, of another run, or of another configuration.
    """
    return [cell(project, spec, table.seeds, results) for spec in table.cells]


def cell(project: Project, spec: CellSpec, seeds: int, results: Path | None = None) -> Cell:
    """The cell of seeds 0 .. seeds - 1. Raises UserError as `cells` does."""
    found, missing = [], []
    for run in spec.runs(seeds):
        path = records.path_of(project, run, results)
        if path.exists():
            found.append(_present(project, records.load(path), run, path))
        else:
            missing.append(run)
    return Cell(spec, tuple(found), tuple(missing), number_for(project, spec.run))


def _present(project: Project, record: Record, run: Run, path: Path) -> Record:
    """`record`, if it is of `run` as it is configured now."""
    if record.run != run:
        raise UserError(
            f"{path} is the record of {record.run.id}, not of {run.id}. "
            "Move it to its own folder, or delete it and run the training again."
        )
    if differing := records.differing_keys(project, record):
        raise UserError(
            f"{path} was made with another configuration: {'; '.join(differing)}. "
            f"Undo the change in config/, or delete {path.parent} and train it again: "
            f"{train_command(run)}"
        )
    return record


def train_command(run: Run) -> str:
    """The command that makes the record of `run`."""
    return f"ncmc train {run.id}"


def make_command(name: str) -> str:
    """The command that makes every record that a table and its checks need, and the table."""
    return f"uv run snakemake --cores all {name}"


# --- layout ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One row: its labels on the row axes, its cells; None where nothing is planned.

    `stubs` are the labels with the rows that each spans; 0 where a row above spans this one.
    """

    labels: tuple[str, ...]
    cells: tuple[Cell | None, ...]
    stubs: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Layout:
    """A table as it is shown, in the terminal, in Markdown and in HTML alike."""

    stub: tuple[str, ...]  # the row axes
    columns: tuple[tuple[str, ...], ...]  # labels on the column axes, one tuple a column
    rows: tuple[Row, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """The columns' labels in one line each."""
        return tuple(", ".join(column) for column in self.columns)

    @property
    def header(self) -> tuple[tuple[tuple[str, int], ...], ...]:
        """(label, columns spanned) of each header line, the outermost first."""
        return tuple(_spans(self.columns, depth) for depth in range(len(self.columns[0])))


def layout(table: Table, cells: Sequence[Cell]) -> Layout:
    """Rows and columns of a table, from its axes; an axis with one value names no rows."""
    stub = tuple(a for a in table.rows if len({c.spec.coord(a) for c in cells}) > 1)
    stub = stub or ("method",)
    by_place: dict[tuple[str, ...], dict[tuple[str, ...], Cell]] = {}
    columns: dict[tuple[str, ...], None] = {}
    for c in cells:
        column = tuple(heading(axis, c.spec.coord(axis)) for axis in table.columns)
        columns[column] = None
        by_place.setdefault(tuple(c.spec.coord(axis) for axis in stub), {})[column] = c
    ordered = sorted(columns, key=_rank(columns))
    ranked = sorted(by_place, key=_rank(by_place))
    spans = [_spans(ranked, depth) for depth in range(len(stub))]
    starts = [_starts(line) for line in spans]
    rows = tuple(
        Row(
            labels,
            tuple(by_place[labels].get(column) for column in ordered),
            tuple((labels[d], starts[d].get(place, 0)) for d in range(len(stub))),
        )
        for place, labels in enumerate(ranked)
    )
    return Layout(stub, tuple(ordered), rows)


def heading(axis: str, label: str) -> str:
    """A column's label: names stand alone, values name their axis (`tau 0.02`)."""
    return label if axis in ("dataset", "backbone", "method") else f"{axis} {label}"


def _rank(labels: Iterable[tuple[str, ...]]) -> Callable[[tuple[str, ...]], list[int]]:
    """A sorting key that keeps equal outer labels together, and else the order given."""
    first: dict[tuple[str, ...], int] = {}
    for position, path in enumerate(labels):
        for depth in range(len(path)):
            first.setdefault(path[: depth + 1], position)
    return lambda path: [first[path[: depth + 1]] for depth in range(len(path))]


def _spans(columns: Sequence[tuple[str, ...]], depth: int) -> tuple[tuple[str, int], ...]:
    spans: list[tuple[tuple[str, ...], int]] = []
    for column in columns:
        path = column[: depth + 1]
        if spans and spans[-1][0] == path:
            spans[-1] = (path, spans[-1][1] + 1)
        else:
            spans.append((path, 1))
    return tuple((path[-1], span) for path, span in spans)


def _starts(line: Sequence[tuple[str, int]]) -> dict[int, int]:
    """{position: length} of the spans of a line."""
    found, position = {}, 0
    for _, span in line:
        found[position] = span
        position += span
    return found


# --- words and files ---------------------------------------------------------------------------


def plus_minus(value: Sample | None) -> str:
    """`84.1 ± 0.5` in percent; one seed has no deviation, no seed is a dash."""
    if value is None:
        return "–"
    return f"{value.mean:.1f}" if value.std is None else f"{value.mean:.1f} ± {value.std:.1f}"


def printed(number: Number | None) -> str:
    """The paper's number with its place, or `not known`."""
    if number is None:
        return "not known"
    spread = "" if number.std is None else f" ± {number.std:.1f}"
    return f"{number.value:.1f}{spread} ({number.where})"


def counted(cell: Cell) -> str:
    """How many of the planned seeds there are: `5 seeds`, `2 of 3 seeds`."""
    planned = cell.n + len(cell.missing)
    plural = "" if planned == 1 else "s"
    return f"{planned} seed{plural}" if cell.complete else f"{cell.n} of {planned} seed{plural}"


def write(table: Table, cells: Sequence[Cell], folder: Path) -> list[Path]:
    """table.csv (a line a cell), table.json (everything), table.md (as shown). Raises UserError."""
    texts = {
        "table.csv": as_csv(table, cells),
        "table.json": json.dumps(as_json(table, cells), indent=1, ensure_ascii=False) + "\n",
        "table.md": as_markdown(table, cells),
    }
    for name, text in texts.items():
        files.write_atomic(folder / name, text)
    return [folder / name for name in texts]


def as_csv(table: Table, cells: Sequence[Cell]) -> str:
    """One line a cell; what is not known or not measured stays empty."""
    out = io.StringIO()
    rows = [_flat(entry) for entry in as_json(table, cells)["cells"]]
    writer = csv.DictWriter(out, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_json(table: Table, cells: Sequence[Cell]) -> dict[str, Any]:
    """The table as data: {schema, table, title, where, scale, seeds, cells: [...]}."""
    return {
        "schema": SCHEMA,
        "table": table.name,
        "title": table.title,
        "where": table.where,
        "scale": table.scale,
        "seeds": table.seeds,
        "unit": "percent top-1 accuracy on the balanced test set",
        "cells": [_entry(c) for c in cells],
    }


def _entry(cell: Cell) -> dict[str, Any]:
    run, paper, last, best = cell.spec.run, cell.paper, cell.last, cell.best
    return {
        "dataset": run.dataset,
        "tau": run.tau,
        "backbone": run.backbone,
        "method": run.method,
        "options": dict(run.options),
        "label": cell.spec.label,
        "n": cell.n,
        "seeds": list(cell.seeds),
        "missing": [run.seed for run in cell.missing],
        "last": {"mean": last and last.mean, "std": last and last.std},
        "interval": list(cell.interval) if cell.interval else None,
        "best": {"mean": best and best.mean, "std": best and best.std},
        "values_last": list(cell.values_last),
        "values_best": list(cell.values_best),
        **cell.groups,
        "ece": cell.ece,
        "paper": {
            "value": paper and paper.value,
            "std": paper and paper.std,
            "where": paper and paper.where,
        },
    }


def _flat(entry: Mapping[str, Any]) -> dict[str, str]:
    """An entry of the JSON as columns: nested keys joined by `_`, lists by spaces."""
    row: dict[str, str] = {}
    for key, value in entry.items():
        if key == "options":
            row[key] = ",".join(f"{k}={format_value(v)}" for k, v in value.items())
        elif key == "interval":
            row["low"], row["high"] = (_text(v) for v in value or (None, None))
        elif isinstance(value, Mapping):
            row |= {f"{key}_{inner}": _text(v) for inner, v in value.items()}
        elif isinstance(value, list):
            row[key] = " ".join(_text(v) for v in value)
        else:
            row[key] = _text(value)
    return row


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def as_markdown(table: Table, cells: Sequence[Cell]) -> str:
    """The table for people: `last`, `best` and the paper's number in each cell; what is missing."""
    return "\n".join(_markdown_lines(table, cells)) + "\n"


def _markdown_lines(table: Table, cells: Sequence[Cell]) -> Iterator[str]:
    shown = layout(table, cells)
    yield f"# {table.title}"
    yield ""
    yield f"{_sentence(table.where)} {MEANING}"
    if banner := reduced_banner(table, cells):
        yield ""
        yield f"**{banner}**"
    yield ""
    yield _line([*shown.stub, *shown.headings])
    yield _line(["---"] * len(shown.stub) + ["---:"] * len(shown.headings))
    for row in shown.rows:
        yield _line([*row.labels, *(_markdown_cell(table, c) for c in row.cells)])
    if any(c.missing for c in cells):
        yield ""
        yield f"Missing runs, all made by `{make_command(table.name)}`:"
        yield ""
        yield from (f"- `{run.id}`" for c in cells for run in c.missing)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _line(parts: Sequence[str]) -> str:
    return f"| {' | '.join(parts)} |"


def _markdown_cell(table: Table, cell: Cell | None) -> str:
    if cell is None:
        return "not planned"
    parts = [plus_minus(cell.last), f"*best* {plus_minus(cell.best)}"] if cell.n else ["no record"]
    if table.scale == "paper":
        parts.append(f"paper: {printed(cell.paper)}")
    if cell.n and not cell.complete:
        parts.append(counted(cell))
    return "; ".join(parts)


def reduced_banner(table: Table, cells: Sequence[Cell]) -> str | None:
    """What must be said over a table that is not at the paper's scale."""
    if table.scale == "paper":
        return None
    datasets = _names(c.spec.run.dataset for c in cells)
    backbones = _names(c.spec.run.backbone for c in cells)
    return f"Reduced scale: {datasets}, {backbones}. Not the paper's table."


def _names(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
