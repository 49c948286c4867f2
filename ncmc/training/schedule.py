"""The learning rate of an epoch (assumption A7)."""

import math

from ncmc.plan.recipes import Recipe


def learning_rate(recipe: Recipe, epoch: int) -> float:
    """The rate in `epoch`, counted from 1.

    Warm-up: lr * epoch / warmup_epochs. Then "step": times gamma for every milestone share of the
    epochs that is past (0.8 of 200: from epoch 161); "cosine": half a period from lr towards 0.
    """
    if epoch <= recipe.warmup_epochs:
        return recipe.lr * epoch / recipe.warmup_epochs
    if recipe.schedule == "cosine":
        return recipe.lr * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / recipe.epochs))
    # round: 0.9 * 200 is 180 only up to the last bit
    past = sum(epoch > round(share * recipe.epochs, 6) for share in recipe.milestones)
    return float(recipe.lr * recipe.gamma**past)
