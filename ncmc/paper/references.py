"""Numbers that other papers, READMEs and logs state: what the harness is calibrated with."""

from typing import Annotated, Any

from pydantic import Field

from ncmc.errors import UsageError, shortened, unknown
from ncmc.paper.known_names import require_names, require_unique
from ncmc.paper.number import Percent, Points, Tau
from ncmc.paper.reference_recipes import Text, reference_recipes
from ncmc.plan import catalog
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "paper/references.csv"
SWITCH = {"on": True, "off": False}


class Reference(Strict):
    """An accuracy that somebody reports, in percent top-1 on the balanced test set."""

    id: Annotated[str, Field(pattern=r"^R[0-9]{1,4}$")]
    source: Text
    place: Text  # where in the source
    dataset: str
    tau: Tau | None  # n_min / n_max; None for a fixed list of images, such as ImageNet-LT
    backbone: str
    method: str
    mixup: bool
    value: Percent
    std: Points | None  # standard deviation over seeds; None where it is not stated
    n: Annotated[int, Field(ge=1, le=1000)] | None  # seeds behind it; None where not stated
    address: Text
    reading: Text  # how it was read, and what is known of how it was made


COLUMNS = tuple(Reference.model_fields)


@read_once
def references(project: Project) -> tuple[Reference, ...]:
    """The rows of config/paper/references.csv. Raises UsageError naming the line at fault."""
    path = project.config(FILE)
    rows = documents.read_csv(path, COLUMNS)
    require_unique(path, [row["id"] for row in rows])
    found = []
    for place, row in enumerate(rows, start=2):
        where = f"{path}, line {place} ({shortened(row['id'])})"
        reference = documents.parse(Reference, _typed(row, where), where)
        _require_known(project, reference, where)
        found.append(reference)
    return tuple(found)


def _typed(row: dict[str, str], where: str) -> dict[str, Any]:
    """The cells of a row as numbers, switches and text; an empty number as None."""
    if row["mixup"] not in SWITCH:
        came = shortened(repr(row["mixup"]))
        raise UsageError(f"{where}: mixup is {came}; allowed: on, off.")
    numbers = {
        key: documents.csv_number(row[key], kind, key, where)
        for key, kind in (("tau", float), ("value", float), ("std", float), ("n", int))
    }
    return {**row, **numbers, "mixup": SWITCH[row["mixup"]]}


def _require_known(project: Project, reference: Reference, where: str) -> None:
    """Raises UsageError for a name that neither the harness nor reference_recipes.yaml has."""
    require_names(project, where, [reference.dataset], [reference.backbone])
    methods = {*catalog.names("method"), *reference_recipes(project).foreign_methods}
    if reference.method not in methods:
        raise UsageError(f"{where}: {unknown('method', reference.method, methods)}")
