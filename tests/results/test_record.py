"""Records: whole, of this program, unchanged, and of the present configuration; or an error."""

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fakes
import pytest
import yaml
from conftest import here

from ncmc.errors import UserError
from ncmc.plan.run import make_run
from ncmc.results.configuration import config_hash, config_of, differing_keys
from ncmc.results.provenance import Git, git_state, note_without_commit, provenance
from ncmc.results.record import Record, digest, load_record, save_record

RUN = make_run("digits", 0.02, "resnet8", "CAL", {"f": 20, "theta": 0.2}, 3)
GOLDEN = Path(__file__).parent / "golden/record.json"


@pytest.fixture
def record() -> Record:
    made: Record = fakes.record(RUN, 84.1, 85.0)
    return made


def changed(record: Record, **changes: Any) -> Record:
    return record.model_copy(update=changes)


def test_a_record_reads_back_as_it_was(record: Record, tmp_path: Path) -> None:
    save_record(record, tmp_path / "record.json")
    assert load_record(tmp_path / "record.json") == record


def test_a_file_is_written_again_as_it_was_read(record: Record, tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    save_record(record, first)
    save_record(load_record(first), second)
    assert second.read_bytes() == first.read_bytes()


def test_what_was_not_measured_leaves_no_key(record: Record) -> None:
    measured = record.result.history[0].collapse
    assert measured is not None
    few = {key: getattr(measured, key) for key in type(measured).model_fields if key[-1] != "s"}
    entry = record.result.history[0].model_copy(update={"collapse": type(measured)(**few)})
    body = fakes.with_result(record, history=(entry,)).to_json()
    history = body["result"]["history"]
    assert history.keys() == {"lr", "loss", "test_accuracy", "test_accuracy_raw", *few}
    assert history["nc_mean"] == [few["nc_mean"]]


def test_a_record_that_is_kept_here_keeps_its_digest() -> None:
    assert load_record(GOLDEN).digest == json.loads(GOLDEN.read_text())["digest"]


def test_the_digest_leaves_out_when_and_where_and_nothing_else(record: Record) -> None:
    later = record.made.model_copy(update={"seconds": 99.0})
    assert changed(record, made=later).digest == record.digest
    assert changed(record, notes=("another",)).digest != record.digest
    assert changed(record, run=RUN.cell).digest != record.digest


def test_a_record_cut_anywhere_is_refused(record: Record, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    save_record(record, path)
    whole = path.read_text()
    for length in range(0, len(whole) - 2, len(whole) // 40):
        path.write_text(whole[:length])
        with pytest.raises(UserError, match="Delete it and train the run again") as refused:
            load_record(path)
        assert refused.value.exit_code == 1


@pytest.mark.parametrize("content", ["[]", "{}", '{"schema": 1}', "null", '"text"'])
def test_foreign_json_is_not_a_record(tmp_path: Path, content: str) -> None:
    (tmp_path / "record.json").write_text(content)
    with pytest.raises(UserError, match="is not a record of ncmc"):
        load_record(tmp_path / "record.json")


def test_a_number_changed_by_hand_is_found(record: Record, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    save_record(record, path)
    path.write_text(path.read_text().replace('"last":84.1', '"last":84.2'))
    with pytest.raises(UserError, match="was changed after it was written"):
        load_record(path)


@pytest.mark.parametrize("schema", [2, 99])
def test_another_schema_is_refused(record: Record, tmp_path: Path, schema: int) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record.to_json() | {"schema": schema}))
    with pytest.raises(
        UserError, match=f"schema {schema}; this version of ncmc reads the number 3"
    ):
        load_record(path)


def test_a_missing_record_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no record at .* ncmc train"):
        load_record(tmp_path / "record.json")


# --- edited by hand, with a digest that fits -----------------------------------------------------

EDITS: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "accuracy of 150": (
        "'result.accuracy.best' is 150",
        lambda body: body["result"]["accuracy"].update(best=150.0),
    ),
    "best below last": (
        "accuracy.best is 84, by the rest of it 85",
        lambda body: body["result"]["accuracy"].update(best=84.0),
    ),
    "no history": (
        "whether history is empty is True",
        lambda body: body["result"].update(history={"lr": [], "loss": []}),
    ),
    "a rate left out": (
        "lr and loss are not lists of one number for each epoch",
        lambda body: body["result"]["history"]["lr"].pop(1),
    ),
    "an accuracy left out": (
        "allowed: a list of 60 values, or values by epoch, from 1 to 60",
        lambda body: body["result"]["history"]["test_accuracy"].pop(1),
    ),
    "an epoch after the end": (
        "nc_mean is {'61': 1.0}; allowed: a list of 60 values, or values by epoch, from 1 to 60",
        lambda body: body["result"]["history"].update(nc_mean={"61": 1.0}),
    ),
    "an unknown measure": (
        "unknown key 'result.history.0.collapse.f1'",
        lambda body: body["result"]["history"].update(f1={"1": 1.0}),
    ),
    "best after the end": (
        "best_epoch is 99, by the rest of it 59",
        lambda body: body["result"]["accuracy"].update(best_epoch=99),
    ),
    "a confusion of fractions": (
        "'result.confusion.0.0' is 0.5",
        lambda body: body["result"]["confusion"][0].__setitem__(0, 0.5),
    ),
    "a confusion that is not square": (
        "the shape of confusion is [10, 10, 10, 10, 10, 10, 10, 10, 10], by the rest",
        lambda body: body["result"]["confusion"].pop(),
    ),
    "a class left out": (
        "the number of split.counts is 10, by the rest of it 9",
        lambda body: body["result"]["per_class"].pop(),
    ),
    "the wrong hash of the configuration": (
        "config_hash is not the hash of config",
        lambda body: body["config"]["recipe"].update(epochs=7),
    ),
    "not a number": (
        "'result.ece' is nan",
        lambda body: body["result"].update(ece=math.nan),
    ),
    "not a number in the configuration": (
        "holds a number that is not finite",
        lambda body: body["config"]["method"].update(f=math.nan),
    ),
    "infinite": (
        "'result.history.0.loss' is inf",
        lambda body: body["result"]["history"]["loss"].__setitem__(0, math.inf),
    ),
    "ragged cosines": (
        "the number of class_cosines at epoch 1 is 44, by the rest of it 45",
        lambda body: body["result"]["history"]["class_cosines"][0].pop(),
    ),
    "no cosines": (
        "'result.history.0.collapse.class_cosines' is 3",
        lambda body: body["result"]["history"].update(class_cosines=[3] * 60),
    ),
    "notes of numbers": ("'notes.0' is 3", lambda body: body.update(notes=[3])),
    "git as text": ("'made.git' is 'abc'", lambda body: body["made"].update(git="abc")),
    "hardware as a list": ("'made.hardware'", lambda body: body["made"].update(hardware=[])),
    "packages of numbers": (
        "'made.packages.torch' is 2",
        lambda body: body["made"]["packages"].update(torch=2),
    ),
    "sources as text": ("'made.sources'", lambda body: body["made"].update(sources="a")),
    "time as text": ("'made.seconds' is '9'", lambda body: body["made"].update(seconds="9")),
    "a run without options": ("a run has dataset, tau", lambda body: body["run"].pop("options")),
    "a seed of text": ("'run.seed' is 'x'", lambda body: body["run"].update(seed="x")),
    "an unknown key": ("unknown key 'result.f1'", lambda body: body["result"].update(f1=1.0)),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_record_is_refused_by_file_and_key(
    record: Record, tmp_path: Path, edit: str
) -> None:
    words, spoil = EDITS[edit]
    path = tmp_path / "record.json"
    body = json.loads(json.dumps(record.to_json()))
    spoil(body)
    try:
        fitting = digest(body)
    except ValueError:  # a number that is not finite has no digest
        fitting = "0" * 64
    path.write_text(json.dumps(body | {"digest": fitting}))
    with pytest.raises(UserError) as refused:
        load_record(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)
    assert refused.value.exit_code == 1


def test_a_deeply_nested_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text('{"schema": 2, "digest": "", "config": ' + "[" * 5000 + "]" * 5000 + "}")
    with pytest.raises(UserError, match="record.json"):
        load_record(path)


# --- the configuration ---------------------------------------------------------------------------


def test_a_changed_recipe_is_told_key_by_key(workspace: Path, record: Record) -> None:
    assert differing_keys(here(), record) == []
    path = workspace / "config" / "train.yaml"
    document = yaml.safe_load(path.read_text())
    document["recipes"]["digits"]["batch_size"]["value"] = 32
    path.write_text(yaml.safe_dump(document))
    assert differing_keys(here(), record) == ["recipe.batch_size: 64 then, 32 now"]


def test_seeds_share_the_configuration_and_threads_are_not_part_of_it(workspace: Path) -> None:
    assert config_hash(here(), RUN) == config_hash(here(), RUN.cell)
    before = config_hash(here(), RUN)
    path = workspace / "config" / "train.yaml"
    path.write_text(path.read_text().replace("threads: 1 ", "threads: 7 "))
    assert config_hash(here(), RUN) == before


def test_the_hash_covers_what_the_files_say() -> None:
    assert config_hash(here(), RUN) == digest(config_of(here(), RUN))


# --- provenance ----------------------------------------------------------------------------------


def test_provenance_says_where_when_and_with_what() -> None:
    session = fakes.SESSION
    made = provenance(here(), RUN, "ncmc train RUN", 2.0, 100, [session], {"lr": "Sec. 4.1"})
    assert made.packages["torch"]
    assert made.hardware.cores >= 1
    assert made.images_per_second == 50.0
    assert (made.device, made.sessions) == (session.device, (session,))


def test_without_git_the_commit_is_unknown_and_nothing_fails(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_state.cache_clear()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(workspace.parent))
    state = git_state(workspace, ())
    assert (state.commit, state.dirty) == (None, None)
    assert "do not say which commit made them" in (note_without_commit(workspace) or "")
    git_state.cache_clear()


def test_only_changes_of_the_code_make_a_tree_dirty_whoever_it_belongs_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*arguments: str) -> str:
        line = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()

    code = (tmp_path / "code.py", tmp_path / "own.py")

    def state() -> Git:
        git_state.cache_clear()
        return git_state(tmp_path, code)

    git("init", "--quiet")
    code[0].touch()
    (tmp_path / "datasets.yaml").touch()
    git("add", ".")
    git("commit", "--quiet", "--message=one")
    commit = git("rev-parse", "HEAD")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert note_without_commit(tmp_path) is None
    (tmp_path / "datasets.yaml").write_text("an entry")
    assert state() == Git(commit=commit, dirty=False)
    code[0].write_text("# a comment\n")
    assert state() == Git(commit=commit, dirty=False)
    code[0].write_text("a = 1\n")
    assert state() == Git(commit=commit, dirty=True)
    git("-c", "safe.directory=*", "checkout", "code.py")
    code[1].write_text("a method of one's own, in no commit")
    assert state() == Git(commit=commit, dirty=True)
    git_state.cache_clear()
