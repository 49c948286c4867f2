"""Initialisation of layers (assumption A22), and the checks that all backbones share."""

from torch import nn

from ncmc.errors import UsageError

INITS = ("kaiming", "fan_in", "fan_out", "torch")


def initialise(module: nn.Module, init: str, released: str) -> None:
    """Draw all convolutions and linear layers of `module` from torch's global generator; biases are 0.

    init: "kaiming" is Kaiming normal as the code family released it for this backbone (`released`:
    "fan_in" or "fan_out"); "fan_in" or "fan_out" chooses; "torch" keeps PyTorch's own. Batch
    normalisations start at weight 1 and bias 0 in every case. Raises UsageError for another value.
    """
    if init not in INITS:
        raise UsageError(f"init is {init!r}; allowed: {', '.join(INITS)} (A22).")
    if init == "torch":
        return
    mode = released if init == "kaiming" else init
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(part.weight, mode=mode, nonlinearity="relu")  # type: ignore[arg-type]
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def check(image_size: int, channels: int, smallest: int, **positive: int) -> None:
    """Raises UsageError for images below `smallest` pixels, or an option below 1."""
    for name, value in {"channels": channels, **positive}.items():
        if not isinstance(value, int) or value < 1:
            raise UsageError(f"{name} is {value!r}; allowed: a whole number, 1 or more.")
    if image_size < smallest:
        raise UsageError(
            f"image_size is {image_size} pixels; this backbone needs {smallest} or more."
        )
