"""What a numerical check of a theorem measured, and whether the paper's statement holds by it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

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
