"""verdicts.json: the verdicts on a table, written once and read back as the same objects."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from ncmc.errors import UsageError, UserError
from ncmc.system import documents, files
from ncmc.system.documents import Strict
from ncmc.verdicts.verdict import Verdict, verdict_exit_code

NAME = "verdicts.json"


class VerdictsFile(Strict):
    """The whole file."""

    version: Literal[2] = Field(default=2, alias="schema")
    exit_code: int
    verdicts: tuple[Verdict, ...]


def write(verdicts: Sequence[Verdict], folder: Path, *, usable: bool = True) -> Path:
    """Write verdicts.json into `folder`, whole or not at all; its path. Raises UserError.

    `usable`: whether every record of the table counts.
    """
    code = verdict_exit_code(verdicts, usable=usable)
    content = VerdictsFile(exit_code=code, verdicts=tuple(verdicts))
    path = folder / NAME
    body = content.model_dump(mode="json", by_alias=True)
    text = json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False)
    files.write_atomic(path, text + "\n")
    return path


def read_verdicts(path: Path) -> tuple[Verdict, ...]:
    """The verdicts that `write` wrote to `path`, equal to those that it was given.

    Raises UserError if there is no such file, or if it is not one of ours.
    """
    try:
        return documents.read_json(path, VerdictsFile).verdicts
    except UsageError as error:
        raise UserError(
            f"{path} is not a file of verdicts. Run `ncmc verify` again. ({error})"
        ) from error
