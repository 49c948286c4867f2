"""The learning rate of every epoch."""

import itertools

import pytest
from conftest import here

from ncmc.plan.learning_rate import learning_rate
from ncmc.plan.recipes import resolve


def released_rate(epoch: int) -> float:
    """The schedule as the reference code's family has it for 200 epochs, `epoch` from 1 (A7)."""
    if epoch <= 5:
        return 0.1 * epoch / 5
    if epoch > 180:
        return 0.1 * 0.01
    if epoch > 160:
        return 0.1 * 0.1
    return 0.1


def test_the_learning_rate_is_the_released_one_in_every_epoch() -> None:
    recipe = resolve(here(), "cifar10", "resnet50", "CE", {}).recipe
    rates = [learning_rate(recipe, epoch) for epoch in range(1, 201)]
    assert rates == pytest.approx([released_rate(epoch) for epoch in range(1, 201)], rel=1e-12)


def test_a_cosine_schedule_falls_from_the_full_rate_without_a_step() -> None:
    recipe = resolve(here(), "imagenet_lt", "resnet50", "CE", {}).recipe
    rates = [learning_rate(recipe, epoch) for epoch in range(1, recipe.epochs + 1)]
    assert rates[0] == recipe.lr
    assert all(a > b for a, b in itertools.pairwise(rates))
    assert rates[-1] < 1e-4 * recipe.lr
