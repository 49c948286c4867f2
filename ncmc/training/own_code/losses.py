"""What a method must compute: finite losses, true gradients, scores that find the classes."""

import math
import re
from collections.abc import Sequence
from copy import deepcopy
from functools import partial

import torch
from torch import Tensor, nn
from torch.autograd.gradcheck import GradcheckError, gradcheck
from torch.func import functional_call

from ncmc.errors import UserError, listed
from ncmc.methods import Labels, Method
from ncmc.training.own_code.subject import (
    COUNTS,
    ONE_VALUE,
    WIDTH,
    MethodSubject,
    batch,
    check_finite,
    fitted,
    images,
)

ALL_COUNTS = (COUNTS, (6, 6), (100, 10, 1), (2, 9, 1, 5), tuple(range(12, 0, -1)))
COPIES = 4  # of each image in a batch: the gradient of a mean does not see them
FREE_STEPS, FREE_LR = 150, 0.05  # Adam on features that may take any value
STEP, TOLERANCE = 1e-6, 1e-4  # of central differences in float64, and of their slopes


def is_finite(subject: MethodSubject) -> None:
    """Loss, gradient and scores are finite: few classes and many, rare ones, in any order and stage."""
    for counts in ALL_COUNTS:
        try:
            model = subject.model(counts)
            for _ in subject.stages(model):
                _take_gradient(model, 6)
            check_finite(fitted(model).predict(images(3)), "the scores")
        except Exception as error:
            error.args = (f"with counts {list(counts)}: {error}",)
            raise


def trains_on_one_image(subject: MethodSubject) -> None:
    model = subject.model()
    for _ in subject.stages(model):
        try:
            _take_gradient(model, 1)
        except ValueError as error:
            if ONE_VALUE not in str(error):
                raise
            raise UserError(
                "a training batch of one image fails, as the last one of an epoch can be (A21): take "
                "BatchNorm of ncmc/methods/_layers.py in place of torch's BatchNorm1d."
            ) from error
    for name, value in model.state_dict().items():
        check_finite(value, f"after a batch of one image, {name}")


def _take_gradient(model: Method, size: int) -> None:
    model.zero_grad()
    loss = model.loss(*batch(model, size))
    check_finite(loss, f"the loss of a batch of {size}")
    loss.backward()
    for name, p in model.named_parameters():
        if p.grad is not None:
            check_finite(p.grad, f"the gradient of {name}")


def is_a_mean_over_the_batch(subject: MethodSubject) -> None:
    """A batch that holds each image COPIES times has the gradient of one that holds each once."""
    model = subject.model()
    for stage in subject.stages(model):
        x, labels = batch(model, 6)
        model.loss(x, labels)  # a queue of earlier batches is empty before the first
        once, often = (
            _length_of_gradient(model, x.repeat(n, 1, 1, 1), Labels(labels.first.repeat(n)))
            for n in (1, COPIES)
        )
        if often > once * COPIES / 2:
            raise UserError(
                f"stage {stage}: its loss grows with the batch size: with each image {COPIES} times in "
                f"the batch the gradient is {often / once:.1f} times as long. Return the mean over the "
                "batch (.mean(), reduction='mean'), not the sum: learning rates are set for means, and "
                "the last batch of an epoch is smaller."
            )


def has_the_gradient_of_its_loss(subject: MethodSubject) -> None:
    """In float64, autograd agrees with differences of the loss along a random direction."""
    model = subject.on_features().double()
    for stage in subject.stages(model):
        settings = model.stages[stage]
        if settings.views > 1 or getattr(subject.kind, "holds_constant", False):
            continue
        x, labels = batch(model, 7, features=True)
        x = x.double().requires_grad_(not settings.freeze_backbone)
        parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        if not (x.requires_grad or parameters):
            continue

        try:
            gradcheck(
                partial(_loss_with, model, labels, [*parameters]),
                (x, *parameters.values()),
                eps=STEP,
                atol=TOLERANCE**2,
                rtol=TOLERANCE,
                fast_mode=True,  # a random direction for each of them
            )
        except GradcheckError as error:
            names = dict(enumerate(["the features", *parameters]))
            place = re.search(r"respect to input (\d+)", str(error))
            what = names[int(place[1])] if place else "an input"
            raise UserError(
                f"stage {stage}: the gradient with respect to {what} is not that of the loss. Look for "
                "detach(), no_grad() or .data; a method that holds a part constant on purpose says so "
                "by `holds_constant = True` in its class."
            ) from error


def _loss_with(
    model: Method, labels: Labels, names: Sequence[str], x: Tensor, *values: Tensor
) -> Tensor:
    """The loss of features (B, d, 1, 1) with these values of parameters."""
    copy = deepcopy(model)  # a loss may change statistics
    loss: Tensor = functional_call(copy, dict(zip(names, values, strict=True)), (x, labels))
    return loss


def trains_every_parameter(subject: MethodSubject) -> None:
    """Gradients reach the backbone, unless it is frozen, and in some stage all else."""
    model = subject.model()
    in_some_stage: set[str] = set()
    for stage in subject.stages(model):
        model.zero_grad()
        before = deepcopy(model.state_dict())
        model.loss(*batch(model, 6)).backward()
        in_this_stage = {name for name, p in model.named_parameters() if p.grad is not None}
        in_some_stage |= in_this_stage
        if model.stages[stage].freeze_backbone:
            state = model.backbone.state_dict(prefix="backbone.")
            changed = [
                name for name, value in state.items() if not torch.equal(value, before[name])
            ]
            if changed:
                raise UserError(
                    f"stage {stage} freezes the backbone, but its loss changes {listed(changed)}: leave "
                    "self.backbone in evaluation mode there."
                )
        elif not any(name.startswith("backbone.") for name in in_this_stage):
            raise UserError(f"no gradient reaches the backbone in stage {stage}.")
    trainable = [name for name, p in model.named_parameters() if p.requires_grad]
    if left := [name for name in trainable if name not in in_some_stage]:
        raise UserError(
            f"{listed(left)} gets no gradient in any stage: let criterion() depend on it, or make it a "
            "buffer (register_buffer), or set requires_grad_(False)."
        )


def finds_the_classes(subject: MethodSubject) -> None:
    labels = torch.repeat_interleave(torch.arange(len(COUNTS)), torch.tensor(COUNTS))
    generator = torch.Generator().manual_seed(0)
    h = nn.Parameter(torch.randn(len(labels), WIDTH, 1, 1, generator=generator))
    model = subject.on_features()
    for stage in subject.stages(model):
        views = model.stages[stage].views
        trained = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.Adam([h, *trained], lr=FREE_LR)
        labels_of_views = Labels(labels.repeat_interleave(views))
        for _ in range(FREE_STEPS):
            optimizer.zero_grad()
            model.loss(h.repeat_interleave(views, 0), labels_of_views).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        model.fit([(model.features(h), labels)])
        right = (model.predict(h).argmax(1) == labels).float().mean()
    largest = max(COUNTS) / sum(COUNTS)
    if right <= largest:  # a right method need not find all: few images, and a rule with a bias
        raise UserError(
            f"after training on features that may take any value, the scores find the class of "
            f"{right:.0%} of them; naming the largest class every time finds {largest:.0%}. Look at the "
            "sign of criterion() and of raw_scores(), and at the order of the classes."
        )


def mixes_labels(subject: MethodSubject) -> None:
    model = subject.on_features()
    for stage in subject.stages(model):
        if not model.stages[stage].mixup:
            continue
        x, (first, _, _) = batch(model, 6, features=True)
        second, w = first.roll(1), torch.tensor(0.25)

        def loss(labels: Labels, x: Tensor = x) -> Tensor:
            return deepcopy(model).loss(x, labels).detach()

        expected = w * loss(Labels(first)) + (1 - w) * loss(Labels(second))
        if not torch.allclose(loss(Labels(first, second, w)), expected, rtol=1e-4):
            raise UserError(
                f"Mixup in stage {stage}: the loss with weight w must be w criterion(first) + (1 - w) "
                "criterion(second). Leave loss() to the base class, or use labels.mix; a stage without "
                "Mixup is Stage(mixup=False)."
            )


def _length_of_gradient(model: Method, x: Tensor, labels: Labels) -> float:
    """The norm of the gradient with respect to all parameters; the model stays as it is."""
    copy = deepcopy(model)
    copy.zero_grad()
    copy.loss(x, labels).backward()
    return math.sqrt(
        sum(float(p.grad.square().sum()) for p in copy.parameters() if p.grad is not None)
    )
