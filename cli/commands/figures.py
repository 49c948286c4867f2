"""`ncmc figures`: the figures of a table or figure as files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Assume, Folder, Records, chosen_table, homeless, reading_project
from cli.progress import working
from ncmc import paths
from ncmc.errors import UsageError, UserError
from ncmc.figures.figure import Figure
from ncmc.figures.figure_files import parse_formats, write_figures
from ncmc.figures.of_table import BOARD, figures_of_board, figures_of_table
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.project import Project
from ncmc.results.wording import make_command
from ncmc.verdicts.judge import CellCache

EPILOG = (
    "Examples: `ncmc figures smoke`; `ncmc figures all --format svg`, of every table that has "
    "records, and of the board, in results/all/figures."
)


def figures(
    name: Annotated[
        str, typer.Argument(help="A table or figure, or `all`: see `ncmc list tables`.")
    ],
    assume: Assume = None,
    results: Records = None,
    out: Folder = None,
    formats: Annotated[
        str, typer.Option("--format", help="Of svg, png and pdf, with commas between.")
    ] = "svg,png,pdf",
    untitled: Annotated[
        bool,
        typer.Option(
            "--untitled",
            help="Leave title and scale out of the images: for LaTeX, where the caption says them.",
        ),
    ] = False,
) -> None:
    """Write figures as image files, each with the numbers in it as CSV and its caption as text.

    They go to results/TABLE/figures; with `--out` to FOLDER/figures, of `all` to FOLDER/TABLE/figures.
    """
    wanted, project = parse_formats(formats), reading_project()
    if why := homeless(project, results, out):
        raise UsageError(why)
    if name == "all" and assume:
        raise UsageError("`all` draws the tables as they are planned; leave out --assume.")
    cells = CellCache(project, results)
    written: list[Path] = []
    with working(f"drawing the figures of {name}"):
        for table, drawn in _figures(project, name, assume, cells):
            folder = project.place(paths.FIGURES, table=table)
            if out is not None:
                folder = (out / table if name == "all" else out) / folder.name
            written += write_figures(drawn, folder, wanted, not untitled)
    if not written:
        table = "smoke" if name == "all" else chosen_table(project, name, assume).name
        raise UserError(
            f"no run of {name} has a record, so there is nothing to draw. "
            f"Make them: {make_command(table, project.paper)}"
        )
    for path in written:
        print(path)


def _figures(
    project: Project, name: str, assume: list[str] | None, cells: CellCache
) -> Iterator[tuple[str, list[Figure]]]:
    """(table, its figures): of one table, or of the board and every table."""
    if name == "all":
        yield BOARD, figures_of_board(project, cells)
        tables = [grid.table(project, table) for table in table_names(project)]
    else:
        tables = [chosen_table(project, name, assume)]
    for table in tables:
        yield table.name, figures_of_table(project, table, cells)
