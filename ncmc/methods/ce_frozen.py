"""CE-FROZEN: cross-entropy with a random classifier that is never trained (assumption A9).

The "learnable" classifier of the reference code's CIFAR ResNets has requires_grad=False on weight
and bias; this is that baseline as released.
"""

from typing import Any

import torch

from ncmc.methods import ce


class CE_FROZEN(ce.CE):
    """CE, its classifier frozen where it was initialised."""

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        self.linear.requires_grad_(False)
