"""verdicts.json: the verdicts on a table, and the digests of the records that they rest on.

It is written for others to read. Whatever ncmc itself shows is judged from the records that are there.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from ncmc.results.cells import Cell
from ncmc.system import files
from ncmc.verdicts.verdict import Verdict, verdict_exit_code

NAME = "verdicts.json"


def write(
    verdicts: Sequence[Verdict], folder: Path, cells: Iterable[Cell], *, usable: bool = True
) -> Path:
    """Write verdicts.json into `folder`, whole or not at all; its path. Raises UserError.

    `cells`: all that were judged; `usable`: whether every record of the table counts.
    """
    body = {
        "schema": 2,
        "exit_code": verdict_exit_code(verdicts, usable=usable),
        "verdicts": [verdict.model_dump(mode="json") for verdict in verdicts],
        # run id -> digest of what was judged
        "records": {record.run.id: record.digest for cell in cells for record in cell.records},
    }
    path = folder / NAME
    text = json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False)
    files.write_atomic(path, text + "\n")
    return path
