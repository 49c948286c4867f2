"""The plain PyTorch loop that the harness is compared with: nothing wrong, and nothing clever.

DataLoader, transforms of torchvision on PIL images, float32, NCHW, SGD, a look at each loss:
what one writes first, and what the code that the paper's authors started from does.
"""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.models import DenseNet

from ncmc.methods import Labels, Method
from ncmc.plan.learning_rate import learning_rate
from ncmc.plan.recipes import Recipe
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.training import build as built


def build(project: Project, run: Run, counts: Sequence[int], size: int, channels: int) -> Method:
    """The run's model, of PyTorch's own layers.

    Its ResNets are: but the harness' DenseNet normalises in its own way, so here is torchvision's, with
    the stem for small images (tests/backbones: the same numbers from the same weights).
    """
    model = built.build_model(project, run, counts, size, channels)
    if run.backbone == "densenet150":
        model.backbone = densenet150(channels, growth=12)
    return model


def densenet150(channels: int, growth: int) -> DenseNet:
    """torchvision's DenseNet with the stem for small images, up to its features."""
    network = DenseNet(growth, (24, 24, 24), num_init_features=2 * growth)
    network.features.conv0 = nn.Conv2d(channels, 2 * growth, 3, padding=1, bias=False)
    for name in ("norm0", "relu0", "pool0"):
        setattr(network.features, name, nn.Identity())
    network.classifier = nn.Identity()
    return network


Loader = DataLoader[tuple[torch.Tensor, int]]


class Pictures(Dataset[tuple[torch.Tensor, int]]):
    """uint8 images (N, H, W, C) as PIL images, transformed one by one."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, transform: transforms.Compose):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(Image.fromarray(self.images[index])), int(self.labels[index])


def train_transform(recipe: Recipe, size: int) -> transforms.Compose:
    """Crop with padding, mirror, normalise: as the recipe says."""
    steps: list[object] = []
    if recipe.augment == "crop_flip":
        steps += [transforms.RandomCrop(size, recipe.padding), transforms.RandomHorizontalFlip()]
    return transforms.Compose(
        [*steps, transforms.ToTensor(), transforms.Normalize(recipe.mean, recipe.std)]
    )


def test_transform(recipe: Recipe) -> transforms.Compose:
    """Normalise."""
    return transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize(recipe.mean, recipe.std)]
    )


def train_epoch(
    model: Method,
    optimizer: torch.optim.Optimizer,
    loader: Loader,
    recipe: Recipe,
    epoch: int,
    device: torch.device,
    limit: int | None = None,
) -> float:
    """One epoch, or its first `limit` steps; the mean loss."""
    model.train()
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(recipe, epoch)
    total = seen = 0.0
    for step, (batch, batch_labels) in enumerate(loader):
        if limit is not None and step >= limit:
            break
        images = batch.to(device, non_blocking=True)
        labels = batch_labels.to(device, non_blocking=True)
        target = Labels(labels)
        if recipe.mixup:
            weight = float(np.random.beta(recipe.mixup_alpha, recipe.mixup_alpha))
            partner = torch.randperm(len(images), device=device)
            images = weight * images + (1 - weight) * images[partner]
            target = Labels(labels, labels[partner], weight)
        loss = model.loss(images, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen


@torch.no_grad()
def accuracy(model: Method, loader: Loader, device: torch.device) -> float:
    """Test accuracy in percent."""
    model.eval()
    right = seen = 0
    for images, labels in loader:
        predicted = model.predict(images.to(device)).argmax(1)
        right += int((predicted == labels.to(device)).sum())
        seen += len(labels)
    return 100.0 * right / seen
