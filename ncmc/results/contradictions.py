"""What a record says twice, and differently: the measures, the configuration, how it was made.

Nothing but the record is needed for these identities, so they hold wherever one is read. What speaks
against a record in a project (another configuration, other code) says `ncmc.results.problems`.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ncmc.errors import UserError, listed
from ncmc.plan import catalog, recipes
from ncmc.plan.dataset_entries import SplitOptions
from ncmc.plan.learning_rate import learning_rate
from ncmc.plan.recipes import Execution, Recipe
from ncmc.results.class_groups import NAMES, group_accuracy
from ncmc.results.history import pairs_of
from ncmc.results.provenance import OF_LAST
from ncmc.system import documents

if TYPE_CHECKING:
    from ncmc.results.record import Collapse, Record

PARTS = ("recipe", "split", "model", "data", "backbone", "method")  # of a record's configuration
MOST_NAMED = 3
ROUNDED = 1e-4  # of cosines with four digits
CLOCK = timedelta(days=1)  # by which the clocks of two machines may differ
FIRST = datetime(2024, 1, 1, tzinfo=UTC)  # there is no record of before
PRECISIONS = ("float32", "bfloat16")
FASTEST = 1e8  # images per second; no machine trains at a hundredth of it


def unprintable(value: Any, where: str = "") -> str | None:
    """The first text in JSON that could steer a terminal or break a page, in words; None: there is none.

    Control characters, line breaks, bidirectional marks, lone surrogates.
    """
    if isinstance(value, str):
        sign = next((letter for letter in value if not letter.isprintable()), None)
        if sign is None:
            return None
        what = "half a character" if "\ud800" <= sign <= "\udfff" else "a character without a shape"
        name = f"'{where}'" if where else "a key"
        return f"{name} holds {what}, U+{ord(sign):04X}"
    if isinstance(value, list):
        value = dict(enumerate(value))
    for key, entry in value.items():
        words = unprintable(key) if isinstance(key, str) else None
        if isinstance(entry, str | list | dict):
            words = words or unprintable(entry, f"{where}.{key}".strip("."))
        if words:
            return words
    return None


def contradictions(record: "Record") -> str | None:
    """Where a record says two things that cannot both be so; None where it does not."""
    recipe = _recipe(record)
    problems = [
        *(*_accuracy(record), *_groups(record), *_configuration(record)),
        *(*_history(record, recipe), *_rates(record, recipe), *_collapse(record)),
        *(*_made(record), *_sessions(record, recipe)),
    ]
    return listed(problems, MOST_NAMED, "; ") or None


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
    most = 1 - result.accuracy.last / 100 / len(sizes)  # no confidence is below one in K
    if result.ece > most + ROUNDED:
        yield f"ece is {result.ece:g}; with this accuracy it is at most {most:g}"


def _groups(record: "Record") -> Iterator[str]:
    """The means over groups of classes follow from the classes."""
    for rule, groups in record.result.groups:
        due = group_accuracy(record.result.per_class, record.split.counts, rule) or {}
        for name in NAMES:
            yield from _differs(f"groups.{rule}.{name}", getattr(groups, name, None), due.get(name))


def _configuration(record: "Record") -> Iterator[str]:
    """Its parts are all there and no others, and the run's options stand in them."""
    config = record.config
    if config.keys() != set(PARTS):
        yield f"config has the parts {', '.join(config)}, not {', '.join(PARTS)}"
        return
    for key, value in record.run.options:
        part = recipes.owner(key)
        if part != "name" and config[part].get(key) != value:
            yield f"{key} is {value} in run, {config[part].get(key)} in config.{part}"
    for key, option in config["model"].items():
        for part in ("backbone", "method"):
            if config[part].get(key, option) != option:
                yield f"{key} is {config[part][key]} in config.{part}, {option} in config.model"


def _history(record: "Record", recipe: Recipe | None) -> Iterator[str]:
    """Its length and what was measured when are the recipe's; its last and best are the run's."""
    history, accuracy = record.result.history, record.result.accuracy
    if recipe is None:
        yield "config.recipe is not a whole recipe"
        return
    longer = len(history) > recipe.epochs and catalog.has_stages(record.run.method)
    if len(history) != recipe.epochs and not longer:
        yield f"history has {len(history)} epochs, the recipe {recipe.epochs}"
    for entry in history:
        last = entry is history[-1]
        trained_on = record.model_of is None  # a decision rule is measured at the end alone
        tested = entry.epoch % recipe.test_every == 0
        measured = entry.epoch == 1 or entry.epoch % recipe.collapse_every == 0
        for what, known, due in (
            ("test_accuracy", entry.test_accuracy, tested),
            ("test_accuracy_raw", entry.test_accuracy_raw, tested),
            ("collapse", entry.collapse, measured),
        ):
            if (known is not None) != (last or (due and trained_on)):
                yield f"{what} at epoch {entry.epoch} is {'not ' if known is None else ''}measured"
    yield from _whole_images(record)
    tested_at = {e.epoch: e.test_accuracy for e in history if e.test_accuracy is not None}
    if not tested_at:
        return
    yield from _differs("accuracy.last", accuracy.last, history[-1].test_accuracy)
    yield from _differs("accuracy.last_raw", accuracy.last_raw, history[-1].test_accuracy_raw)
    best = max(tested_at, key=lambda epoch: tested_at[epoch])
    yield from _differs("accuracy.best", accuracy.best, tested_at[best])
    if accuracy.best_epoch != best:
        yield f"best_epoch is {accuracy.best_epoch}, the best of the history is {best}"


def _whole_images(record: "Record") -> Iterator[str]:
    """An accuracy is a whole number of test images, in percent."""
    images = sum(map(sum, record.result.confusion))
    for entry in record.result.history:
        for what in ("test_accuracy", "test_accuracy_raw"):
            right = (getattr(entry, what) or 0.0) * images / 100
            if abs(right - round(right)) > ROUNDED:
                yield f"{what} at epoch {entry.epoch} is {right:g} of {images:,} test images"


def _rates(record: "Record", recipe: Recipe | None) -> Iterator[str]:
    """The learning rates are those of the recipe's schedule, as far as no stage has its own."""
    history = record.result.history
    if recipe is None:
        return
    if not catalog.has_stages(record.run.method):
        for entry in history:
            due = learning_rate(recipe, entry.epoch)
            if not math.isclose(entry.lr, due, rel_tol=1e-5, abs_tol=1e-12):
                yield f"lr at epoch {entry.epoch} is {entry.lr:g}, by the recipe {due:g}"
        return
    for before, after in pairwise(history[recipe.warmup_epochs : recipe.epochs]):
        if after.lr > before.lr:
            yield f"lr rises after epoch {before.epoch}"


def _recipe(record: "Record") -> Recipe | None:
    """Its recipe; None where config.recipe is not a whole one."""
    try:
        return documents.parse(Recipe, dict(record.config.get("recipe", {})), "config.recipe")
    except UserError:
        return None


def _collapse(record: "Record") -> Iterator[str]:
    """Distances of unit vectors are from 0 to 4; a mean over pairs is that of the pairs."""
    counts = record.split.counts
    smallest = min((n for n in counts if n), default=0)  # of the classes that have images
    floors = set()
    for entry in record.result.history:
        if entry.collapse:
            floors.add(entry.collapse.variability_floor)
            for what in _of_unit_vectors(entry.collapse, len(counts), smallest):
                yield f"{what} at epoch {entry.epoch}"
    if None in floors and len(floors) > 1:
        yield "variability_floor is measured at some epochs and not at others"


def _of_unit_vectors(collapse: "Collapse", classes: int, smallest: int) -> Iterator[str]:
    mean, deviation = collapse.nc_mean, collapse.nc_std
    if not (0 <= mean <= 4 and 0 <= deviation <= math.sqrt(mean * (4 - mean)) + ROUNDED):
        yield f"nc_mean is {mean:g} and nc_std {deviation:g}"
    for name in ("variability", "variability_floor", "class_cosine"):
        value, low, high = getattr(collapse, name), 0, 2
        if name == "class_cosine":
            low, high = -1, 1
        if value is not None and not low - ROUNDED <= value <= high + ROUNDED:
            yield f"{name} is {value:g}"
    for name, vectors in (("class_cosines", classes), ("tail_cosines", smallest)):
        kept = getattr(collapse, name) or ()
        pairs, due = pairs_of(kept), vectors * (vectors - 1) // 2
        if kept and len(kept) != due:
            yield f"{name} has {len(kept)} numbers, of {vectors} vectors there are {due} pairs"
        if any(abs(value) > 1 + ROUNDED for value in pairs):
            yield f"{name} are not from -1 to 1"
        if pairs and sum(pairs) / len(pairs) < -1 / (_vectors(len(pairs)) - 1) - ROUNDED:
            yield f"{name} are smaller on average than those of so many unit vectors can be"
        if pairs and name == "class_cosines":
            mean_cosine = sum(pairs) / len(pairs)
            if collapse.class_cosine is None or abs(mean_cosine - collapse.class_cosine) > ROUNDED:
                yield f"class_cosine is {collapse.class_cosine}, of the pairs {mean_cosine:.4f}"


def _vectors(pairs: int) -> int:
    """How many vectors have so many pairs. The mean cosine of n vectors is at least -1 / (n - 1)."""
    return (1 + math.isqrt(1 + 8 * pairs)) // 2


def _made(record: "Record") -> Iterator[str]:
    """When it was made is a time that has been; its pace, torch and command are told twice."""
    made = record.made
    try:
        at = datetime.strptime(made.at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        yield f"made.at is '{made.at}', not a time"
    else:
        if not FIRST <= at <= datetime.now(UTC) + CLOCK:
            yield f"made.at is {made.at}, when no record was made"
        elif made.seconds > (at - FIRST).total_seconds():
            yield f"made.seconds is {made.seconds:g}, more than there were before {made.at}"
    images = 0 if record.model_of else record.split.n_train * len(record.result.history)
    rate = images / made.seconds if made.seconds else None
    yield from _differs("made.images_per_second", made.images_per_second, rate)
    if images > FASTEST * made.seconds:
        yield f"made.seconds is {made.seconds:g}, in which no machine trains {images:,} images"
    if made.device == "cpu" and not record.model_of and made.processor != made.hardware.processor:
        yield f"made.processor is {made.processor}, made.hardware.processor another"
    installed = made.packages.get("torch", "").partition("+")[0]
    if made.code.torch != installed:
        yield f"made.code.torch is {made.code.torch}, made.packages.torch {installed or 'absent'}"
    if not _makes(made.command, record.run.id):
        yield f"made.command is '{made.command}', which does not make {record.run.id}"
    for key in made.sources:
        if not any(key in part.model_fields for part in (Recipe, SplitOptions, Execution)):
            yield f"made.sources has {key}, which is no key of a recipe"


def _makes(command: str, run_id: str) -> bool:
    """Whether it is `ncmc train RUN`, with nothing after it but options of the execution."""
    words = command.split()
    options = words[3:]
    return words[:3] == ["ncmc", "train", run_id] and all(
        word == "-o" if place % 2 == 0 else word.partition("=")[0] in Execution.model_fields
        for place, word in enumerate(options)
    )


def _sessions(record: "Record", recipe: Recipe | None) -> Iterator[str]:
    """The sessions of a training follow each other without a gap, and the last is how it was made."""
    made, epochs = record.made, len(record.result.history)
    starts = [(session.epoch, session.step) for session in made.sessions]
    if not starts:
        yield "made.sessions is empty"
        return
    if starts[0] != (1, 0):
        yield f"made.sessions begin at epoch {starts[0][0]}, step {starts[0][1]}"
    for before, after in pairwise(starts):
        if after < before or (after == before and after != (epochs + 1, 0)):
            yield f"made.sessions go on at epoch {after[0]}, step {after[1]} after epoch {before[0]}"
    if starts[-1] > (epochs + 1, 0):
        yield f"made.sessions go on at epoch {starts[-1][0]} of {epochs}"
    steps = math.ceil(record.split.n_train / recipe.batch_size) if recipe else math.inf
    for session in made.sessions:
        if session.step > steps:
            yield f"made.sessions has step {session.step} of an epoch of {steps}"
        if (session.device == "cpu") != (session.gpu_libraries is None):
            yield f"made.sessions has the device {session.device} with other libraries"
        if session.precision not in PRECISIONS:
            yield f"made.sessions has the precision {session.precision}"
    trained = record.model_of is None  # else the sessions are the model's, which other code made
    for name in (*OF_LAST, "code") if trained else OF_LAST:
        if getattr(made, name) != getattr(made.sessions[-1], name):
            yield f"made.{name} is not that of its last session"


def _differs(name: str, value: float | None, due: float | None) -> Iterator[str]:
    """`value` stands in the record, `due` follows from the rest of it."""
    if value is None or due is None:
        if value is not due:
            yield f"{name} is {value}, by the rest of it {due}"
    elif not math.isclose(value, due, rel_tol=1e-9, abs_tol=1e-9):
        yield f"{name} is {value:g}, by the rest of it {due:g}"
