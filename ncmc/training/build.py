"""A Run's backbone and method, built: where option names meet the code that reads them."""

import inspect
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

GIVEN = ("image_size", "channels")  # arguments of a backbone that the dataset says: no options


@dataclass(frozen=True)
class Parts:
    """The code of a run's model, and the options for each piece of it."""

    backbone: ModuleType
    method: type[Method]
    backbone_options: dict[str, Any]  # defaults included
    method_options: Any  # the method's own Options


def parts(project: Project, run: Run) -> Parts:
    """What a run's model is built from.

    Raises UsageError for an option that neither backbone nor method knows, a value that they refuse,
    or a name that is planned but not built.
    """
    backbone = catalog.load("backbone", run.backbone)
    module = catalog.load("method", run.method)
    method = getattr(module, run.method.replace("-", "_"))  # LDAM-DRW: class LDAM_DRW
    signature = inspect.signature(backbone.build).parameters
    defaults = {name: p.default for name, p in signature.items() if name not in GIVEN}
    of_method = {field.name for field in fields(method.Options)}
    given = resolve_run(project, run).model
    for key in given:
        if key not in defaults and key not in of_method:
            others = {k for m in (Recipe, SplitOptions, Execution) for k in m.model_fields}
            allowed = {*defaults, *of_method, *others}
            raise unknown(f"option of {run.backbone} with {run.method}", key, allowed)
    return Parts(
        backbone,
        method,
        defaults | _only(given, defaults),
        method.Options(**_only(given, of_method)),
    )


def build_model(
    project: Project, run: Run, counts: Sequence[int], image_size: int, channels: int
) -> Method:
    """The untrained model of a run; the same run gives the same weights, bit for bit.

    `counts` (K,): training images a class. Raises UsageError as `parts` does.
    """
    found = parts(project, run)
    of_backbone, of_method = seeds(run.seed)
    torch.manual_seed(of_backbone)
    backbone = found.backbone.build(
        image_size=image_size, channels=channels, **found.backbone_options
    )
    generator = torch.Generator().manual_seed(of_method)
    return found.method(backbone, counts, found.method_options, generator)


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


def options_of(project: Project, run: Run) -> dict[str, dict[str, Any]]:
    """The resolved options of a run's backbone and method, as its record states them."""
    found = parts(project, run)
    return {"backbone": found.backbone_options, "method": asdict(found.method_options)}


def _only(values: dict[str, Value], names: Any) -> dict[str, Value]:
    return {key: value for key, value in values.items() if key in names}
