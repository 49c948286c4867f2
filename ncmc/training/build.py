"""A Run's backbone and method, built: where option names meet the code that reads them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from types import ModuleType
from typing import Any

import numpy as np
import torch

from ncmc.errors import unknown
from ncmc.methods import Method
from ncmc.plan import catalog
from ncmc.plan.dataset_entries import SplitOptions
from ncmc.plan.option_text import Value
from ncmc.plan.recipes import Execution, Recipe
from ncmc.plan.run import Run, resolve_run
from ncmc.project import Project
from ncmc.training import contract


@dataclass(frozen=True)
class Parts:
    """The code of a run's model, and the options for each piece of it."""

    backbone: ModuleType
    method: type[Method]
    backbone_options: dict[str, Any]  # defaults included
    method_options: Any  # the method's own Options


def parts(project: Project, run: Run) -> Parts:
    """What a run's model is built from.

    Raises UsageError for an option that neither backbone nor method knows, or a value that they refuse.
    """
    backbone = catalog.load("backbone", run.backbone)
    method = contract.method_class(catalog.load("method", run.method), run.method)
    defaults = contract.options_of_build(backbone)
    of_method = {field.name for field in fields(method.Options)}
    given = resolve_run(project, run).model
    for key in given:
        if key not in defaults and key not in of_method:
            others = {k for m in (Recipe, SplitOptions, Execution) for k in m.model_fields}
            allowed = {*defaults, *of_method, *others}
            raise unknown(f"option of {run.backbone} with {run.method}", key, allowed)
    for key, value in _only(given, defaults).items():
        contract.check_type(key, value, defaults[key])
    return Parts(
        backbone,
        method,
        defaults | _only(given, defaults),
        contract.checked_options(method, _only(given, of_method)),
    )


def build_model(
    project: Project, run: Run, counts: Sequence[int], image_size: int, channels: int
) -> Method:
    """The untrained model of a run; the same run gives the same weights, bit for bit.

    `counts` (K,): training images a class. Raises UsageError as `parts` does, and if backbone or
    method do not keep their contract.
    """
    code = parts(project, run)
    of_backbone, of_method = seeds(run.seed)
    torch.manual_seed(of_backbone)
    backbone = code.backbone.build(
        image_size=image_size, channels=channels, **code.backbone_options
    )
    contract.check_backbone(backbone, run.backbone)
    generator = torch.Generator().manual_seed(of_method)
    model = code.method(backbone, counts, code.method_options, generator)
    contract.check_model(model, run, image_size, channels)
    return model


def on_device(model: Method, device: torch.device) -> Method:
    """The model on a device, its images and filters channels last in memory: faster everywhere."""
    moved: Method = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def seeds(seed: int) -> tuple[int, int]:
    """Seeds below 2**63 for the backbone's draws and for the method's own.

    Two generators with the run's own seed would give both the same numbers.
    """
    first, second = np.random.SeedSequence(seed).generate_state(2, np.uint64) >> np.uint64(1)
    return int(first), int(second)


def options_of(project: Project, model: Method, run: Run) -> dict[str, dict[str, Any]]:
    """The resolved options of a run's backbone and of its method, as its record states them."""
    return {
        "backbone": parts(project, run).backbone_options,
        "method": asdict(model.options),
    }


def _only(values: dict[str, Value], names: Any) -> dict[str, Value]:
    return {key: value for key, value in values.items() if key in names}
