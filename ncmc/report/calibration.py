"""Whether an ECE can be compared: a softmax of cosines is flat, however sure a method is."""

# Methods whose scores are cosines, which no |h| makes larger, without a scale in front of the softmax.
# Records do not say it; tests/report/test_calibration.py asks every method there is.
SCORES_ARE_COSINES = frozenset(
    {"AL", "AL-PULL", "AL-PULL-SCALED", "AL-SCALED", "CAL", "LDAM", "LDAM-DRW", "NCM", "P", "SETF"}
)
COSINES = "of cosines without a scale: not comparable with that of other methods"


def ece_note(method: str) -> str:
    """What must stand beside the ECE of a method; empty where it is as usual."""
    return COSINES if method in SCORES_ARE_COSINES else ""
