"""Whether a backbone and a method keep their contract, looked at once, when a model is built.

A lab's own code is what this is for: each mistake is one sentence that names the file.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from ncmc.errors import UsageError, first_line
from ncmc.methods import Labels, Method
from ncmc.plan import catalog
from ncmc.plan.option_text import Value
from ncmc.plan.run import Run

GIVEN = ("image_size", "channels")  # arguments of a backbone that the dataset says: no options
IMAGES = 2  # of a model's first forward pass
KINDS: dict[type, str] = {
    bool: "on or off",
    int: "a whole number",
    float: "a number",
    str: "a word",
}


def method_class(module: ModuleType, name: str) -> type[Method]:
    """The class of a method in its file: that of LDAM-DRW is LDAM_DRW. Raises UsageError."""
    expected = name.replace("-", "_")
    kind = getattr(module, expected, None)
    if not (isinstance(kind, type) and issubclass(kind, Method)):
        classes = [
            key
            for key, value in vars(module).items()
            if isinstance(value, type) and value.__module__ == module.__name__
        ]
        raise UsageError(
            f"{_file('method', name)} has no class {expected} derived from ncmc.methods.Method; its "
            f"classes: {', '.join(classes) or '(none)'}. The class has the name of the method, in "
            "capitals, with _ for -."
        )
    return kind


def options_of_build(module: ModuleType) -> dict[str, Any]:
    """The options of a backbone's `build`, with their defaults. Raises UsageError."""
    build = getattr(module, "build", None)
    parameters = inspect.signature(build).parameters if callable(build) else {}
    if not set(GIVEN) <= set(parameters):
        raise UsageError(
            f"{_file('backbone', module.__name__.rpartition('.')[2])} has no function "
            "build(image_size, channels=3, *, ...) -> Backbone."
        )
    return {name: p.default for name, p in parameters.items() if name not in GIVEN}


def check_type(key: str, value: Value, default: Any) -> None:
    """Raises UsageError for a value of another type than the option's default has."""
    kind = type(default)
    fits = isinstance(value, (int, float) if kind is float else kind)
    if kind in KINDS and (not fits or (isinstance(value, bool) and kind is not bool)):
        raise UsageError(f"{key} is {_shown(value)}; allowed: {KINDS[kind]}.")


def checked_options(method: type[Method], given: Mapping[str, Value]) -> Any:
    """The method's Options. Raises UsageError for a value that they refuse."""
    try:
        options = method.Options(**given)
    except (TypeError, ValueError) as error:  # a lab's own may raise what it likes
        raise UsageError(f"options of {method.__name__}: {first_line(error)}.") from error
    defaults = {field.name: field.default for field in fields(method.Options)}
    for key, value in given.items():
        check_type(key, value, defaults[key])
    return options


def check_backbone(backbone: Any, name: str) -> None:
    """Raises UsageError unless `build` gave a module that says how many features it gives."""
    features = getattr(backbone, "out_features", None)
    if not isinstance(backbone, nn.Module) or not isinstance(features, int) or features < 1:
        raise UsageError(
            f"{_file('backbone', name)}: build() gives a {type(backbone).__name__} whose out_features "
            f"is {features!r}; it must give a ncmc.backbones.Backbone that sets self.out_features, the "
            "number of features of an image."
        )


def check_model(model: Method, run: Run, image_size: int, channels: int) -> None:
    """Raises UsageError unless features, loss, scores and classifier have the shapes they promise.

    One pass over a few grey images, in evaluation mode: no number is drawn, no statistic is changed.
    """
    images = torch.zeros(IMAGES, channels, image_size, image_size)
    file, n_classes = _file("method", run.method), model.n_classes
    model.eval()
    with torch.no_grad():
        output = model.backbone(images)
        expected = (IMAGES, model.backbone.out_features)
        check_shape(output, expected, f"{_file('backbone', run.backbone)}: its output")
        h = model.features(images)
        check_shape(h, (IMAGES, h.shape[-1]), f"{file}: head()")
        dim = h.shape[-1]
        for number in range(len(model.stages)):
            model.enter(number)
            loss = partial(model.loss, *in_views(model, images))
            check_shape(_defined(loss, file, "criterion"), (), f"{file}: the loss")
        for name, call, shape in (
            ("raw_scores", lambda: model.raw_scores(h), (IMAGES, n_classes)),
            ("scores", lambda: model.scores(h), (IMAGES, n_classes)),
            ("classifier", model.classifier, (n_classes, dim)),
        ):
            check_shape(_defined(call, file, name), shape, f"{file}: {name}()")
        targets = model.targets()
        if targets is not None:
            check_shape(targets, (n_classes, dim), f"{file}: targets()")
    model.stage = Method.stage
    model.train()


def in_views(model: Method, images: Tensor) -> tuple[Tensor, Labels]:
    """Images with labels, each as often as the model's stage wants to see it."""
    views = model.stages[model.stage].views
    labels = torch.arange(len(images)) % model.n_classes
    return images.repeat_interleave(views, 0), Labels(labels.repeat_interleave(views))


def _defined(call: Callable[[], Tensor], file: str, name: str) -> Tensor:
    try:
        return call()
    except NotImplementedError as error:
        raise UsageError(
            f"{file} does not define {name}(): see the contract in ncmc/methods/base.py."
        ) from error


def check_shape(value: Any, expected: tuple[int, ...], what: str) -> None:
    """Raises UsageError unless it is a tensor of this shape."""
    shape = tuple(value.shape) if isinstance(value, Tensor) else None
    if shape != expected:
        received = f"a {type(value).__name__}" if shape is None else f"of shape {shape}"
        allowed = f"a tensor of shape {expected}" if expected else "a single number (a 0-d tensor)"
        raise UsageError(f"{what} is {received}; it must be {allowed}.")


def _shown(value: Value) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else repr(value)


def _file(kind: str, name: str) -> str:
    return str(catalog.file_of(kind, name).relative_to(catalog.PACKAGE.parent))
