"""A method in somebody else's training loop: its loss and its decision rule on features alone."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from ncmc.backbones import Backbone
from ncmc.errors import UsageError, unknown
from ncmc.formulas.frames import whole_number
from ncmc.methods import Labels
from ncmc.plan import catalog
from ncmc.plan.option_text import Value
from ncmc.training import contract

HALF = (torch.bfloat16, torch.float16)  # what autocast gives: losses compute with it in float32


class InputError(UsageError, ValueError):
    """Features, labels or class sizes that make no sense."""


class Features(Backbone):
    """No network: gives the features that it gets as images of one pixel, (B, out_features, 1, 1)."""

    def __init__(self, out_features: int) -> None:
        super().__init__()
        self.out_features = out_features

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)  # (B, d, 1, 1) -> (B, d)


class OnFeatures(nn.Module):
    """The loss and the classifier of a method, such as CAL, on the features of any network.

    name: a method of `ncmc list methods`; width: features per image; counts (K,): training images per
    class; seed: decides the frame and all that the method draws; options: those of the method's
    file, such as f=20 and theta=0.2 of CAL. A module like any other: train its parameters with those
    of the network (CAL has a linear layer), move it with `to`, save its `state_dict`, call `train()`
    and `eval()`. Raises UsageError for an unknown name, an unknown option or a bad value, and
    InputError, which is a ValueError too, for a width or counts that are no whole numbers.
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
        try:
            self.width, sizes = (
                whole_number("width", width),
                [whole_number("counts", n) for n in counts],
            )
        except UsageError as error:
            raise InputError(f"{error}") from None
        if self.width < 1 or len(sizes) < 2 or min(sizes) < 1:
            raise InputError(
                f"width is {width} and counts are {sizes}; allowed: 1 or more features, and 1 "
                "or more training images for each of 2 or more classes."
            )
        generator = torch.Generator().manual_seed(seed)
        method_options = contract.checked_options(kind, options)
        self.method = kind(Features(self.width), sizes, method_options, generator)

    def enter(self, stage: int) -> None:
        """Begin a stage of the method, counted from 0; one that was just made is in its last."""
        self.method.enter(stage)

    def loss(self, features: Tensor, labels: Tensor | Labels) -> Tensor:
        """The training loss of a batch, a scalar: features (B, width), labels (B,) from 0 to K - 1.

        With Mixup, `Labels(first, second, weight)` of ncmc.methods. Raises InputError for features or
        labels of another shape or dtype, features that are not finite and labels out of range. On a
        GPU nothing is read on the host: labels out of range stop the program by a device-side
        assertion with the same words, and features that are not finite give a loss that is not, as a
        GradScaler expects.
        """
        images = self._as_images(features, "loss")
        pair = labels if isinstance(labels, Labels) else Labels(labels)
        weight = pair.weight
        if not (isinstance(weight, Tensor) and weight.is_cuda) and not 0 <= float(weight) <= 1:
            raise InputError(f"weight of Mixup is {float(weight)}; allowed: a number from 0 to 1.")
        first = self._as_classes(pair.first, len(features))
        second = None if pair.second is None else self._as_classes(pair.second, len(features))
        loss: Tensor = self.method.loss(images, Labels(first, second, pair.weight))
        return loss

    def scores(self, features: Tensor) -> Tensor:
        """(B, width) -> (B, K): the decision rule; the largest score wins. Call `eval()` first.

        Raises InputError as `loss` does; on a GPU an assertion for features that are not finite, too.
        """
        return self.method.predict(self._as_images(features, "scores"))

    def fit(self, features: Tensor, labels: Tensor) -> None:
        """Before `scores`, for a decision rule of its own (NCM): the clean training features.

        (B, width) and (B,); call `eval()` first. Other methods learn nothing from them. Raises
        InputError as `scores` and `loss` do.
        """
        images = self._as_images(features, "fit")
        classes = self._as_classes(labels, len(features))
        with torch.no_grad():
            self.method.fit([(self.method.features(images), classes)])

    def forward(self, features: Tensor, labels: Tensor | Labels) -> Tensor:
        return self.loss(features, labels)

    def _as_images(self, features: Tensor, purpose: Literal["loss", "scores", "fit"]) -> Tensor:
        """(B, width) -> (B, width, 1, 1), in the dtype that the method computes in or in half."""
        if features.ndim != 2 or features.shape[1] != self.width or not len(features):
            raise InputError(
                f"features are of shape {tuple(features.shape)}; allowed: (B, {self.width}), one "
                "row or more, of the width that this was made with."
            )
        values = (*self.method.parameters(), *self.method.buffers())
        own = next((v.dtype for v in values if v.is_floating_point()), torch.get_default_dtype())
        if own in HALF or features.dtype not in (own, *HALF):
            raise InputError(
                f"features are {features.dtype} and this method is in {own}; allowed: features in half "
                "precision or of the method's type, and a method in float32 or float64. Convert one of "
                "them: features.to(...), or .float() or .double() of the method."
            )
        finite, what = features.isfinite(), "features are nan or infinite; allowed: finite numbers."
        if not features.is_cuda and not finite.all():
            rows = (~finite).any(1).nonzero().flatten().tolist()
            raise InputError(f"{what} (rows {', '.join(map(str, rows[:3]))} of {len(features)})")
        if features.is_cuda and purpose != "loss":
            torch._assert_async(finite.all(), f"ncmc: {what}")
        return features[:, :, None, None]

    def _as_classes(self, labels: Tensor, size: int) -> Tensor:
        """Labels as int64, whatever whole numbers they are: torch takes those of uint8 for a mask."""
        classes = self.method.n_classes
        allowed = f"allowed: {size} whole numbers, one per row of features, from 0 to {classes - 1}"
        if labels.shape != (size,) or labels.is_floating_point() or labels.dtype == torch.bool:
            raise InputError(
                f"labels are of shape {tuple(labels.shape)} and {labels.dtype}; {allowed}."
            )
        inside = ((labels >= 0) & (labels < classes)).all()
        if labels.is_cuda:
            torch._assert_async(inside, f"ncmc: labels are out of range; {allowed}.")
        elif not inside:
            raise InputError(f"labels run from {labels.min()} to {labels.max()}; {allowed}.")
        return labels.long()
