"""Reading a tar or zip file that a stranger made, without ever unpacking it to disk.

Every member is checked before it is used: no absolute path, no `..`, no link, no device, and no more
content than an honest archive of that size can hold.
"""

import bz2
import gzip
import lzma
import os
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn, cast

from ncmc.errors import UserError, shortened
from ncmc.system import files

RATIO = 200  # content may be this many times the size of the archive...
ROOM = 64 << 20  # ...and at least this many bytes
BLOCK = 1 << 20  # bytes read at a time


@dataclass(frozen=True)
class Member:
    """A file or folder inside an archive; a file is readable while it is the current one."""

    archive: Path
    name: PurePosixPath
    size: int
    file: IO[bytes] | None  # None: a folder

    def read(self) -> bytes:
        """The whole content. Raises UserError if it is damaged or shorter than the archive says."""
        with _explained(self.archive):
            content = self.file.read(self.size) if self.file else b""
            if len(content) != self.size:
                raise EOFError(f"{self.name} ends early")
            return content


def members(path: Path) -> Iterator[Member]:
    """The files and folders that a tar (plain, gzip, bzip2, xz) or zip archive names, in its order.

    Raises UserError for an archive that is damaged, unsafe or a bomb, naming the member.
    """
    with _explained(path):
        limit = max(ROOM, RATIO * path.stat().st_size)
        for member in _zip_members(path) if zipfile.is_zipfile(path) else _tar_members(path):
            limit -= member.size
            if limit < 0:
                raise UserError(
                    f"{path} claims to hold more than {RATIO} times its own size (at {member.name}): "
                    "not a plausible archive, it is not read."
                )
            yield member


def _tar_members(path: Path) -> Iterator[Member]:
    # as a stream: nothing is decompressed twice; through gzip & co., which check their own sums
    with (
        _decompressed(path) as content,
        tarfile.open(fileobj=content, mode="r|", bufsize=BLOCK) as tar,
    ):
        for info in tar:
            name = safe_name(info.name, path)
            if info.issym() or info.islnk():
                raise UserError(
                    f"{path} holds a link ({info.name} -> {info.linkname}); links are not read. "
                    "Pack the files themselves: tar --dereference --hard-dereference ..."
                )
            if not info.isdir() and not info.isreg():
                raise UserError(f"{path} holds {info.name}, which is neither a file nor a folder.")
            yield Member(path, name, info.size, tar.extractfile(info))
        while content.read(BLOCK):  # to the end, where the check sum is
            pass


def _decompressed(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(path))
    if start.startswith(b"BZh"):
        return bz2.open(path)
    return lzma.open(path) if start == b"\xfd7zXZ\0" else path.open("rb")


def _zip_members(path: Path) -> Iterator[Member]:
    # many tools write UTF-8 without saying so
    with zipfile.ZipFile(path, metadata_encoding="utf-8") as archive:
        for info in archive.infolist():
            name = safe_name(info.filename, path)
            if info.is_dir():
                yield Member(path, name, 0, None)
                continue
            with archive.open(info) as file:
                yield Member(path, name, info.file_size, file)


def safe_name(name: str, path: Path) -> PurePosixPath:
    """A member's path. Raises UserError if it leads out of the archive's own folder, or is not text."""
    _check_text(name, path)
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in (parts.parts or ("",))[0]:
        raise UserError(
            f"{path} holds '{name}', a path that leads out of its folder; it is not read. "
            "Take an archive from a source that you trust."
        )
    return parts


def _check_text(name: str, where: Path) -> None:
    if {unicodedata.category(letter) for letter in name} & {"Cc", "Cs"}:
        raise UserError(
            f"{where} holds '{name}', a name with control characters or not in UTF-8; rename it."
        )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # a stranger's archive can raise anything
        if isinstance(error, OSError) and error.errno is not None:
            raise UserError(f"cannot read {path}: {error.strerror}.") from error
        raise UserError(
            f"{path} is damaged, or not an archive ({shortened(str(error)) or type(error).__name__}); "
            "needed is a tar (plain, gzip, bzip2, xz) or a zip. Fetch it again; if it is an archive of "
            "another kind, unpack it and give the folder."
        ) from error


def pack(
    folder: Path,
    names: Iterable[PurePosixPath],
    target: Path,
    has_content: Callable[[PurePosixPath], bool],
) -> None:
    """A tar of files and folders under `folder` that depends on names and contents only.

    Files without `has_content` are packed by name alone, after the others.
    """
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(names, key=lambda name: (not has_content(name), str(name))):
            info = tarfile.TarInfo(str(name))  # no owner, mode or time of the original
            if (folder / name).is_dir():
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            elif has_content(name):
                with files.open_regular(folder / name) as file:
                    info.size = os.fstat(file.fileno()).st_size
                    tar.addfile(info, file)
            else:
                tar.addfile(info)


def walk(folder: Path) -> tuple[list[PurePosixPath], set[PurePosixPath]]:
    """Relative paths of all files and of all folders under a folder; links are followed.

    Raises UserError for a name that is not UTF-8 text, a link in a circle or one that leads nowhere, and
    a folder that cannot be read, naming it.
    """
    names: list[PurePosixPath] = []
    folders: set[PurePosixPath] = set()
    visited: set[str] = set()

    def refuse(error: OSError) -> NoReturn:
        raise UserError(f"cannot read {error.filename}: {error.strerror}.") from error

    for here, inner, others in os.walk(folder, followlinks=True, onerror=refuse):
        real = os.path.realpath(here)
        if real in visited:
            raise UserError(f"{here} is reached twice, by a link. Remove the link.")
        visited.add(real)
        inner.sort()
        for name in sorted(inner + others):
            _check_text(name, Path(here))
            path = PurePosixPath(Path(here, name).relative_to(folder).as_posix())
            if name in inner:
                folders.add(path)
            elif files.size(folder / path) is None and not name.startswith("."):
                raise UserError(f"{folder / path} is neither a file nor a folder. Remove it.")
            else:
                names.append(path)
    return names, folders
