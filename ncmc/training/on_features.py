"""A method in somebody else's training loop: its loss and its decision rule on features alone."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ncmc.backbones._features import Features
from ncmc.errors import UsageError, unknown
from ncmc.methods import Labels
from ncmc.plan import catalog
from ncmc.plan.option_text import Value
from ncmc.training import contract


class OnFeatures(nn.Module):
    """The loss and the classifier of a method, such as CAL, on the features of any network.

    name: a method of `ncmc list methods`; width: features an image; counts (K,): training images a
    class; seed: decides the frame and all that the method draws; options: those of the method's
    file, such as f=20 and theta=0.2 of CAL. A module like any other: train its parameters with those
    of the network (CAL has a linear layer), move it with `to`, save its `state_dict`, call `train()`
    and `eval()`. Raises UsageError for an unknown name, an unknown option or a bad value.
    """

    def __init__(
        self, name: str, width: int, counts: Sequence[int], *, seed: int = 0, **options: Value
    ) -> None:
        super().__init__()
        name = catalog.canonical("method", name)
        kind = contract.method_class(catalog.load("method", name), name)
        for option in options:
            if option not in kind.Options.__dataclass_fields__:
                raise unknown(f"option of {name}", option, kind.Options.__dataclass_fields__)
        if width < 1 or len(counts) < 2 or min(counts) < 1:
            raise UsageError(
                f"width is {width} and counts are {list(counts)}; allowed: 1 or more features, and 1 "
                "or more training images for each of 2 or more classes."
            )
        generator = torch.Generator().manual_seed(seed)
        chosen = contract.checked_options(kind, options)
        self.method = kind(Features(width), counts, chosen, generator)
        self.width = width

    def enter(self, stage: int) -> None:
        """Begin a stage of the method, counted from 0; one that was just made is in its last."""
        self.method.enter(stage)

    def loss(self, features: Tensor, labels: Tensor | Labels) -> Tensor:
        """The training loss of a batch, a scalar: features (B, width), labels (B,) from 0 to K - 1.

        With Mixup, `Labels(first, second, weight)` of ncmc.methods. Raises UsageError for features or
        labels of another shape, and for labels out of range. Those on a GPU are not read on the host:
        there a device-side assertion stops the program, with the same words.
        """
        given = labels if isinstance(labels, Labels) else Labels(labels)
        images = self._as_images(features)
        first = self._whole(given.first, len(features))
        second = None if given.second is None else self._whole(given.second, len(features))
        loss: Tensor = self.method.loss(images, Labels(first, second, given.weight))
        return loss

    def scores(self, features: Tensor) -> Tensor:
        """(B, width) -> (B, K): the decision rule; the largest score wins. Call `eval()` first.

        Raises UsageError for features of another shape.
        """
        return self.method.predict(self._as_images(features))

    def fit(self, features: Tensor, labels: Tensor) -> None:
        """Before `scores`, for a decision rule of its own (NCM): the clean training features.

        (B, width) and (B,); call `eval()` first. Other methods learn nothing from them. Raises
        UsageError as `loss` does.
        """
        whole = self._whole(labels, len(features))
        with torch.no_grad():
            self.method.fit([(self.method.features(self._as_images(features)), whole)])

    def forward(self, features: Tensor, labels: Tensor | Labels) -> Tensor:
        """`loss`."""
        return self.loss(features, labels)

    def _as_images(self, features: Tensor) -> Tensor:
        if features.ndim != 2 or features.shape[1] != self.width or not len(features):
            raise UsageError(
                f"features are of shape {tuple(features.shape)}; allowed: (B, {self.width}), one "
                "row or more, of the width that this was made with."
            )
        return features[:, :, None, None]

    def _whole(self, labels: Tensor, size: int) -> Tensor:
        """Labels as int64, whatever whole numbers they are: torch takes those of uint8 for a mask."""
        classes = self.method.n_classes
        allowed = f"allowed: {size} whole numbers, one per row of features, from 0 to {classes - 1}"
        if labels.shape != (size,) or labels.is_floating_point() or labels.dtype == torch.bool:
            raise UsageError(
                f"labels are of shape {tuple(labels.shape)} and {labels.dtype}; {allowed}."
            )
        inside = ((labels >= 0) & (labels < classes)).all()
        if labels.is_cuda:
            torch._assert_async(inside, f"ncmc: labels are out of range; {allowed}.")
        elif not inside:
            raise UsageError(f"labels run from {labels.min()} to {labels.max()}; {allowed}.")
        return labels.long()
