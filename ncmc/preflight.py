"""What can be known to be wrong before the workflow plans anything."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints

from ncmc.errors import UserError
from ncmc.system import code_files, documents, files
from ncmc.system.documents import Strict

CONTAINER_PROGRAMS = ("apptainer", "singularity")  # either does; Snakemake looks in this order
VARIABLE = "NCMC_IMAGE"  # handed on by the profiles
IMAGE_NOTES = Path(".snakemake/ncmc-image.json")
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


def told_image(container: str) -> str | None:
    """Tell the jobs which image they run in; what to say if its code is not this checkout's.

    Once a workflow: a job of a cluster reads the Snakefile again, with what its launcher found.
    """
    if VARIABLE in os.environ:
        return None
    if digest := image_digest(container):
        os.environ[VARIABLE] = digest  # records name it: ncmc/results/provenance.py
    return difference_to_image(container)


def image_digest(container: str) -> str | None:
    """The image, as records name it: sha256:... of its file, or of its address; None if unknown.

    A file of gigabytes is read once: its digest is kept beside Snakemake's own notes.
    """
    if named := re.search(r"://.*@(sha256:[0-9a-f]{64})$", container):
        return named[1]
    local = Path(container.removeprefix("file://"))
    if not local.is_file():
        return None  # an address, or an unpacked image, which anyone can change
    state = local.stat()
    key = f"{local.resolve()} {state.st_size} {state.st_mtime_ns}"
    with suppress(UserError, AttributeError):  # not there yet, or half written
        if digest := documents.load_json(IMAGE_NOTES).get(key):
            return str(digest)
    with local.open("rb") as file:
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    files.write_atomic(IMAGE_NOTES, json.dumps({key: digest}))
    return digest


def difference_to_image(container: str) -> str | None:
    """What to say if the image holds other code than this checkout; None if it does not.

    An address is not asked: that would pull the image.
    """
    local = container.removeprefix("file://")
    program = next(filter(None, map(shutil.which, CONTAINER_PROGRAMS)), None)
    if "://" in local or program is None:
        return None
    asked = ("exec", "--cleanenv", local, "python", "-m", "ncmc.system.code_files")
    try:
        there = json.loads(_said(program, *asked) or "")
        names = code_files.differing(code_files.digests(), there)
    except (ValueError, AttributeError):
        return (
            f"{container} does not tell what code it holds: an older image, or not one of ncmc's."
        )
    if not names:
        return None
    return (
        f"{container} holds other code than this checkout ({code_files.words(names)}). Every job runs "
        "the image's code: build it again (docs/container.md) unless that is what you want."
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
