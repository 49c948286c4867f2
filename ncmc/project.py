"""A project: the folder that ncmc works in, and what was read of its configuration, once."""

import os
from collections.abc import Callable
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from ncmc import paths
from ncmc.errors import UsageError, shortened, unknown
from ncmc.paths import OURS

P = ParamSpec("P")
T = TypeVar("T")
MARKER = Path(paths.CONFIG) / "datasets.yaml"  # what makes a folder a project
SHARED = ("train.yaml", "datasets.yaml", "plan.yaml", "workflow.yaml", "lab.yaml")  # by all papers
# The open points that a run was made under: one register for all papers, whose runs may be the same.
REGISTER = "assumptions.yaml"


class Project:
    """A folder with config/datasets.yaml in it, and the paper that is open: a folder of papers/.

    Its files are read once, when needed. Runs and data belong to all papers; tables, checks and pages
    to one. Two projects can be open in one process: every function that reads takes its project.
    """

    def __init__(self, root: Path, reads_published: bool = False, paper: str = OURS) -> None:
        """`reads_published`: whether a published record stands in for one that is not here.

        Trainings, plans and exports know the records of this checkout alone. Raises UsageError if
        `root` is not the root of a project, or has no such paper.
        """
        if not _is_project(root):
            raise UsageError(
                f"there is no ncmc project in {shortened(str(root), 200)} ({MARKER} is missing). Start "
                "ncmc inside its checkout, or set NCMC_ROOT to it."
            )
        self.root = root.resolve()
        self.paper = paper
        if paper != OURS and paper not in (known := papers(root)):
            if (folder := root / paths.PAPER.format(paper=paper)).is_dir() and paper:
                raise UsageError(
                    f"{folder} has no paper.yaml: title and venue of the paper, at least."
                )
            raise unknown("paper", paper, known)
        self._reads_published = reads_published
        self.own_in_use: set[Path] = set()  # records; kept where published ones are read too
        self.published_in_use: set[Path] = set()
        self._kept: dict[Any, Any] = {}

    @classmethod
    def find(cls, reads_published: bool = False) -> "Project":
        """The project of $NCMC_ROOT, or of the nearest folder upwards; the paper of $NCMC_PAPER.

        Raises UsageError if there is none.
        """
        paper = os.environ.get(paths.PAPER_VARIABLE) or OURS
        if named := os.environ.get("NCMC_ROOT"):
            return cls(Path(named), reads_published, paper)
        try:
            here = Path.cwd()
        except FileNotFoundError as error:
            raise UsageError("the current folder was deleted. Change to another one.") from error
        root = next((f for f in (here, *here.parents) if _is_project(f)), here)
        return cls(root, reads_published, paper)

    def config(self, name: str) -> Path:
        """The path of a file: in config/ if papers share it, else in the folder of the open paper."""
        if name in SHARED:
            return self.root / paths.CONFIG / name
        paper = OURS if name == REGISTER else self.paper
        return self.root / paths.PAPER.format(paper=paper) / name

    def of_paper(self, template: str) -> str:
        """The template of a table, page, plan or log, for the open paper."""
        return paths.of_paper(template, self.paper)

    def place(self, template: str, **names: str) -> Path:
        """Where a table, page or plan of the open paper lies."""
        return self.root / self.of_paper(template).format(**names)

    def published(self, tier: str) -> Path:
        """Where a tier of the open paper is published: NAME-TIER, but for ours."""
        own = "" if self.paper == OURS else f"{self.paper}-"
        return self.root / paths.PUBLISHED.format(tier=own + tier)

    @property
    def published_tiers(self) -> list[str]:
        """The folders of the open paper's published tiers, by name."""
        folders = self.root.glob(f"{paths.PUBLISHED.format(tier='*')}/")
        others = tuple(f"{paper}-" for paper in papers(self.root) if paper != OURS)
        names = sorted(folder.name for folder in folders)
        if self.paper == OURS:
            return [name for name in names if not name.startswith(others)]
        return [name for name in names if name.startswith(f"{self.paper}-")]

    def record_path(self, run_id: str, tier: str | None = None) -> Path:
        """Where a run's record lies: its own, if there is one, or where it is published.

        `tier`: that of the table that it is read for, whose record is preferred.
        """
        own = self.root / paths.RUNS / run_id / paths.RECORD
        if not self._reads_published:
            return own
        if is_here := _is_there(own):
            self.own_in_use.add(own)
        published = None if is_here else self.published_record(run_id, tier)
        if published:
            self.published_in_use.add(published)
        return published or own

    def published_record(self, run_id: str, tier: str | None = None) -> Path | None:
        """Where a run's record is published: in `tier`, or else in the first tier by name."""
        places = self._published.get(run_id, {})
        preferred = places.get(self.published(tier).name) if tier else None
        return preferred or next(iter(places.values()), None)

    @cached_property
    def _published(self) -> dict[str, dict[str, Path]]:
        """Run id -> folder of a published tier -> its record; the folders sorted by name."""
        records: dict[str, dict[str, Path]] = {}
        for folder in sorted(self.root.glob(paths.PUBLISHED.format(tier="*"))):
            for path in (folder / paths.RUNS).rglob(paths.RECORD):
                run_id = path.parent.relative_to(folder / paths.RUNS).as_posix()
                records.setdefault(run_id, {})[folder.name] = path
        return records


def papers(root: Path) -> list[str]:
    """The names of the papers of a project, the folders of papers/ with a paper.yaml; ours first."""
    names = sorted(path.parent.name for path in root.glob(paths.PAPER.format(paper="*/paper.yaml")))
    return sorted(names, key=lambda name: name != OURS)


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


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # hidden: who reads it says so
        return True
