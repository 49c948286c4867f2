"""What was understood of somebody's own images: kept with the arrays, shown by fetch and checks."""

from ncmc.system.documents import Strict


class TreeSummary(Strict):
    """What a tree of class folders holds besides its classes and their counts, in sentences."""

    notes: tuple[str, ...]  # what a reader should know
    faults: tuple[str, ...]  # what makes results on the set worthless, or close to it

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it."""
        return self.notes + self.faults


def listed(names: tuple[str, ...] | list[str], most: int = 10) -> str:
    """Names for a sentence: the first ones, and how many more."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
