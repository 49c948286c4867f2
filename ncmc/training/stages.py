"""The stages of a training on the recipe's clock: which epoch belongs to which, and its rate."""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise

from ncmc.methods import Stage
from ncmc.plan.recipes import Recipe
from ncmc.training.optimiser import annealed, learning_rate


def ends(recipe: Recipe, stages: Sequence[Stage]) -> list[int]:
    """The last epoch of each stage, counted from 1; a stage can be too short for an epoch."""
    shares = accumulate(stage.share for stage in stages)
    return [math.ceil(round(share * recipe.epochs, 6)) for share in shares]


def lengths(recipe: Recipe, stages: Sequence[Stage]) -> list[int]:
    """The epochs of each stage."""
    until = [0, *ends(recipe, stages)]
    return [last - before for before, last in pairwise(until)]


def total_epochs(recipe: Recipe, stages: Sequence[Stage]) -> int:
    """The epochs of the whole training: the recipe's, and those that later stages add."""
    return ends(recipe, stages)[-1]


def stage_at(recipe: Recipe, stages: Sequence[Stage], epoch: int) -> int:
    """Which stage an epoch, counted from 1, belongs to."""
    return next(i for i, end in enumerate(ends(recipe, stages)) if epoch <= end)


def rate_at(recipe: Recipe, stages: Sequence[Stage], epoch: int) -> float:
    """The learning rate of an epoch: the recipe's, or that of a stage with a rate of its own."""
    number = stage_at(recipe, stages, epoch)
    own = stages[number].lr
    if own is None:
        return learning_rate(recipe, epoch)
    until = [0, *ends(recipe, stages)]
    before, last = until[number], until[number + 1]
    return annealed(own, epoch - before, last - before)
