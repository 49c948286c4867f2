"""Figures -> files: the images, the numbers in them as CSV, and the caption."""

from collections.abc import Sequence
from pathlib import Path

from ncmc.errors import UsageError
from ncmc.figures.figure import Figure, as_csv
from ncmc.figures.painted import FORMATS, images
from ncmc.system import files


def parse_formats(text: str) -> tuple[str, ...]:
    """`svg,png` as the formats that it names, each once. Raises UsageError for another."""
    named = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    if not set(named) <= set(FORMATS):
        wrong = next(name for name in named if name not in FORMATS)
        raise UsageError(f"there is no format '{wrong}' of figures; allowed: {', '.join(FORMATS)}.")
    return named


def write_figures(
    figures: Sequence[Figure], folder: Path, formats: Sequence[str] = FORMATS
) -> list[Path]:
    """Write each figure as NAME.svg, .png and .pdf, its NAME.csv and its caption, NAME.txt.

    The paths of all. The same records give the same bytes. Raises UserError if a file cannot be
    written.
    """
    written = []
    for figure in figures:
        contents: dict[str, str | bytes] = {**images(figure, formats)}
        contents |= {"csv": as_csv(figure), "txt": f"{figure.title}. {figure.caption}\n"}
        for ending, content in contents.items():
            written.append(folder / f"{figure.name}.{ending}")
            files.write_atomic(written[-1], content)
    return written
