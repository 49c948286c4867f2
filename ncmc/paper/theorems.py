"""Theorems of a paper, checked numerically: what a check measured, and what that says of the paper.

The checks are the paper's own: papers/NAME/theory/checks.py names them by the ids of claims.yaml,
`CHECKS: dict[str, Callable[[], Outcome]]`. It is loaded when a theorem is checked, and not before.
"""

import importlib
import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ncmc import paths
from ncmc.errors import unknown
from ncmc.paper.claims import Claim, claims
from ncmc.paper.errata import errata
from ncmc.project import Project
from ncmc.system import files

SCHEMA = 3  # of theory.json
Status = Literal["holds", "differs", "inconclusive"]
Relation = Literal["=", "<=", ">="]

SIGMAS = 4.0  # standard errors that a sampled number must clear its tolerance by, either way


@dataclass(frozen=True)
class Part:
    """One measured number held against what the statement makes of it."""

    name: str
    measured: float
    expected: float
    tolerance: float
    relation: Relation = "="
    error: float = 0.0  # the standard error of `measured`; 0 where it was computed, not sampled
    sound: bool = True  # False: an optimiser did not converge, so the number proves nothing

    @property
    def status(self) -> Status:
        """Holds or differs if the number lies SIGMAS errors inside or outside the tolerance."""
        numbers = (self.measured, self.expected, self.error)
        if not self.sound or not all(map(math.isfinite, numbers)):
            return "inconclusive"
        above = self.measured - self.expected
        gap = {"=": abs(above), "<=": above, ">=": -above}[self.relation]
        if gap + SIGMAS * self.error <= self.tolerance:
            return "holds"
        return "differs" if gap - SIGMAS * self.error > self.tolerance else "inconclusive"


@dataclass(frozen=True)
class Outcome:
    """What a check found: the parts that decide, other numbers worth seeing, and plain words."""

    parts: tuple[Part, ...]
    detail: str
    also: Mapping[str, float] = field(default_factory=dict)

    @property
    def measured(self) -> dict[str, float]:
        """Every measured number by name, also those that decide nothing."""
        return {part.name: part.measured for part in self.parts} | dict(self.also)

    @property
    def status(self) -> Status:
        """Differs if a part does; holds if every part does, and there is one."""
        found = {part.status for part in self.parts}
        if "differs" in found:
            return "differs"
        return "holds" if found == {"holds"} else "inconclusive"


def worst(name: str, gaps: Iterable[float], tolerance: float, sound: bool = True) -> Part:
    """The largest of several distances from what is expected; a NaN among them stays one."""
    values = [float(gap) for gap in gaps]
    undefined = not values or any(map(math.isnan, values))
    measured = math.nan if undefined else max(values)
    return Part(name, measured, 0.0, tolerance, "<=", sound=sound)


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


def names(project: Project) -> list[str]:
    """The ids of the theorems that the open paper states and that its folder checks."""
    return [name for name in _checks(project) if name in claims(project)]


def check(project: Project, name: str) -> TheoryVerdict:
    """Check one theorem. Raises UsageError for an unknown id."""
    if name not in (known := names(project)):
        raise unknown("theory claim", name, known)
    start = time.perf_counter()
    outcome = _checks(project)[name]()
    seconds = time.perf_counter() - start
    numbers = {e.id: {n.measure for n in e.evidence if n.check == name} for e in errata(project)}
    of_check = {number: measures for number, measures in numbers.items() if measures}
    differing = {part.name for part in outcome.parts if part.status == "differs"}
    expected = any(differing & measures for measures in of_check.values())
    return TheoryVerdict(claims(project)[name], outcome, tuple(of_check), expected, seconds)


def _checks(project: Project) -> Mapping[str, Callable[[], Outcome]]:
    """The checks of the open paper by id; none where its folder has no theory."""
    folder = paths.PAPER.format(paper=project.paper)
    if not files.exists(project.root / folder / "theory" / "checks.py"):
        return {}
    if str(project.root) not in sys.path:
        sys.path.append(str(project.root))
    module = importlib.import_module(f"{folder.replace('/', '.')}.theory.checks")
    checks: Mapping[str, Callable[[], Outcome]] = module.CHECKS
    return checks


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    bad = {key for key, v in values.items() if isinstance(v, float) and not math.isfinite(v)}
    return {key: None if key in bad else value for key, value in values.items()}
