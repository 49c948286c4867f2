"""Files that a command is told to write: its own output is replaced, nobody else's."""

from collections.abc import Callable
from pathlib import Path

from ncmc.errors import UsageError, UserError
from ncmc.system import files


def check_target(path: Path, option: str, what: str, is_ours: Callable[[Path], bool]) -> None:
    """Raises UsageError unless writing `path` harms nothing: it is new, empty, or the same kind of file.

    `option`: as the user gave it, such as --to; `what`: what `is_ours` tells, such as `an export`.
    """
    _check_parent(path, option)
    if path.is_dir():
        raise UsageError(f"{option} {path} is a folder; the name of a file is needed.")
    if not files.exists(path):
        return
    try:
        ours = files.size(path) == 0 or is_ours(path)
    except UserError:
        ours = False
    if not ours:
        raise UsageError(
            f"{option} {path} is there already and is not {what}. Name another file, or delete it."
        )


def _check_parent(path: Path, option: str) -> None:
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {path.parent}. Make it first.")
