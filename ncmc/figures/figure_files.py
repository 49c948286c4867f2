"""Figures as files: images on white, the numbers as CSV, and the caption."""

from collections.abc import Sequence
from pathlib import Path

from ncmc.errors import UsageError
from ncmc.figures.figure import Figure
from ncmc.figures.painting import images
from ncmc.system import documents, files

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

    The paths of all; their names also stand in a list beside the folder, which tells Snakemake when
    one is gone (`jobs.forget_incomplete`). Raises UserError if a file cannot be written.
    """
    written = []
    for figure in figures:
        contents: dict[str, str | bytes] = {**images(figure, formats, titled)}
        contents |= {"csv": as_csv(figure), "txt": f"{figure.title}. {figure.words}\n"}
        for ending, content in contents.items():
            written.append(folder / f"{figure.name}.{ending}")
            files.write_atomic(written[-1], content)
    names = "".join(f"{path.name}\n" for path in written)
    files.write_atomic(folder.with_suffix(".txt"), names)
    return written


def as_csv(figure: Figure) -> str:
    """The numbers that a figure draws, a line per row, the panel first if there are several."""
    return documents.as_csv(
        [
            ({"panel": panel.title} if len(figure.panels) > 1 else {}) | vars(row)
            for panel in figure.panels
            for row in panel.rows
        ]
    )
