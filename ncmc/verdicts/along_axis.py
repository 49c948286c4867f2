"""Pairs of cells along an axis, in every setting of the others."""

import math
from collections.abc import Iterable, Sequence

from ncmc.errors import UsageError
from ncmc.plan.grid import CellSpec
from ncmc.results.wording import plural
from ncmc.verdicts.labels import setting

Places = dict[str, int]  # place on the axis -> which pair
Groups = dict[str, Places]  # setting -> its places


def grouped(axis: str, pairs: Sequence[tuple[CellSpec, CellSpec]]) -> Groups:
    """The pairs by setting and place. Raises UsageError if two of a setting are at one place."""
    groups: Groups = {}
    for i, (better, than) in enumerate(pairs):
        label = ", ".join(setting(better, axis))
        places = groups.setdefault(label, {})
        if (place := better.attributes[axis]) in places:
            raise UsageError(
                f"'than' in {label}: two cells of it are compared at {axis} {place} "
                f"({than.label}); name one method and its options."
            )
        places[place] = i
    return groups


def require_numbers(axis: str, specs: Iterable[CellSpec], positive: bool = False) -> None:
    """Raises UsageError unless the values on an axis are numbers, above 0 if `positive`."""
    for spec in specs:
        place = spec.attributes[axis]
        try:
            number = float(place)
        except ValueError as error:
            raise UsageError(f"'axis': {axis} has the value {place}, no number.") from error
        if positive and number <= 0:
            raise UsageError(f"'axis': {axis} has the value {place}; needed: above 0.")


def average_words(groups: Sequence[str]) -> str:
    """What an average is over: the one setting, or how many there are."""
    return groups[0] if len(groups) == 1 else f"average over {plural(len(groups), 'setting')}"


def change_weights(places: Sequence[float]) -> list[float]:
    """Of the values at places: what a straight line in log(place) changes from end to end."""
    logs = [math.log(place) for place in places]
    centre = sum(logs) / len(logs)
    total = sum((x - centre) ** 2 for x in logs)
    return [(max(logs) - min(logs)) * (x - centre) / total for x in logs]


def last_step_weights(places: Sequence[float]) -> list[float]:
    """Of the values at places: what they change by from the last but one to the last."""
    order = sorted(range(len(places)), key=places.__getitem__)
    weights = [0.0] * len(places)
    weights[order[-1]], weights[order[-2]] = 1.0, -1.0
    return weights
