"""What is wrong with a record wherever it is read: text that no file of ours has, and contradictions.

What speaks against it in a project (another configuration, other code) says `ncmc.results.outdated`.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ncmc.plan import recipes
from ncmc.results.class_groups import group_accuracy
from ncmc.results.history import pairs_of

if TYPE_CHECKING:
    from ncmc.results.record import Collapse, Record

PARTS = ("recipe", "split", "model", "data", "backbone", "method")  # of a record's configuration
MOST_NAMED = 3
ROUNDED = 1e-4  # of cosines with four digits
CLOCK = timedelta(days=1)  # by which the clocks of two machines may differ


def unprintable(value: Any, where: str = "") -> str | None:
    """The first text in JSON that could steer a terminal or break a page, in words; None: there is none.

    Control characters, line breaks, bidirectional marks, lone surrogates.
    """
    if isinstance(value, str) and not value.isprintable():
        sign = next(letter for letter in value if not letter.isprintable())
        what = "half a character" if "\ud800" <= sign <= "\udfff" else "a character without a shape"
        name = f"'{where}'" if where else "a key"
        return f"{name} holds {what}, U+{ord(sign):04X}"
    if isinstance(value, Mapping):
        parts = [(key, "") for key in value] + [
            (value[k], f"{where}.{k}".strip(".")) for k in value
        ]
    elif isinstance(value, list | tuple):
        parts = [(entry, f"{where}.{place}") for place, entry in enumerate(value)]
    else:
        return None
    return next((found for part, place in parts if (found := unprintable(part, place))), None)


def contradictions(record: "Record") -> str | None:
    """Where a record says two things that cannot both be so; None where it does not."""
    checks = [_accuracy, _groups, _configuration, _history, _collapse, _made]
    if record.schema_version == 1:  # some have neither a confusion matrix nor a history
        checks = [_accuracy, _groups] if any(map(sum, record.result.confusion)) else []
    found = [problem for check in checks for problem in check(record)]
    more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return "; ".join(found[:MOST_NAMED]) + more if found else None


# --- a screen for each part --------------------------------------------------------------------


def _accuracy(record: "Record") -> Iterator[str]:
    """The confusion matrix says what is right; the history ends with the same."""
    result = record.result
    sizes = [sum(row) for row in result.confusion]
    right = [row[k] for k, row in enumerate(result.confusion)]
    if not sum(sizes):
        yield "no image was tested"
        return
    yield from _differs("accuracy.last", result.accuracy.last, 100 * sum(right) / sum(sizes))
    for k, (n, size) in enumerate(zip(right, sizes, strict=True)):
        yield from _differs(f"per_class.{k}", result.per_class[k], 100 * n / size if size else None)
    if sum(record.split.counts) != record.split.n_train:
        yield f"n_train is {record.split.n_train}, its classes have {sum(record.split.counts)}"


def _groups(record: "Record") -> Iterator[str]:
    """The means over groups of classes follow from the classes."""
    per_class, counts, groups = record.result.per_class, record.split.counts, record.result.groups
    for rule in ("thirds", "shots", "released"):
        stored = getattr(groups, rule)
        expected = group_accuracy(per_class, counts, rule)
        if record.schema_version < 3:  # of before 0.3: by index, and without the released ones
            by_index = group_accuracy(per_class, range(len(counts), 0, -1), rule)
            if stored is None or (rule == "thirds" and not _apart(dict(stored), by_index)):
                continue
        if _apart(None if stored is None else dict(stored), expected):
            yield f"groups.{rule} is not the mean of its classes"


def _configuration(record: "Record") -> Iterator[str]:
    """All parts are there, and the run's options stand in them."""
    config = record.config
    if missing := [part for part in PARTS if part not in config]:
        yield f"config has no {', '.join(missing)}"
        return
    for key, value in record.run.options:
        part = recipes.owner(key)
        if part != "name" and config[part].get(key) != value:
            yield f"{key} is {value} in run, {config[part].get(key)} in config.{part}"
    for key, given in config["model"].items():
        for part in ("backbone", "method"):
            if config[part].get(key, given) != given:
                yield f"{key} is {config[part][key]} in config.{part}, {given} in config.model"


def _history(record: "Record") -> Iterator[str]:
    """Its length and what was measured when are the recipe's; its last and best are the run's."""
    history, accuracy = record.result.history, record.result.accuracy
    recipe = record.config.get("recipe", {})
    whole = [recipe.get(k) for k in ("epochs", "test_every", "collapse_every", "warmup_epochs")]
    if not all(isinstance(value, int) and value >= 0 for value in whole):
        yield "config.recipe does not say how long was trained"
        return
    epochs, test_every, collapse_every, warmup = (int(str(value)) for value in whole)
    if len(history) < epochs:
        yield f"history has {len(history)} epochs, the recipe {epochs}"
    for entry in history:
        last = entry is history[-1]
        trained_on = record.model_of is None  # a decision rule is measured at the end alone
        for what, known, due in (
            ("test_accuracy", entry.test_accuracy, entry.epoch % (test_every or 1) == 0),
            ("test_accuracy_raw", entry.test_accuracy_raw, entry.epoch % (test_every or 1) == 0),
            (
                "collapse",
                entry.collapse,
                entry.epoch == 1 or entry.epoch % (collapse_every or 1) == 0,
            ),
        ):
            if (known is not None) != (last or (due and trained_on)):
                yield f"{what} at epoch {entry.epoch} is {'not ' if known is None else ''}measured"
    for before, after in pairwise(history[warmup:epochs]):
        if after.lr > before.lr:
            yield f"lr rises after epoch {before.epoch}"
    tested = {e.epoch: e.test_accuracy for e in history if e.test_accuracy is not None}
    if not tested:
        return
    yield from _differs("accuracy.last", accuracy.last, history[-1].test_accuracy)
    yield from _differs("accuracy.last_raw", accuracy.last_raw, history[-1].test_accuracy_raw)
    best = max(tested, key=lambda epoch: tested[epoch])
    yield from _differs("accuracy.best", accuracy.best, tested[best])
    if accuracy.best_epoch != best:
        yield f"best_epoch is {accuracy.best_epoch}, the best of the history is {best}"


def _collapse(record: "Record") -> Iterator[str]:
    """Distances of unit vectors are from 0 to 4; a mean over pairs is that of the pairs."""
    for entry in record.result.history:
        if (measured := entry.collapse) is None:
            continue
        for what in _of_unit_vectors(measured):
            yield f"{what} at epoch {entry.epoch}"


def _of_unit_vectors(measured: "Collapse") -> Iterator[str]:
    mean, deviation = measured.nc_mean, measured.nc_std
    if not (0 <= mean <= 4 and 0 <= deviation <= math.sqrt(mean * (4 - mean)) + ROUNDED):
        yield f"nc_mean is {mean:g} and nc_std {deviation:g}"
    for name in ("variability", "variability_floor", "class_cosine"):
        value, low, high = getattr(measured, name), 0, 2
        if name == "class_cosine":
            low, high = -1, 1
        if value is not None and not low - ROUNDED <= value <= high + ROUNDED:
            yield f"{name} is {value:g}"
    for name in ("class_cosines", "tail_cosines"):
        pairs = pairs_of(getattr(measured, name) or ())
        if any(abs(value) > 1 + ROUNDED for value in pairs):
            yield f"{name} are not from -1 to 1"
        if pairs and name == "class_cosines":
            told = sum(pairs) / len(pairs)
            if measured.class_cosine is None or abs(told - measured.class_cosine) > ROUNDED:
                yield f"class_cosine is {measured.class_cosine}, the mean of the pairs {told:.4f}"


def _made(record: "Record") -> Iterator[str]:
    """When it was made is a time that has been; its sessions follow each other and end with it."""
    made = record.made
    try:
        at = datetime.strptime(made.at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        yield f"made.at is '{made.at}', not a time"
    else:
        if at > datetime.now(UTC) + CLOCK:
            yield f"made.at is {made.at}, which has not been"
    images = 0 if record.model_of else record.split.n_train * len(record.result.history)
    rate = made.images_per_second
    if rate is not None and not math.isclose(rate * made.seconds, images, rel_tol=1e-6):
        yield f"{rate:g} images per second in {made.seconds:g} s are not {images:,} images"
    starts = [(session.epoch, session.step) for session in made.sessions]
    if starts and (starts[0] != (1, 0) or starts != sorted(starts)):
        yield "made.sessions do not follow each other from the first epoch on"
    if starts and starts[-1][0] > len(record.result.history) + 1:
        yield f"made.sessions go on at epoch {starts[-1][0]}"
    for name in ("device", "processor", "precision", "threads") if made.sessions else ():
        if getattr(made, name) != getattr(made.sessions[-1], name):
            yield f"made.{name} is not that of its last session"


def _differs(name: str, value: float | None, told: float | None) -> Iterator[str]:
    """`value` stands in the record, `told` follows from the rest of it."""
    if value is None or told is None:
        if value is not told:
            yield f"{name} is {value}, by the rest of it {told}"
    elif not math.isclose(value, told, rel_tol=1e-9, abs_tol=1e-9):
        yield f"{name} is {value:g}, by the rest of it {told:g}"


def _apart(
    stored: Mapping[str, float | None] | None, expected: Mapping[str, float | None] | None
) -> bool:
    if stored is None or expected is None:
        return stored is not expected
    return any(any(_differs(name, stored[name], expected[name])) for name in expected)
