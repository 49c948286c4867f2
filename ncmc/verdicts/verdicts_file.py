"""verdicts.json: the verdicts on a table, written once and read back as the same objects."""

import json
from collections.abc import Mapping, Sequence
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
    records: Mapping[str, str] | None = None  # run id -> digest of what was judged; None: not told

    @property
    def missing(self) -> tuple[str, ...]:
        """The ids of runs that had no record."""
        return tuple(dict.fromkeys(run for verdict in self.verdicts for run in verdict.missing))


def write(
    verdicts: Sequence[Verdict],
    folder: Path,
    *,
    usable: bool = True,
    records: Mapping[str, str] | None = None,
) -> Path:
    """Write verdicts.json into `folder`, whole or not at all; its path. Raises UserError.

    `usable`: whether every record of the table counts. `records`: the digests of what was judged.
    """
    code = verdict_exit_code(verdicts, usable=usable)
    content = VerdictsFile(exit_code=code, verdicts=tuple(verdicts), records=records)
    path = folder / NAME
    body = content.model_dump(mode="json", by_alias=True)
    text = json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False)
    files.write_atomic(path, text + "\n")
    return path


def read_file(path: Path) -> VerdictsFile:
    """The whole file that `write` wrote to `path`.

    Raises UserError if there is no such file, or if it is not one of ours.
    """
    try:
        return documents.read_json(path, VerdictsFile)
    except UsageError as error:
        raise UserError(
            f"{path} is not a file of verdicts. Run `ncmc verify` again. ({error})"
        ) from error
