"""What the paper says, as data: numbers, claims, and where it is silent. Knows no results."""

import csv
import io
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import Field

from ncmc import paths
from ncmc.errors import UserError, unknown
from ncmc.plan import schema
from ncmc.plan.grid import Run, parse_options, show
from ncmc.plan.recipes import Value
from ncmc.plan.schema import Strict, Tau

NUMBERS = "paper/numbers.csv"
CLAIMS = "paper/claims.yaml"
ASSUMPTIONS = "paper/assumptions.yaml"
CHECKS = "checks.yaml"

Percent = Annotated[float, Field(ge=0, le=100)]
Points = Annotated[float, Field(ge=0)]


class Number(Strict):
    """A number of the paper, in percent top-1 accuracy on the balanced test set, as printed."""

    id: str
    table: str | None  # the table it is printed in; None: it stands in the text
    dataset: str
    tau: Tau
    backbone: str
    method: str
    options: Mapping[str, Value]
    value: Percent
    std: Points | None  # standard deviation over seeds; None where printed without
    n: Annotated[int, Field(ge=1)] | None  # seeds behind it
    where: str
    source: str
    note: str = ""

    def describes(self, run: Run) -> bool:
        """Whether the number is printed for the configuration of `run` (its seed apart)."""
        mine = (self.dataset, self.tau, self.backbone, self.method, dict(self.options))
        return mine == (run.dataset, run.tau, run.backbone, run.method, dict(run.options))


class Claim(Strict):
    """A comparison, a picture or a theorem that the paper states."""

    id: str
    where: str
    says: str = ""
    table: str | None = None
    figure: str | None = None

    @property
    def shown_in(self) -> str | None:
        """The table or figure that carries the claim."""
        return self.table or self.figure


class BaselineNumber(Strict):
    """A number of the SETF paper (Yang et al. 2022) and a stranger's re-run of its code."""

    id: str
    dataset: str
    backbone: str
    method: str
    tau: Tau
    value: Percent
    rerun: Percent
    rerun_std: Points


class Alternative(Strict):
    """Another reading of an open point, and how to get it."""

    value: str
    says: str
    switch: str


class Assumption(Strict):
    """A point on which the paper is silent, or its code family says otherwise."""

    id: str
    open: str
    choice: str
    means: str = ""  # the choice in words, where its value does not say it
    option: str | None = None  # a key of the configuration, or `method` / `backbone`
    alternatives: tuple[Alternative, ...] = ()
    datasets: tuple[str, ...] = ()  # empty: every dataset
    backbones: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    theory: bool = False  # about a theorem: part of no run

    def applies(self, run: Run) -> bool:
        """Whether the point arises in `run` at all."""
        return not self.theory and all(
            not listed or name in listed
            for listed, name in (
                (self.datasets, run.dataset),
                (self.backbones, run.backbone),
                (self.methods, run.method),
            )
        )


@cache
def numbers() -> tuple[Number, ...]:
    """The paper's numbers of config/paper/numbers.csv; a number that is not known has no row."""
    path = paths.config(NUMBERS)
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text())))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}.") from error
    found = []
    for row in rows:
        data: dict[str, Any] = {key: value or None for key, value in row.items()}
        data |= {"options": parse_options(row["options"] or ""), "note": row["note"] or ""}
        if data["value"] is not None:  # an unknown cell may stand there, empty
            found.append(schema.parse(Number, data, f"{path}: {row['id']}"))
    return tuple(found)


def number_for(run: Run) -> Number | None:
    """The paper's number for the configuration of `run`; None if it is not known."""
    return next((number for number in numbers() if number.describes(run)), None)


@cache
def claims() -> tuple[Claim, ...]:
    """Every comparison, figure and theorem of config/paper/claims.yaml."""
    path = paths.config(CLAIMS)
    document = schema.read_yaml(path)
    entries = [*document["comparisons"], *document["theory"]]
    return tuple(schema.parse(Claim, entry, f"{path}: {entry.get('id')}") for entry in entries)


def claim(name: str) -> Claim:
    """A claim by id. Raises UsageError with the known ids."""
    known = {claim.id: claim for claim in claims()}
    if name not in known:
        raise unknown("claim", name, known)
    return known[name]


@cache
def baseline_numbers() -> tuple[BaselineNumber, ...]:
    """The second reference set: Yang et al. 2022 as quoted, and a stranger's re-run."""
    path = paths.config(CLAIMS)
    entries = schema.read_yaml(path)["yang2022"]
    return tuple(schema.parse(BaselineNumber, entry, f"{path}: yang2022") for entry in entries)


@cache
def assumptions() -> tuple[Assumption, ...]:
    """The register of config/paper/assumptions.yaml, in its order."""
    path = paths.config(ASSUMPTIONS)
    entries = schema.read_yaml(path)["assumptions"]
    return tuple(schema.parse(Assumption, entry, f"{path}: {entry.get('id')}") for entry in entries)


def assumption(name: str) -> Assumption:
    """An assumption by id. Raises UsageError with the known ids."""
    known = {entry.id: entry for entry in assumptions()}
    if name not in known:
        raise unknown("assumption", name, known)
    return known[name]


def assumptions_for(run: Run, resolved: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The open points that arise in `run`, and what it was made with: {id: choice}.

    `resolved` is a record's `config`: its parts (recipe, split, backbone, method) with their
    values. A point whose option no part of the run has does not arise.
    """
    values: dict[str, Any] = {"method": run.method, "backbone": run.backbone}
    for part in (part for part in resolved.values() if isinstance(part, Mapping)):
        values |= {key: value for key, value in part.items() if key not in values}
    chosen = {}
    for entry in assumptions():
        if not entry.applies(run):
            continue
        if entry.option is None:
            chosen[entry.id] = entry.choice
        elif entry.option in values:
            chosen[entry.id] = show(values[entry.option])
    return chosen
