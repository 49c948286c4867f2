"""A run's backbone and method, built: where option names meet the code that reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
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

    run: Run
    backbone: ModuleType
    method: type[Method]
    backbone_options: dict[str, Any]  # defaults included
    method_options: Any  # the method's own Options

    def model(self, counts: Sequence[int], image_size: int, channels: int) -> Method:
        """The untrained model; the same run gives the same weights, bit for bit.

        `counts` (K,): training images per class. Raises UsageError if backbone or method do not keep
        their contract.
        """
        of_backbone, of_method = seeds(self.run.seed)
        torch.manual_seed(of_backbone)
        backbone = self.backbone.build(
            image_size=image_size, channels=channels, **self.backbone_options
        )
        contract.check_backbone(backbone, self.run.backbone)
        generator = torch.Generator().manual_seed(of_method)
        model = self.method(backbone, counts, self.method_options, generator)
        contract.check_model(model, self.run, image_size, channels)
        return model


def parts(run: Run, options: Mapping[str, Value]) -> Parts:
    """What a run's model is built from. `options`: those of its model (`Resolved.model`).

    Raises UsageError for an option that neither backbone nor method knows, or a value that they refuse.
    """
    backbone = catalog.load("backbone", run.backbone)
    method = contract.method_class(catalog.load("method", run.method), run.method)
    defaults = contract.options_of_build(backbone)
    names = {field.name for field in fields(method.Options)}
    for key in options:
        if key not in defaults and key not in names:
            others = {k for m in (Recipe, SplitOptions, Execution) for k in m.model_fields}
            allowed = {*defaults, *names, *others}
            raise unknown(f"option of {run.backbone} with {run.method}", key, allowed)
    of_backbone = {key: value for key, value in options.items() if key in defaults}
    of_method = {key: value for key, value in options.items() if key in names}
    for key, value in of_backbone.items():
        contract.check_type(key, value, defaults[key])
    return Parts(
        run, backbone, method, defaults | of_backbone, contract.checked_options(method, of_method)
    )


def build_model(
    project: Project, run: Run, counts: Sequence[int], image_size: int, channels: int
) -> Method:
    """The untrained model of a run of a project; raises UsageError as `parts` and `Parts.model` do."""
    return parts(run, resolve_run(project, run).model).model(counts, image_size, channels)


def on_device(model: Method, device: torch.device) -> Method:
    """The model on a device, its images and filters channels last in memory: faster everywhere."""
    result: Method = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return result


def seeds(seed: int) -> tuple[int, int]:
    """Seeds below 2**63 for the backbone's draws and for the method's own.

    Two generators with the run's own seed would give both the same numbers.
    """
    first, second = np.random.SeedSequence(seed).generate_state(2, np.uint64) >> np.uint64(1)
    return int(first), int(second)
