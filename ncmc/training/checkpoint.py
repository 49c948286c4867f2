"""Checkpoints: written whole or not at all, and refused unless they belong to the run at hand.

What is read may be a stranger's. Nothing in it is executed, and its content is checked against the
models below before anything is made of it.
"""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import torch
from pydantic import ConfigDict, Field, Json, ValidationError
from torch import Tensor

from ncmc.errors import UserError, first_line, shortened
from ncmc.results.provenance import Ordinal, Session
from ncmc.results.record import Count, Epoch
from ncmc.system import files
from ncmc.system.documents import Strict

FORMAT = 3


class _File(Strict):
    format: Literal[3]  # 2: the weights of before 0.2, from other random draws
    identity: dict[str, str]
    state: dict[str, Any]


class Trained(Strict):
    """What `model.pt` holds: the weights after the last epoch, and what the training alone knows."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    model: dict[str, Tensor]
    history: Json[tuple[Epoch, ...]]
    sessions: Json[Annotated[tuple[Session, ...], Field(min_length=1)]]
    seconds: Annotated[float, Field(ge=0)]


class Optimizer(Strict):
    """The state of SGD. Its settings are the recipe's, whatever `param_groups` says."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    # by the place of the parameter: its momentum, as `momentum_buffer`
    state: dict[int, dict[str, Tensor | None]]
    param_groups: list[Any]


class Stopped(Trained):
    """What `checkpoint.pt` holds: all that a run needs to go on."""

    optimizer: Optimizer
    rng: Tensor
    cuda_rng: Tensor | None
    epoch: Ordinal  # the epoch to resume with
    step: Count  # how many of its steps are done
    loss_sum: float


Content = TypeVar("Content", bound=Trained)


def save(path: Path, identity: dict[str, str], state: dict[str, Any]) -> None:
    """Write `state` (tensors, numbers, text, lists, dicts) under the run's `identity`.

    A kill at any moment leaves the old checkpoint or the new one. Raises UserError.
    """
    with files.atomic_path(path) as temporary:
        try:
            torch.save({"format": FORMAT, "identity": identity, "state": state}, temporary)
        except RuntimeError as error:  # how torch's zip writer reports a full disk
            raise OSError(28, str(error)) from error


def load(path: Path, identity: dict[str, str], kind: type[Content], remedy: str) -> Content:
    """What is saved at `path`. `remedy`: what to do if it is of no use.

    Raises UserError, saying what to do, if it is truncated or altered, holds anything but plain data,
    belongs to another run or configuration, or its content is not of this kind.
    """
    try:
        file = _File.model_validate(_read(path, remedy), strict=True)
    except ValidationError as error:
        raise UserError(f"{path} is no checkpoint of this version of ncmc. {remedy}") from error
    differing = [key for key in identity if file.identity.get(key) != identity[key]]
    if differing:
        differences = "; ".join(
            f"{key}: {shortened(file.identity.get(key, 'none'))} there, {identity[key]} here"
            for key in differing
        )
        raise UserError(f"{path} belongs to another configuration ({differences}). {remedy}")
    try:
        return kind.model_validate(file.state, strict=True)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        says = f"'{shortened('.'.join(map(str, problem['loc'])), 60)}': {problem['msg']}"
        raise UserError(f"{path} does not fit this run ({says}). {remedy}") from error


def _read(path: Path, remedy: str) -> Any:
    """The plain data of a file. Nothing in it is executed (`weights_only`)."""
    try:
        with files.open_regular(path) as file:
            with zipfile.ZipFile(file) as archive:  # torch itself does not look at the checksums
                if altered := archive.testzip():
                    raise zipfile.BadZipFile(f"wrong checksum of {altered}")
            file.seek(0)
            return torch.load(file, map_location="cpu", weights_only=True)
    except UserError as error:
        raise UserError(f"{error} {remedy}") from error
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{path} holds more than plain data and was not loaded: it may be hostile. {remedy}"
        ) from error
    except Exception as error:  # a damaged pickle can raise anything
        raise UserError(
            f"{path} is truncated, altered or no checkpoint ({first_line(error)}). {remedy}"
        ) from error


def check_tensors(what: str, found: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> None:
    """Raises ValueError unless both have the same names, and each two tensors one shape and dtype.

    And unless every number of those that were found is finite. `what`: "weight", "momentum".
    """
    if odd := sorted(found.keys() ^ own.keys()):
        raise ValueError(f"the {what} '{shortened(odd[0])}' is in one of file and model alone")
    for name, tensor in found.items():
        there, here = (f"{t.dtype} {tuple(t.shape)}, {t.layout}" for t in (tensor, own[name]))
        if there != here:
            raise ValueError(f"its {what} '{name}' is {there}, the model's is {here}")
        if not tensor.isfinite().all():
            raise ValueError(f"its {what} '{name}' is not finite")
