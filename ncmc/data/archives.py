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
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn, cast

from ncmc.errors import UserError, shortened
from ncmc.system import files

RATIO = 200  # content may be this many times the size of the archive...
ROOM = 64 << 20  # ...and at least this many bytes

BLOCK = 1 << 20  # bytes read at a time

FOREIGN = {  # how files begin that somebody might take for a tar or zip
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"\x04\x22\x4d\x18": "compressed with lz4",
    b"\x1f\x9d": "compressed with compress",
    b"\x93NUMPY": "a NumPy array",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"PAR1": "a Parquet file",
    b"SQLite format 3\0": "a database",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"%PDF": "a PDF",
}

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
        self.is_folder = size < 0
        self._archive = archive
        self._file = file

    def read(self) -> bytes:
        """The whole content. Raises UserError if it is damaged or shorter than the archive says."""
        with _explained(self._archive):
            content = self._file.read(self.size) if self._file else b""
            if len(content) != self.size:
                raise EOFError(f"{self.name} ends early")
            return content


def members(
    path: Path,
    wanted: set[PurePosixPath] | None = None,
    folders: set[PurePosixPath] | None = None,
) -> Iterator[Member]:
    """The files of a tar (plain, gzip, bzip2, xz) or zip archive, in its own order.

    With `wanted`, the walk ends when the last of these was seen; `folders` collects the folders that the
    archive names. Raises UserError for an archive that is damaged, unsafe or a bomb, naming the member.
    """
    left = set(wanted or ())
    with _explained(path):
        _check_kind(path)
        source = _zip_members(path) if zipfile.is_zipfile(path) else _tar_members(path)
        for member in source:
            if member.is_folder:
                if folders is not None:
                    folders.add(member.name)
                continue
            yield member
            left.discard(member.name)
            if wanted is not None and not left:
                return


def _check_kind(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(512)
    kind = next((kind for magic, kind in FOREIGN.items() if start.startswith(magic)), None)
    if start and start.isascii() and all(byte >= 32 or byte in b"\t\r\n\f" for byte in start):
        kind = "a text file"
    if kind:
        raise UserError(
            f"{path} is {kind}; needed is a tar (plain, gzip, bzip2, xz) or a zip. If it is an archive, "
            "unpack it and give the folder."
        )


def pack(
    folder: Path,
    names: Iterable[PurePosixPath],
    target: Path,
    *,
    bare: Iterable[PurePosixPath] = (),
    folders: Iterable[PurePosixPath] = (),
) -> None:
    """A tar of `names` under `folder` that depends on names and contents only.

    `bare` files are packed by name alone, without content; `folders` as folders.
    """
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(names, key=str):
            info = tarfile.TarInfo(str(name))  # no owner, mode or time of the original
            with files.open_regular(folder / name) as file:
                info.size = os.fstat(file.fileno()).st_size
                tar.addfile(info, file)
        for name in sorted(bare, key=str):
            tar.addfile(tarfile.TarInfo(str(name)))
        for name in sorted(folders, key=str):
            info = tarfile.TarInfo(str(name))
            info.type = tarfile.DIRTYPE
            tar.addfile(info)


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
                yield Member(path, name, -1, None)
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
            name = safe_name(_zip_name(info), path)
            if info.is_dir():
                yield Member(path, name, -1, None)
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


def _zip_name(info: zipfile.ZipInfo) -> str:
    """A member's name: in UTF-8, whether the archive says so or not."""
    if info.flag_bits & 0x800:  # says so
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # from the field that newer zips hold a name in UTF-8 in
        return info.filename


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
    """A member's path. Raises UserError if it leads out of the archive's own folder, or is not text."""
    if bad := unreadable(name):
        raise UserError(f"{path} holds '{bad}', a name that is not UTF-8 text; rename it.")
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


def unreadable(name: str) -> str | None:
    """A name that is not UTF-8 text, with escapes for what is not; None if it is text."""
    data = name.encode("utf-8", "surrogateescape")
    shown = data.decode("utf-8", "backslashreplace")
    shown = "".join(c if unicodedata.category(c) != "Cc" else ascii(c)[1:-1] for c in shown)
    return None if shown == name else shown


def walk(folder: Path) -> tuple[list[PurePosixPath], set[PurePosixPath]]:
    """Relative paths of all files and of all folders under a folder; links are followed.

    Raises UserError for a name that is not UTF-8 text, a link in a circle or one that leads nowhere, and
    a folder that cannot be read, naming it.
    """
    names: list[PurePosixPath] = []
    folders: set[PurePosixPath] = set()
    seen: set[str] = set()

    def refuse(error: OSError) -> NoReturn:
        raise UserError(f"cannot read {error.filename}: {error.strerror}.") from error

    for here, inner, found in os.walk(folder, followlinks=True, onerror=refuse):
        real = os.path.realpath(here)
        if real in seen:
            raise UserError(f"{here} is reached twice, by a link. Remove the link.")
        seen.add(real)
        inner.sort()
        for name in sorted(inner + found):
            path = PurePosixPath(Path(here, name).relative_to(folder).as_posix())
            if bad := unreadable(str(path)):
                kind = "folder" if name in inner else "file"
                raise UserError(
                    f"the {kind} {bad} in {folder} has a name that is not UTF-8 text; rename it."
                )
            if name in inner:
                folders.add(path)
            elif files.size(folder / path) is not None:
                names.append(path)
            elif not name.startswith("."):
                link = (folder / path).is_symlink()
                kind = "a link that leads nowhere" if link else "neither a file nor a folder"
                raise UserError(f"{folder / path} is {kind}. Mend it, or remove it.")
    return names, folders
