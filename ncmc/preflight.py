"""What can be known to be wrong before the workflow plans anything."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints

from ncmc.errors import UserError
from ncmc.system import documents
from ncmc.system.documents import Strict

CONTAINER_PROGRAMS = ("apptainer", "singularity")  # either does; Snakemake looks in this order
YES_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _from_words(value: Any) -> Any:
    """`--config insist=true` gives text: what people type for yes and no, as a bool."""
    return YES_NO.get(str(value).lower(), value)


class Settings(Strict):
    """config/workflow.yaml, with what `--config` changes."""

    container: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    insist: Annotated[bool, BeforeValidator(_from_words)]


def settings(given: Mapping[str, Any]) -> Settings:
    """The workflow's configuration, checked. Raises UsageError: the key, what is allowed."""
    return documents.parse(Settings, dict(given), "config/workflow.yaml or --config")


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
