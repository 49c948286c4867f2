"""The learning rate of each epoch by a recipe (A7): what training sets, and a record is held against."""

import math

from ncmc.plan.recipes import Recipe


def learning_rate(recipe: Recipe, epoch: int) -> float:
    """The recipe's rate in `epoch`, counted from 1.

    Warm-up: lr * epoch / warmup_epochs. Then "step": times gamma for every milestone share of the
    epochs that is past (0.8 of 200: from epoch 161); "cosine": half a period from lr towards 0.
    """
    if epoch <= recipe.warmup_epochs:
        return recipe.lr * epoch / recipe.warmup_epochs
    if recipe.schedule == "cosine":
        return annealed(recipe.lr, epoch, recipe.epochs)
    # round: 0.9 * 200 is 180 only up to the last bit
    past = sum(epoch > round(share * recipe.epochs, 6) for share in recipe.milestones)
    return float(recipe.lr * recipe.gamma**past)


def annealed(lr: float, epoch: int, epochs: int) -> float:
    """The rate in `epoch` of `epochs`, counted from 1: half a period of a cosine, from lr towards 0."""
    return lr * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / epochs))
