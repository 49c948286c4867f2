"""A slowly moving copy of a network, and a queue of what it gave: MoCo's (He et al. 2020)."""

import copy

import torch
from torch import Tensor, nn

from ncmc.formulas.losses import in_full, unit


class MomentumEncoder(nn.Module):
    """A copy of a backbone and a head whose weights follow theirs: w <- m w + (1 - m) w_theirs."""

    def __init__(self, backbone: nn.Module, head: nn.Module, momentum: float) -> None:
        super().__init__()
        self.backbone = copy.deepcopy(backbone).requires_grad_(False)
        self.head = copy.deepcopy(head).requires_grad_(False)
        self.momentum = momentum

    @torch.no_grad()
    def follow(self, backbone: nn.Module, head: nn.Module) -> None:
        """Move towards their weights; the batch statistics are the copy's own."""
        for own, theirs in ((self.backbone, backbone), (self.head, head)):
            for weight, other in zip(own.parameters(), theirs.parameters(), strict=True):
                weight.lerp_(other, 1 - self.momentum)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) -> keys (B, d): unit vectors, float32."""
        h = self.backbone(images)
        with torch.autocast(h.device.type, enabled=False):
            return unit(self.head(in_full(h)))


class LabelQueue(nn.Module):
    """The last `size` keys (size, d) with their labels; -1 where none has come yet."""

    keys: Tensor
    labels: Tensor
    next: Tensor  # (), the place of the next key

    def __init__(self, size: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("keys", torch.zeros(size, dim))
        self.register_buffer("labels", torch.full((size,), -1))
        self.register_buffer("next", torch.tensor(0))

    @torch.no_grad()
    def add(self, keys: Tensor, labels: Tensor) -> None:
        """Put in keys (B, d) and labels (B,) in place of the oldest; of more than fit, the last."""
        size = len(self.labels)
        keys, labels = keys[-size:], labels[-size:]
        places = (self.next + torch.arange(len(labels), device=labels.device)) % size
        self.keys.index_copy_(0, places, keys.to(self.keys.dtype))
        self.labels.index_copy_(0, places, labels)
        self.next.copy_((self.next + len(labels)) % size)

    def newest_first(self) -> tuple[Tensor, Tensor]:
        """Keys (size, d) and labels (size,), from the newest to the oldest."""
        size = len(self.labels)
        places = (self.next - 1 - torch.arange(size, device=self.labels.device)) % size
        return self.keys[places], self.labels[places]
