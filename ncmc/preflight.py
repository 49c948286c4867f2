"""What can be known to be wrong before the workflow plans anything."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints, TypeAdapter

from ncmc import paths
from ncmc.data import dvc_store, raw
from ncmc.errors import UsageError, UserError
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.project import Project
from ncmc.system import documents, files
from ncmc.system.documents import Strict

CONTAINER_PROGRAMS = ("apptainer", "singularity")  # either does; Snakemake looks in this order
VARIABLE = "NCMC_IMAGE"  # handed on by the profiles


class WorkflowSettings(Strict):
    """config/workflow.yaml, with what `--config` changes."""

    container: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    # `--config insist=true` gives text
    insist: Annotated[bool, BeforeValidator(TypeAdapter(bool).validate_python)]


def settings(given: Mapping[str, Any]) -> WorkflowSettings:
    """The workflow's configuration, checked. Raises UsageError: the key, what is allowed."""
    if paper := given.get("paper"):
        raise UsageError(
            "--config knows no 'paper': all programs that a workflow starts must know it. "
            f"Name it in the environment: {paths.PAPER_VARIABLE}={paper} snakemake ..."
        )
    return documents.parse(WorkflowSettings, dict(given), "config/workflow.yaml or --config")


def check_container(container: str) -> None:
    """What --use-singularity needs: a program, and the image where it is a file or folder.

    `container`: a path (relative to the current folder), or an address such as docker://..., which
    the program pulls. Raises UserError with all that is missing.
    """
    missing = []
    if not any(shutil.which(program) for program in CONTAINER_PROGRAMS):
        missing.append(
            "neither `apptainer` nor `singularity` is on the PATH: install Apptainer 1.1 or newer"
        )
    local = container.removeprefix("file://")
    if "://" not in local and not Path(local).exists():
        missing.append(
            f"the image {container} does not exist: build it (docs/container.md), or name another "
            "file or an address such as docker://...: `--config container=...`"
        )
    if missing:
        raise UserError(
            f"--use-singularity (--sdm apptainer) cannot work here: {'; and '.join(missing)}. "
            "Without --use-singularity the same rules run in this environment."
        )


def check_datasets(project: Project, names: Iterable[str]) -> None:
    """Datasets that nothing but their user can bring are here. Raises UserError: how to get them."""
    for name in names:
        entry = dataset_entry(project, name)
        arrays = project.root / paths.ARRAYS_META.format(dataset=name)
        if any(file.urls for file in entry.files) or files.exists(arrays):
            continue
        if raw.missing(project, name) and not dvc_store.may_hold(project, name):
            how = entry.get or f"Bring its files: uv run ncmc fetch {name} --from PATH"
            raise UserError(f"the images of {name} are not here. {how}")


def name_image(container: str) -> None:
    """Tell the jobs which image they run in, for their records (ncmc/results/provenance.py).

    Once per workflow: a job of a cluster reads the Snakefile again, with what its launcher found.
    """
    if VARIABLE not in os.environ and (digest := image_digest(container)):
        os.environ[VARIABLE] = digest


def image_digest(container: str) -> str | None:
    """The image, as records name it: sha256:... of its file, or of its address; None if unknown."""
    if named := re.search(r"://.*@(sha256:[0-9a-f]{64})$", container):
        return named[1]
    local = Path(container.removeprefix("file://"))
    if not local.is_file():
        return None  # an address, or an unpacked image, which anyone can change
    with local.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def seconds_without_accounting() -> int | None:
    """How often Slurm's queue must be asked about finished jobs; None if it keeps accounts of them."""
    if _said("sacct", "--noheader") is not None:
        return None
    kept = re.search(r"MinJobAge\s*=\s*(\d+)", _said("scontrol", "show", "config") or "")
    return max(1, int(kept[1]) // 3) if kept else 1


def _said(*command: str) -> str | None:
    """What a program printed; None if it failed or is not there."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
