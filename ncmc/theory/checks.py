"""The numerical checks by name: T1 to T9 of config/paper/claims.yaml.

Each check optimises or samples from random starts with fixed seeds and takes the printed formula as
an argument, so that a wrong one can be seen to fail.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ncmc.errors import unknown
from ncmc.paper.claims import claims
from ncmc.paper.errata import errata
from ncmc.project import Project
from ncmc.theory.allocation import section_3_5_example
from ncmc.theory.angles import remark_3_9
from ncmc.theory.fixed import corollary_3_7, remark_3_8
from ncmc.theory.gradient import equation_35
from ncmc.theory.margin import proposition_c_1
from ncmc.theory.optimum import theorem_3_3, theorem_3_4
from ncmc.theory.outcome import Outcome
from ncmc.theory.problem import one_thread
from ncmc.theory.rules import proposition_3_1

SCHEMA = 3  # of theory.json
CHECKS: dict[str, tuple[str, Callable[[], Outcome]]] = {
    "T1": (
        "balanced data: at the optimum of loss P features collapse to one vector a class along "
        "wbar_k, classes are orthogonal, responses to a class's centers are equal, and |w_k|, |h_k|"
        " and the condition for a non-trivial optimum are as printed",
        theorem_3_3,
    ),
    "T2": (
        "imbalanced data: the same with |w_k|, |h_k| and a condition for each class; a class that "
        "fails its condition vanishes",
        theorem_3_4,
    ),
    "T3": (
        "fixed centers and classifier of unit norms: the same directions, and "
        "|h_k| = f_k cos(alpha_k) / (f_k cos^2(alpha_k) + lambda_H S)",
        corollary_3_7,
    ),
    "T4": (
        "|h_k| as a function of cos(alpha_k) is largest at sqrt(lambda_H S / f_k) "
        "if lambda_H S < f_k",
        remark_3_8,
    ),
    "T5": ("the angle between two centers of a class is arccos(sin^2 theta)", remark_3_9),
    "T6": (
        "hard-to-predict features: RCR is right with probability 1/K, GCR with "
        "(1/F) sum_k f_k P(E_k), which is no less if f_k rises with P(E_k)",
        proposition_3_1,
    ),
    "T7": (
        "an RCR margin above (cos^2 theta/(K sin theta)) (1/f_k' - 1/f_k) - eps/sin theta makes "
        "GCR right more often than not for eps < eps_0, the reverse for eps > eps_0; "
        "eps_0 > cos^2 theta/(f_k K) - cos^2 theta/(f_k' K)",
        proposition_c_1,
    ),
    "T8": ("the gradient of the cosine regression loss has a factor |h|^-2", equation_35),
    "T9": ("n = (1, 3, 3) and f = 3 give the centers (4, 4, 1)", section_3_5_example),
}


def names(project: Project) -> list[str]:
    """The ids of the theorems that the project states, in the order of the checks."""
    return [name for name in CHECKS if name in claims(project)]


@dataclass(frozen=True)
class TheoryVerdict:
    """The verdict on one theorem, remark or equation."""

    id: str
    where: str  # its place in the paper
    says: str
    outcome: Outcome
    errata: tuple[str, ...]  # by their ids, that hold a number of this check
    known: bool  # one of them names a number by which the statement differs
    seconds: float

    @property
    def unexpected(self) -> bool:
        """Whether it neither holds nor differs as an erratum says."""
        status = self.outcome.status
        return status == "inconclusive" or (status == "differs" and not self.known)

    def to_json(self) -> dict[str, Any]:
        """The verdict as data; a number that is not finite becomes None."""
        return {
            "id": self.id,
            "where": self.where,
            "says": self.says,
            "status": self.outcome.status,
            "errata": list(self.errata),
            "detail": self.outcome.detail,
            "parts": [_finite(asdict(p) | {"status": p.status}) for p in self.outcome.parts],
            "also": _finite(dict(self.outcome.also)),
            "seconds": round(self.seconds, 3),
        }


def check(project: Project, name: str) -> TheoryVerdict:
    """Check one claim of the theory. Raises UsageError for an unknown id."""
    if name not in CHECKS or name not in claims(project):
        raise unknown("theory claim", name, names(project))
    says, run = CHECKS[name]
    start = time.perf_counter()
    with one_thread():
        outcome = run()
    seconds = time.perf_counter() - start
    numbers = {e.id: {n.measure for n in e.evidence if n.check == name} for e in errata(project)}
    of_check = {number: measures for number, measures in numbers.items() if measures}
    differing = {part.name for part in outcome.parts if part.status == "differs"}
    known = any(differing & measures for measures in of_check.values())
    where = claims(project)[name].where
    return TheoryVerdict(name, where, says, outcome, tuple(of_check), known, seconds)


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    bad = {key for key, v in values.items() if isinstance(v, float) and not math.isfinite(v)}
    return {key: None if key in bad else value for key, value in values.items()}
