"""`ncmc reference`: numbers that a reader copies from a PDF of his own."""

from pathlib import Path
from typing import Annotated

import typer

from cli.show.grids import print_listing
from cli.streams import say_on_stderr
from ncmc.errors import UsageError, UserError, listed
from ncmc.paper import own_numbers
from ncmc.paper.printed_numbers import ENTERED, as_numbers, doubts, number_for, our_numbers
from ncmc.project import Project
from ncmc.system import files

EPILOG = (
    "Example: `ncmc reference form table2 > mine.csv`, fill in cells, `ncmc reference import mine.csv "
    '--by "A. Reader"`, then `ncmc verify table2`.'
)
HELP = (
    "Enter numbers of the paper's tables 1 to 7 that you read in your copy of the PDF. They go to "
    "papers/NAME/own_numbers.csv, which git ignores, and are compared like those of ours."
)
app = typer.Typer(help=HELP, epilog=EPILOG, no_args_is_help=True, add_completion=False)

Table = Annotated[str | None, typer.Argument(help="Only this table.")]


@app.command("form", epilog="Example: `ncmc reference form table2 > mine.csv`.")
def form(table: Table = None) -> None:
    """Print a CSV with a row per cell of the tables, to fill in."""
    print(own_numbers.as_csv(own_numbers.cells(Project.find(), table), {}), end="")


@app.command(
    "import",
    epilog="Example: `ncmc reference import mine.csv --replace`. Exit code: 0 all entered, or known "
    "already; 1 a clash, which --replace decides, or a disk error; 2 wrong usage, or a fault in "
    "the file. With a clash or a fault nothing is entered.",
)
def import_numbers(
    file: Annotated[Path, typer.Argument(help="CSV with the columns of `ncmc reference form`.")],
    by: Annotated[str, typer.Option(help="The reader of rows that name none.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a cell that has another number.")
    ] = False,
) -> None:
    """Enter every number of a CSV file, or none if there is a fault in it. Empty cells are skipped."""
    project = Project.find()
    path = project.config(own_numbers.FILE)
    new, known = own_numbers.read_numbers(project, file, by), own_numbers.own_numbers(project)
    if not new:
        raise UsageError(
            f"{file} holds no number: every value is empty or a dash. Fill some in. To take a number "
            f"back, delete its row in {path}."
        )
    doubtful = doubts(project, as_numbers(project, new).values())
    for doubt in doubtful:
        say_on_stderr(doubt)
    cells, ours = own_numbers.cells(project), our_numbers(project)
    clashes = []
    for key, number in new.items():
        run = cells[key].run.cell
        there = known.get(key) or ours.get((run, key[0])) or ours.get((run, None))
        if there and not replace and (there.value, there.std, there.n) != number.printed:
            clashes.append(
                f"{key[0]}, {cells[key].label}: {there.value:g} is known; received: {number}."
            )
    if clashes:
        raise UserError(
            f"{listed(clashes, between=chr(10))} Nothing was changed; --replace takes it."
        )
    merged = known | new
    if merged != known:
        entered = {key: spec for key, spec in cells.items() if key in merged}
        files.write_atomic(path, own_numbers.as_csv(entered, merged))
    replaced = sum(known.get(key, number) != number for key, number in new.items())
    print(f"{path}: {len(merged) - len(known)} new, {replaced} replaced, {len(new)} received")
    if doubtful:
        say_on_stderr(ENTERED)


@app.command("status", epilog="Example: `ncmc reference status table2`.")
def status(table: Table = None) -> None:
    """Show which cells have a number, who read it, and which are empty."""
    project = Project.find()
    rows = []
    for (name, _), spec in own_numbers.cells(project, table).items():
        known = number_for(project, spec.run, name)
        shown = {key: getattr(known, key, None) for key in ("value", "std", "n", "id", "where")}
        rows.append({"table": name, "cell": spec.label, **shown})
    print_listing(rows, as_json=False)
    doubtful = doubts(project, as_numbers(project, own_numbers.own_numbers(project)).values())
    for doubt in doubtful and [*doubtful, ENTERED]:
        say_on_stderr(doubt)
