"""Checkpoints: written whole or not at all, and refused unless they belong to the run at hand."""

import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import torch

from ncmc.errors import UserError, first_line
from ncmc.system import files

FORMAT = 3  # 2: the weights of before 0.2, from other random draws


def save(path: Path, identity: dict[str, str], state: dict[str, Any]) -> None:
    """Write `state` (tensors, numbers, text, lists, dicts) under the run's `identity`.

    A kill at any moment leaves the old checkpoint or the new one. Raises UserError.
    """
    with files.atomic_path(path) as temporary:
        try:
            torch.save({"format": FORMAT, "identity": identity, "state": state}, temporary)
        except RuntimeError as error:  # how torch's zip writer reports a full disk
            raise OSError(28, str(error)) from error


def load(path: Path, identity: dict[str, str], remedy: str) -> dict[str, Any]:
    """The state saved at `path`. `remedy`: what to do if it is of no use.

    Nothing in the file is executed (`weights_only`). Raises UserError, saying what to do, if it is
    truncated or altered, holds anything but plain data, or belongs to another run or configuration.
    """
    try:
        with zipfile.ZipFile(path) as archive:  # torch itself does not look at the checksums
            if altered := archive.testzip():
                raise zipfile.BadZipFile(f"wrong checksum of {altered}")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{path} holds more than plain data and was not loaded: it may be hostile. {remedy}"
        ) from error
    except (
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise UserError(
            f"{path} is truncated, altered or no checkpoint ({first_line(error)}). {remedy}"
        ) from error
    parts = content if isinstance(content, dict) else {}
    found, state = parts.get("identity"), parts.get("state")
    known = parts.get("format") == FORMAT
    if not (known and isinstance(found, dict) and isinstance(state, dict)):
        raise UserError(f"{path} is no checkpoint of this version of ncmc. {remedy}")
    differing = [key for key in identity if found.get(key) != identity[key]]
    if differing:
        told = "; ".join(f"{k}: {found.get(k)} there, {identity[k]} here" for k in differing)
        raise UserError(f"{path} belongs to another configuration ({told}). {remedy}")
    return state
