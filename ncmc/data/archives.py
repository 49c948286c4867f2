"""Reading a tar or zip file that a stranger made, without ever unpacking it to disk.

Every member is checked before any is used: no absolute path, no `..`, no link, no device, and no
more content than an honest archive of that size can hold.
"""

import bz2
import gzip
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from ncmc.errors import UserError, shortened
from ncmc.system import files

RATIO = 200  # content may be this many times the size of the archive...
ROOM = 64 << 20  # ...and at least this many bytes

BLOCK = 1 << 20  # bytes read at a time

BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,  # a kind of compression that zipfile does not know
    RuntimeError,  # a member that is encrypted though the list of members does not say so
    struct.error,
)


class Member:
    """A file inside an archive, readable while it is the current one."""

    def __init__(
        self, archive: Path, name: PurePosixPath, size: int, file: IO[bytes] | None
    ) -> None:
        self.name = name
        self.size = size
        self._archive = archive
        self._file = file

    def read(self) -> bytes:
        """The whole content. Raises UserError if it is damaged or shorter than the archive says."""
        with _explained(self._archive):
            content = self._file.read(self.size) if self._file else b""
            if len(content) != self.size:
                raise EOFError(f"{self.name} ends early")
            return content


def members(path: Path, wanted: set[PurePosixPath] | None = None) -> Iterator[Member]:
    """The files of a tar (plain, gzip, bzip2, xz) or zip archive, in its own order.

    With `wanted`, the walk ends when the last of these was seen. Raises UserError for an archive
    that is damaged, unsafe or a bomb, naming the member.
    """
    left = set(wanted or ())
    with _explained(path):
        source = _zip_members(path) if zipfile.is_zipfile(path) else _tar_members(path)
        for member in source:
            yield member
            left.discard(member.name)
            if wanted is not None and not left:
                return


def pack(folder: Path, names: Iterable[PurePosixPath], target: Path) -> None:
    """A tar of `names` under `folder` that depends on names and contents only."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(names, key=str):
            info = tarfile.TarInfo(str(name))  # no owner, mode or time of the original
            with files.open_regular(folder / name) as file:
                info.size = os.fstat(file.fileno()).st_size
                tar.addfile(info, file)


def _tar_members(path: Path) -> Iterator[Member]:
    budget = _Budget(path)
    # as a stream: nothing is decompressed twice; through gzip & co., which check their own sums
    with (
        _decompressed(path) as content,
        tarfile.open(fileobj=content, mode="r|", bufsize=BLOCK) as tar,
    ):
        for info in tar:
            name = safe_name(info.name, path)
            if info.isdir():
                continue
            if info.issym() or info.islnk():
                raise UserError(
                    f"{path} holds a link ({info.name} -> {info.linkname}); links are not read. "
                    "Pack the files themselves: tar --dereference --hard-dereference ..."
                )
            if not info.isreg():
                raise UserError(f"{path} holds {info.name}, which is neither a file nor a folder.")
            budget.spend(info.size, info.name)
            yield Member(path, name, info.size, tar.extractfile(info))
        while block := content.read(BLOCK):  # to the end, where the check sum is
            budget.spend(len(block), "its end")


def _decompressed(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(path))
    if start.startswith(b"BZh"):
        return bz2.open(path)
    return lzma.open(path) if start == b"\xfd7zXZ\0" else path.open("rb")


def _zip_members(path: Path) -> Iterator[Member]:
    budget = _Budget(path)
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = safe_name(info.filename, path)
            if info.is_dir():
                continue
            if (info.external_attr >> 16) & 0o170000 == 0o120000:
                raise UserError(f"{path} holds a link ({info.filename}); links are not read.")
            if info.flag_bits & 1:
                raise UserError(f"{path} is encrypted ({info.filename}). Decrypt it first.")
            budget.spend(info.file_size, info.filename)
            if (
                info.CRC and not info.file_size
            ):  # zipfile would not compare: there is nothing to read
                raise EOFError(f"{name} is said to be empty, and is not")
            with archive.open(info) as file:
                yield Member(path, name, info.file_size, file)


class _Budget:
    """Bytes of content that an archive of this size is trusted to hold."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.limit = max(ROOM, RATIO * path.stat().st_size)
        self.spent = 0

    def spend(self, size: int, name: str) -> None:
        self.spent += size
        if size < 0 or self.spent > self.limit:
            raise UserError(
                f"{self.path} ({self.path.stat().st_size:,} bytes) claims to hold more than "
                f"{self.limit:,} bytes (at {name}): not a plausible archive, it is not read."
            )


def safe_name(name: str, path: Path) -> PurePosixPath:
    """A member's path. Raises UserError if it leads out of the archive's own folder."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in (parts.parts or ("",))[0]:
        raise UserError(
            f"{path} holds '{name}', a path that leads out of its folder; it is not read. "
            "Take an archive from a source that you trust."
        )
    return parts


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (*BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UserError(f"cannot read {path}: {error.strerror}.") from error
        raise UserError(
            f"{path} is damaged, or not an archive ({_reason(error)}). Fetch it again; with its "
            "checksum in config/datasets.yaml this is seen at once."
        ) from error


def _reason(error: Exception) -> str:
    return shortened(str(error)) or type(error).__name__


def walk(folder: Path) -> Iterator[tuple[PurePosixPath, int]]:
    """Relative path and size of every file under a folder; links are followed, circles refused."""
    seen: set[str] = set()
    for here, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:
            raise UserError(f"{here} is reached twice, by a link. Remove the link.")
        seen.add(real)
        folders.sort()
        for name in sorted(names):
            path = Path(here, name)
            if (size := files.size(path)) is not None:
                yield PurePosixPath(path.relative_to(folder).as_posix()), size
