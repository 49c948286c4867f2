"""A record that contradicts itself or its run is refused: lies in every field of real records."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT, here

from ncmc.errors import UserError
from ncmc.paper.assumptions import assumptions_for
from ncmc.plan.code_digest import code_of
from ncmc.plan.run import Run, make_run
from ncmc.project import Project
from ncmc.results.problems import RecordProblem, known_counts, read_record, why_unfit
from ncmc.results.record import digest, load_record, parse_record

Place = tuple[str | int, ...]

checkout = cache(here)  # its files read once
PUBLISHED = CHECKOUT / "results/published"
GOLDEN = Path(__file__).parent / "golden/record.json"  # of a real training of three epochs
# What neither arithmetic nor the project can tell.
UNTOLD = {
    *("schema", "notes", "split.sha256", "made.git", "made.hardware", "made.packages"),
    *("made.sources", "made.seconds", "made.sessions.0.commit", "made.sessions.0.dirty"),
    *("model_of.digest", "result.ece"),
    "result.history",  # losses, and measures within their bounds
    *(
        "assumptions.A1",
        "assumptions.A8",
        "assumptions.A29",
    ),  # choices in words, which may be edited
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


def words_for(body: dict[str, Any], run: Run, project: Project | None = None) -> str | None:
    """Why a record with a digest that fits is refused as that of `run`; None if it is not."""
    data = json.dumps(body | {"digest": digest(body)}).encode()
    try:
        record = parse_record(data, "a record")
    except UserError as error:
        return str(error)
    unfit = why_unfit(project or checkout(), run, record)
    return unfit[1] if unfit else None


def changed(body: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    copy: Any = json.loads(json.dumps(body))
    part = copy
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    return dict(copy)


@cache
def trained() -> tuple[dict[str, Any], Run]:
    """A real record as it would be written by the present code under the present register."""
    body, record = json.loads(GOLDEN.read_text()), load_record(GOLDEN)
    body["assumptions"] = assumptions_for(checkout(), record.run, record.config)
    by_present_code(body, record.run)
    body["made"]["sessions"][0]["code"] = body["made"]["code"]
    return body, record.run


def by_present_code(body: dict[str, Any], run: Run) -> None:
    """Let a record say that the present code made it: of other code the options are not known."""
    code = code_of(checkout(), run)
    assert code
    body["made"]["code"] = code.model_dump()
    body["made"]["packages"]["torch"] = f"{code.torch}+cpu"


@cache
def ruled() -> tuple[dict[str, Any], Run]:
    """A real record of a decision rule."""
    paths = sorted(PUBLISHED.rglob("record.json"), key=lambda path: path.stat().st_size)
    bodies = (json.loads(path.read_text()) for path in paths)
    body = next(body for body in bodies if body.get("model_of"))
    run = parse_record(json.dumps(body).encode(), "a record").run
    by_present_code(body, run)
    return body, run


@pytest.mark.parametrize("kind", [trained, ruled], ids=["trained", "decision rule"])
def test_a_lie_in_any_field_is_told_but_where_nothing_else_says_the_same(kind: Any) -> None:
    body, run = kind()
    assert words_for(body, run) is None
    tried, untold = 0, set[str]()
    for place, value in leaves(body):
        tried += 1
        if not words_for(changed(body, place, lie(value)), run):
            untold.add(".".join(map(str, place)))
    known = UNTOLD | (set() if kind is trained else {"made.code", "made.sessions.0.code"})
    unexpected = {n for n in untold if not any(f"{n}.".startswith(f"{part}.") for part in known)}
    assert not unexpected
    assert tried - len(untold) > 90


NULL: Any = None
SESSION = ("made", "sessions", 0)
LIES: dict[str, tuple[Place, Any, str]] = {
    "an accuracy": (("result", "accuracy", "last"), 99.0, "accuracy.last is 99, by the rest of it"),
    "half an image": (
        ("result", "history", "test_accuracy_raw", 0),
        16.1,
        "test_accuracy_raw at epoch 1, in images, is 80.5, by the rest",
    ),
    "a class": (("result", "per_class", 3), 1.0, "per_class.3 is 1, by the rest of it"),
    "a group": (("result", "groups", "shots", "few"), 99.0, "groups.shots.few is 99"),
    "code that is absent": (("made", "code"), NULL, "made.code"),
    "other code than its session": (("made", "code", "loop"), "0" * 16, "made.code is "),
    "instructions": (("made", "instructions"), "AVX1", "made.instructions is AVX1, by the rest"),
    "a step that no epoch has": ((*SESSION, "step"), 7, "made.sessions.step is 7, allowed: 0 to 6"),
    "a part of the configuration": (
        ("config", "extra"),
        {"lr": 1},
        "config is ['backbone', 'data', 'extra'",
    ),
    "cosines of six classes": (
        ("result", "history", "class_cosines", 0),
        [0.5] * 15,
        "the number of class_cosines at epoch 1 is 15, by the rest of it 45",
    ),
    "sessions": (("made", "sessions"), [], "the start of made.sessions is []"),
    "another schema": (
        ("schema",),
        2,
        "has record schema 2; this version of ncmc reads the number 3",
    ),
    "images": (("split", "n_train"), 5, "n_train is 5, by the rest of it 357"),
    "the best epoch": (
        ("result", "accuracy", "best_epoch"),
        1,
        "best_epoch is 1, by the rest of it",
    ),
    "an epoch without a test": (
        ("result", "history", "test_accuracy", 1),
        NULL,
        "test_accuracy at epoch 2 is absent, by the rest of it measured",
    ),
    "a rate": (
        ("result", "history", "lr", 1),
        0.05,
        "lr at epoch 2 is 0.05, by the rest of it 0.04",
    ),
    "a cosine": (
        ("result", "history", "class_cosines", 0, 0),
        0.1,
        "class_cosine at epoch 1 is 0.",
    ),
    "a time to come": (("made", "at"), "2999-01-01T00:00:00Z", "made.at is 2999"),
    "a time before": (("made", "at"), "1999-01-01T00:00:00Z", "made.at is 1999"),
    "no time": (("made", "at"), "soon", "'made.at' is 'soon'"),
    "a pace": (("made", "images_per_second"), 1e9, "made.images_per_second is 1e+09, by the rest"),
    "no pace": (("made", "images_per_second"), NULL, "made.images_per_second is None, by the rest"),
    "threads": ((*SESSION, "threads"), 10**9, "'made.sessions.0.threads' is 1000000000"),
    "a duration": (("made", "seconds"), -1.0, "'made.seconds' is -1.0"),
    "another torch": (
        ("made", "packages", "torch"),
        "1.0.0",
        "by the rest of it 1.0.0",
    ),
    "another command": (
        ("made", "command"),
        "rm -r results",
        "made.command is rm -r results, by the rest of it ncmc train ",
    ),
    "no sessions": (("made", "sessions"), [], "the start of made.sessions is []"),
    "a late start": (
        (*SESSION, "epoch"),
        2,
        "the start of made.sessions is [(2, 0)], by the rest",
    ),
    "another processor": (("made", "processor"), "fast", "made.processor is fast, by the rest"),
    "no configuration": (("config",), {}, "config_hash is not the hash of config"),
    "another default": (
        ("config", "method", "lam"),
        0.5,
        "config.method.lam is 0.5, by the run 0.0006",
    ),
    "another network": (
        ("config", "backbone", "width"),
        64,
        "config.backbone.width is 64, by the run",
    ),
    "an unknown option": (
        ("config", "method", "magic"),
        1,
        "config.method, by its keys, is [",
    ),
    "another assumption": (
        ("assumptions", "A2"),
        "pcg64",
        "was made under other assumptions: A2 is 'pcg64' then, 'mislas' now",
    ),
    "no assumption": (
        ("assumptions",),
        {},
        "was made under other assumptions: A1 is absent then, 'n_min/n_max",
    ),
    "an assumption of nobody": (
        ("assumptions", "A999"),
        "x",
        "A999 is 'x' then, does not arise now",
    ),
    "a model": (
        ("model_of",),
        {"run": "digits/tau=0.02/resnet8/CE/default/seed=0", "digest": "ab" * 32},
        "collapse at epoch 1 is measured, by the rest of it absent",
    ),
    "more images than can be counted": (
        ("result", "confusion", 0, 1),
        10**400,
        "'result.confusion.0.1' is",
    ),
    "memory": (("made", "hardware", "memory_gib"), -5.0, "'made.hardware.memory_gib' is -5.0"),
    "cores": (("made", "hardware", "cores"), 10**9, "'made.hardware.cores' is 1000000000"),
    "a commit in words": (
        ("made", "git", "commit"),
        "my laptop",
        "'made.git.commit' is 'my laptop'",
    ),
    "the hardware's processor": (
        ("made", "hardware", "processor"),
        "Z80",
        ", by the rest of it Z80",
    ),
    "a schema as text": (("schema",), "3", "has record schema '3'; this version of ncmc reads"),
    "steering signs": (
        ("made", "processor"),
        "Xeon\u202e",
        "'made.processor' holds a character",
    ),
    "a line break": (
        ("notes", 0),
        "one\n# two",
        "'notes.0' holds a character without a shape, U+000A",
    ),
    "half a sign": (("notes", 0), "\ud83d", "'notes.0' holds a character without a shape, U+D83D"),
    "a sign in a key": (("made", "packages", "torch\x07"), "2", "a key holds"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_told_by_its_field(name: str, tmp_path: Path) -> None:
    place, value, words = LIES[name]
    body, run = trained()
    spoiled = changed(body, place, value)
    told = words_for(spoiled, run)
    assert told
    assert words in told
    path = tmp_path / "record.json"
    path.write_text(json.dumps(spoiled | {"digest": digest(spoiled)}))
    problem = read_record(checkout(), run, path)
    assert isinstance(problem, RecordProblem)
    assert words in problem.reason
    assert problem.kind == ("outdated" if "assumption" in name else "damaged")


def with_body(change: Any) -> str:
    """What is said of a real record after a change of several fields."""
    body, run = trained()
    body = json.loads(json.dumps(body))
    change(body)
    return words_for(body, run) or ""


def test_what_several_fields_say_together_is_told_too() -> None:
    assert "the length of history is 2, by the rest of it 3" in with_body(
        lambda body: [column.pop(1) for column in body["result"]["history"].values()]
    )
    assert "the order of made.sessions is [(1, 0), (2, 3), (2, 2)], by the rest" in with_body(
        lambda body: body["made"].update(
            sessions=[
                body["made"]["sessions"][0] | place
                for place in ({}, {"epoch": 2, "step": 3}, {"epoch": 2, "step": 2})
            ]
        )
    )
    counts = [100] * 10
    body, run = trained()
    record = parse_record(json.dumps(body | {"digest": digest(body)}).encode(), "a record")
    split = record.split.model_copy(update={"counts": tuple(counts), "n_train": 1000})
    unfit = why_unfit(checkout(), run, record.model_copy(update={"split": split}))
    assert unfit
    assert "split.counts is [100, 100," in unfit[1]
    assert "by the run [128, 83, 54" in unfit[1]
    matrix = [list(row) for row in record.result.confusion]
    matrix[0][9], matrix[1][9] = matrix[0][9] + 1, matrix[1][9] - 1
    result = record.result.model_copy(update={"confusion": tuple(map(tuple, matrix))})
    unfit = why_unfit(checkout(), run, record.model_copy(update={"result": result}))
    assert unfit
    assert "the number of test images per class is [51, 49, 50" in unfit[1]


def test_images_per_class_are_known_where_the_classes_are() -> None:
    def known(dataset: str, backbone: str = "resnet20") -> list[int] | None:
        return known_counts(checkout(), make_run(dataset, 0.01, backbone, "CE"))

    cifar = known("cifar10")
    assert cifar
    assert (cifar[0], cifar[-1]) == (5000, 50)
    assert known("imagenet_lt", "resnet50") is None  # comes long-tailed
    assert known("cifar10_jpeg") is None  # a folder of images, as somebody's own
    assert known("svhn") is None


def test_the_model_of_a_decision_rule_is_that_of_its_run() -> None:
    body, run = ruled()
    other = body["model_of"]["run"].replace("seed=", "seed=1")
    told = words_for(changed(body, ("model_of", "run"), other), run)
    assert told
    assert told.startswith(f"contradicts its run: model_of.run is {other}, by the run ")


def test_a_point_that_was_added_to_the_register_later_is_not_asked_of_a_record(
    workspace: Path,
) -> None:
    body, run = trained()
    older = changed(
        body, ("assumptions",), {k: v for k, v in body["assumptions"].items() if k != "A1"}
    )
    path = workspace / "papers/ncmc/assumptions.yaml"
    text = path.read_text()
    for day, words in (("2024-01-01", "A1 is absent then"), ("2099-01-01", None)):
        path.write_text(text.replace("  - id: A1\n", f"  - id: A1\n    added: '{day}'\n"))
        told = words_for(older, run, here())
        assert (words in told if told else False) if words else told is None


def test_the_same_options_by_other_code_are_no_lie() -> None:
    """A default may have been another one then: such a record is outdated by its code alone."""
    body, run = trained()
    older = changed(body, ("config", "method", "lam"), 0.5)
    older = changed(older, ("assumptions", "A17"), "0.5")
    for place in (("made", "code", "method"), (*SESSION, "code", "method")):
        older = changed(older, place, "0" * 16)
    assert words_for(older, run) is None


def test_published_records_are_whole() -> None:
    paths = sorted(PUBLISHED.rglob("record.json"))
    assert paths
    records = [load_record(path) for path in paths]
    assert [why for record in records if (why := why_unfit(checkout(), record.run, record))] == []
