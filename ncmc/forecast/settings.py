"""config/plan.yaml: what is assumed before anything has run."""

from typing import Annotated

from pydantic import Field

from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "plan.yaml"

Points = Annotated[float, Field(gt=0, le=100)]


class SourcedValue(Strict):
    """Points of accuracy, and where they come from."""

    value: Points
    source: str


class Deviation(SourcedValue):
    """The deviation over seeds of one cell; `datasets` have one of their own."""

    datasets: dict[str, SourcedValue] = Field(default_factory=dict)

    def of(self, dataset: str) -> SourcedValue:
        """The deviation on one dataset."""
        return self.datasets.get(dataset, self)


class Assumed(Strict):
    """The whole file."""

    deviation: Deviation
    effect: SourcedValue


@read_once
def assumed(project: Project) -> Assumed:
    """What config/plan.yaml assumes. Raises UsageError: the key, what came, what is allowed."""
    return documents.read_yaml(project.config(FILE), Assumed)
