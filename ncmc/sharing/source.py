"""An export that somebody gives us, a zip file or a folder, read without trust."""

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from ncmc.errors import DamagedError, UsageError, UserError, shortened
from ncmc.results.record import Record, parse_record
from ncmc.sharing.manifest import MOST_FILES, NAME, Manifest, check_layout
from ncmc.system import documents, files
from ncmc.system.documents import MOST_BYTES

MOST_RATIO = (
    300  # of content to archive: records shrink to a tenth, what is made to burst to a thousandth
)
SLACK = 1 << 20  # bytes that need no ratio
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OverflowError)


class _Files(Protocol):
    """Names and contents, of a zip file or a folder."""

    def names(self) -> list[str]:
        """Every file in it."""

    def read(self, name: str, most: int) -> bytes:
        """A file's content. Raises DamagedError if it cannot be read or is larger than `most` bytes."""


class Export:
    """An export whose list of files is sound; each file is checked when it is read."""

    def __init__(self, path: Path, content: _Files) -> None:
        """Raises DamagedError if it is not an export of ours, or holds what it does not list."""
        self.path = path
        self._content = content
        where = f"{path}: {NAME}"
        names = content.names()
        if NAME not in names:
            raise DamagedError(f"{path} is not an export of ncmc: it has no {NAME}.")
        body = content.read(NAME, MOST_BYTES)
        try:
            data = documents.json_of(body, where)
            if not isinstance(data, dict) or data.get("format") != "ncmc-export":
                raise DamagedError(f"{path} is not an export of ncmc: its {NAME} says so.")
            self.manifest = documents.parse(Manifest, data, where)
        except UsageError as error:
            raise DamagedError(str(error)) from error
        check_layout(self.manifest, where)
        listed = {NAME, *self.manifest.files}
        if foreign := sorted(set(names) - listed):
            raise DamagedError(
                f"{path} holds {shortened(repr(foreign[0]))}, which its {NAME} does not list."
            )
        if missing := sorted(listed - set(names)):
            raise DamagedError(f"{path} is not whole: {missing[0]} is missing.")

    def read(self, name: str) -> bytes:
        """A file that is listed. Raises DamagedError if it is not the one that was packed."""
        entry = self.manifest.files[name]
        data = self._content.read(name, entry.size)
        if len(data) != entry.size or hashlib.sha256(data).hexdigest() != entry.sha256:
            raise DamagedError(
                f"{self.path}: {name} was changed after it was packed (its SHA-256)."
            )
        return data


def record_in(export: Export, name: str) -> Record:
    """A record of an export. Raises DamagedError."""
    try:
        return parse_record(export.read(name), f"{export.path}: {name}")
    except UserError as error:
        raise DamagedError(str(error)) from error


def is_export(path: Path) -> bool:
    """Whether a file or folder is an export of ours, as far as its list of files says."""
    try:
        with open_export(path):
            return True
    except UserError:
        return False


@contextmanager
def open_export(path: Path) -> Iterator[Export]:
    """An export, open for reading.

    Raises DamagedError that says what is wrong with it, UsageError if there is none.
    """
    if not files.exists(path):
        raise UsageError(f"{path} does not exist. Give a file or folder that ncmc export wrote.")
    if path.is_dir():
        yield Export(path, _Folder(path))
        return
    with files.open_regular(path) as file:
        try:
            archive = zipfile.ZipFile(file)
        except BROKEN as error:
            raise DamagedError(
                f"{path} is not a zip file, or was cut short. Give a file that ncmc export wrote."
            ) from error
        with archive:
            yield Export(path, _Zip(path, archive))


class _Zip:
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        """Raises DamagedError for members that a zip file of ours does not have."""
        self._path, self._archive = path, archive
        members = archive.infolist()
        if len(members) > MOST_FILES:
            raise DamagedError(f"{path} holds {len(members):,} files; allowed: {MOST_FILES:,}.")
        seen = set[str]()
        for member in members:
            name = shortened(repr(member.filename))
            if member.filename in seen:
                raise DamagedError(f"{path} holds {name} twice.")
            seen.add(member.filename)
            kind = stat.S_IFMT(member.external_attr >> 16)
            if member.is_dir() or kind not in (0, stat.S_IFREG):
                raise DamagedError(f"{path} holds {name}, which is not a plain file.")
            if member.flag_bits & 1:
                raise DamagedError(f"{path} is encrypted.")
        content = sum(member.file_size for member in members)
        if content > MOST_RATIO * path.stat().st_size + SLACK:
            raise DamagedError(
                f"{path} would unpack to {content:,} bytes: it is made to fill a disk."
            )

    def names(self) -> list[str]:
        return self._archive.namelist()

    def read(self, name: str, most: int) -> bytes:
        try:
            with self._archive.open(name) as file:
                data = file.read(most + 1)
        except (*BROKEN, RuntimeError) as error:
            raise DamagedError(f"{self._path} is damaged: {name} cannot be unpacked.") from error
        except OSError as error:
            raise UserError(f"cannot read {self._path}: {error.strerror or error}.") from error
        if len(data) > most:
            raise DamagedError(f"{self._path}: {name} is larger than {most:,} bytes.")
        return data


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """Every file; raises UserError for a link or a folder that cannot be read."""
        found, pending = list[str](), [self._path]
        while pending:
            folder = pending.pop()
            for name in files.listed(folder):
                item = folder / name
                if item.is_symlink():
                    raise DamagedError(f"{item} is a link: an export holds plain files.")
                if item.is_dir():
                    pending.append(item)
                else:
                    found.append(item.relative_to(self._path).as_posix())
                if len(found) + len(pending) > MOST_FILES:
                    raise DamagedError(f"{self._path} holds more than {MOST_FILES:,} files.")
        return found

    def read(self, name: str, most: int) -> bytes:
        try:
            return files.read_bytes(self._path / name, most)
        except UserError as error:
            raise DamagedError(str(error)) from error
