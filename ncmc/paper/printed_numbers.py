"""The numbers that the paper prints, as far as they are known; a cell that is not known has none."""

from typing import Annotated, Any

from pydantic import Field

from ncmc.errors import UsageError
from ncmc.plan import catalog
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.grid_file import grid_entries
from ncmc.plan.option_text import Value, parse_options
from ncmc.plan.run import Run
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

    def describes(self, run: Run) -> bool:
        """Whether the number is printed for the configuration of `run` (its seed apart)."""
        mine = (self.dataset, self.tau, self.backbone, self.method, self.options)
        return mine == (run.dataset, run.tau, run.backbone, run.method, dict(run.options))


COLUMNS = tuple(Number.model_fields)


@read_once
def printed_numbers(project: Project) -> tuple[Number, ...]:
    """The numbers of config/paper/numbers.csv. Raises UsageError naming the line at fault."""
    path = project.config(FILE)
    found: dict[str, Number] = {}
    for place, row in enumerate(documents.read_csv(path, COLUMNS), start=2):
        where = f"{path}, line {place} ({row['id']})"
        if not row["value"]:  # a cell that is not known may stand there, empty
            continue
        number = documents.parse(Number, _typed(row, where), where)
        _check_names(project, number, where)
        if number.id in found:
            raise UsageError(f"{where}: this id stands there twice.")
        found[number.id] = number
    return tuple(found.values())


def number_for(project: Project, run: Run) -> Number | None:
    """The paper's number for the configuration of `run`; None if it is not known."""
    return next((n for n in printed_numbers(project) if n.describes(run)), None)


def _typed(row: dict[str, str], where: str) -> dict[str, Any]:
    """The cells of a row as numbers and text; an empty one as None where that is allowed."""
    data: dict[str, Any] = dict(row)
    for key in ("tau", "value", "std"):
        data[key] = _number(row[key], float, key, where)
    data["n"] = _number(row["n"], int, "n", where)
    return data | {"table": row["table"] or None, "options": parse_options(row["options"])}


def _number(text: str, kind: type[int] | type[float], key: str, where: str) -> int | float | None:
    try:
        return kind(text) if text else None
    except ValueError as error:
        raise UsageError(f"{where}: {key} is {text!r}; allowed: a number.") from error


def _check_names(project: Project, number: Number, where: str) -> None:
    """Raises UsageError for a name that there is not."""
    try:
        catalog.canonical("dataset", number.dataset, list(dataset_entries(project)))
        catalog.canonical("backbone", number.backbone)
        catalog.canonical("method", number.method)
        if number.table is not None:
            catalog.canonical("table", number.table, list(grid_entries(project)))
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
