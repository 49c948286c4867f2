"""The stages of a training on the recipe's clock."""

import math
from collections.abc import Sequence
from itertools import accumulate

from ncmc.methods import Stage
from ncmc.plan.learning_rate import annealed, learning_rate
from ncmc.plan.recipes import Recipe


class Schedule:
    """Which epoch, counted from 1, belongs to which stage of a method, and at which rate."""

    def __init__(self, recipe: Recipe, stages: Sequence[Stage]) -> None:
        self.recipe, self.stages = recipe, stages
        # the last epoch of each stage, after a 0; a stage can be too short for an epoch
        shares = accumulate(stage.share for stage in stages)
        self.ends = [0, *(math.ceil(round(share * recipe.epochs, 6)) for share in shares)]

    @property
    def epochs(self) -> int:
        """Of the whole training: the recipe's, and those that later stages add."""
        return self.ends[-1]

    def length(self, stage: int) -> int:
        return self.ends[stage + 1] - self.ends[stage]

    def stage_at(self, epoch: int) -> int:
        """Which stage an epoch belongs to."""
        return next(i for i, end in enumerate(self.ends[1:]) if epoch <= end)

    def rate_at(self, epoch: int) -> float:
        """The learning rate of an epoch: the recipe's, or that of a stage with a rate of its own."""
        stage = self.stage_at(epoch)
        own = self.stages[stage].lr
        if own is None:
            return learning_rate(self.recipe, epoch)
        return annealed(own, epoch - self.ends[stage], self.length(stage))
