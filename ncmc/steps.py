"""One optimisation step, and the numerical precision it runs in."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from ncmc.loaders import Draws, Resident
from ncmc.methods import Method
from ncmc.recipes import Execution, Recipe

SMALL_IMAGE = 16  # pixels: below this bfloat16 gains nothing


def pick_device(name: str | None = None) -> torch.device:
    """`name`, or a CUDA device where there is one, or the CPU."""
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    flags = torch.cpu.get_capabilities()
    return bool(flags.get("amx_bf16") or flags.get("avx512_bf16"))


def pick_dtype(execution: Execution, device: torch.device, image_size: int) -> torch.dtype:
    """The dtype of convolutions and matrix products; loss and statistics are float32 always."""
    if execution.precision == "auto":
        fast = image_size >= SMALL_IMAGE and has_fast_bfloat16(device)
        return torch.bfloat16 if fast else torch.float32
    return torch.bfloat16 if execution.precision == "bfloat16" else torch.float32


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[Any]:
    """A context in which convolutions and matrix products run in `dtype`."""
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype)


def make_optimizer(model: Method, recipe: Recipe, device: torch.device) -> torch.optim.SGD:
    """SGD with momentum and weight decay on every trainable parameter."""
    # On a GPU the rate is a tensor there, so that a captured step reads its new value.
    rate = torch.tensor(recipe.lr, device=device) if device.type == "cuda" else recipe.lr
    return torch.optim.SGD(
        [p for p in model.parameters() if p.requires_grad],
        lr=rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        fused=device.type == "cuda" or None,
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of every parameter group, in place where it is a tensor."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


class Step:
    """One step: draws -> batch -> loss -> gradient -> SGD."""

    def __init__(
        self,
        model: Method,
        optimizer: torch.optim.Optimizer,
        data: Resident,
        dtype: torch.dtype,
        device: torch.device,
    ):
        self.model = model
        self.optimizer = optimizer
        self.data = data
        self.dtype = dtype
        self.device = device

    def __call__(self, draws: Draws, epoch: int) -> Tensor:
        """Train on one batch; its loss, a 0-d tensor that is not waited for."""
        images, labels = self.data.batch(draws)
        with autocast(self.device, self.dtype):
            loss = self.model.loss(images, labels, epoch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()
