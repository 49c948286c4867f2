"""A method that is checked, random images for it, and what both methods and backbones must keep."""

import re
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch.func import functional_call

from ncmc.errors import UserError, first_line
from ncmc.methods import Labels, Method
from ncmc.plan import catalog
from ncmc.plan.run import make_run
from ncmc.project import Project
from ncmc.training import build, contract
from ncmc.training.on_features import OnFeatures

COUNTS = (9, 5, 2)  # training images per class, where nothing else is said
ONE_VALUE = "more than 1 value per channel"  # what torch says of a batch of one image
Model = TypeVar("Model", bound=nn.Module)
IMAGE_SIZE, CHANNELS, WIDTH = 8, 1, 24  # pixels; features, where there is no network


@dataclass
class MethodSubject:
    """A method that is looked at."""

    project: Project
    name: str

    @cached_property
    def kind(self) -> type[Method]:
        """Its class."""
        return contract.method_class(catalog.load("method", self.name), self.name)

    def model(self, counts: Sequence[int] = COUNTS, seed: int = 0) -> Method:
        """The method on a small network, in training mode."""
        run = make_run(
            "digits", 0.1, "resnet8", self.name, {"width": 4}, seed, project=self.project
        )
        return build.build_model(self.project, run, counts, IMAGE_SIZE, CHANNELS)

    def on_features(self, counts: Sequence[int] = COUNTS, seed: int = 0) -> Method:
        """The method on features alone, in training mode."""
        return OnFeatures(self.name, WIDTH, counts, seed=seed).method

    def stages(self, model: Method) -> Iterator[int]:
        """The model's stages, each entered."""
        for stage in range(len(model.stages)):
            model.enter(stage)
            yield stage


def images(n: int, seed: int = 0) -> Tensor:
    """(n, C, H, W) random images."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, CHANNELS, IMAGE_SIZE, IMAGE_SIZE, generator=generator)


def batch(model: Method, n: int, *, features: bool = False) -> tuple[Tensor, Labels]:
    """n images (or features) and their labels, in as many views as the model's stage wants."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, WIDTH, 1, 1, generator=generator) if features else images(n)
    return contract.in_views(model, x)


def fitted(model: Method) -> Method:
    """The model as after its training, in evaluation mode and without gradients."""
    model.requires_grad_(False).eval()
    model.fit([(model.features(images(6)), torch.arange(6) % model.n_classes)])
    return model


def check_finite(values: Tensor, what: str) -> None:
    """Raises UserError for a value that is not finite."""
    if not values.isfinite().all():
        raise UserError(f"{what} is not finite: look for a division by zero, a log or an overflow.")


# --- what holds of a method and of a backbone ----------------------------------------------------

NO_CHOICE = "no-such-choice"  # a word that no option allows


def check_alone(call: Callable[[Tensor], Tensor], images: Tensor, what: str) -> Tensor:
    """What `call` gives for images together. Raises UserError unless each alone gives the same."""
    with torch.no_grad():
        together = call(images)
        alone = torch.cat([call(image[None]) for image in images])
    if not torch.allclose(together, alone, rtol=1e-3, atol=1e-4 * float(together.abs().max())):
        raise UserError(
            f"in evaluation mode {what} of an image depend on the others of its batch: use running "
            "statistics there, and no draws."
        )
    return together


def check_comes_back(
    model: Model, fresh: Model, call: Callable[[Model], Tensor], gives: str
) -> None:
    """Raises UserError unless a fresh model gives the same once it has the state of another."""
    fresh.load_state_dict(deepcopy(model.state_dict()))
    with torch.no_grad():
        if not torch.equal(call(model), call(fresh)):
            raise UserError(
                f"a fresh model with the saved state gives other {gives}: keep what decides them in "
                "parameters, or in buffers by register_buffer()."
            )


def check_as_on_gpu(
    model: nn.Module, call: Callable[..., object], arguments: Sequence[Tensor], what: str
) -> None:
    """Raises UserError if `call` of the model meets a tensor on the CPU when the model is on a GPU.

    And if the host needs a value of a tensor, or its number of elements. Tensors of a GPU that have a
    shape and no values stand in for those of the model and for the arguments.
    """
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        own = [*model.named_parameters(prefix="model"), *model.named_buffers(prefix="model")]
        moved = {name: mode.from_tensor(tensor).to("cuda") for name, tensor in own}
        try:
            given = tuple(mode.from_tensor(tensor).to("cuda") for tensor in arguments)
            functional_call(_Caller(model, call), moved, given)
        except Exception as error:
            if re.search(r"two (different )?devices", str(error)):
                raise UserError(
                    f"{what} meets a tensor that stays on the CPU when the model moves to a GPU. Keep "
                    "constants by register_buffer(), not as plain attributes, and make new tensors "
                    "where the old ones are: device=h.device."
                ) from error
            raise UserError(
                f"{what} needs values of tensors on the host ({first_line(error)}): by item(), by a "
                "condition, or where elements are chosen by a mask, whose number only the host knows. A "
                "step with it cannot be compiled or recorded as a CUDA graph: use torch.where, sums and "
                "comparisons instead."
            ) from error


class _Caller(nn.Module):
    """Any call of a model, as a module of which `functional_call` can replace the tensors."""

    def __init__(self, model: nn.Module, call: Callable[..., object]) -> None:
        super().__init__()
        self.model = model
        self.call = call

    def forward(self, *arguments: Tensor) -> object:
        return self.call(*arguments)
