"""Every name in the catalog keeps its contract: a new method needs no new test."""

from dataclasses import asdict, replace
from functools import cache
from typing import Any

import pytest
import torch
from conftest import here

from ncmc.data import readers
from ncmc.methods import Method
from ncmc.plan import catalog, grid
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.training import build
from ncmc.training.batches import InMemory
from ncmc.training.draws import plan_epoch
from ncmc.training.optimiser import make_optimizer
from ncmc.training.own_code import backbone, method
from ncmc.training.own_code.backbone import BackboneSubject
from ncmc.training.own_code.subject import MethodSubject
from ncmc.training.step import Step

CPU = torch.device("cpu")
COUNTS = [9, 5, 2]
METHODS = catalog.names("method")
BACKBONES = [
    pytest.param(name, marks=pytest.mark.slow) if name == "densenet150" else name
    for name in catalog.names("backbone")
]


SIZES = {"resnet50": 16, "densenet150": 16}  # pixels where 32 would take long
SMALLER = {"resnet50": {"last_width": 64}, "densenet150": {"growth": 4}}


@cache
def method_subject(name: str) -> MethodSubject:
    return MethodSubject(here(), name)


@pytest.mark.parametrize("check", method.CHECKS)
@pytest.mark.parametrize("name", METHODS)
def test_a_method_keeps_its_contract(name: str, check: str) -> None:
    method.CHECKS[check](method_subject(name))


@pytest.mark.parametrize("check", backbone.CHECKS)
@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_keeps_its_contract(name: str, check: str) -> None:
    subject = BackboneSubject(name, SIZES.get(name, 32), [(8, 1)], SMALLER.get(name, {}))
    backbone.CHECKS[check](subject)


def run_of(method: str = "CE", **options: int) -> Run:
    return make_run("digits", 0.1, "resnet8", method, {"batch_size": 8, **options})


def images_and_labels(size: int, channels: int) -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.repeat_interleave(torch.arange(3), torch.tensor(COUNTS))
    generator = torch.Generator().manual_seed(0)
    shape = (len(labels), size, size, channels)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator), labels


def stepped(run: Run, size: int = 8, n: int = 2) -> tuple[Method, list[float]]:
    """A model after n steps, and the losses of those."""
    recipe = resolve_run(here(), run).recipe
    model = build.on_device(build.build_model(here(), run, COUNTS, size, 1), CPU)
    data = InMemory(*images_and_labels(size, 1), recipe, CPU)
    optimizer = make_optimizer(model, recipe, CPU)
    step = Step(model, optimizer, data, torch.float32, CPU)
    plan = plan_epoch(data.labels, recipe, 0, 1)
    model.train()
    return model, [float(step(plan.at(i))) for i in range(n)]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_the_same_from_the_same_seed_and_comes_back_from_its_state(name: str) -> None:
    run = run_of(name, width=4)
    first, losses = stepped(run)
    second, again = stepped(run)
    assert losses == again
    fresh = build.on_device(build.build_model(here(), run, COUNTS, 8, 1), CPU)
    fresh.load_state_dict(first.state_dict())
    images = torch.rand(4, 1, 8, 8)
    assert torch.equal(second.eval().predict(images), fresh.eval().predict(images))


def test_the_seed_decides_the_draws_of_backbone_and_method() -> None:
    def weights(seed: int) -> list[torch.Tensor]:
        run = make_run("digits", 0.1, "resnet8", "CE", {"width": 4}, seed)
        model = build.build_model(here(), run, COUNTS, 8, 1)
        return [p for p in model.parameters() if p.ndim > 1]

    first, again, other = weights(0), weights(0), weights(1)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))
    assert len({s for seed in range(1000) for s in build.seeds(seed)}) == 2000


def test_backbone_and_method_draw_independently() -> None:
    """One stream for both gave a convolution and the extra layer the same numbers."""
    run = make_run("digits", 0.1, "resnet8", "CAL", {"init": "torch"})  # draws as they come
    found = build.parts(run, {"init": "torch"})
    draws = []

    def spy(*given: Any) -> Method:
        draws.append(torch.rand(10_000, generator=given[-1].clone_state()))
        return found.method(*given)

    spied = replace(found, method=spy)  # type: ignore[arg-type]
    model = spied.model(COUNTS, 8, 1)
    for part in model.backbone.modules():
        if isinstance(part, torch.nn.Conv2d):
            weight = part.weight.detach().flatten()[:10_000]  # 144 numbers or more
            pair = torch.stack([weight, draws[0][: len(weight)]])
            assert abs(float(torch.corrcoef(pair)[0, 1])) < 0.3


@pytest.mark.parametrize("name", METHODS)
def test_every_option_of_a_method_is_part_of_its_record(name: str) -> None:
    options = asdict(build.build_model(here(), run_of(name), COUNTS, 8, 1).options)
    module = catalog.load("method", name)
    kind = getattr(module, name.replace("-", "_"))
    assert set(options) == set(kind.Options.__dataclass_fields__)


def test_every_reader_that_a_dataset_names_exists() -> None:
    for name, entry in dataset_entries(here()).items():
        assert readers.load(entry.reader), name


def test_every_cell_of_the_grid_has_options_that_its_model_knows() -> None:
    project = here()
    for name in table_names(project):
        for cell in grid.table(project, name).cells:
            build.parts(cell.run, resolve_run(project, cell.run).model)
