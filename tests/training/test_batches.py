"""Whole-batch augmentation against slow loops; draws that are functions of seed and epoch alone."""

import numpy as np
import pytest
import torch
from conftest import here
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ncmc.plan.recipes import Recipe, resolve
from ncmc.training.batches import InMemory, Normalise, crop_flip, mix
from ncmc.training.draws import plan_epoch, steps_per_epoch

CPU = torch.device("cpu")
RECIPE = resolve(here(), "cifar10", "resnet32", "CE", {}).recipe


def recipe(**changes: object) -> Recipe:
    return RECIPE.model_copy(update=changes)


def random_images(n: int, size: int = 32, channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, size, size, channels), dtype=torch.uint8, generator=generator)


def slow_crop_flip(
    image: np.ndarray, offset: tuple[int, int], flip: bool, padding: int
) -> np.ndarray:
    """Pad one image with 0, cut out, mirror: the obvious way."""
    padded = np.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    y, x = offset
    cut = padded[y : y + image.shape[0], x : x + image.shape[1]]
    return cut[:, ::-1] if flip else cut


@settings(deadline=None, max_examples=25)
@given(padding=st.integers(0, 5), size=st.integers(3, 12), seed=st.integers(0, 99))
def test_crops_and_mirrors_are_those_of_the_slow_loop(padding: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = random_images(6, size)
    offset = torch.from_numpy(rng.integers(0, 2 * padding + 1, (6, 2)))
    flip = torch.from_numpy(rng.random(6) < 0.5)
    fast = crop_flip(images, offset, flip, padding).numpy()
    for i in range(6):
        y, x = offset[i].tolist()
        slow = slow_crop_flip(images[i].numpy(), (y, x), bool(flip[i]), padding)
        np.testing.assert_array_equal(fast[i], slow)


def test_normalising_is_torchvisions() -> None:
    from torchvision.transforms import functional as tv

    images = random_images(4)
    ours = Normalise.of(RECIPE, CPU)(images)
    theirs = torch.stack(
        [tv.normalize(tv.to_tensor(i.numpy()), list(RECIPE.mean), list(RECIPE.std)) for i in images]
    )
    torch.testing.assert_close(ours, theirs, atol=2e-6, rtol=0)
    assert ours.is_contiguous(memory_format=torch.channels_last)


def test_padding_is_black_before_normalising() -> None:
    images = torch.full((1, 4, 4, 3), 255, dtype=torch.uint8)
    corner = crop_flip(images, torch.tensor([[0, 0]]), torch.tensor([False]), 2)
    normalised = Normalise.of(RECIPE, CPU)(corner)
    black = torch.tensor([-m / s for m, s in zip(RECIPE.mean, RECIPE.std, strict=True)])
    torch.testing.assert_close(normalised[0, :, 0, 0], black, atol=1e-6, rtol=0)


def test_mixup_is_the_weighted_mean_and_carries_both_labels() -> None:
    images, labels = torch.rand(5, 3, 2, 2), torch.arange(5)
    partner, weight = torch.tensor([4, 3, 2, 1, 0]), torch.tensor(0.3)
    mixed, found = mix(images, labels, partner, weight)
    for i in range(5):
        torch.testing.assert_close(mixed[i], 0.3 * images[i] + 0.7 * images[4 - i])
    assert found.second is not None
    assert found.first.tolist() == [0, 1, 2, 3, 4]
    assert found.second.tolist() == [4, 3, 2, 1, 0]


def test_an_epoch_sees_every_image_once() -> None:
    plan = plan_epoch(torch.zeros(1000).long(), RECIPE, seed=1, epoch=2)
    assert sorted(plan.draws.order.tolist()) == list(range(1000))


def test_partners_are_a_permutation_within_each_batch_of_the_last_one_too() -> None:
    plan = plan_epoch(torch.zeros(300).long(), RECIPE, seed=0, epoch=1)
    for start in (0, 128, 256):
        batch = plan.draws.partner[start : start + 128].tolist()
        assert sorted(batch) == list(range(len(batch)))


def test_draws_depend_on_seed_and_epoch_and_on_nothing_else() -> None:
    labels = torch.zeros(200).long()
    first = plan_epoch(labels, RECIPE, seed=3, epoch=7).draws
    np.random.seed(0)
    torch.manual_seed(0)
    again = plan_epoch(labels, RECIPE, seed=3, epoch=7).draws
    others = [plan_epoch(labels, RECIPE, *other).draws for other in ((3, 8), (4, 7))]
    for name in first._fields:
        assert torch.equal(getattr(first, name), getattr(again, name)), name
        for other in others:
            assert not torch.equal(getattr(first, name), getattr(other, name)), name


def test_offsets_and_mirrors_are_uniform() -> None:
    plan = plan_epoch(torch.zeros(9000).long(), RECIPE, seed=0, epoch=1)
    assert plan.draws.offset.min() == 0
    assert plan.draws.offset.max() == 8
    assert stats.chisquare(torch.bincount(plan.draws.offset.flatten()).numpy()).pvalue > 1e-3
    assert stats.binomtest(int(plan.draws.flip.sum()), 9000).pvalue > 1e-3


@pytest.mark.parametrize("alpha", [1.0, 0.4])
def test_the_mixup_weight_is_beta_distributed(alpha: float) -> None:
    plan = plan_epoch(
        torch.zeros(3000).long(), recipe(batch_size=2, mixup_alpha=alpha), seed=0, epoch=1
    )
    assert stats.kstest(plan.draws.mixup_weight.numpy(), stats.beta(alpha, alpha).cdf).pvalue > 1e-3


def test_the_last_incomplete_batch_is_kept_unless_dropped() -> None:
    assert steps_per_epoch(12_406, RECIPE) == 97
    assert steps_per_epoch(12_406, recipe(drop_last=True)) == 96
    assert steps_per_epoch(256, RECIPE) == 2
    plan = plan_epoch(torch.zeros(12_406).long(), RECIPE, 0, 1)
    assert len(plan.at(96).order) == 118


def test_a_batch_without_mixup_and_augmentation_is_the_normalised_images() -> None:
    images, labels = random_images(10), torch.arange(10)
    plain = recipe(mixup=False, augment="none", batch_size=4)
    data = InMemory(images, labels, plain, CPU)
    draws = plan_epoch(torch.zeros(10).long(), plain, 0, 1).at(1)
    floats, found = data.batch(draws, mixup=False)
    torch.testing.assert_close(floats, Normalise.of(plain, CPU)(images[draws.order]))
    assert found.second is None
    assert torch.equal(found.first, draws.order)
