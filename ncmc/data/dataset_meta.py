"""meta.json of data/arrays/NAME: what the arrays were made from, and what they hold."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from ncmc.data import checksums
from ncmc.data.array_writer import PARTS, Fingerprint
from ncmc.data.checksums import Digest
from ncmc.data.tree_summary import TreeSummary
from ncmc.system import documents, files
from ncmc.system.documents import Strict

FILE = "meta.json"
SCHEMA = 1


class Identity(Strict):
    """All that decides the arrays; the key `schema` in JSON is the number of this format."""

    version: Literal[1] = Field(alias="schema")
    name: str
    reader: str
    reader_options: dict[str, Any]
    image_size: int | None
    channels: int
    source: dict[str, str]  # archive -> SHA-256

    @property
    def checksum(self) -> str:
        """One SHA-256 for what a prepared dataset was made from."""
        return checksums.of_json(self.model_dump(by_alias=True))


class Meta(Strict):
    """meta.json: what arrays were made from, and what they hold."""

    identity: Identity
    archives: dict[str, Digest]
    class_names: Annotated[tuple[str, ...], Field(min_length=1)]
    counts: dict[str, tuple[int, ...]]  # images of each class
    origins: dict[str, tuple[tuple[str, int], ...]]
    arrays: Annotated[dict[str, Fingerprint], Field(min_length=1)]
    summary: TreeSummary | None = None  # of somebody's own images

    @field_validator("counts", "origins")
    @classmethod
    def _of_both_parts(cls, value: dict[str, Any]) -> dict[str, Any]:
        if set(value) != set(PARTS):
            raise ValueError(f"train and test are needed, not {', '.join(value) or 'nothing'}")
        return value

    @field_validator("arrays")
    @classmethod
    def _labels_of_both_parts(cls, value: dict[str, Fingerprint]) -> dict[str, Fingerprint]:
        if missing := {f"{part}_labels.npy" for part in PARTS} - set(value):
            raise ValueError(f"{', '.join(sorted(missing))} is not among the arrays")
        return value

    @classmethod
    def read(cls, folder: Path) -> "Meta":
        """The meta.json of a folder. Raises UserError if it is missing or not one of ours."""
        return documents.read_json(folder / FILE, cls)

    def write(self, folder: Path) -> None:
        """Write meta.json. Raises UserError if it cannot be written."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True), indent=1)
        files.write_atomic(folder / FILE, text + "\n")
