"""Figures as files: images on white, the numbers as CSV, and the caption."""

import csv
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path

from ncmc.errors import UsageError
from ncmc.figures.figure import Figure
from ncmc.figures.painting import images
from ncmc.system import files

FORMATS = ("svg", "png", "pdf")


def parse_formats(text: str) -> tuple[str, ...]:
    """`svg,png` as the formats that it names, each once. Raises UsageError for another."""
    named = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    if not set(named) <= set(FORMATS):
        wrong = next(name for name in named if name not in FORMATS)
        raise UsageError(f"unknown format '{wrong}' of figures; allowed: {', '.join(FORMATS)}.")
    return named


def write_figures(
    figures: Sequence[Figure],
    folder: Path,
    formats: Sequence[str] = FORMATS,
    titled: bool = True,
) -> list[Path]:
    """Write each figure as NAME.svg, .png and .pdf, its NAME.csv and its caption, NAME.txt.

    The paths of all. Raises UserError if a file cannot be written.
    """
    written = []
    for figure in figures:
        contents: dict[str, str | bytes] = {**images(figure, formats, titled)}
        contents |= {"csv": as_csv(figure), "txt": f"{figure.title}. {figure.words}\n"}
        for ending, content in contents.items():
            written.append(folder / f"{figure.name}.{ending}")
            files.write_atomic(written[-1], content)
    return written


def as_csv(figure: Figure) -> str:
    """The numbers that a figure draws, a line per row, the panel first if there are several."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    many = len(figure.panels) > 1
    fields = [entry.name for entry in dataclasses.fields(figure.rows[0])]
    writer.writerow([*(["panel"] if many else []), *fields])
    for panel in figure.panels:
        for row in panel.rows:
            values = [_csv_value(getattr(row, name)) for name in fields]
            writer.writerow([*([_csv_value(panel.title)] if many else []), *values])
    return out.getvalue()


def _csv_value(value: object) -> object:
    """A value as a spreadsheet takes it for what it is: text that begins a formula gets a quote."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return "" if value is None else value
