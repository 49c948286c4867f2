"""T1 and T2: the optimum of loss P over features, centers and classifier (Thm 3.3 and 3.4)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ncmc.formulas import frames
from ncmc.theory import collapse
from ncmc.theory.cases import (
    BALANCED,
    BALANCED_EDGE,
    IMBALANCED,
    IMBALANCED_EDGE,
    Case,
    tail_cases,
)
from ncmc.theory.problem import GRADIENT, Point, Problem, best, frame_of, loss_p, minimise
from ncmc.theory.verdict import Outcome, Part, words, worst

Formula = Callable[[Problem], Tensor]  # (K,) |w_k|^2, below the condition too
Condition = Callable[[Problem], Tensor]  # (K,) whether a class has a non-trivial optimum

ALIVE = 1e-3  # |w_k|^2 above which a class counts as alive, in units of `yardstick`
TOLERANCE = 1e-5
LOSS_TOLERANCE = 1e-10


# --- the statements as printed --------------------------------------------------------------------


def balanced_norms(p: Problem) -> Tensor:
    """|w_k|^2 of Thm 3.3: n samples and f centers in every class."""
    ratio = p.decay_w / (p.n * p.decay_h)
    return (-len(p.counts) * p.decay_w + ratio.sqrt() * p.cosines) / (ratio * p.cosines**2)


def balanced_condition(p: Problem) -> Tensor:
    """K sqrt(n lambda_H lambda_W) <= cos(alpha) of Thm 3.3."""
    return len(p.counts) * (p.n * p.decay_h * p.decay_w).sqrt() <= p.cosines


def norms(p: Problem) -> Tensor:
    """|w_k|^2 of Thm 3.4; negative where the condition fails."""
    ratio = p.decay_w / (p.n * p.decay_h)
    pull = -p.total * p.decay_w / (p.f * p.n) + ratio.sqrt() * p.cosines
    return pull / (ratio * p.cosines**2)


def condition(p: Problem) -> Tensor:
    """cos(alpha_k) > (S / f_k) sqrt(lambda_W lambda_H / n_k) of Thm 3.4."""
    return p.cosines > p.total / p.f * (p.decay_w * p.decay_h / p.n).sqrt()


# --- what is found --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tried:
    """The best point found for a problem, beside what the theorem makes of it."""

    problem: Problem
    restarts: tuple[Point, ...]
    formula: Tensor  # (K,) |w_k|^2 as printed
    survives: Tensor  # (K,) as printed

    @property
    def found(self) -> Point:
        """The point of least loss."""
        return best(self.restarts)

    @property
    def expected(self) -> Tensor:
        """(K,) |w_k|^2: the formula where the condition holds, 0 elsewhere."""
        return torch.where(self.survives, self.formula, 0.0)

    @property
    def feature_ratio(self) -> Tensor:
        """(K,) |h_k|^2 / |w_k|^2."""
        return self.problem.decay_w / (self.problem.n * self.problem.decay_h)

    @property
    def yardstick(self) -> Tensor:
        """(K,) the size of |w_k|^2 well above the condition: errors are relative to it."""
        return 1 / (self.feature_ratio.sqrt() * self.problem.cosines)

    @property
    def norms(self) -> Tensor:
        """(K,) |w_k|^2 as found."""
        return self.found.classifier.square().sum(1)

    @property
    def alive(self) -> Tensor:
        """(K,) whether the class survives at the point found."""
        return self.norms > ALIVE * self.yardstick


def try_case(case: Case, formula: Formula, survives: Condition) -> Tried:
    """Minimise P from random starts, seeds 0, 1, ..."""
    p = case.problem
    restarts = tuple(minimise(p, seed, case.extra_dim) for seed in range(case.starts))
    return Tried(p, restarts, formula(p), survives(p))


# --- the theorem's claims as distances ------------------------------------------------------------


def norm_gap(t: Tried) -> float:
    """How far |w_k|^2 is from the theorem's."""
    return ((t.norms - t.expected).abs() / t.yardstick).max().item()


def feature_norm_gap(t: Tried) -> float:
    """How far |h_k|^2 is from lambda_W / (n_k lambda_H) times the theorem's |w_k|^2."""
    found = collapse.class_means(t.problem, t.found.features).square().sum(1)
    gap = (found - t.feature_ratio * t.expected).abs()
    return (gap / (t.feature_ratio * t.yardstick)).max().item()


def loss_gap(t: Tried) -> float:
    """The loss at the theorem's own point less the least one found; NaN if it is no point."""
    if (t.expected < 0).any():
        return math.nan
    p = t.problem
    basis = torch.eye(p.dim, dtype=torch.float64)
    centers, classifier = frame_of(p, basis, t.expected.sqrt())
    directions = frames.mean_center_coordinates(p.centers, p.theta)
    features = (t.feature_ratio * t.expected).sqrt()[:, None] * directions
    return loss_p(p, features[p.labels], centers, classifier).item() - t.found.loss


def judge(tried: Sequence[Tried]) -> tuple[Part, ...]:
    """The theorem's claims over all problems; directions only of classes that survive."""
    sound = all(t.found.gradient < GRADIENT for t in tried)
    lively = [(t.problem, t.found, t.alive) for t in tried if t.alive.any()]
    gaps = {
        "spread of features around their class mean": [
            collapse.spread(t.problem, t.found) for t in tried
        ],
        **collapse.gaps(lively),
        "relative error of |w_k|^2": [norm_gap(t) for t in tried],
        "relative error of |h_k|^2": [feature_norm_gap(t) for t in tried],
    }
    wrong_side = sum(int((t.alive != t.survives).sum()) for t in tried)
    losses = [abs(loss_gap(t)) for t in tried]
    return (
        *(worst(name, values, TOLERANCE, sound) for name, values in gaps.items()),
        Part("classes on the wrong side of the condition", wrong_side, 0, 0, sound=sound),
        worst("loss of the theorem's point, less the least found", losses, LOSS_TOLERANCE, sound),
    )


# --- the checks -----------------------------------------------------------------------------------


def theorem_3_3(
    cases: Sequence[Case] = (*BALANCED, *BALANCED_EDGE),
    formula: Formula = balanced_norms,
    survives: Condition = balanced_condition,
) -> Outcome:
    """T1: the balanced optimum."""
    tried = [try_case(case, formula, survives) for case in cases]
    return Outcome(judge(tried), _effort(tried), _counts(tried))


def theorem_3_4(
    cases: Sequence[Case] = (*IMBALANCED, *IMBALANCED_EDGE, *tail_cases()),
    formula: Formula = norms,
    survives: Condition = condition,
) -> Outcome:
    """T2: the imbalanced optimum, class by class."""
    tried = [try_case(case, formula, survives) for case in cases]
    free = free_length_losses(IMBALANCED[0].problem)
    detail = words(
        _effort(tried),
        (
            _vanishes(free),
            "The constraint |v_j^(k)| = |w_k| is needed: P has no term in V, so with free |v_j^(k)|"
            " it falls towards 0 and has no minimum (shown at W0 = 0, growing |v_j^(k)|).",
        ),
    )
    return Outcome(judge(tried), detail, _counts(tried) | free)


def _effort(tried: Sequence[Tried]) -> str:
    below = _counts(tried)["printed |w_k|^2 of a class that vanishes, least"]
    mixed = any(0 < int(t.alive.sum()) < len(t.alive) for t in tried)
    return words(
        f"L-BFGS over H, W0 and V together in {len(tried)} configurations, "
        f"{sum(len(t.restarts) for t in tried)} random starts.",
        (mixed, "Classes pass or fail the condition one by one."),
        (
            below < 0,
            "Below the condition the printed |w_k|^2 is negative "
            f"(down to {below:.3g}) while the optimum found is w_k = h_k = 0: "
            "clamp the formula at 0.",
        ),
    )


def _counts(tried: Sequence[Tried]) -> dict[str, float]:
    vanished = [t.formula[~t.alive].min().item() for t in tried if not t.alive.all()]
    return {
        "classes that survive": sum(int(t.alive.sum()) for t in tried),
        "classes that vanish": sum(int((~t.alive).sum()) for t in tried),
        "printed |w_k|^2 of a class that vanishes, least": min(vanished, default=math.nan),
    }


def free_length_losses(p: Problem, lengths: Sequence[float] = (1, 10, 100)) -> dict[str, float]:
    """The least P over H where W0 = 0 and |v_j^(k)| is a given length."""
    eye = torch.eye(p.dim, dtype=torch.float64)
    losses = {}
    for length in lengths:
        centers = length * math.cos(p.theta) * eye[len(p.counts) :]
        normal = centers.T @ centers / p.total + p.decay_h * eye
        features = torch.linalg.solve(normal, centers.T @ p.codes.T / p.total).T
        value = loss_p(p, features, centers, torch.zeros(len(p.counts), p.dim).double())
        losses[f"P without the constraint, |v| = {length:g}"] = value.item()
    return losses


def _vanishes(losses: Mapping[str, float]) -> bool:
    values = list(losses.values())
    return all(after < before / 50 for before, after in pairwise(values))
