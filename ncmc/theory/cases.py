"""The problems on which Thm 3.3 and 3.4 are checked: well above their condition and at its edge."""

import math
from dataclasses import dataclass, replace

from ncmc.formulas import frames
from ncmc.theory.problem import Problem


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
    """One, f and class-aware centers a class, with decays between the limits of the rarest class.

    At the first decays only f centers a class let it vanish, at the second one center does too.
    """
    aware = frames.class_aware_counts(counts, f, "descending")  # as Sec. 3.5 prints it
    ways = [(1,) * len(counts), (f,) * len(counts), tuple(aware)]
    one, uniform, best = (survival_limit(Problem(counts, way, 0.2, 1, 1), -1) for way in ways)
    decays = [(uniform * one) ** 0.25, (one * best) ** 0.25]
    return tuple(Case(Problem(counts, way, 0.2, d, d), starts=2) for d in decays for way in ways)
