"""Classes with many, a medium number of, and few training images."""

from collections.abc import Sequence

GROUPS = ("many", "medium", "few")
RELEASED_SIZES = {10: (3, 4, 3), 100: (36, 35, 29)}  # of the groups, by the number of classes


def group_accuracy(
    per_class: Sequence[float | None], counts: Sequence[int], rule: str
) -> dict[str, float | None] | None:
    """Mean accuracy, in percent, of the classes with many, a medium number of, and few images.

    `counts` (K,): training images per class. rule "thirds": a third of the classes each, from the
    largest on (stable; the earlier third is larger if K is no multiple of 3); "shots": more than
    100, 20 to 100, fewer than 20 training images; "released": the index ranges of the paper's code
    family, the first 3, next 4 and last 3 of 10 classes, 36, 35 and 29 of 100.
    None for a group without classes, and in place of them all where the rule has no such K.
    """
    k = len(counts)
    if rule == "thirds":
        places = sorted(range(k), key=lambda i: -counts[i])
        bounds = -(-k // 3), -(-2 * k // 3)
        groups = [places[: bounds[0]], places[bounds[0] : bounds[1]], places[bounds[1] :]]
    elif rule == "shots":
        shots = [0 if n > 100 else 1 if n >= 20 else 2 for n in counts]
        groups = [[i for i in range(k) if shots[i] == group] for group in range(3)]
    elif k in RELEASED_SIZES:
        many, medium, _ = RELEASED_SIZES[k]
        groups = [[*range(many)], [*range(many, many + medium)], [*range(many + medium, k)]]
    else:
        return None
    return {
        name: _mean([a for i in group if (a := per_class[i]) is not None])
        for name, group in zip(GROUPS, groups, strict=True)
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
