"""A number of the paper, and what each part of it can be."""

from typing import Annotated

from pydantic import Field

from ncmc.plan.option_text import Value
from ncmc.system.documents import Strict

Percent = Annotated[float, Field(ge=0, le=100)]
Points = Annotated[float, Field(ge=0, le=100)]
Tau = Annotated[float, Field(gt=0, le=1)]
Seeds = Annotated[int, Field(ge=1, le=1000)]


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
    n: Seeds | None  # seeds behind it
    where: str
    source: str
    note: str
