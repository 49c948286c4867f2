"""An export: a zip file or a folder with manifest.json, which lists every file with its SHA-256.

One that somebody gives us is read without trust: nothing that the list does not name is looked at.
"""

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ncmc import paths
from ncmc.errors import DamagedError, UsageError, UserError, shortened
from ncmc.results.record import Record, parse_record
from ncmc.system import documents, files
from ncmc.system.documents import MOST_BYTES, Sha256, Strict

NAME = "manifest.json"
FORMAT: Literal["ncmc-export"] = "ncmc-export"
WORD = r"[A-Za-z0-9][A-Za-z0-9_.+=-]*"  # a part of a path that stays in its folder
LISTED = re.compile(rf"{WORD}(?:/{WORD})*")
RECORD = re.compile(rf"{paths.RUNS}/({WORD}(?:/{WORD}){{5}})/{re.escape(paths.RECORD)}")
LIST = re.compile(rf"(?:[^/]+/)?{re.escape(NAME)}")  # file managers pack a folder around it
MOST_TOTAL = 1 << 30  # bytes of all files together


class PackedFile(Strict):
    """One file of an export."""

    sha256: Sha256
    size: Annotated[int, Field(ge=0, le=MOST_BYTES)]  # bytes


class Manifest(Strict):
    """What is read of manifest.json; those of version 0.4 also name the runs of their records."""

    model_config = ConfigDict(extra="ignore")

    format: Literal["ncmc-export"]
    version: Literal[1] = Field(alias="schema")
    ncmc: str  # the version that wrote it
    tables: tuple[str, ...]
    files: Mapping[str, PackedFile]  # by path, without this one

    @property
    def runs(self) -> list[str]:
        """The ids of the runs whose records it holds."""
        return [match[1] for match in map(RECORD.fullmatch, self.files) if match]

    def to_json(self) -> bytes:
        """The bytes of manifest.json."""
        data = self.model_dump(mode="json", by_alias=True)
        return json.dumps(data, indent=1, sort_keys=True).encode() + b"\n"


def manifest_of(tables: Sequence[str], content: Mapping[str, bytes]) -> Manifest:
    """The manifest of these files."""
    packed = {
        name: PackedFile(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        for name, data in sorted(content.items())
    }
    version = metadata.version("ncmc")
    return Manifest(format=FORMAT, schema=1, ncmc=version, tables=tuple(tables), files=packed)


@dataclass(frozen=True)
class Export:
    """An export, every file of which has the checksum that it was packed with."""

    path: Path
    manifest: Manifest
    content: Mapping[str, bytes]  # of the files that the manifest lists

    def record(self, run_id: str) -> Record:
        """The record of a run. Raises DamagedError, also for one of another run."""
        name = paths.RUN_RECORD.format(run=run_id)
        try:
            record = parse_record(self.content[name], f"{self.path}: {name}")
        except UserError as error:
            raise DamagedError(str(error)) from error
        if record.run.id != run_id:
            raise DamagedError(f"{self.path}: {name} is the record of {record.run.id}.")
        return record


Read = Callable[[str, int], bytes]  # (name, largest size) -> content; raises UserError


def read_export(path: Path) -> Export:
    """An export: a zip file or a folder, with at most one folder around what it holds.

    Raises DamagedError that says what is wrong with it, UsageError if there is none.
    """
    if not files.exists(path):
        raise UsageError(f"{path} does not exist. Give a file or folder that ncmc export wrote.")
    try:
        if path.is_dir():
            lists = (*path.glob(NAME), *path.glob(f"*/{NAME}"))
            names = [place.relative_to(path).as_posix() for place in lists]
            return _checked(path, names, lambda name, most: files.read_bytes(path / name, most))
        return _read_zip(path)
    except UserError as error:
        raise DamagedError(str(error)) from error


def _read_zip(path: Path) -> Export:
    """The export in a zip file. Raises UserError.

    All that Python raises for one that is none, damaged or encrypted (RuntimeError) is caught here.
    """

    def read(name: str, most: int) -> bytes:
        if name not in members:
            raise DamagedError(f"{path} is not whole: {name} is missing.")
        with archive.open(name) as member:
            data = member.read(most + 1)
        if len(data) > most:
            raise DamagedError(f"{path}: {name} is larger than {most:,} bytes.")
        return data

    try:
        with files.open_regular(path) as file:
            archive = zipfile.ZipFile(file)
            members = set(archive.namelist())
            return _checked(path, members, read)
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError),
        *(ValueError, OverflowError, RuntimeError),
    ) as error:
        raise DamagedError(
            f"{path} is not a zip file, or is damaged, cut short or encrypted. Give a file that ncmc "
            "export wrote."
        ) from error


def _checked(path: Path, names: Iterable[str], read: Read) -> Export:
    """The export that lies among `names`, after all that it lists is read. Raises UserError."""
    folders = {name.removesuffix(NAME) for name in names if LIST.fullmatch(name)}
    if "" not in folders and len(folders) != 1:
        raise DamagedError(
            f"{path} is not an export of ncmc: needed is one {NAME}, at its top or in one folder; "
            f"found: {', '.join(sorted(folders)) or 'none'}. Give what ncmc export wrote, or unpack it. "
            "Records in a folder are read there with --results, or packed by ncmc export --results."
        )
    where, around = f"{path}: {NAME}", min(folders, key=len)
    data = documents.json_of(read(around + NAME, MOST_BYTES), where)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise DamagedError(f"{path} is not an export of ncmc: its {NAME} says so.")
    manifest = documents.parse(Manifest, data, where)
    total = sum(entry.size for entry in manifest.files.values())
    if total > MOST_TOTAL:
        raise DamagedError(f"{where} lists {total:,} bytes; allowed: {MOST_TOTAL:,}.")
    content = {}
    for name, entry in manifest.files.items():
        if not LISTED.fullmatch(name):
            raise DamagedError(f"{where} lists an impossible name: {shortened(repr(name))}.")
        content[name] = read(around + name, entry.size)
        if hashlib.sha256(content[name]).hexdigest() != entry.sha256:
            raise DamagedError(f"{path}: {name} was changed after it was packed (its SHA-256).")
    return Export(path, manifest, content)
