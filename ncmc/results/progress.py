"""ckpt/<run>/progress.json: how far a training is, for whoever asks from outside while it runs.

Small, without torch, written every few seconds; no part of a checkpoint or a record.
"""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ncmc.errors import UserError
from ncmc.system import documents, files
from ncmc.system.documents import Strict

NAME = "progress.json"
ProgressState = Literal["running", "stopped", "failed"]
Count = Annotated[int, Field(ge=0)]


class Standing(Strict):
    """Where a training stands, as it last said itself."""

    model_config = ConfigDict(extra="ignore")  # earlier versions named host and process

    version: Literal[1] = Field(default=1, alias="schema")
    run: str
    state: ProgressState
    at: float  # seconds since 1970 of this word
    since: float  # ... of the start, or of the resumption
    epochs: Count = 0
    steps: Count = 0  # per epoch
    first: Count = 0  # steps done at `since`
    done: Count = 0  # steps done, of `epochs` times `steps`
    images: Count = 0  # trained on since `since`
    loss: float | None = None  # of the last step whose loss is known
    accuracy: float | None = None  # percent, as last measured
    nc_mean: float | None = None  # as last measured
    why: str | None = None  # of a failure

    @property
    def epoch(self) -> float:
        """Epochs done, such as 3.4."""
        return self.done / self.steps if self.steps else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace since its start; None before the first step."""
        made, spent = self.done - self.first, self.at - self.since
        if made <= 0 or spent <= 0:
            return None
        return (self.epochs * self.steps - self.done) * spent / made


def write_progress(standing: Standing, path: Path) -> None:
    """Write it whole or not at all; a full disk is no reason to stop a training."""
    with suppress(UserError):
        files.write_atomic(path, standing.model_dump_json(by_alias=True) + "\n")


def read_progress(path: Path) -> Standing | None:
    """What a training said last; None if there is nothing that can be read."""
    try:
        return documents.read_json(path, Standing) if files.exists(path) else None
    except UserError:
        return None
