"""Reading a tar or zip file that a stranger made, without ever unpacking it to disk.

Every member is checked before any is used: no absolute path, no `..`, no link, no device, and no
more content than an honest archive of that size can hold.
"""

import bz2
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import repeat
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from ncmc.errors import UserError
from ncmc.system import ordered_threads

RATIO = 200  # content may be this many times the size of the archive...
ROOM = 64 << 20  # ...and at least this many bytes

BLOCK = 1 << 20  # bytes read at a time
GZIP = 31  # zlib's window bits for a gzip file, whose check sums it then compares

BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,  # a kind of compression that zipfile does not know
)


class Member:
    """A file inside an archive, readable while it is the current one."""

    def __init__(self, name: PurePosixPath, size: int, file: IO[bytes]) -> None:
        self.name = name
        self.size = size
        self._file = file

    def read(self) -> bytes:
        """The whole content. Raises UserError if it is shorter than the archive says."""
        content = self._file.read(self.size)
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
            path = folder / name
            info = tarfile.TarInfo(str(name))  # no owner, mode or time of the original
            info.size = path.stat().st_size
            with path.open("rb") as file:
                tar.addfile(info, file)


def _tar_members(path: Path) -> Iterator[Member]:
    budget = _Budget(path)
    # as a stream: nothing is decompressed twice; through gzip & co., which check their own sums
    with (
        closing(_Ahead(path)) as content,
        tarfile.open(fileobj=cast(IO[bytes], content), mode="r|", bufsize=BLOCK) as tar,
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
                raise UserError(f"{path} holds {info.name}, which is neither file nor folder.")
            budget.spend(info.size, info.name)
            file = tar.extractfile(info)
            assert file is not None
            yield Member(name, info.size, file)
        while block := content.read():  # to the end, where the check sum is
            budget.spend(len(block), "its end")


class _Gunzipped:
    """A gzip file's content; Python 3.11's own reader takes 8 kB at a time and a fifth longer."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._zlib = zlib.decompressobj(GZIP)
        self._rest = b""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; empty at the end."""
        while True:
            data = self._rest or self._file.read(BLOCK)
            if not data:
                if not self._zlib.eof:
                    raise EOFError("it ends early")
                return b""
            if self._zlib.eof:  # several gzip files in a row are one; zeros are padding
                data = data.lstrip(b"\0")
                self._zlib = zlib.decompressobj(GZIP) if data else self._zlib
            block = self._zlib.decompress(data, size) if data else b""
            self._rest = self._zlib.unconsumed_tail or self._zlib.unused_data if data else b""
            if block:
                return block

    def close(self) -> None:
        self._file.close()


def _decompressed(path: Path) -> Any:
    with path.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"\x1f\x8b"):
        return _Gunzipped(path)
    if start.startswith(b"BZh"):
        return bz2.open(path)
    return lzma.open(path) if start == b"\xfd7zXZ\0" else path.open("rb")


class _Ahead:
    """The decompressed content of a file, block by block, on a thread some blocks ahead."""

    def __init__(self, path: Path) -> None:
        self._file = _decompressed(path)
        self._blocks = ordered_threads.in_order(
            lambda _: self._file.read(BLOCK), repeat(None), 1, ahead=4
        )

    def read(self, size: int = BLOCK) -> bytes:
        """The next block; empty at the end."""
        assert size == BLOCK
        return next(self._blocks)

    def close(self) -> None:
        """End the thread, then the file."""
        self._blocks.close()
        self._file.close()


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
                raise UserError(f"{path} is encrypted ({info.filename}). Bring it decrypted.")
            budget.spend(info.file_size, info.filename)
            with archive.open(info) as file:
                yield Member(name, info.file_size, file)


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
            "Bring an archive from a source that you trust."
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
            f"{path} is damaged or no archive ({error or type(error).__name__}). "
            "Bring it anew; with its checksum in config/datasets.yaml this is seen at once."
        ) from error


def walk(folder: Path) -> Iterator[tuple[PurePosixPath, int]]:
    """Relative path and size of every file under a folder; links are followed, circles refused."""
    seen: set[str] = set()
    for here, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:
            raise UserError(f"{here} is a link in a circle (or twice the same folder). Remove it.")
        seen.add(real)
        folders.sort()
        for name in sorted(names):
            path = Path(here, name)
            if path.is_file():
                yield PurePosixPath(path.relative_to(folder).as_posix()), path.stat().st_size
