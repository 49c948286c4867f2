"""The numerical checks by name: T1 to T9 of papers/ncmc/claims.yaml.

Each check optimises or samples from random starts with fixed seeds and takes the printed formula as
an argument, so that a wrong one can be seen to fail.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ncmc.errors import unknown
from ncmc.paper.claims import Claim, claims
from ncmc.paper.errata import errata
from ncmc.paths import OURS
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
CHECKS: dict[str, Callable[[], Outcome]] = {
    "T1": theorem_3_3,
    "T2": theorem_3_4,
    "T3": corollary_3_7,
    "T4": remark_3_8,
    "T5": remark_3_9,
    "T6": proposition_3_1,
    "T7": proposition_c_1,
    "T8": equation_35,
    "T9": section_3_5_example,
}


def names(project: Project) -> list[str]:
    """The ids of the theorems that the paper states and that are checked here: of ours alone."""
    if project.paper != OURS:
        return []
    return [name for name in CHECKS if name in claims(project)]


@dataclass(frozen=True)
class TheoryVerdict:
    """The verdict on one theorem, remark or equation."""

    claim: Claim
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
            "id": self.claim.id,
            "where": self.claim.where,
            "says": self.claim.says,
            "status": self.outcome.status,
            "errata": list(self.errata),
            "detail": self.outcome.detail,
            "parts": [_finite(asdict(p) | {"status": p.status}) for p in self.outcome.parts],
            "also": _finite(dict(self.outcome.also)),
            "seconds": round(self.seconds, 3),
        }


def check(project: Project, name: str) -> TheoryVerdict:
    """Check one claim of the theory. Raises UsageError for an unknown id."""
    if name not in names(project):
        raise unknown("theory claim", name, names(project))
    start = time.perf_counter()
    with one_thread():
        outcome = CHECKS[name]()
    seconds = time.perf_counter() - start
    numbers = {e.id: {n.measure for n in e.evidence if n.check == name} for e in errata(project)}
    of_check = {number: measures for number, measures in numbers.items() if measures}
    differing = {part.name for part in outcome.parts if part.status == "differs"}
    known = any(differing & measures for measures in of_check.values())
    return TheoryVerdict(claims(project)[name], outcome, tuple(of_check), known, seconds)


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    bad = {key for key, v in values.items() if isinstance(v, float) and not math.isfinite(v)}
    return {key: None if key in bad else value for key, value in values.items()}
