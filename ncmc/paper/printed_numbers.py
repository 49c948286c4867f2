"""The numbers that the paper prints, as far as they are known; a cell that is not known has none."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import permutations

from ncmc import paths
from ncmc.errors import UsageError, unknown
from ncmc.paper import switches
from ncmc.paper.own_numbers import FILE as OWN_FILE
from ncmc.paper.own_numbers import Entered, Key, own_numbers
from ncmc.paper.validation import (
    Points,
    Seeds,
    Text,
    csv_numbers,
    require_names,
    require_unique,
)
from ncmc.plan import grid
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.grid_file import grid_entries, table_names, tiers
from ncmc.plan.option_text import parse_options
from ncmc.plan.run import Run, make_run
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Percent, Strict

FILE = "numbers.csv"
MOST_POINTS = 10  # a deviation over seeds that is larger was misread
ENTERED = (
    "Numbers in doubt are entered and compared all the same. Correct what was misread in your FILE, and "
    "run `ncmc reference import FILE --replace`."
)


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
    made_otherwise: str = ""  # than its cell, and how: it then decides nothing

    @property
    def place(self) -> str:
        """Where it is printed; `Table 2, second hand` where `note` says that others saw it there."""
        hand = re.match(r"(?!first)\w+ hand\b", self.note)
        return f"{self.where}, {hand[0]}" if hand else self.where


class Number(Stated):
    """A number of the paper, and the run that it is printed for, with seed 0."""

    run: Run


Place = tuple[Run, str | None]  # a run with seed 0, and the table that its number is printed in
SETTING = ("dataset", "tau", "backbone", "method", "options")
FIELDS = tuple(Stated.model_fields)
COLUMNS = (*FIELDS[:2], *SETTING, *FIELDS[2:])  # the setting stands after id and table


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


def numbers_of(project: Project, table: Table) -> list[tuple[Number, CellSpec]]:
    """The printed numbers that are judged in a table, each with its cell, in the order of their file."""
    specs = {spec.plain.cell: spec for spec in table.cells if table.shows == "accuracy"}
    known = (our_numbers(project) | _entered(project)).values()
    of_cells = ((number, specs[number.run]) for number in known if number.run in specs)
    name = switches.plain_name(table.name)
    return [(number, spec) for number, spec in of_cells if _home(project, number) == name]


def _home(project: Project, number: Number) -> str | None:
    """The one table that a number is judged in: where it is printed, else the smallest with its cell."""
    if number.table:
        return number.table
    own = set(tiers(project)["paper"])
    tables = (grid.table(project, name) for name in table_names(project))
    fitting = [t for t in tables if any(s.run == number.run for s in t.cells)]
    return min(fitting, key=lambda t: (t.name not in own, len(t.cells))).name if fitting else None


@read_once
def _entered(project: Project) -> dict[Place, Number]:
    return as_numbers(project, own_numbers(project))


def as_numbers(project: Project, entered: Mapping[Key, Entered]) -> dict[Place, Number]:
    """A reader's own numbers, by run (with seed 0) and table."""
    numbers: dict[Place, Number] = {}
    for (table, place), number in entered.items():
        run = grid.table(project, table).cells[place - 1].run
        numbers[(run.cell, table)] = Number(
            id=f"{table}-{place}",
            table=table,
            run=run.cell,
            value=number.value,
            std=number.std,
            n=number.n,
            where=f"{table}, page {number.page}, read by {number.by}",
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


def doubts(project: Project, numbers: Iterable[Number]) -> list[str]:
    """What is probably misread: fractions or error rates for accuracies, too large deviations."""
    classes = {name: entry.classes or 100 for name, entry in dataset_entries(project).items()}
    numbers, doubtful = list(numbers), []
    for number in numbers:
        chance = 100 / classes[number.run.dataset]
        what = f"{number.id}, {number.run.configuration}: {number.value:g}"
        if number.value < max(chance, 1):
            doubtful.append(
                f"{what} is below 1 % or chance ({chance:g} %). Is it a fraction or an error rate?"
            )
        if number.value == 100:
            doubtful.append(f"{what} would be a test without a mistake.")
        if number.std is not None and number.std > min(MOST_POINTS, number.value):
            doubtful.append(f"{what} ± {number.std:g} has a deviation that seeds do not have.")
        if number.std is not None and number.n == 1:
            doubtful.append(f"{what} ± {number.std:g} is of one run, which has no deviation.")
    for table, steps in _rises(classes, numbers).items():
        if 2 * (falls := sum(step < 0 for step in steps)) > len(steps):
            doubtful.append(
                f"{table}: in {falls} of {len(steps)} pairs of cells the one with the larger tau or "
                "fewer classes has the smaller number. Are they error rates? Accuracies are needed."
            )
    return doubtful


def _rises(classes: Mapping[str, int], numbers: Iterable[Number]) -> dict[str, list[float]]:
    """Table -> by how much the number of an easier cell is larger than that of a harder one.

    Fewer classes or a larger tau, all else equal, is easier: accuracies rise, error rates fall.
    """
    alike: dict[tuple[str, Run], list[Number]] = {}
    for number in numbers:
        rest = replace(number.run, tau=1.0, dataset="")
        alike.setdefault((number.table or "the text", rest), []).append(number)
    rises: dict[str, list[float]] = {}
    for (table, _), members in alike.items():
        for a, b in permutations(members, 2):
            easier = a.run.tau - b.run.tau, classes[b.run.dataset] - classes[a.run.dataset]
            if min(easier) >= 0 and max(easier) > 0:
                rises.setdefault(table, []).append(a.value - b.value)
    return rises
