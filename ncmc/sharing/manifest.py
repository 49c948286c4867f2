"""manifest.json of an export: every file with its checksum, every run with its digest and origin."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from ncmc import paths
from ncmc.errors import DamagedError, shortened
from ncmc.results.record import Count, Percent, Record, Sha256
from ncmc.sharing.differences import origin_of
from ncmc.system.documents import MOST_BYTES, Strict

NAME = "manifest.json"
FORMAT: Literal["ncmc-export"] = "ncmc-export"
WORD = r"[A-Za-z0-9][A-Za-z0-9_.+=-]*"  # a part of a path that stays in its folder
RECORD = re.compile(rf"{paths.RUNS}/({WORD}(?:/{WORD}){{5}})/{re.escape(paths.RECORD)}")
LAYOUT = re.compile(  # what an export may hold beside records
    rf"data/splits(?:/{WORD}){{3}}/manifest\.json"
    rf"|results/{WORD}/(?:table\.(?:csv|json|md|tex)|verdicts\.json)"
    rf"|results/{WORD}/figures(?:/{WORD})+"
    rf"|{paths.CONFIG}(?:/{WORD})+"
    r"|results/(?:report\.html|board\.(?:md|json))"
)
MOST_FILES = 100_000
MOST_TOTAL = 8 << 30  # bytes of all files together


class PackedFile(Strict):
    """One file of an export."""

    sha256: Sha256
    size: Annotated[int, Field(ge=0, le=MOST_BYTES)]  # bytes


class PackedRun(Strict):
    """One record of an export: what it says, and where it comes from."""

    run: str
    digest: Sha256
    config_hash: str
    accuracy: Percent  # after the last epoch
    at: str
    commit: str | None
    dirty: bool | None
    processor: str
    device: str | None
    code: str | None  # digest of the code of method and backbone


class Manifest(Strict):
    """The whole file."""

    format: Literal["ncmc-export"]
    version: Literal[1] = Field(alias="schema")
    ncmc: str  # the version that wrote it
    tables: tuple[str, ...]
    records: Count
    runs: tuple[PackedRun, ...]  # by id
    files: Mapping[str, PackedFile]  # by path, without this one


def packed_run(record: Record) -> PackedRun:
    """The line of a record."""
    return PackedRun(
        run=record.run.id,
        digest=record.digest,
        config_hash=record.config_hash,
        **origin_of(record).model_dump(exclude={"torch"}),
    )


def check_layout(manifest: Manifest, where: str) -> None:
    """Raises DamagedError for files that no export of ours holds, or runs that do not fit the files."""
    for name in manifest.files:
        if not (RECORD.fullmatch(name) or LAYOUT.fullmatch(name)):
            raise DamagedError(
                f"{where} lists a file that no export holds: {shortened(repr(name))}."
            )
    if len(manifest.files) > MOST_FILES:
        raise DamagedError(f"{where} lists {len(manifest.files):,} files; allowed: {MOST_FILES:,}.")
    total = sum(entry.size for entry in manifest.files.values())
    if total > MOST_TOTAL:
        raise DamagedError(f"{where} lists {total:,} bytes; allowed: {MOST_TOTAL:,}.")
    records = {match[1] for name in manifest.files if (match := RECORD.fullmatch(name))}
    named = [entry.run for entry in manifest.runs]
    if len(named) != len(records) or set(named) != records or manifest.records != len(named):
        raise DamagedError(f"{where}: the runs that it names are not the records that it holds.")
