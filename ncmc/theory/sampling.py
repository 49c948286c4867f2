"""Sampling in chunks, and the standard error of a share."""

import math

CHUNK = 50_000  # features drawn at once


def chunks(samples: int) -> list[int]:
    """Sizes of at most CHUNK that sum to `samples`."""
    whole, rest = divmod(samples, CHUNK)
    return [CHUNK] * whole + ([rest] if rest else [])


def share_error(share: float, samples: int) -> float:
    """The standard error of a share of independent samples; half a sample's worth at 0 and 1."""
    return math.sqrt(max(share * (1 - share), 0.5 / samples) / samples)
