"""Sets that do not fit in memory: the same batches, the same measures, a bounded memory."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import here
from PIL import Image
from slow_losses import collapse_of
from watching import Watch, inputs_of, run_of, stop, trained

from ncmc.data.image_stream import ImageFiles
from ncmc.errors import UsageError
from ncmc.formulas import metrics
from ncmc.plan.recipes import Recipe, resolve
from ncmc.results.record import path_of
from ncmc.system.signals import Interrupted
from ncmc.training import build, evaluate, session
from ncmc.training.batches import InMemory, Normalise, OnDisk, Stored
from ncmc.training.draws import plan_epoch
from ncmc.training.evaluate import EvalSet

CPU = torch.device("cpu")
SMALL = {"resident_gigabytes": 1e-6}  # nothing is smaller


def recipe(**changes: Any) -> Recipe:
    return resolve(here(), "cifar10", "resnet32", "CE", {}).recipe.model_copy(
        update={"batch_size": 4, **changes}
    )


@pytest.fixture
def memmap(tmp_path: Path) -> np.ndarray:
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 3), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    mapped: np.ndarray = np.load(tmp_path / "images.npy", mmap_mode="r")
    return mapped


@pytest.fixture
def pictures(tmp_path: Path) -> ImageFiles:
    rng = np.random.default_rng(0)
    for i in range(10):
        shape = (*rng.integers(20, 40, 2), 3)
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(tmp_path / f"{i}.png")
    return ImageFiles(tmp_path, [f"{i}.png" for i in range(10)], 16)


@pytest.mark.parametrize("mixup", [True, False])
@pytest.mark.parametrize("augment", ["none", "crop_flip"])
def test_batches_of_a_mapped_array_are_those_of_memory(
    memmap: np.ndarray, augment: str, mixup: bool
) -> None:
    chosen, labels = np.array([7, 3, 29, 0, 11, 5, 8, 20, 2]), torch.arange(9)
    wanted = recipe(augment=augment, mixup=mixup)
    held = InMemory(torch.from_numpy(memmap[chosen]), labels, wanted, CPU)
    read = OnDisk(Stored(memmap, chosen, 2), labels, wanted, CPU)
    plan = plan_epoch(torch.zeros(9).long(), wanted, 0, 1)
    there = read.start_epoch(plan, 1)
    for step in (1, 2):
        (ours, our_labels), (theirs, their_labels) = (
            data.batch(p.at(step), mixup) for data, p in ((read, there), (held, plan))
        )
        assert torch.equal(ours, theirs)
        assert torch.equal(our_labels.first, their_labels.first)


def test_random_parts_are_a_function_of_seed_and_epoch_alone(pictures: ImageFiles) -> None:
    wanted = recipe(augment="resized_crop_flip")

    def batches(workers: int, step: int, epoch: int = 1) -> list[torch.Tensor]:
        data = OnDisk(Stored(pictures, np.arange(10), workers), torch.arange(10), wanted, CPU)
        plan = data.start_epoch(plan_epoch(torch.zeros(10).long(), wanted, 0, epoch), step)
        return [data.batch(plan.at(s), mixup=False)[0] for s in range(step, 3)]

    whole = batches(1, 0)
    assert [len(b) for b in whole] == [4, 4, 2]
    resumed = batches(4, 1)
    assert all(torch.equal(a, b) for a, b in zip(whole[1:], resumed, strict=True))
    assert not torch.equal(whole[0], batches(1, 0, epoch=2)[0])


def test_random_parts_of_arrays_are_refused(workspace: Path) -> None:
    with pytest.raises(UsageError, match="whole image files"):
        session.prepare(inputs_of(run_of(augment="resized_crop_flip")))


@pytest.mark.parametrize("targets", [True, False])
def test_collapse_in_parts_is_that_of_all_features(targets: bool) -> None:
    rng = torch.Generator().manual_seed(0)
    h, y = torch.randn(500, 6, generator=rng), torch.randint(0, 4, (500,), generator=rng)
    rows, towards = torch.randn(4, 6, generator=rng), torch.randn(4, 6, generator=rng)
    whole = collapse_of(h, y, towards if targets else None, rows, 4)
    passes: list[int] = []

    def look() -> Any:
        passes.append(1)
        return zip(h.split(7), y.split(7), strict=True)

    parts = metrics.collapse(look, towards if targets else None, rows, 4)
    assert len(passes) == (1 if targets else 2)
    for key in ("nc_mean", "nc_std", "variability", "variability_floor", "class_cosine"):
        assert parts[key] == pytest.approx(whole[key], abs=1e-12), key
    torch.testing.assert_close(
        torch.tensor(parts["class_cosines"]), torch.tensor(whole["class_cosines"])
    )


@pytest.mark.parametrize("method", ["CE", "CAL"])
def test_a_streamed_run_is_the_run_in_memory(workspace: Path, method: str) -> None:
    run = run_of(method)
    held, read = (
        trained(run, execution=execution, results=workspace / place)
        for place, execution in (("held", {}), ("read", SMALL))
    )
    assert [e.loss for e in read.result.history] == [e.loss for e in held.result.history]
    for ours, theirs in zip(read.result.history, held.result.history, strict=True):
        assert ours.test_accuracy == pytest.approx(theirs.test_accuracy, abs=0.2)
        assert ours.collapse is not None
        assert theirs.collapse is not None
        for key in ("nc_mean", "nc_std", "variability", "class_cosine"):
            measured = getattr(theirs.collapse, key)
            assert getattr(ours.collapse, key) == pytest.approx(measured, abs=1e-5)
        torch.testing.assert_close(
            torch.tensor(ours.collapse.tail_cosines),
            torch.tensor(theirs.collapse.tail_cosines),
            atol=2e-4,
            rtol=0,
        )


def test_a_stopped_streamed_run_goes_on_to_the_same_record(workspace: Path) -> None:
    run = run_of("SETF")
    whole = trained(run, execution=SMALL, results=workspace / "whole")
    with pytest.raises(Interrupted):
        trained(run, Watch(8, stop), SMALL, results=workspace / "parts")
    parts = trained(run, execution=SMALL, results=workspace / "parts")
    assert parts.digest == whole.digest
    shutil.rmtree(path_of(here(), run, workspace / "parts").parent)


def test_no_more_than_a_batch_of_features_is_held(memmap: np.ndarray) -> None:
    model = build.build_model(here(), run_of("CE"), [1] * 10, 8, 3).eval()
    sizes: list[int] = []
    real = model.features

    def watched(images: torch.Tensor) -> torch.Tensor:
        sizes.append(len(images))
        return real(images)

    model.features = watched  # type: ignore[method-assign]
    normalise = Normalise.of(recipe(), CPU)
    stored = Stored(memmap, np.arange(30), 2)
    data = EvalSet(stored, torch.arange(30) % 10, normalise, 8, torch.no_grad)
    streamed = evaluate.collapse(model, data)
    assert max(sizes) == 8
    held = EvalSet(torch.from_numpy(np.array(memmap)), data.labels, normalise, 8, torch.no_grad)
    expected = evaluate.collapse(model, held)
    assert streamed.nc_std == pytest.approx(expected.nc_std, abs=1e-6)
    assert evaluate.test_accuracy(model, data) == evaluate.test_accuracy(model, held)
