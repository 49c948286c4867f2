"""The numbers that the paper prints, as far as they are known; a cell that is not known has none."""

from collections.abc import Mapping

from ncmc import paths
from ncmc.errors import UsageError, unknown
from ncmc.paper.own_numbers import FILE as OWN_FILE
from ncmc.paper.own_numbers import own_numbers
from ncmc.paper.validation import (
    Percent,
    Points,
    Seeds,
    Text,
    csv_numbers,
    require_names,
    require_unique,
)
from ncmc.plan import grid
from ncmc.plan.grid_file import grid_entries
from ncmc.plan.option_text import parse_options
from ncmc.plan.run import Run, make_run
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "numbers.csv"


class Stated(Strict):
    """A number of the paper, in percent top-1 accuracy on the balanced test set, as printed."""

    id: Text
    table: str | None  # the table it is printed in; None: it stands in the text
    value: Percent
    std: Points | None  # standard deviation over seeds; None where printed without
    n: Seeds | None  # seeds behind it
    where: str
    source: str
    note: str
    differs: str = ""  # how it was made otherwise than its cell; it then decides nothing


class Number(Stated):
    """A number of the paper, and the run that it is printed for, with seed 0."""

    run: Run


Place = tuple[Run, str | None]  # a run with seed 0, and the table that its number is printed in
SETTING = ("dataset", "tau", "backbone", "method", "options")
COLUMNS = ("id", "table", *SETTING, "value", "std", "n", "where", "source", "note", "differs")


@read_once
def printed_numbers(project: Project) -> tuple[Number, ...]:
    """The numbers of papers/NAME/numbers.csv, then those that a reader entered himself.

    Raises UsageError naming the line at fault.
    """
    return (*our_numbers(project).values(), *_entered(project).values())


def number_for(project: Project, run: Run, table: str | None = None) -> Number | None:
    """The paper's number for the configuration of `run` (its seed apart); None if not known.

    A number of `table` stands before those of other tables, as one configuration may be printed in
    several, and a reader's own number before ours.
    """
    known = _entered(project), our_numbers(project)
    here = (numbers.get((run.cell, table)) for numbers in known)
    others = (n for numbers in known for (cell, _), n in numbers.items() if cell == run.cell)
    return next(filter(None, (*here, *others)), None)


@read_once
def _entered(project: Project) -> dict[Place, Number]:
    """A reader's own numbers, by run (with seed 0) and table."""
    numbers: dict[Place, Number] = {}
    for (table, place), entered in own_numbers(project).items():
        run = grid.table(project, table).cells[place - 1].run
        numbers[(run.cell, table)] = Number(
            id=f"{table}-{place}",
            table=table,
            run=run.cell,
            value=entered.value,
            std=entered.std,
            n=entered.n,
            where=f"{table}, page {entered.page}, read by {entered.by}",
            source=paths.PAPER.format(paper=project.paper) + f"/{OWN_FILE}",
            note="",
        )
    return numbers


@read_once
def our_numbers(project: Project) -> dict[Place, Number]:
    """The numbers of papers/NAME/numbers.csv, each by its run, with seed 0, and its table.

    Raises UsageError naming the line at fault.
    """
    path = project.config(FILE)
    rows = documents.read_csv(path, COLUMNS, optional=True)
    require_unique(path, [row["id"] for row in rows])
    numbers: dict[Place, Number] = {}
    for line, row in enumerate(rows, start=2):
        where = f"{path}, line {line} ({row['id']})"
        numbers_of_row = csv_numbers(row, where)
        run = _run_of(project, row, numbers_of_row.pop("tau"), where)
        data = {key: text for key, text in row.items() if key not in SETTING}
        data |= numbers_of_row | {"table": row["table"] or None}
        stated = documents.parse(Stated, data, where)
        if (place := (run, stated.table)) in numbers:
            raise UsageError(
                f"{where}: {numbers[place].id} is printed for the same configuration in that table."
            )
        numbers[place] = Number(run=run, **stated.model_dump())
    return numbers


def _run_of(project: Project, row: Mapping[str, str], tau: float, where: str) -> Run:
    """The run that a row is of. Raises UsageError for an unknown name, table or option."""
    require_names(project, where, [row["dataset"]], [row["backbone"]], [row["method"]])
    if row["table"] and row["table"] not in grid_entries(project):
        raise UsageError(f"{where}: {unknown('table', row['table'], grid_entries(project))}")
    try:
        options = parse_options(row["options"])
        return make_run(
            row["dataset"], tau, row["backbone"], row["method"], options, project=project
        )
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
