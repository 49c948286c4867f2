"""Records: whole, of this program, unchanged, and of the present configuration; or an error."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from conftest import here

from ncmc.errors import UserError
from ncmc.plan.run import make_run
from ncmc.results import records
from ncmc.results.records import Record

RUN = make_run("digits", 0.02, "resnet8", "CAL", {"f": 20, "theta": 0.2}, 3)


@pytest.fixture
def record() -> Record:
    return Record(
        run=RUN,
        config=records.config_of(here(), RUN),
        config_hash=records.config_hash(here(), RUN),
        assumptions={"A2": "mislas"},
        split={"sha256": "0" * 64, "counts": [3, 2], "n_train": 5},
        result={"accuracy": {"last": 84.1, "best": 85.0, "best_epoch": 2}, "history": []},
        notes=("a note",),
        made={"seconds": 1.5},
    )


def test_a_record_reads_back_as_it_was(record: Record, tmp_path: Path) -> None:
    records.save(record, tmp_path / "record.json")
    assert records.load(tmp_path / "record.json") == record


def test_the_digest_leaves_out_when_and_where_and_nothing_else(record: Record) -> None:
    assert replace(record, made={"seconds": 99}).digest == record.digest
    assert replace(record, notes=()).digest != record.digest
    assert replace(record, run=RUN.cell).digest != record.digest


def test_a_record_cut_anywhere_is_refused(record: Record, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    records.save(record, path)
    whole = path.read_text()
    for length in range(0, len(whole) - 2, 37):
        path.write_text(whole[:length])
        with pytest.raises(UserError, match="Delete it and run the training again"):
            records.load(path)


@pytest.mark.parametrize("content", ["[]", "{}", '{"schema": 1}', "null", '"text"'])
def test_foreign_json_is_no_record(tmp_path: Path, content: str) -> None:
    (tmp_path / "record.json").write_text(content)
    with pytest.raises(UserError, match="is no record of ncmc"):
        records.load(tmp_path / "record.json")


def test_a_number_changed_by_hand_is_found(record: Record, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    records.save(record, path)
    path.write_text(path.read_text().replace("84.1", "94.1"))
    with pytest.raises(UserError, match="was changed after it was written"):
        records.load(path)


def test_another_schema_is_refused(record: Record, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record.to_json() | {"schema": 99}))
    with pytest.raises(UserError, match="schema 99, this program reads 1 and 2"):
        records.load(path)


def test_a_record_of_the_first_schema_is_read_and_checked(record: Record, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    old = replace(record, schema=1)
    records.save(old, path)
    assert records.load(path) == old
    assert (records.load(path).schema, record.schema) == (1, 2)
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    with pytest.raises(UserError, match="was changed after it was written"):
        records.load(path)


def test_a_missing_record_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no record at .* ncmc train"):
        records.load(tmp_path / "record.json")


def test_a_changed_recipe_is_told_key_by_key(workspace: Path, record: Record) -> None:
    assert records.differing_keys(here(), record) == []
    path = workspace / "config" / "train.yaml"
    document = yaml.safe_load(path.read_text())
    document["recipes"]["digits"]["batch_size"]["value"] = 32
    path.write_text(yaml.safe_dump(document))
    assert records.differing_keys(here(), record) == ["recipe.batch_size: 64 then, 32 now"]


def test_seeds_share_the_configuration_and_threads_are_no_part_of_it(workspace: Path) -> None:
    assert records.config_hash(here(), RUN) == records.config_hash(here(), RUN.cell)
    before = records.config_hash(here(), RUN)
    path = workspace / "config" / "train.yaml"
    path.write_text(path.read_text().replace("threads: 2 ", "threads: 7 "))
    assert records.config_hash(here(), RUN) == before


def test_provenance_says_where_when_and_with_what() -> None:
    made = records.provenance(here().root)
    assert set(made) == {"at", "command", "git", "hardware", "packages"}
    assert made["packages"]["torch"]
    assert made["hardware"]["cores"] >= 1


def test_without_git_the_commit_is_unknown_and_nothing_fails(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.git_state.cache_clear()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(workspace.parent))
    assert records.git_state(workspace) == {"commit": None, "dirty": None}
    records.git_state.cache_clear()
