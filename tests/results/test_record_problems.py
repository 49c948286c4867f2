"""A record that contradicts itself is refused wherever it is read: every field of real records."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import fakes
import pytest
from conftest import CHECKOUT, here

from ncmc.errors import UserError
from ncmc.plan.run import make_run
from ncmc.results.configuration import other_images
from ncmc.results.record import digest, load_record, parse_record

Place = tuple[str | int, ...]

PUBLISHED = CHECKOUT / "results/published"
# What no arithmetic can tell. The run is told by the record's folder, the rest by nobody.
UNTOLD = {
    *("schema", "run", "assumptions", "notes", "config.backbone", "config.method", "model_of.run"),
    *("split.sha256", "result.ece", "result.history"),  # losses, and measures within their bounds
    *("made.command", "made.git", "made.hardware", "made.packages", "made.sources", "made.code"),
    *("made.processes", "made.sessions", "made.seconds"),
}


def leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """(place, value) of every number and text in JSON; of a long list the first of them."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value[:4]):
            yield from leaves(part, (*place, key))
    elif value is not None and place != ("digest",):
        yield place, value


def lie(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value * 1.5 + 0.25 if isinstance(value, float) else value + 1
    return value + "x"


def told(body: dict[str, Any]) -> bool:
    """Whether a record is refused, with a digest that fits."""
    data = json.dumps(body | {"digest": digest(body)}).encode()
    try:
        parse_record(data, "a record")
    except UserError:
        return True
    return False


def changed(body: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    copy: Any = json.loads(json.dumps(body))
    part = copy
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    return dict(copy)


@cache
def real() -> dict[str, dict[str, Any]]:
    """A real record of each kind: of a training, of a decision rule, and as it is written today."""
    paths = sorted(PUBLISHED.rglob("record.json"), key=lambda path: path.stat().st_size)
    bodies = [json.loads(path.read_text()) for path in paths[:40]]
    rule = next(body for body in bodies if body.get("model_of"))
    trained = next(body for body in bodies if not body.get("model_of"))
    today = load_record(next(p for p in paths if json.loads(p.read_text()) == trained))
    return {
        "decision rule": rule,
        "trained": today.model_copy(update={"schema_version": 3}).to_json(),
    }


@pytest.mark.parametrize("kind", ["trained", "decision rule"])
def test_a_lie_in_any_field_is_told_but_where_nothing_else_says_the_same(kind: str) -> None:
    body = real()[kind]
    assert not told(body)
    tried, untold = 0, set[str]()
    for place, value in leaves(body):
        tried += 1
        if not told(changed(body, place, lie(value))):
            untold.add(".".join(map(str, place)))
    unexpected = {name for name in untold if not name.startswith(tuple(UNTOLD))}
    assert not unexpected
    assert tried - len(untold) > 60


def words_for(change: Any) -> str:
    """What is said of a record of today after a change."""
    body = json.loads(
        json.dumps(fakes.record(make_run("digits", 0.02, "resnet8", "CE"), 80.0).to_json())
    )
    change(body)
    with pytest.raises(UserError) as refused:
        parse_record(json.dumps(body | {"digest": digest(body)}).encode(), "a record")
    return str(refused.value)


@pytest.mark.parametrize(
    ("words", "change"),
    [
        (
            "accuracy.last is 100, by the rest of it 80",
            lambda body: body["result"]["accuracy"].update(last=100.0, best=100.0),
        ),
        ("per_class.3 is 1, by", lambda body: body["result"]["per_class"].__setitem__(3, 1.0)),
        (
            "groups.shots is not the mean of its classes",
            lambda body: body["result"]["groups"]["shots"].update(few=99.0),
        ),
        ("n_train is 5, its classes have 357", lambda body: body["split"].update(n_train=5)),
        ("best_epoch is 3, the best", lambda body: body["result"]["accuracy"].update(best_epoch=3)),
        (
            "history has 59 epochs, the recipe 60",
            lambda body: [column.pop(30) for column in body["result"]["history"].values()],
        ),
        (
            "test_accuracy at epoch 7 is not measured",
            lambda body: body["result"]["history"]["test_accuracy"].__setitem__(6, None),
        ),
        (
            "lr rises after epoch 20",
            lambda body: body["result"]["history"]["lr"].__setitem__(20, 0.2),
        ),
        (
            "class_cosine is 0.9488, the mean of the pairs 0.9299 at epoch 1",
            lambda body: body["result"]["history"]["class_cosines"][0].__setitem__(0, 0.1),
        ),
        ("made.at is 2999", lambda body: body["made"].update(at="2999-01-01T00:00:00Z")),
        ("made.at is 'soon', not a time", lambda body: body["made"].update(at="soon")),
        ("images per second", lambda body: body["made"].update(images_per_second=1e9)),
        ("config_hash is not", lambda body: body.update(config={})),
        (
            "config has no backbone, method",
            lambda body: [body["config"].pop(part) for part in ("backbone", "method")],
        ),
        (
            "'made.processor' holds a character without a shape, U+202E",
            lambda body: body["made"].update(processor="Xeon\u202e"),
        ),
        (
            "'notes.0' holds a character without a shape, U+000A",
            lambda body: body.update(notes=["one\n# two"]),
        ),
        (
            "'made.command' holds a character without a shape, U+001B",
            lambda body: body["made"].update(command="\x1b[31mred"),
        ),
        (
            "'made.command' holds half a character, U+D83D",
            lambda body: body["made"].update(command="\ud83d"),
        ),
        ("a key holds", lambda body: body["made"]["packages"].update({"torch\x07": "2"})),
    ],
)
def test_what_contradicts_itself_is_told_in_words(words: str, change: Any) -> None:
    assert words in words_for(change)


def test_training_images_that_the_configuration_does_not_give_are_told() -> None:
    record = fakes.record(make_run("digits", 0.02, "resnet8", "CE"), 80.0)
    assert other_images(here(), record) is None
    split = record.split.model_copy(update={"counts": (100,) * 10, "n_train": 1000})
    words = other_images(here(), record.model_copy(update={"split": split}))
    assert words
    assert "[100, 100," in words
    assert "give [128, 83, 54" in words


def test_published_records_are_whole() -> None:
    paths = sorted(PUBLISHED.rglob("record.json"))
    assert paths
    assert [path for path in paths if other_images(here(), load_record(path))] == []
