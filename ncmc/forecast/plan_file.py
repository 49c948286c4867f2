"""results/plan.json: the plan as `ncmc plan` made it, for Snakemake, and for the next step."""

import json
from pathlib import Path
from typing import Literal

from pydantic import Field

from ncmc import paths
from ncmc.errors import UsageError, UserError
from ncmc.project import Project
from ncmc.system import documents, files
from ncmc.system.documents import NotNegative, Positive, Share, Strict
from ncmc.verdicts.verdict import Status

PlanState = Literal["decided", "next", "over budget", "no look left"]


class Asked(Strict):
    """What `ncmc plan` was asked for; the next step asks for the same."""

    name: str
    budget: Positive | None = None  # hours, of all steps together


class Power(Strict):
    """How probably the verdict is right where the question's answer is known."""

    holds: Share  # where it is true
    differs: Share  # where it is false
    if_true: str  # what that means, in words
    if_false: str


class Planned(Strict):
    """A question, where it stands, and what the next step does for it."""

    id: str
    subject: str  # the claim that it belongs to
    table: str
    says: str
    status: Status
    state: PlanState
    seeds: int | None  # of each cell at the look that it waits for
    runs: int  # that this look needs and that have no record
    hours: NotNegative  # of these, before others share them
    power: Power | None  # None: decided, or no deviation is stated


class PlanFile(Strict):
    """The whole file."""

    version: Literal[3] = Field(default=3, alias="schema")
    asked: Asked
    spent: NotNegative  # hours of the steps that are done, by the same guess
    device: str
    deviation: str  # what the power rests on, in words
    questions: tuple[Planned, ...]
    runs: tuple[str, ...]  # ids of the next step, those that decide most per hour first
    trainings: dict[str, NotNegative]  # run id -> hours
    hours: NotNegative
    disk: NotNegative  # bytes
    not_counted: str  # trainings whose speed is not known, in words


def write(project: Project, plan: PlanFile) -> Path:
    """Write results/plan.json whole or not at all; its path. Raises UserError."""
    path = project.place(paths.PLAN)
    body = plan.model_dump(mode="json", by_alias=True)
    files.write_atomic(path, json.dumps(body, indent=1, allow_nan=False) + "\n")
    return path


def read(project: Project) -> PlanFile:
    """The plan that was made last. Raises UserError: none was made, or the file is not ours."""
    path = project.place(paths.PLAN)
    if not files.exists(path):
        raise UserError(f"{path} does not exist. Make a plan first: ncmc plan TABLE|CLAIM|all.")
    try:
        return documents.read_json(path, PlanFile)
    except UsageError as error:
        raise UserError(f"{error} Make the plan again: ncmc plan TABLE|CLAIM|all.") from error
