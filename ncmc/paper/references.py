"""Numbers that other papers, READMEs and logs state: what the harness is calibrated with."""

from typing import Annotated, Any

from pydantic import Field

from ncmc.errors import UsageError, shortened, unknown
from ncmc.paper.known_names import require_names, require_unique
from ncmc.paper.number import Percent, Points, Tau
from ncmc.paper.own_numbers import SETS, OwnNumber, own_numbers, set_names
from ncmc.paper.reference_recipes import Text, reference_recipes
from ncmc.plan import catalog
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "paper/references.csv"
SWITCH = {"on": True, "off": False}


class Reference(Strict):
    """An accuracy that somebody reports, in percent top-1 on the balanced test set."""

    # of references.csv R1, R2, ...; of a reader's set NAME-TABLE-1, ...
    id: Annotated[str, Field(pattern=r"^(R[0-9]{1,4}|[A-Za-z0-9_-]{3,80}-[0-9]{1,4})$")]
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
    own = [(name, n) for name in set_names(project) for n in own_numbers(project, name)]
    return (*found, *(_from_reader(name, number) for name, number in own))


def _from_reader(name: str, own: OwnNumber) -> Reference:
    """A number of a reader's set. Its source is the set: what reference_recipes.yaml can name."""
    run, entered = own.spec.run, own.entered
    return Reference(
        id=f"{name}-{own.table}-{own.place}",
        source=name,
        place=f"page {entered.page}",
        dataset=run.dataset,
        tau=None if own.spec.resolved.split.imbalance == "given" else run.tau,
        backbone=run.backbone,
        method=run.method,
        mixup=own.spec.resolved.recipe.mixup,
        value=entered.value,
        std=entered.std,
        n=entered.n,
        address=f"config/{SETS}/{name}.csv",
        reading=f"page {entered.page}, read by {entered.by}",
    )


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
