"""Initialisation of networks that have biases and linear layers too (assumption A22)."""

from torch import nn

from ncmc.backbones._init import initialise


def initialise_biased(module: nn.Module, init: str, released: str) -> None:
    """As `ncmc.backbones._init.initialise`; linear layers are drawn alike, and biases start at 0.

    init "torch" keeps PyTorch's own draws of both. Raises UsageError for an unknown `init`.
    """
    initialise(module, init, released)
    if init == "torch":
        return
    mode = released if init == "kaiming" else init
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.kaiming_normal_(part.weight, mode=mode, nonlinearity="relu")  # type: ignore[arg-type]
        if isinstance(part, nn.Conv2d | nn.Linear) and part.bias is not None:
            nn.init.zeros_(part.bias)
