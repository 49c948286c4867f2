"""What a record says twice, and differently: the measures, the configuration, how it was made.

Nothing but the record is needed for these identities, so they hold wherever one is read. What speaks
against a record in a project (another configuration, other code) says `ncmc.results.problems`.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ncmc.errors import UserError, listed, shortened
from ncmc.plan import catalog, recipes
from ncmc.plan.learning_rate import learning_rate
from ncmc.plan.recipes import Recipe
from ncmc.results.class_groups import GROUPS, group_accuracy
from ncmc.results.history import pairs_of
from ncmc.results.provenance import OF_LAST
from ncmc.system import documents

if TYPE_CHECKING:
    from ncmc.results.record import Record

PARTS = ("recipe", "split", "model", "data", "backbone", "method")  # of a record's configuration
MOST_NAMED = 3
ROUNDED = 1e-4  # of cosines with four digits
CLOCK = timedelta(days=1)  # by which the clocks of two machines may differ
FIRST = "2024-01-01T00:00:00Z"  # there is no record of before

Twice = tuple[str, Any, Any]  # what it is, as stated, and as it follows from the rest
Bounded = tuple[str, Any, Any, Any]  # what it is, its value, its lowest and its highest


def unprintable(value: Any) -> str | None:
    """The first text in JSON that could steer a terminal or break a page, in words; None: there is none.

    Control characters, line breaks, bidirectional marks, lone surrogates.
    """
    for where, text in _texts(value):
        if not text.isprintable():
            sign = next(letter for letter in text if not letter.isprintable())
            return f"{where} holds a character without a shape, U+{ord(sign):04X}"
    return None


def _texts(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """(place, text) of every text in JSON, keys too."""
    for key, entry in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(key, str):
            yield "a key", key
        if isinstance(entry, str):
            yield f"'{where}{key}'", entry
        elif isinstance(entry, list | dict):
            yield from _texts(entry, f"{where}{key}.")


def contradictions(record: "Record") -> str | None:
    """Where a record says two things that cannot both be so; None where it does not."""
    if problems := differing(_shapes(record), "the rest of it"):
        return listed(problems, MOST_NAMED, "; ")  # the others look things up by class and epoch
    try:
        recipe = documents.parse(Recipe, dict(record.config.get("recipe", {})), "config.recipe")
    except UserError:
        return "config.recipe is not a whole recipe"
    twice = (
        *(*_accuracy(record), *_groups(record), *_configuration(record), *_history(record, recipe)),
        *(*_numbers_of_pairs(record), *_made(record)),
    )
    problems = differing(twice, "the rest of it") + [
        f"{name} is {_words(value)}, allowed: {_words(low)} to {_words(high)}"
        for name, value, low, high in _bounds(record, recipe)
        if not low <= value <= high
    ]
    return listed(problems, MOST_NAMED, "; ") or None


def differing(twice: Iterable[Twice], rest: str) -> list[str]:
    """What is stated otherwise than it follows from `rest`, in words."""
    return [
        f"{name} is {_words(stated)}, by {rest} {_words(due)}"
        for name, stated, due in twice
        if not _is_equal(stated, due)
    ]


def _is_equal(stated: Any, due: Any) -> bool:
    if isinstance(stated, float) and isinstance(due, int | float):
        return math.isclose(stated, due, rel_tol=1e-9, abs_tol=1e-9)
    return bool(stated == due)


def _words(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else shortened(str(value))


# --- what a record states twice ----------------------------------------------------------------


def _shapes(record: "Record") -> Iterator[Twice]:
    """A confusion matrix is square, and a history has an epoch at least."""
    result, classes = record.result, len(record.result.per_class)
    yield "the shape of confusion", [len(row) for row in result.confusion], [classes] * classes
    yield "the number of split.counts", len(record.split.counts), classes
    yield "whether history is empty", not result.history, False


def _accuracy(record: "Record") -> Iterator[Twice]:
    """The confusion matrix says what is right."""
    result, split = record.result, record.split
    sizes = [sum(row) for row in result.confusion]
    right = [row[k] for k, row in enumerate(result.confusion)]
    total = 100 * sum(right) / sum(sizes) if sum(sizes) else None  # None: no image was tested
    yield "accuracy.last", result.accuracy.last, total
    for k, (n, size) in enumerate(zip(right, sizes, strict=True)):
        yield f"per_class.{k}", result.per_class[k], 100 * n / size if size else None
    yield "n_train", split.n_train, sum(split.counts)


def _groups(record: "Record") -> Iterator[Twice]:
    """The means over groups of classes follow from the classes."""
    for rule, groups in record.result.groups:
        due = group_accuracy(record.result.per_class, record.split.counts, rule) or {}
        for name in GROUPS:
            yield f"groups.{rule}.{name}", getattr(groups, name, None), due.get(name)


def _configuration(record: "Record") -> Iterator[Twice]:
    """Its parts are all there and no others, and the run's options stand in them."""
    config = record.config
    yield "config", sorted(config), sorted(PARTS)
    for key, value in record.run.options:
        part = recipes.owner(key)
        if part != "name":
            yield f"config.{part}.{key}", config.get(part, {}).get(key), value
    for key, option in config.get("model", {}).items():
        for part in ("backbone", "method"):
            yield f"config.{part}.{key}", config.get(part, {}).get(key, option), option


def _history(record: "Record", recipe: Recipe) -> Iterator[Twice]:
    """Length, learning rates and what was measured are the recipe's; last and best are the run's."""
    history, accuracy = record.result.history, record.result.accuracy
    has_stages = catalog.has_stages(record.run.method)  # which have rates of their own
    if len(history) < recipe.epochs or not has_stages:
        yield "the length of history", len(history), recipe.epochs
    images = sum(map(sum, record.result.confusion))
    trained = record.model_of is None  # a decision rule is measured at the end alone
    tested_at = {}
    for entry in history:
        rate = learning_rate(recipe, entry.epoch)
        if not has_stages and not math.isclose(entry.lr, rate, rel_tol=1e-5, abs_tol=1e-12):
            yield f"lr at epoch {entry.epoch}", entry.lr, rate
        last = entry is history[-1]
        tested = last or (trained and entry.epoch % recipe.test_every == 0)
        measured = last or (
            trained and (entry.epoch == 1 or entry.epoch % recipe.collapse_every == 0)
        )
        for name, value, due in (
            ("test_accuracy", entry.test_accuracy, tested),
            ("test_accuracy_raw", entry.test_accuracy_raw, tested),
            ("collapse", entry.collapse, measured),
        ):
            words = {True: "measured", False: "absent"}
            yield f"{name} at epoch {entry.epoch}", words[value is not None], words[due]
            if isinstance(value, float):
                right = value * images / 100
                yield f"{name} at epoch {entry.epoch}, in images,", right, round(right)
        if entry.test_accuracy is not None:
            tested_at[entry.epoch] = entry.test_accuracy
    best = max(tested_at, key=lambda epoch: tested_at[epoch], default=None)
    yield "accuracy.last", accuracy.last, history[-1].test_accuracy
    yield "accuracy.last_raw", accuracy.last_raw, history[-1].test_accuracy_raw
    yield "accuracy.best", accuracy.best, tested_at[best] if best else None
    yield "best_epoch", accuracy.best_epoch, best


def _numbers_of_pairs(record: "Record") -> Iterator[Twice]:
    """There is a cosine for each pair of classes, and for each pair of images of the smallest one."""
    counts = record.split.counts
    smallest = min((n for n in counts if n), default=0)  # of the classes that have images
    for entry in record.result.history:
        for name, vectors in (("class_cosines", len(counts)), ("tail_cosines", smallest)):
            if kept := getattr(entry.collapse, name, None):
                pairs = vectors * (vectors - 1) // 2
                yield f"the number of {name} at epoch {entry.epoch}", len(kept), pairs


def _made(record: "Record") -> Iterator[Twice]:
    """Its pace, torch and command are told twice, and its last session is how it was made."""
    made, trained = record.made, record.model_of is None
    images = record.split.n_train * len(record.result.history) if trained else 0
    pace = images / made.seconds if made.seconds else None
    yield "made.images_per_second", made.images_per_second, pace
    if made.device == "cpu" and trained:
        yield "made.processor", made.processor, made.hardware.processor
    installed = made.packages.get("torch", "").partition("+")[0]
    yield "made.code.torch", made.code.torch, installed
    yield "made.command", made.command.partition(" -o ")[0], f"ncmc train {record.run.id}"
    starts = [(session.epoch, session.step) for session in made.sessions]
    yield "the start of made.sessions", starts[:1], [(1, 0)]
    yield "the order of made.sessions", starts, sorted(starts)
    for session in made.sessions[-1:]:
        # the sessions of a decision rule are its model's, which other code made
        for name in (*OF_LAST, "code") if trained else OF_LAST:
            yield f"made.{name}", getattr(made, name), getattr(session, name)


# --- what has a lowest and a highest -----------------------------------------------------------


def _bounds(record: "Record", recipe: Recipe) -> Iterator[Bounded]:
    """A record is of the past, and a session begins at a step that there is, or after the last one.

    Squared distances of unit vectors are from 0 to 4, cosines from -1 to 1.
    """
    tomorrow = (datetime.now(UTC) + CLOCK).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield "made.at", record.made.at, FIRST, tomorrow
    steps = math.ceil(record.split.n_train / recipe.batch_size)
    for session in record.made.sessions:
        yield "made.sessions.step", session.step, 0, steps
        yield "made.sessions.epoch", session.epoch, 1, len(record.result.history) + 1
    for entry in record.result.history:
        if collapse := entry.collapse:
            at, mean = f"at epoch {entry.epoch}", collapse.nc_mean
            yield f"nc_mean {at}", mean, 0, 4
            yield f"nc_std {at}", collapse.nc_std, 0, math.sqrt(max(0, mean * (4 - mean))) + ROUNDED
            yield f"variability {at}", collapse.variability, -ROUNDED, 2 + ROUNDED
            floor = collapse.variability_floor
            yield f"variability_floor {at}", floor or 0, -ROUNDED, 2 + ROUNDED
            for name in ("class_cosines", "tail_cosines"):
                largest = max(map(abs, pairs_of(getattr(collapse, name) or ())), default=0)
                yield f"the largest of {name} {at}", largest, 0, 1 + ROUNDED
            if pairs := pairs_of(collapse.class_cosines or ()):
                mean = sum(pairs) / len(pairs)
                cosine = math.nan if collapse.class_cosine is None else collapse.class_cosine
                yield f"class_cosine {at}", cosine, mean - ROUNDED, mean + ROUNDED
            else:
                yield f"class_cosine {at}", collapse.class_cosine or 0, -1 - ROUNDED, 1 + ROUNDED
