"""T1 and T2: the optimum of loss P over features, centers and classifier (Thm 3.3 and 3.4)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ncmc.formulas import frames
from ncmc.paper.theorems import Outcome, Part, worst
from papers.ncmc.theory.problem import (
    GRADIENT,
    Point,
    Problem,
    best,
    class_means,
    frame_of,
    gaps_from_collapse,
    loss_p,
    minimise,
    spread,
)

Formula = Callable[[Problem], Tensor]  # (K,) |w_k|^2, below the condition too
Condition = Callable[[Problem], Tensor]  # (K,) whether a class has a non-trivial optimum

ALIVE = 1e-3  # |w_k|^2 above which a class counts as alive, in units of `yardstick`
TOLERANCE = 1e-5
LOSS_TOLERANCE = 1e-10


# --- the problems: well above their condition, and just on either side of it ----------------------


@dataclass(frozen=True)
class Case:
    """A problem, how many more dimensions than needed its features have, and how many starts."""

    problem: Problem
    extra_dim: int = 0
    starts: int = 3


def survival_limit(p: Problem, k: int) -> float:
    """The product lambda_W lambda_H up to which class k survives by Thm 3.4's condition."""
    return float(p.n[k] * (p.cosines[k] * p.f[k] / p.total) ** 2)


def at_condition(case: Case, k: int, ratio: float) -> Case:
    """The case with decays scaled so that cos(alpha_k) is `ratio` times what class k needs."""
    p = case.problem
    scale = math.sqrt(survival_limit(p, k) / (p.decay_w * p.decay_h)) / ratio
    return replace(case, problem=replace(p, decay_w=p.decay_w * scale, decay_h=p.decay_h * scale))


BALANCED = (
    Case(Problem((4, 4, 4), (2, 2, 2), 0.2, 5e-3, 5e-3)),
    Case(Problem((3, 3, 3, 3), (3, 3, 3, 3), 0.7, 2e-2, 5e-3), extra_dim=3),
    Case(Problem((5, 5), (4, 4), 0.0, 1e-2, 1e-2)),
    Case(Problem((3, 3, 3), (2, 2, 2), math.pi / 2, 3e-3, 2e-2)),
    Case(Problem((6, 6), (1, 1), 0.5, 1e-2, 1e-2)),
)
IMBALANCED = (
    Case(Problem((6, 3, 2), (2, 3, 4), 0.2, 5e-3, 5e-3)),
    Case(Problem((8, 3, 1), (3, 3, 3), 0.5, 3e-2, 1e-2), extra_dim=2),
    Case(Problem((7, 2), (1, 5), 0.0, 1e-2, 1e-2)),
    Case(Problem((5, 4, 3, 1), (2, 2, 2, 2), 1.0, 4e-3, 2e-2)),
)
# Just on either side of the condition, so that all, some or none of the classes survive.
BALANCED_EDGE = tuple(at_condition(case, 0, r) for case in BALANCED[:2] for r in (0.95, 1.05))
IMBALANCED_EDGE = (
    *(at_condition(case, -1, r) for case in IMBALANCED[:2] for r in (0.95, 1.05)),
    at_condition(IMBALANCED[1], 0, 0.95),
    at_condition(IMBALANCED[3], 2, 1.05),
)


def tail_cases(counts: tuple[int, ...] = (12, 4, 1), f: int = 3) -> tuple[Case, ...]:
    """One, f and class-aware centers per class, with decays between the limits of the rarest class.

    At the first decays only f centers per class let it vanish, at the second one center does too.
    """
    aware = frames.class_aware_counts(counts, f, "descending")  # as Sec. 3.5 prints it
    ways = [(1,) * len(counts), (f,) * len(counts), tuple(aware)]
    one, uniform, best = (survival_limit(Problem(counts, way, 0.2, 1, 1), -1) for way in ways)
    decays = [(uniform * one) ** 0.25, (one * best) ** 0.25]
    return tuple(Case(Problem(counts, way, 0.2, d, d), starts=2) for d in decays for way in ways)


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
    found = class_means(t.problem, t.found.features).square().sum(1)
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
        "spread of features around their class mean": [spread(t.problem, t.found) for t in tried],
        **gaps_from_collapse(lively),
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
    also = _counts(tried) | free_length_losses(IMBALANCED[0].problem)
    return Outcome(judge(tried), _effort(tried), also)


def _effort(tried: Sequence[Tried]) -> str:
    return (
        f"L-BFGS over H, W0 and V together in {len(tried)} configurations, "
        f"{sum(len(t.restarts) for t in tried)} random starts."
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
