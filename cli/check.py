"""The commands that look at results: table, verify, report, theory, list, doctor. None trains."""

import math
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Json, Results, TableName, complete_table

KINDS = ("datasets", "methods", "backbones", "tables", "claims", "assumptions")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(epilog="Example: `ncmc table smoke`.")(table)
    app.command(
        epilog="Example: `ncmc verify table2 && echo all of it holds`. "
        "Exit code: 0 all hold, 1 something differs, 2 usage, 3 incomplete or inconclusive."
    )(verify)
    app.command(epilog="Example: `ncmc report smoke` writes results/smoke/report.html.")(report)
    app.command(epilog="Example: `ncmc theory T2 T8`.")(theory)
    app.command("list", epilog="Example: `ncmc list assumptions`, `ncmc list tables --json`.")(
        list_names
    )
    app.command(epilog="Examples: `ncmc doctor`, `ncmc doctor --cost table2 --price 2.50`.")(doctor)


Folder = Annotated[
    Path | None, typer.Option("--out", help="Folder to write to.", show_default="results/TABLE")
]


def _folder(name: str, out: Path | None) -> Path:
    from ncmc import paths

    return out or paths.root() / paths.RESULTS.format(table=name)


def table(
    name: TableName, results: Results = None, out: Folder = None, as_json: Json = False
) -> None:
    """Make a table from the records there are: CSV, JSON and Markdown, and show it."""
    from cli import show
    from ncmc.plan import grid
    from ncmc.results import tables

    chosen = grid.table(name)
    cells = tables.cells(chosen, results)
    tables.write(chosen, cells, _folder(name, out))
    show.table(chosen, cells, as_json)


def verify(
    name: TableName,
    results: Results = None,
    out: Folder = None,
    show_table: Annotated[bool, typer.Option("--show-table", help="The table too.")] = False,
    exit_code: Annotated[
        bool, typer.Option(help="Say the verdict by the exit code; otherwise 0.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Compare results with what the paper says: holds, differs, inconclusive or incomplete."""
    from cli import show
    from ncmc.plan import grid
    from ncmc.results import tables
    from ncmc.verdicts import judge as verifying

    chosen = grid.table(name)
    verdicts = verifying.verify(name, results)
    verifying.write(verdicts, _folder(name, out))
    if show_table and not as_json:
        show.table(chosen, tables.cells(chosen, results), as_json=False)
    show.verdicts(chosen, verdicts, as_json)
    if exit_code:
        raise typer.Exit(verifying.verdict_exit_code(verdicts))


def report(name: TableName, results: Results = None, out: Folder = None) -> None:
    """Write the page of a table or figure: results, verdicts, curves, how each number was made."""
    from ncmc.report import page as reporting

    print(reporting.report(name, results, _folder(name, out)))


def theory(
    names: Annotated[list[str] | None, typer.Argument(help="Claims T1 to T9; all if none.")] = None,
    out: Folder = None,
    exit_code: Annotated[bool, typer.Option(help="Say the verdict by the exit code.")] = True,
    as_json: Json = False,
) -> None:
    """Check the paper's theorems numerically."""
    from cli import show
    from ncmc import theory as checking

    verdicts = [checking.check(name) for name in names] if names else checking.check_all()
    checking.write(verdicts, _folder("theory", out))
    show.theory(verdicts, as_json)
    if exit_code and any(v.status != "holds" for v in verdicts):
        raise typer.Exit(1 if any(v.status == "differs" for v in verdicts) else 3)


def list_names(
    kind: Annotated[
        str,
        typer.Argument(
            help=", ".join(KINDS),
            autocompletion=lambda incomplete: [k for k in KINDS if k.startswith(incomplete)],
        ),
    ],
    as_json: Json = False,
) -> None:
    """List what there is: datasets, methods, backbones, tables, claims, assumptions."""
    from cli import listing, show
    from ncmc.errors import unknown

    if kind not in KINDS and f"{kind}s" not in KINDS:
        raise unknown("kind", kind, KINDS)
    show.listing(listing.rows(kind if kind in KINDS else f"{kind}s"), as_json)


def doctor(
    cost: Annotated[
        str | None,
        typer.Option(
            help="What this table would cost here, by a short probe.", autocompletion=complete_table
        ),
    ] = None,
    price: Annotated[
        float, typer.Option(help="Euros for an hour of this machine (or of its GPU).", min=0)
    ] = 0.0,
    gate: Annotated[bool, typer.Option(hidden=True)] = False,
    insist: Annotated[bool, typer.Option(hidden=True)] = False,
    as_json: Json = False,
) -> None:
    """Say what this machine can run, what is missing, and what each tier of the grid would take."""
    from cli import diagnosis, show
    from ncmc.errors import UsageError

    if not math.isfinite(price):
        raise UsageError(f"--price is {price}; allowed: a number of euros, 0 or more.")
    if gate:
        diagnosis.gate(insist)
    elif cost:
        show.cost(diagnosis.cost_of(cost, price), as_json)
    else:
        found = diagnosis.diagnose()
        show.diagnosis(found, as_json)
        if not found.able:
            print("ncmc: something that every run needs is missing, see above.", file=sys.stderr)
            raise typer.Exit(1)
