"""The stages of a training: which epoch belongs to which, at which rate, and how images are drawn."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from conftest import here
from scipy import stats

from ncmc.methods import Stage
from ncmc.plan.learning_rate import learning_rate
from ncmc.plan.recipes import resolve
from ncmc.training.draws import plan_epoch
from ncmc.training.schedule import Schedule

RECIPE = resolve(here(), "cifar10", "resnet32", "CE", {}).recipe
DEFERRED = (Stage(share=0.8), Stage(share=0.2))
RETRAINED = (Stage(), Stage(share=0.1, lr=0.5))


def test_shares_are_of_the_recipes_epochs() -> None:
    deferred, retrained = Schedule(RECIPE, DEFERRED), Schedule(RECIPE, RETRAINED)
    assert [deferred.length(stage) for stage in (0, 1)] == [160, 40]
    assert [retrained.length(stage) for stage in (0, 1)] == [200, 20]
    assert [deferred.stage_at(epoch) for epoch in (1, 160, 161, 200)] == [0, 0, 1, 1]
    assert Schedule(RECIPE, (Stage(),)).epochs == 200


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 60])
def test_stages_within_the_recipe_add_no_epoch_and_later_ones_at_least_one(epochs: int) -> None:
    recipe = RECIPE.model_copy(update={"epochs": epochs})
    assert Schedule(recipe, DEFERRED).epochs == epochs
    assert Schedule(recipe, RETRAINED).epochs == epochs + math.ceil(round(epochs / 10, 6))


def test_a_stage_with_a_rate_of_its_own_anneals_it_and_the_others_keep_the_recipes() -> None:
    deferred, retrained = Schedule(RECIPE, DEFERRED), Schedule(RECIPE, RETRAINED)
    for epoch in range(1, 201):
        assert deferred.rate_at(epoch) == learning_rate(RECIPE, epoch)
        assert retrained.rate_at(epoch) == learning_rate(RECIPE, epoch)
    rates = [retrained.rate_at(epoch) for epoch in range(201, 221)]
    assert rates[0] == 0.5
    assert rates[10] == pytest.approx(0.25)
    assert all(later < earlier for earlier, later in pairwise(rates))


def test_class_sampling_draws_classes_evenly_and_images_evenly_within_them() -> None:
    labels = torch.tensor([2] * 900 + [0] * 95 + [5] * 5)  # of six classes, three without images
    draws = [
        plan_epoch(labels, RECIPE, 0, epoch, Stage(sampling="classes")).draws.order
        for epoch in range(1, 11)
    ]
    order = torch.cat(draws)
    assert len(order) == 10 * len(labels)
    counts = torch.bincount(labels[order])[[0, 2, 5]].numpy()
    assert stats.chisquare(counts).pvalue > 1e-3
    rare = np.bincount(order[labels[order] == 5].numpy() - 995)
    assert stats.chisquare(rare).pvalue > 1e-3


def test_the_views_of_an_image_are_neighbours_with_draws_of_their_own() -> None:
    recipe = RECIPE.model_copy(update={"batch_size": 4})
    plan = plan_epoch(torch.zeros(10).long(), recipe, 0, 1, Stage(views=2))
    batches = [plan.at(step) for step in range(3)]
    assert [len(batch.order) for batch in batches] == [8, 8, 4]
    pairs = plan.draws.order.reshape(-1, 2)
    assert torch.equal(pairs[:, 0], pairs[:, 1])
    assert sorted(pairs[:, 0].tolist()) == list(range(10))
    assert not torch.equal(plan.draws.offset[0::2], plan.draws.offset[1::2])
