"""The numbers that the paper prints, as far as they are known; a cell that is not known has none."""

from typing import Annotated, Any

from pydantic import Field

from ncmc.errors import UsageError, unknown
from ncmc.paper.known_names import require_names, require_unique
from ncmc.plan.grid_file import grid_entries
from ncmc.plan.option_text import Value, parse_options
from ncmc.plan.run import Run, make_run
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "paper/numbers.csv"

Percent = Annotated[float, Field(ge=0, le=100)]
Points = Annotated[float, Field(ge=0, le=100)]
Tau = Annotated[float, Field(gt=0, le=1)]


class Number(Strict):
    """A number of the paper, in percent top-1 accuracy on the balanced test set, as printed."""

    id: Annotated[str, Field(min_length=1)]
    table: str | None  # the table it is printed in; None: it stands in the text
    dataset: str
    tau: Tau
    backbone: str
    method: str
    options: dict[str, Value]
    value: Percent
    std: Points | None  # standard deviation over seeds; None where printed without
    n: Annotated[int, Field(ge=1, le=1000)] | None  # seeds behind it
    where: str
    source: str
    note: str


COLUMNS = tuple(Number.model_fields)


@read_once
def printed_numbers(project: Project) -> tuple[Number, ...]:
    """The numbers of config/paper/numbers.csv. Raises UsageError naming the line at fault."""
    return tuple(_by_run(project).values())


def number_for(project: Project, run: Run) -> Number | None:
    """The paper's number for the configuration of `run` (its seed apart); None if not known."""
    return _by_run(project).get(run.cell)


@read_once
def _by_run(project: Project) -> dict[Run, Number]:
    """Each number by the run, with seed 0, that it is printed for."""
    path = project.config(FILE)
    rows = documents.read_csv(path, COLUMNS)
    require_unique(path, [row["id"] for row in rows])
    found: dict[Run, Number] = {}
    for place, row in enumerate(rows, start=2):
        where = f"{path}, line {place} ({row['id']})"
        number = documents.parse(Number, _typed(row, where), where)
        run = _run_of(project, number, where)
        if not row["value"]:  # a cell that is not known may stand there, empty
            continue
        if run in found:
            raise UsageError(f"{where}: {found[run].id} is printed for the same configuration.")
        found[run] = number
    return found


def _typed(row: dict[str, str], where: str) -> dict[str, Any]:
    """The cells of a row as numbers and text; an empty one as None where that is allowed."""
    data: dict[str, Any] = dict(row)
    for key in ("tau", "value", "std"):
        data[key] = documents.csv_number(row[key], float, key, where)
    data["n"] = documents.csv_number(row["n"], int, "n", where)
    if not row["value"]:
        data["value"] = 0.0  # for the checks of the rest: nothing reads it
    try:
        return data | {"table": row["table"] or None, "options": parse_options(row["options"])}
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def _run_of(project: Project, number: Number, where: str) -> Run:
    """The run that a number is printed for. Raises UsageError for a name or option there is not."""
    require_names(project, where, [number.dataset], [number.backbone], [number.method])
    if number.table is not None and number.table not in grid_entries(project):
        raise UsageError(f"{where}: {unknown('table', number.table, grid_entries(project))}")
    names = number.dataset, number.tau, number.backbone, number.method
    try:
        return make_run(*names, number.options, project=project)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
