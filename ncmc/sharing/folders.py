"""A folder that comes into being whole, or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ncmc.errors import UserError
from ncmc.system import files


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` if the block ends well.

    Raises UserError if there is something at `target` already, or it cannot be written.
    """
    if files.exists(target) and (not target.is_dir() or files.listed(target)):
        raise UserError(f"{target} is there already. Name a new folder.")
    files.make_folder(target.parent)
    try:
        with tempfile.TemporaryDirectory(
            dir=target.parent, prefix=f".{target.name}.", ignore_cleanup_errors=True
        ) as place:
            whole = Path(place) / "whole"
            whole.mkdir()
            yield whole
            whole.replace(target)
    except OSError as error:
        raise files.explain(error, target) from error
