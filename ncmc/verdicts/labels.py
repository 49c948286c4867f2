"""What cells are called beside each other: by what they share, and by what tells them apart."""

from collections.abc import Mapping, Sequence

from ncmc.plan.grid import CellSpec, axis_words
from ncmc.plan.grid_file import NAMED


def setting(spec: CellSpec, *left_out: str) -> tuple[str, ...]:
    """A cell's labels on all axes but those left out; names come first."""
    coords = sorted(spec.coords, key=lambda coord: coord[0] not in NAMED)
    return tuple(axis_words(axis, label) for axis, label in coords if axis not in left_out)


def versus(better: CellSpec, than: CellSpec) -> str:
    """What two cells share, then what tells them apart: `cifar10, tau 0.01: CAL against CE`."""
    common, *sides = _apart(better, than)
    return f"{common}: {' against '.join(sides)}" if all(sides) else common


def shared(better: CellSpec, than: CellSpec) -> str:
    """What two cells share: `cifar10, tau 0.01`."""
    return _apart(better, than)[0]


def sides(
    pairs: Sequence[tuple[CellSpec, CellSpec]],
    better: Mapping[str, object],
    than: Mapping[str, object],
) -> tuple[str, str]:
    """What the two sides of several pairs are called: by their cells, else by their selectors."""
    names_of_pairs = {(one, other) for _, one, other in (_apart(*pair) for pair in pairs)}
    if not (len(names_of_pairs) == 1 and all(names := names_of_pairs.pop())):
        names = _selected(better, than), _selected(than, better)
    return _named(names[0]), _named(names[1])


def shortened(labels: Sequence[str]) -> list[str]:
    """Several labels, each without the parts that all of them have: `tau 0.01` and `tau 0.1`."""
    parts = [label.split(", ") for label in labels]
    common = set(parts[0]).intersection(*parts) if len(set(labels)) > 1 else set()
    short = (", ".join(part for part in own if part not in common) for own in parts)
    return [words or label for words, label in zip(short, labels, strict=True)]


def _named(words: str) -> str:
    """`CAL (f 20, theta 1)`: a name apart from what describes it, amid a sentence."""
    name, _, rest = words.partition(", ")
    return f"{name} ({rest})" if rest else name


def _apart(better: CellSpec, than: CellSpec) -> tuple[str, str, str]:
    """What two cells share, and what is the first's and the second's alone."""
    first, second = dict(better.coords), dict(than.coords)
    both = [axis for axis in first if second.get(axis) == first[axis]]
    common = ", ".join(axis_words(axis, first[axis]) for axis in both)
    one, other = (", ".join(setting(spec, *both)) for spec in (better, than))
    return common, one, other


def _selected(side: Mapping[str, object], other: Mapping[str, object]) -> str:
    """A side by what its selector asks for and the other's does not: `f 20`."""
    own = {k: v for k, v in side.items() if k != "table" and other.get(k) != v} or side
    return ", ".join(
        axis_words(key, " or ".join(map(_word, v if isinstance(v, tuple) else (v,))))
        for key, v in own.items()
    )


def _word(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
