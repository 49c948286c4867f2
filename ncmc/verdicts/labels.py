"""What cells are called beside each other: by what they share, and by what tells them apart."""

from ncmc.plan.grid import CellSpec, axis_words
from ncmc.plan.grid_file import NAMED


def setting(spec: CellSpec, *left_out: str) -> tuple[str, ...]:
    """A cell's labels on all axes but those left out; names come first."""
    coords = sorted(spec.coords, key=lambda coord: coord[0] not in NAMED)
    return tuple(axis_words(axis, label) for axis, label in coords if axis not in left_out)


def versus(better: CellSpec, than: CellSpec) -> str:
    """What two cells share, then what tells them apart: `cifar10, tau 0.01: CAL against CE`."""
    first, second = dict(better.coords), dict(than.coords)
    shared = [axis for axis in first if second.get(axis) == first[axis]]
    common = ", ".join(axis_words(axis, first[axis]) for axis in shared)
    sides = (", ".join(setting(spec, *shared)) for spec in (better, than))
    return f"{common}: {' against '.join(sides)}"
