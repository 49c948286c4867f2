"""`chance`: an accuracy that guessing would reach."""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue

from ncmc.results.cells import Cell
from ncmc.results.wording import plural
from ncmc.verdicts.check import EachCell
from ncmc.verdicts.verdict import ONE_SEED, Finding, Status

ROUNDING = 1e-9  # percent: sums of the same counts in another order
DRAWS = 10_000  # a p value of 5 % is then known to 0.2 points

Confusion = Sequence[Sequence[int]]  # (K, K): [k][l] counts images of k predicted as l


class Chance(EachCell):
    """The accuracy after the last epoch is what classes named at random would reach.

    What chance is: collapsed features make a class right or wrong as a whole, so images are not
    independent, and ten classes named at random have an accuracy of 0, 10 or 20 % more often than
    of 9.7 %. So the names of the predicted classes are permuted in the confusion matrix of each
    seed (`DRAWS` times, with a fixed seed), and all seeds together make one mean. What
    a matrix looks like decides how wide chance is: as wide as it must be where whole classes are
    predicted as one, narrow where predictions are spread over the classes.

    differs: so high or low a mean is rare under chance (two-sided, Holm over the cells of the
    check). holds: it is not, and it would be rare under `times` times chance, which is drawn as the
    sum of as many draws of chance: three seeds whose classes are right or wrong as a whole cannot
    tell chance from twice chance. inconclusive: they do not tell these two apart either.
    """

    kind: Literal["chance"]
    times: Annotated[int, Field(ge=2, le=20)] = 4
    measure: Literal["last"] = "last"

    def judge_cell(self, cell: Cell) -> Finding:
        """What the permuted matrices say of the mean over seeds."""
        label = cell.spec.label
        matrices = [record.result.confusion for record in cell.records]
        rng = np.random.default_rng(0)
        ours = float(np.mean([100 * np.trace(m) / np.sum(m) for m in matrices]))
        draws = permuted(matrices, rng, DRAWS)
        more = [permuted(matrices, rng, DRAWS) for _ in range(1, self.times)]
        multiple = draws + sum(more)
        p = min(1.0, 2 * min(_share(draws >= ours - ROUNDING), _share(draws <= ours + ROUNDING)))
        p_multiple = _share(multiple <= ours + ROUNDING)
        chance = 100 / len(matrices[0])
        low, high = (float(q) for q in np.quantile(draws, [cell.alpha / 2, 1 - cell.alpha / 2]))
        why = (
            f"{ours:.1f} %, where chance is {chance:.1f} % and classes named at random reach "
            f"{low:.1f} to {high:.1f} % as the mean of {plural(cell.n, 'seed')}"
        )
        status, words = self._decided(p, p_multiple, cell)
        numbers: dict[str, JsonValue] = {
            "estimate": ours,
            "n": cell.n,
            "chance": chance,
            "chance_low": low,
            "chance_high": high,
            "p": p,
            "p_multiple": p_multiple,
            "times": self.times,
        }
        return Finding(label=label, status=status, why=why + words, numbers=numbers)

    def _decided(self, p: float, p_multiple: float, cell: Cell) -> tuple[Status, str]:
        if p < cell.alpha:
            return "differs", f" ({_p_words(p)})"
        if cell.n < 2:
            return "inconclusive", f"; {ONE_SEED}"
        if p_multiple < cell.alpha:
            return "holds", f"; {self.times} times chance is excluded ({_p_words(p_multiple)})"
        return "inconclusive", (
            f"; too few seeds: under {self.times} times chance so low a mean is no rarity "
            f"({_p_words(p_multiple)})"
        )


def _p_words(p: float) -> str:
    """`p = 0.012` or `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _share(hits: NDArray[np.bool_]) -> float:
    """The p value of a Monte Carlo test: what was observed counts as one draw."""
    return (float(hits.sum()) + 1) / (len(hits) + 1)


def permuted(
    confusions: Sequence[Confusion], rng: np.random.Generator, draws: int
) -> NDArray[np.float64]:
    """(draws,) percent: the mean over matrices, each with the names of its predictions permuted.

    All permutations are equally likely, and each matrix has its own. The matrices are not empty.
    """
    return np.mean([_permuted(confusion, rng, draws) for confusion in confusions], axis=0)


def _permuted(confusion: Confusion, rng: np.random.Generator, draws: int) -> NDArray[np.float64]:
    shares = np.asarray(confusion, dtype=float)
    shares = 100 * shares / shares.sum()
    classes = np.arange(len(shares))
    names = rng.permuted(np.tile(classes, (draws, 1)), axis=1)
    return np.asarray(shares[classes, names].sum(axis=1))
