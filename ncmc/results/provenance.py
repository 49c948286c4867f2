"""How a record was made: when, where, with which code and packages. Its digest leaves this out."""

import ast
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ncmc.errors import UserError
from ncmc.plan.code_digest import Code, code_of, digest_of, files_of
from ncmc.plan.recipes import Threads
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.system import hardware
from ncmc.system.documents import Strict

MOST = 2**53  # of a count: whole numbers up to it are exact as floats too
Ordinal = Annotated[int, Field(ge=1, le=MOST)]
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$")]
OF_LAST = ("device", "processor", "precision", "threads", "instructions")  # session, told twice


class Git(Strict):
    """The state of the code; None where git cannot tell.

    `dirty`: whether code that the run's numbers depend on does something else than in the commit.
    """

    commit: Commit | None
    dirty: bool | None


class Machine(Strict):
    """The hardware."""

    processor: str
    cores: Annotated[int, Field(ge=1, le=2**16)]
    memory_gib: Annotated[float, Field(gt=0, le=2**20)]
    system: str


class Session(Strict):
    """A stretch of training computed in one way, and the epoch and step that it began at."""

    device: str
    processor: str
    precision: Annotated[str, Field(pattern="^(float32|bfloat16)$")]
    threads: Threads
    epoch: Ordinal
    step: Annotated[int, Field(ge=0, le=MOST)]
    gpu_libraries: str | None = None  # driver, CUDA, cuDNN and whether TF32 is on; None on a CPU
    code: Code | None = None  # None, as its commit: before 0.4 only that of the last was recorded
    commit: Commit | None = None
    dirty: bool | None = None  # see `Git`
    instructions: str | None = None  # of the processor, that torch used


class Made(Strict):
    """When, where and how a record was made: what may differ when its run is repeated."""

    at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]  # UTC, ISO 8601
    command: str
    git: Git
    hardware: Machine
    packages: Mapping[str, str]  # name -> version
    seconds: Annotated[float, Field(ge=0)]  # of training
    images_per_second: float | None
    device: str  # as the next four, of the last session
    processor: str
    precision: str
    threads: Threads
    instructions: str | None = None  # of the processor, that torch used; None before 0.4
    sessions: tuple[Session, ...]
    sources: Mapping[str, str] = {}  # recipe key -> place in the paper, or assumption
    code: Code
    image: str | None = None  # sha256:... of the container image; None: none, or not told which

    @property
    def dirty(self) -> bool | None:
        """Whether a session, or what wrote the record, ran code that no commit holds; None: unknown."""
        return True if any(session.dirty for session in self.sessions) else self.git.dirty


def provenance(
    project: Project,
    run: Run,
    command: str,
    seconds: float,
    images: int,
    sessions: Sequence[Session],
    sources: Mapping[str, str],
) -> Made:
    """How the record of a run is made here and now, from a training with these sessions.

    `command`: what makes it again; `seconds`: its wall time; `images`: how many it was shown, each as
    often as it was. Raises UserError for a method without a file: nothing would say what was run.
    """
    code = code_of(project, run)
    if code is None:
        raise UserError(
            f"the code of {run.method} or {run.backbone} lies in no file of this package."
        )
    return Made(
        at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        command=command,
        git=git_state(project.root, files_of(project, run)),
        hardware=Machine(**hardware.machine()),
        packages=hardware.packages(),
        seconds=seconds,
        images_per_second=images / seconds if seconds else None,
        sessions=tuple(sessions),
        sources=sources,
        code=code,
        **{name: getattr(sessions[-1], name) for name in OF_LAST},
        image=os.environ.get("NCMC_IMAGE") or None,
    )


@cache
def git_state(root: Path, code: tuple[Path, ...]) -> Git:
    """The commit of the project's root, and whether files of `code` do something else than there."""
    commit = _commit_of_checkout(root)
    if commit is None:
        return Git(commit=_commit_of_image(), dirty=None)
    names = list(map(str, code))
    changed = _git(root, "diff", "--name-only", "--relative", "-z", "HEAD", "--", *names)
    unknown = _git(root, "ls-files", "--others", "-z", "--", *names)
    if changed is None or unknown is None:
        return Git(commit=commit, dirty=None)
    others = (name for name in changed.split("\0") if name)
    return Git(commit=commit, dirty=bool(unknown) or any(_does_otherwise(root, n) for n in others))


def note_without_commit(root: Path) -> str | None:
    """What is said where records cannot name their commit; None where they can."""
    if _commit_of_checkout(root) or _commit_of_image():
        return None
    return (
        f"{root} is no checkout of git with a commit (or git is not installed): records made here do "
        "not say which commit made them, only the digest of their code."
    )


def _commit_of_checkout(root: Path) -> str | None:
    """The commit of a checkout whose top is `root`; None without git, and in any other folder."""
    top, _, commit = (_git(root, "rev-parse", "--show-toplevel", "HEAD") or "").rpartition("\n")
    return commit if top and Path(top).resolve() == root.resolve() else None


def _commit_of_image() -> str | None:
    """That of a container, which has the code but no history: it is set when the image is built."""
    given = os.environ.get("NCMC_COMMIT")
    return None if given == "unknown" else given


def _does_otherwise(root: Path, name: str) -> bool:
    """Whether a file of code does something else than in the commit: comments do not count."""
    then = _git(root, "show", f"HEAD:./{name}")
    try:
        now = (root / name).read_text(encoding="utf-8")
        return then is None or digest_of(ast.parse(then)) != digest_of(ast.parse(now))
    except (OSError, SyntaxError, ValueError):
        return True


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints; None if it fails, or is not here."""
    # a checkout that belongs to somebody else: its code runs already
    command = ["git", "-C", str(root), "-c", "safe.directory=*", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()
