"""`ncmc reference`: numbers that a reader copies from a PDF of his own."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Json, complete_table
from cli.outputs import check_target

if TYPE_CHECKING:
    from ncmc.paper.own_numbers import OwnNumber
    from ncmc.project import Project

EPILOG = (
    "Example: `ncmc reference export mine.csv`, fill in cells, `ncmc reference import mine.csv`, "
    "then `ncmc verify table2`."
)
HELP = (
    "Enter numbers of the paper's tables 1 to 7 that you read in your copy of the PDF. They go to "
    "config/paper/own_numbers.csv, which git ignores, and are compared like those of ours."
)
app = typer.Typer(help=HELP, epilog=EPILOG, no_args_is_help=True)

Set = Annotated[
    str | None,
    typer.Option(
        "--set",
        help="A second set of numbers, of another paper, for the cells of `calibration`: "
        "`--set yang2022`.",
        metavar="NAME",
    ),
]
Replace = Annotated[bool, typer.Option("--replace", help="Replace a cell that has another number.")]


@app.command(
    "set",
    epilog="Example: `ncmc reference set table2 --dataset cifar10 --backbone resnet50 --method CAL "
    '--tau 0.01 80.6 --std 0.3 --n 3 --by "A. Reader" --page 8`.',
)
def set_number(
    table: Annotated[str, typer.Argument(autocompletion=complete_table)],
    value: Annotated[str, typer.Argument(help="Accuracy in percent, as it is printed.")],
    by: Annotated[str, typer.Option(help="Who read it.")],
    page: Annotated[str, typer.Option(help="Where it stands: a page of the PDF.")],
    dataset: Annotated[str | None, typer.Option()] = None,
    backbone: Annotated[str | None, typer.Option()] = None,
    method: Annotated[
        str | None, typer.Option(help='As the table calls it: `CAL`, `"P with Mixup"`.')
    ] = None,
    tau: Annotated[str | None, typer.Option()] = None,
    axis: Annotated[
        list[str] | None,
        typer.Option(
            "--axis", "-a", help="Another axis of the table: `-a mixup=on`.", metavar="AXIS=VALUE"
        ),
    ] = None,
    std: Annotated[str, typer.Option(help="Standard deviation over seeds, if printed.")] = "",
    n: Annotated[str, typer.Option(help="Seeds behind it, if printed.")] = "",
    replace: Replace = False,
    name: Set = None,
) -> None:
    """Enter one number. Axes on which the table has one value may be left out."""
    from ncmc.paper import own_numbers
    from ncmc.paper.own_rows import COLUMNS, in_words
    from ncmc.project import Project

    project = Project.find()
    said = {"dataset": dataset, "backbone": backbone, "method": method, "tau": tau}
    row = dict.fromkeys(COLUMNS, "") | {k: v for k, v in said.items() if v is not None}
    row |= {"table": table, "other": ";".join(axis or []), "by": by, "page": page}
    row |= {"value": value, "std": std, "n": n}
    number = own_numbers.number_of(project, row, table, name)
    _save(project, [number], replace, name)
    print(f"{table}, {number.spec.label}: {in_words(number.entered)}")


@app.command(
    "import",
    epilog="Example: `ncmc reference import mine.csv --replace`. Exit code: 0 all entered, or known "
    "already; 1 a clash, which --replace decides, or a fault of the disk; 2 wrong usage, or a fault in "
    "the file. With a clash or a fault nothing is entered.",
)
def import_numbers(
    file: Annotated[Path, typer.Argument(help="CSV with the columns of `ncmc reference export`.")],
    by: Annotated[str | None, typer.Option(help="Who read rows that do not say it.")] = None,
    replace: Replace = False,
    name: Set = None,
) -> None:
    """Enter every number of a CSV file, or none if there is a fault in it. Empty cells are skipped."""
    from ncmc.paper import own_numbers, reference_template
    from ncmc.project import Project

    project = Project.find()
    numbers = own_numbers.read_numbers(project, file, name, by)
    known = reference_template.ours(project) if name is None else {}
    new = [n for n in numbers if known.get(n.key) != n.entered]
    path, added, replaced = _save(project, new, replace, name)
    same = len(numbers) - added - replaced
    print(f"{path}: {added} new, {replaced} replaced, {same} known already")


def _save(
    project: "Project", numbers: "Sequence[OwnNumber]", replace: bool, name: str | None
) -> "tuple[Path, int, int]":
    """Add numbers to the reader's file; it, how many are new, how many took another's place."""
    from ncmc.paper import own_numbers, reference_template

    known = {n.key: n for n in own_numbers.own_numbers(project, name)}
    if name is None and not replace:
        reference_template.require_no_contradiction(project, numbers)
    merged = own_numbers.merged(tuple(known.values()), numbers, replace)
    path = own_numbers.file_of(project, name)
    if merged != tuple(known.values()):
        own_numbers.write_numbers(project, merged, name)
    for warning in own_numbers.fractions(project, numbers):
        print(f"ncmc: {warning}", file=sys.stderr)
    added = sum(number.key not in known for number in numbers)
    replaced = sum(n.key in known and known[n.key].entered != n.entered for n in numbers)
    return path, added, replaced


@app.command("status", epilog="Example: `ncmc reference status table2`.")
def status(
    table: Annotated[str | None, typer.Argument(autocompletion=complete_table)] = None,
    name: Set = None,
    as_json: Json = False,
) -> None:
    """Show which cells have a number, who read it, and which are empty."""
    from cli.show.listings import print_listing
    from ncmc.paper import reference_template
    from ncmc.project import Project

    project = Project.find()
    print_listing(reference_template.status(project, table, name), as_json)


def _holds(path: Path, text: str) -> bool:
    from ncmc.system import documents

    return documents.read_text(path) == text


@app.command(
    "export",
    epilog="Example: `ncmc reference export mine.csv --table table2`. A file that is there, which may "
    "hold numbers of yours, is not replaced, and no folder is made.",
)
def export_numbers(
    file: Annotated[
        Path | None, typer.Argument(help="File to write; without, it is printed.", dir_okay=False)
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table.", autocompletion=complete_table)
    ] = None,
    name: Set = None,
) -> None:
    """Write a CSV with every cell of the tables, the known numbers filled in."""
    from ncmc.paper import reference_template
    from ncmc.project import Project
    from ncmc.system import files

    text = reference_template.template(Project.find(), table or None, name)
    if file is None:
        print(text, end="")
    else:
        check_target(file, "FILE", "what would be written now", lambda path: _holds(path, text))
        files.write_atomic(file, text)
        print(file)
