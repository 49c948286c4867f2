"""Whether a cell's seeds show the same thing, each for itself."""

from collections.abc import Mapping

from pydantic import JsonValue

from ncmc.verdicts.verdict import Finding, Status


def agreement(agree: int, n: int) -> Status:
    """What all seeds, none of them, or some of them show."""
    return "holds" if agree == n else "inconclusive" if agree else "differs"


def seeds_agree(
    label: str, agree: int, n: int, why: str, numbers: Mapping[str, JsonValue]
) -> Finding:
    """The finding that `agree` of `n` seeds show what is claimed."""
    return Finding(
        label=label,
        status=agreement(agree, n),
        why=f"{why}; so in {agree} of {n} seeds" if n > 1 else why,
        numbers={**numbers, "n": n, "seeds_that_agree": agree},
    )
