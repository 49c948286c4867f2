"""Records: damaged files, and every field with values of another type, under a digest that fits."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import fakes
import pytest
from conftest import CHECKOUT
from replay import (
    NOT_READABLE,
    PWNED,
    Case,
    Spoil,
    assert_refused,
    cut,
    flip,
    parameters,
    run,
    words_of,
    write,
)
from wrong_values import DEEP, Place, changed, dotted, shown, wrong

from ncmc.plan.run import make_run
from ncmc.project import Project
from ncmc.results.record import digest, path_of, save_record

FILE = "results/runs/digits/tau=0.02/resnet8/CE/default/seed=0/record.json"
COMMANDS = ("table smoke", "verify smoke", "train digits/tau=0.02/resnet8/CE/default/seed=0")
NOT_JSON = {
    "list": "[]",
    "text": '"a"',
    "deep": "[" * 100_000 + "]" * 100_000,
    "trailing comma": '{"schema": 2,}',
    "pickle": f"cos\nsystem\n(S'touch {PWNED}'\ntR.",
    "long number": '{"schema": ' + "9" * 5000 + ', "digest": ""}',
    "schema 99": '{"schema": 99, "digest": ""}',
    "schema nan": '{"schema": NaN, "digest": ""}',
}
FIELDS = """
mapping: run split result made.git result.history assumptions
list: result.per_class split.counts notes
text: run.dataset config_hash made.at notes.0
tau: run.tau
from 0: run.seed result.confusion.0.0 split.n_train
percent: result.accuracy.last result.accuracy.best
count: result.accuracy.best_epoch
share: result.ece
number: result.history.loss.0
hash: split.sha256
"""
TOGETHER: dict[str, tuple[Place, Any]] = {  # each value is allowed, but not beside the others
    "best below last": (("result", "accuracy", "best"), 1.0),
    "best epoch after the end": (("result", "accuracy", "best_epoch"), 99),
    "empty history": (("result", "history"), []),
    "ragged confusion": (("result", "confusion", 0), [1, 2]),
    "confusion of other classes": (("result", "confusion"), [[1]]),
    "ragged cosines": (("result", "history", "class_cosines", 0), [[1.0], [1.0, 0.5]]),
    "classes of the split": (("split", "counts"), [1, 2]),
    "another configuration": (("config", "recipe", "lr"), 7.0),
    "another hash": (("config_hash",), "ab" * 32),
    "another seed": (("run", "seed"), 3),
    "another method": (("run", "method"), "CAL"),
    "unknown key": (("nobody",), 1),
    "option a list": (("run", "options", "f"), [20]),
}


def spoil(place: Place, value: Any, *, sealed: bool = True) -> Spoil:
    """One field of the record; with `sealed`, its digest is made again where JSON has the value."""

    def write_it(root: Path) -> None:
        body = changed(json.loads((root / FILE).read_text("utf-8")), place, value)
        if sealed:
            with suppress(ValueError):  # nan
                body["digest"] = digest(body)
        (root / FILE).write_text(json.dumps(body), encoding="utf-8")

    return write_it


# A record that is missing, or a link to nowhere, is one that is still to be made.
READABLE = {how: way for how, way in NOT_READABLE.items() if how not in ("missing", "circle")}
CASES = [
    *(
        Case(f"{how}: {command.split()[0]}", way(FILE), command, ("record.json",))
        for number, (how, way) in enumerate(READABLE.items())
        for command in (COMMANDS if how == "pipe" else COMMANDS[number % 3 :][:1])
    ),
    *(
        Case(how, write(FILE, text), COMMANDS[0], ("record.json",))
        for how, text in NOT_JSON.items()
    ),
    *(Case(f"cut at {s}", cut(FILE, s), COMMANDS[1], ("record.json",)) for s in (0.1, 0.5, 0.99)),
    *(Case(f"flip at {s}", flip(FILE, s), COMMANDS[1], ("record.json",)) for s in (0.3, 0.6)),
    *(
        Case(
            f"{dotted(place)} = {shown(value)}",
            spoil(place, value),
            COMMANDS[place.count("history")],
            ("record.json",),
        )
        for _, place, value in wrong(FIELDS)
        if value is not DEEP
    ),
    *(
        Case(how, spoil(place, value), COMMANDS[0], ("record.json",))
        for how, (place, value) in TOGETHER.items()
    ),
    Case("changed by hand", spoil(("result", "ece"), 0.5, sealed=False), COMMANDS[0], ("digest",)),
]


@pytest.fixture(scope="module")
def record_text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A record's file, made once."""
    root = tmp_path_factory.mktemp("record")
    project = Project(CHECKOUT)
    run = make_run("digits", 0.02, "resnet8", "CE", project=project)
    assert path_of(project, run, root) == root / FILE.removeprefix("results/runs/")
    save_record(fakes.record(run, 78.0, notes=("a note",)), root / "record.json")
    return (root / "record.json").read_text("utf-8")


@pytest.fixture
def recorded(configured: Path, record_text: str) -> Path:
    """A project with one record in it."""
    (configured / FILE).parent.mkdir(parents=True)
    (configured / FILE).write_text(record_text, encoding="utf-8")
    return configured


@pytest.mark.parametrize("case", parameters([c for c in CASES if c.command == COMMANDS[2]]))
def test_a_damaged_record_is_not_taken_for_a_training(recorded: Path, case: Case) -> None:
    assert_refused(recorded, case)


@pytest.mark.parametrize("case", parameters([c for c in CASES if c.command != COMMANDS[2]]))
def test_a_damaged_record_does_not_count_and_is_named(recorded: Path, case: Case) -> None:
    case.spoil(recorded)
    exit_code, stdout, stderr = run(words_of(case.command))
    assert (exit_code, stderr) == (3, "")
    told = " ".join(stdout.split())
    for word in (*case.told, "elete it and make it again: ncmc train digits/tau=0.02"):
        assert word in told
    assert len(stdout) <= 12_000
