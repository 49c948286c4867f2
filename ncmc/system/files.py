"""Writing files whole or not at all."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ncmc.errors import UserError, shortened


def explain(error: OSError, path: Path) -> UserError:
    """The plain-words form of an operating-system error met while writing `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"no space left on the disk that holds {path}. Free some and start again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UserError(
            f"no permission to write {path}. Make its folder writable or choose another one."
        )
    return UserError(f"cannot write {path}: {error.strerror or error}.")


def exists(path: Path) -> bool:
    """Whether there is something at `path`. Raises UserError if its folder cannot be looked into."""
    try:
        return path.exists()
    except OSError as error:
        raise UserError(f"cannot look for {path}: {error.strerror or error}.") from error


def is_absent(path: Path) -> bool:
    """Whether nothing is at `path`, not even a link that leads nowhere. Raises UserError as `exists`."""
    return not exists(path) and not path.is_symlink()


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """A regular file, open for reading.

    Raises UserError if there is none, it cannot be read, also later in the block, or it is not a
    regular file: a named pipe would wait for ever, /dev/zero never ends.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UserError(f"{path} is not a regular file. Put a file in its place.")
            yield file
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.") from error
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder. Put a file in its place.") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from error


def read_bytes(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes.

    Raises UserError as `open_regular` does, and if the file is larger.
    """
    with open_regular(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise UserError(f"{path} is larger than {most:,} bytes: not a file of ours.")
    return data


def size(path: Path) -> int | None:
    """Bytes of a regular file; None if there is no such file. Raises UserError if that is hidden."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:  # a folder that may not be read, a name that is too long
        raise UserError(
            f"cannot read {shortened(str(path), 300)}: {error.strerror or error}."
        ) from error
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def listed(folder: Path) -> list[str]:
    """The sorted names of what a folder holds. Raises UserError if it cannot be read."""
    try:
        return sorted(item.name for item in folder.iterdir())
    except OSError as error:
        raise UserError(f"cannot read {folder}: {error.strerror or error}.") from error


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def make_folder(path: Path) -> Path:
    """`path` as an existing folder, its parents too. Raises UserError if it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain(error, path) from error
    return path


def make_writable_folder(path: Path) -> Path:
    """`make_folder`, and a file tried in it: better now than after hours. Raises UserError."""
    make_folder(path)
    try:
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        raise explain(error, path) from error
    return path


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; renamed onto it, after a sync, if the block ends well.

    Whatever happens, `path` holds its old content or the new one, never a part.
    Raises UserError where the disk is full or the folder is not writable.
    """
    make_folder(path.parent)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        raise explain(error, path) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise explain(error, path) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write `content` to `path` whole or not at all. Raises UserError as `atomic_path` does."""
    data = content.encode() if isinstance(content, str) else content
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
