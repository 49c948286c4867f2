"""An export that somebody gives us, a zip file or a folder, read without trust.

manifest.json lists every file that counts, with its SHA-256; whatever else lies beside them is not read.
"""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ncmc import paths
from ncmc.errors import DamagedError, UsageError, UserError, shortened
from ncmc.results.record import Record, Sha256, parse_record
from ncmc.system import documents, files
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
MOST_TOTAL = 4 << 30  # bytes of all files together, which are read one by one
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OverflowError)

Read = Callable[[str, int], bytes]  # (name, largest size) -> content; raises DamagedError


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


class Export:
    """An export whose list of files is sound; each file is checked when it is read."""

    def __init__(self, path: Path, read: Read) -> None:
        """Raises DamagedError if it is not an export of ours."""
        self.path, self._read = path, read
        where = f"{path}: {NAME}"
        try:
            data = documents.json_of(read(NAME, MOST_BYTES), where)
            if not isinstance(data, dict) or data.get("format") != FORMAT:
                raise DamagedError(f"{path} is not an export of ncmc: its {NAME} says so.")
            self.manifest = documents.parse(Manifest, data, where)
        except UsageError as error:
            raise DamagedError(str(error)) from error
        for name in self.manifest.files:
            if not (RECORD.fullmatch(name) or LAYOUT.fullmatch(name)):
                raise DamagedError(
                    f"{where} lists a file that no export holds: {shortened(repr(name))}."
                )
        total = sum(entry.size for entry in self.manifest.files.values())
        if total > MOST_TOTAL:
            raise DamagedError(f"{where} lists {total:,} bytes; allowed: {MOST_TOTAL:,}.")

    def read(self, name: str) -> bytes:
        """A file that is listed. Raises DamagedError if it is not the one that was packed."""
        entry = self.manifest.files[name]
        data = self._read(name, 2 * entry.size)
        if hashlib.sha256(data).hexdigest() == entry.sha256:
            return data
        if hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest() == entry.sha256:
            raise DamagedError(
                f"{self.path}: {name} has other line ends than it was packed with, as git writes them "
                "with core.autocrlf. Clone again with `git clone -c core.autocrlf=false`."
            )
        raise DamagedError(f"{self.path}: {name} was changed after it was packed (its SHA-256).")

    def record(self, run_id: str) -> Record:
        """The record of a run. Raises DamagedError, also for one of another run."""
        name = paths.RUN_RECORD.format(run=run_id)
        try:
            record = parse_record(self.read(name), f"{self.path}: {name}")
        except UserError as error:
            raise DamagedError(str(error)) from error
        if record.run.id != run_id:
            raise DamagedError(f"{self.path}: {name} is the record of {record.run.id}.")
        return record


def is_export(path: Path) -> bool:
    """Whether a file or folder is an export of ours, as far as its list of files says."""
    try:
        with open_export(path):
            return True
    except UserError:
        return False


@contextmanager
def open_export(path: Path) -> Iterator[Export]:
    """An export, open for reading; also inside one more folder, as file managers zip it.

    Raises DamagedError that says what is wrong with it, UsageError if there is none.
    """
    if not files.exists(path):
        raise UsageError(f"{path} does not exist. Give a file or folder that ncmc export wrote.")
    if path.is_dir():
        names = (p.relative_to(path).as_posix() for p in sorted(path.glob(f"*/{NAME}")))
        inside = "" if files.exists(path / NAME) else _folder_around(path, names)
        yield Export(path, partial(_file, path / inside))
        return
    with files.open_regular(path) as file:
        try:
            archive = zipfile.ZipFile(file)
        except BROKEN as error:
            raise DamagedError(
                f"{path} is not a zip file, or was cut short. Give a file that ncmc export wrote."
            ) from error
        with archive:
            members = {entry.filename.replace("\\", "/"): entry for entry in archive.infolist()}
            inside = "" if NAME in members else _folder_around(path, members)
            inner = {name.removeprefix(inside): entry for name, entry in members.items()}
            yield Export(path, partial(_unpacked, path, archive, inner))


def _folder_around(path: Path, names: Iterable[str]) -> str:
    """The one folder that holds an export, with its slash. Raises DamagedError."""
    found = [name.removesuffix(NAME) for name in names if re.fullmatch(rf"[^/]+/{NAME}", name)]
    if len(found) > 1:
        raise DamagedError(f"{path} holds several exports: {', '.join(found)}. Give one of them.")
    if not found:
        raise DamagedError(f"{path} is not an export of ncmc: it has no {NAME}.")
    return found[0]


def _file(folder: Path, name: str, most: int) -> bytes:
    try:
        return files.read_bytes(folder / name, most)
    except UserError as error:
        raise DamagedError(str(error)) from error


def _unpacked(
    path: Path,
    archive: zipfile.ZipFile,
    members: Mapping[str, zipfile.ZipInfo],
    name: str,
    most: int,
) -> bytes:
    """A member of a zip file. Raises DamagedError for all that can be wrong with it."""
    if name not in members:
        raise DamagedError(f"{path} is not whole: {name} is missing.")
    try:
        with archive.open(members[name]) as file:
            data = file.read(most + 1)
    except (*BROKEN, RuntimeError) as error:  # RuntimeError: it is encrypted
        raise DamagedError(f"{path} is damaged or encrypted: {name} cannot be unpacked.") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from error
    if len(data) > most:
        raise DamagedError(f"{path}: {name} is larger than {most:,} bytes.")
    return data
