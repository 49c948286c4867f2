"""The contract of a backbone, check by check; `ncmc check backbone` runs it on a lab's own file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from ncmc.errors import CheckResult, UserError, examine, listed
from ncmc.plan import catalog
from ncmc.training import contract
from ncmc.training.own_code.subject import (
    NO_CHOICE,
    ONE_VALUE,
    check_alone,
    check_as_on_gpu,
    check_comes_back,
    check_finite,
)

CHANNELS = (3, 1)  # colour and grey


@dataclass(frozen=True)
class BackboneSubject:
    """A backbone that is looked at. Images are square."""

    name: str
    image_size: int = 32  # pixels per side: it must work at this size
    sizes: Sequence[tuple[int, int]] = ()  # other (pixels, channels): it works, or refuses them
    options: Mapping[str, Any] = field(default_factory=dict)  # of its own, where it would be large

    @property
    def module(self) -> ModuleType:
        return catalog.load("backbone", self.name)

    def build(self, channels: int = 3, seed: int = 0, **options: Any) -> nn.Module:
        """The backbone with fresh weights, in training mode."""
        torch.manual_seed(seed)
        backbone: nn.Module = self.module.build(
            image_size=self.image_size, channels=channels, **{**self.options, **options}
        )
        return backbone

    def images(self, n: int, channels: int = 3, seed: int = 0) -> Tensor:
        """(n, channels, H, W): random, channels last in memory, as the harness gives them."""
        generator = torch.Generator().manual_seed(seed)
        images = torch.randn(n, channels, self.image_size, self.image_size, generator=generator)
        return images.to(memory_format=torch.channels_last)


def check(subject: BackboneSubject) -> list[CheckResult]:
    return examine(subject, CHECKS, NEEDED, catalog.file_of("backbone", subject.name))


def has_build(subject: BackboneSubject) -> None:
    for name, default in contract.options_of_build(subject.module).items():
        if type(default) not in contract.KINDS:
            raise UserError(
                f"build(): option {name} has {'no default' if default is None else repr(default)}; "
                f"give it one: {', '.join(contract.KINDS.values())}."
            )


def gives_features(subject: BackboneSubject) -> None:
    """Grey and colour images, channels last in memory, give finite features of the width it says."""
    contract.check_backbone(subject.build(), subject.name)
    for channels in CHANNELS:
        model = subject.build(channels).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        with torch.no_grad():
            _check_output(model, model(subject.images(2, channels)), 2)


def takes_or_refuses_sizes(subject: BackboneSubject) -> None:
    for size, channels in subject.sizes:
        try:
            model = subject.module.build(
                image_size=size, channels=channels, **subject.options
            ).eval()
        except UserError:  # refused in words
            continue
        try:
            with torch.no_grad():
                _check_output(model, model(torch.randn(1, channels, size, size)), 1)
        except UserError:
            raise
        except Exception as error:
            raise UserError(
                f"build() takes images of {size} pixels and {channels} channels, but forward() fails "
                f"on them ({type(error).__name__}). Raise ncmc.errors.UsageError in build() for sizes "
                "that do not fit: see `check` in ncmc/backbones/_init.py."
            ) from error


def refuses_in_words(subject: BackboneSubject) -> None:
    for name, default in contract.options_of_build(subject.module).items():
        if isinstance(default, bool):
            continue
        wrong: Any = NO_CHOICE if isinstance(default, str) else -1
        try:
            subject.build(**{name: wrong})
        except UserError:
            continue
        except Exception as error:
            raise UserError(
                f"{name}={wrong} ends in a {type(error).__name__}: raise ncmc.errors.UsageError that "
                "says what is allowed."
            ) from error
        if isinstance(default, str):
            raise UserError(
                f"{name}={wrong} is taken: raise ncmc.errors.UsageError for a word that means nothing."
            )


def reaches_every_parameter(subject: BackboneSubject) -> None:
    model = subject.build()
    model(subject.images(4)).square().sum().backward()
    unreached = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    if unreached:
        raise UserError(
            f"{listed(unreached)} gets no gradient: use it in forward(), take it out (a classifier, for "
            "example, is nn.Identity() here), or set requires_grad_(False)."
        )
    if not all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None):
        raise UserError("a gradient is not finite on random images: look for a division by zero.")


def takes_one_image(subject: BackboneSubject) -> None:
    try:
        features = subject.build()(subject.images(1))
    except ValueError as error:
        if ONE_VALUE not in str(error):
            raise
        raise UserError(
            f"a training batch of one image fails at {subject.image_size} pixels: a batch "
            "normalisation sees a single value per channel there. Keep more pixels (a stride or a "
            "pooling less), or train with drop_last=on (A21: the last batch can be one image)."
        ) from error
    check_finite(features, "the output for a training batch of one image")


def follows_the_seed(subject: BackboneSubject) -> None:
    first, again, other = (subject.build(seed=seed).state_dict() for seed in (0, 0, 1))
    if not all(torch.equal(value, again[name]) for name, value in first.items()):
        raise UserError(
            "two builds with the same torch.manual_seed differ: draw from torch alone, not from numpy "
            "or random, and fill every tensor."
        )
    if first and all(torch.equal(value, other[name]) for name, value in first.items()):
        raise UserError("another seed gives the same weights: call no manual_seed in the file.")
    same = []
    for _ in range(2):
        model = subject.build()
        torch.manual_seed(1)
        same.append(model(subject.images(2)))
    if not torch.equal(*same):
        raise UserError(
            "the same weights and images give other features: draw from torch alone (its state is in "
            "the checkpoint), not from numpy or random."
        )


def images_do_not_mix(subject: BackboneSubject) -> None:
    model = subject.build()
    model(subject.images(4))  # running statistics of something
    check_alone(model.eval(), subject.images(4, seed=1), "the features")


def state_is_whole(subject: BackboneSubject) -> None:
    model, fresh = subject.build(seed=0), subject.build(seed=1)
    model(subject.images(4))
    check_comes_back(model, fresh, lambda m: m.eval()(subject.images(2, seed=1)), "features")


def stays_on_the_gpu(subject: BackboneSubject) -> None:
    model = subject.build()
    check_as_on_gpu(model, model, (subject.images(4),), "forward()")


def _check_output(model: nn.Module, features: Any, n: int) -> None:
    width: Any = model.out_features
    contract.check_shape(features, (n, width), "the output of forward(), (B, out_features),")
    check_finite(features, "the output for random images")


CHECKS: dict[str, Callable[[BackboneSubject], None]] = {
    "the file has build(image_size, channels=3, *, ...), every option with a default": has_build,
    "images (B, C, H, W), grey or colour, become features (B, out_features)": gives_features,
    "the image sizes of config/datasets.yaml work or are refused": takes_or_refuses_sizes,
    "an impossible option is refused in words": refuses_in_words,
    "every parameter gets a finite gradient": reaches_every_parameter,
    "a last batch of one image trains": takes_one_image,
    "the seed decides the weights, and torch's state the features": follows_the_seed,
    "in evaluation an image does not depend on its batch": images_do_not_mix,
    "its state brings it back": state_is_whole,
    "on a GPU every tensor is there, and no value is read on the host": stays_on_the_gpu,
}
NEEDED = 2  # the first of them: without these no other makes sense
