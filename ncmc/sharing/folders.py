"""A folder in place of another: at every moment, whatever interrupts, the old one stands or the new."""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import filelock

from ncmc.errors import BusyError
from ncmc.system import files

RENAME_EXCHANGE = 2  # of renameat2(2): Linux alone, and not on every filesystem
AT_FDCWD = -100
NOT_HERE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes, after what an earlier one left half done is mended.

    Raises BusyError if another process holds it, UserError if it cannot be written.
    """
    files.make_folder(folder.parent)
    lock = filelock.FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        with lock.acquire(timeout=0):
            old = _beside(folder) / "old"
            if old.is_dir() and not folder.exists():
                old.rename(folder)
            shutil.rmtree(_beside(folder), ignore_errors=True)
            yield
    except filelock.Timeout as error:
        raise BusyError(
            f"another process writes {folder}. Wait for it, then start again."
        ) from error
    except OSError as error:
        raise files.explain(error, folder) from error


def replace_folder(folder: Path, content: Mapping[str, bytes]) -> None:
    """A folder with this content in place of the one that is there, within `exclusive`."""
    new = _beside(folder) / "new"
    for name, data in content.items():
        path = new / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(data)
            os.fsync(file.fileno())
    _exchange(new, folder)
    shutil.rmtree(_beside(folder), ignore_errors=True)


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.new")


def _exchange(new: Path, folder: Path) -> None:
    """`new` becomes `folder`, in one step where the system has one."""
    if not folder.exists():
        new.rename(folder)
        return
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    places = (AT_FDCWD, os.fsencode(new), AT_FDCWD, os.fsencode(folder))
    if rename is not None and rename(*places, RENAME_EXCHANGE) == 0:
        return
    if rename is not None and ctypes.get_errno() not in NOT_HERE:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    old = new.with_name("old")  # two steps: `exclusive` mends what lies between them
    try:
        folder.rename(old)
        new.rename(folder)
    except BaseException:
        if not folder.exists():
            old.rename(folder)
        raise
