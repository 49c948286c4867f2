"""How a record was made: when, where, with which code and packages. Its digest leaves this out."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ncmc.plan.code_digest import Code, code_of, files_of
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.system import hardware
from ncmc.system.documents import Strict

Positive = Annotated[int, Field(ge=1)]


class Git(Strict):
    """The state of the code; None where git cannot tell.

    `dirty`: whether files that the run's numbers depend on differ from the commit; in records of
    before 0.4 whether any file did.
    """

    commit: str | None
    dirty: bool | None


class Machine(Strict):
    """The hardware."""

    processor: str
    cores: Positive
    memory_gib: float
    system: str


class Session(Strict):
    """A stretch of training computed in one way, and the epoch and step that it began at."""

    device: str
    processor: str
    precision: str
    threads: Positive
    processes: Positive | None = None  # of old records, whose runs could be trained by several
    epoch: Positive
    step: Annotated[int, Field(ge=0)]
    gpu_libraries: str | None = None  # driver, CUDA, cuDNN and whether TF32 is on; None on a CPU
    code: Code | str | None = None  # see `Made.code`
    commit: str | None = None
    instructions: str | None = None  # of the processor, that torch used


class Made(Strict):
    """When, where and how a record was made: what may differ when its run is repeated."""

    at: str  # UTC, ISO 8601
    command: str
    git: Git
    hardware: Machine
    packages: Mapping[str, str]  # name -> version
    seconds: Annotated[float, Field(ge=0)]  # of training
    images_per_second: float | None
    device: str | None = None
    processor: str | None = None
    precision: str | None = None
    threads: Positive | None = None
    processes: Positive | None = None  # as in `Session`
    sessions: tuple[Session, ...] = ()
    sources: Mapping[str, str] = {}  # recipe key -> place in the paper, or assumption
    # its parts; in records of before 0.4 one digest of method and backbone, or None
    code: Code | str | None = None
    instructions: str | None = None  # of the processor, that torch used
    image: str | None = None  # sha256:... of the container image; None: none, or not told which


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
    often as it was.
    """
    last = sessions[-1]
    return Made(
        at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        command=command,
        git=git_state(project.root, files_of(project, run)),
        hardware=Machine(**hardware.machine()),
        packages=hardware.packages(),
        seconds=seconds,
        images_per_second=images / seconds if seconds else None,
        device=last.device,
        processor=last.processor,
        precision=last.precision,
        threads=last.threads,
        sessions=tuple(sessions),
        sources=sources,
        code=code_of(project, run),
        instructions=last.instructions,
        image=os.environ.get("NCMC_IMAGE") or None,
    )


@cache
def git_state(root: Path, code: tuple[Path, ...]) -> Git:
    """The commit of the project's root and whether files of `code` differ from it; None without git.

    A container has the code but no history: $NCMC_COMMIT, set when the image is built, stands in.
    """
    given = os.environ.get("NCMC_COMMIT")

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                # a checkout that belongs to somebody else: its code runs already
                ["git", "-C", str(root), "-c", "safe.directory=*", *arguments],
                capture_output=True,
                text=True,
                timeout=20,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    top = git("rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != root:
        return Git(commit=given, dirty=None)
    changed = git("status", "--porcelain", "--", *map(str, code))
    dirty = None if changed is None else bool(changed)
    return Git(commit=git("rev-parse", "HEAD"), dirty=dirty)
