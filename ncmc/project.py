"""A project: the folder that ncmc works in, and what was read of its configuration, once."""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from ncmc.errors import UsageError

P = ParamSpec("P")
T = TypeVar("T")
MARKER = Path("config") / "grid.yaml"  # what makes a folder a project


class Project:
    """A folder with config/grid.yaml in it. Its configuration files are read once, when needed.

    Two projects can be open in one process: every function that reads a file takes its project.
    """

    def __init__(self, root: Path) -> None:
        """Raises UsageError if `root` is not the root of a project."""
        if not _is_project(root):
            raise UsageError(
                f"there is no ncmc project in {_short(root)} ({MARKER} is missing). Start ncmc inside "
                "its checkout, or set NCMC_ROOT to it."
            )
        self.root = root.resolve()
        self._kept: dict[Any, Any] = {}

    @classmethod
    def find(cls) -> "Project":
        """The project of $NCMC_ROOT, or of the nearest folder upwards from here.

        Raises UsageError if there is none.
        """
        if named := os.environ.get("NCMC_ROOT"):
            return cls(Path(named))
        try:
            here = Path.cwd()
        except FileNotFoundError as error:
            raise UsageError("the current folder was deleted. Change to another one.") from error
        return cls(next((f for f in (here, *here.parents) if _is_project(f)), here))

    def config(self, name: str) -> Path:
        """The path of a configuration file, such as `config("grid.yaml")`."""
        return self.root / "config" / name


def read_once(
    read: Callable[Concatenate[Project, P], T],
) -> Callable[Concatenate[Project, P], T]:
    """A function of a project whose result stays with the project: its files are read once."""

    @wraps(read)
    def kept(project: Project, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (read, args, tuple(sorted(kwargs.items())))
        if key not in project._kept:
            project._kept[key] = read(project, *args, **kwargs)
        return cast(T, project._kept[key])

    return kept


def _is_project(folder: Path) -> bool:
    try:
        return (folder / MARKER).is_file()
    except OSError:  # a name too long, a folder that may not be read
        return False


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else f"{text[:200]}..."
