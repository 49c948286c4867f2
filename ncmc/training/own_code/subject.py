"""A method that is checked, random images for it, and what both methods and backbones must keep."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ncmc.errors import UserError
from ncmc.methods import Labels, Method
from ncmc.plan import catalog
from ncmc.plan.run import make_run
from ncmc.project import Project
from ncmc.training import build, contract
from ncmc.training.on_features import OnFeatures

COUNTS = (9, 5, 2)  # training images a class, where nothing else is said
ONE_VALUE = "more than 1 value per channel"  # what torch says of a batch of one image
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
    views = model.stages[model.stage].views
    x = images(n)
    if features:
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(n, WIDTH, 1, 1, generator=generator)
    labels = torch.arange(n) % model.n_classes
    return x.repeat_interleave(views, 0), Labels(labels.repeat_interleave(views))


def fitted(model: Method) -> Method:
    """The model as after its training, in evaluation mode and without gradients."""
    model.requires_grad_(False).eval()
    model.fit([(model.features(images(6)), torch.arange(6) % model.n_classes)])
    return model


def check_finite(values: Tensor, what: str) -> None:
    """Raises UserError for a value that is not finite."""
    if not values.isfinite().all():
        raise UserError(f"{what} is not finite: look for a division by zero, a log or an overflow.")


def shown(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


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


def check_host_reads(call: Callable[[], object], what: str) -> None:
    """Raises UserError if `call` needs a value of a tensor on the host."""
    try:
        with NoHostReads():
            call()
    except UserError as error:
        raise UserError(
            f"{what}: {error}. A step with it cannot be compiled or recorded as a CUDA graph: use "
            "torch.where, sums and comparisons instead."
        ) from error


READING = {"item", "tolist", "numpy", "cpu", "__array__", "nonzero", "argwhere", "unique"} | {
    "__bool__", "__int__", "__float__", "__index__", "masked_select", "bincount", "equal", "allclose"
}  # fmt: skip


class NoHostReads(TorchFunctionMode):
    """While active, raises UserError where a value of a tensor is needed on the host.

    So does a choice of elements by a mask: how many there are is known on the host alone.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        name = getattr(func, "__name__", "")
        index = args[1] if name in ("__getitem__", "__setitem__") and len(args) > 1 else None
        masks = index if isinstance(index, tuple) else (index,)
        if any(isinstance(mask, Tensor) and mask.dtype == torch.bool for mask in masks):
            raise UserError("elements are chosen by a mask, whose number only the host knows")
        if name in READING or (name == "where" and len(args) == 1):
            raise UserError(f"{name.strip('_')}() reads a tensor's value on the host")
        return func(*args, **(kwargs or {}))
