"""Checkpoints: written whole or not at all, and refused unless they belong to the run at hand."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from ncmc import files
from ncmc.errors import UserError

FORMAT = 1


def save(path: Path, identity: dict[str, str], state: dict[str, Any]) -> None:
    """Write `state` (tensors, numbers, text, lists, dicts) under the run's `identity`.

    A kill at any moment leaves the old checkpoint or the new one. Raises UserError.
    """
    with files.atomic_path(path) as temporary:
        try:
            torch.save({"format": FORMAT, "identity": identity, "state": state}, temporary)
        except RuntimeError as error:  # how torch's zip writer reports a full disk
            raise OSError(28, str(error)) from error


def load(path: Path, identity: dict[str, str]) -> dict[str, Any]:
    """The state saved at `path`.

    Nothing in the file is executed (`weights_only`). Raises UserError, saying what to do, if it is
    truncated, holds anything but plain data, or belongs to another run or configuration.
    """
    remedy = f"Delete {path} to start this run anew."
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{path} holds more than plain data and was not loaded: it may be hostile. {remedy}"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path} is truncated or no checkpoint ({_line(error)}). {remedy}"
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path} is no checkpoint of this version of ncmc. {remedy}")
    found = content["identity"]
    differing = [key for key in identity if found.get(key) != identity[key]]
    if differing:
        told = "; ".join(f"{k}: {found.get(k)} there, {identity[k]} here" for k in differing)
        raise UserError(f"{path} belongs to another configuration ({told}). {remedy}")
    return dict(content["state"])


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
