"""YAML -> models: what is wrong is named, with what is allowed."""

from pathlib import Path

import pytest

from ncmc.errors import UsageError, UserError, unknown
from ncmc.plan.dataset_entries import Dataset, SplitOptions
from ncmc.system import documents

ENTRY = {"title": "t", "reader": "digits", "recipe": "digits", "licence": "l", "source": "s"}


def test_an_unknown_key_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown key 'clases'.*Did you mean 'classes'") as caught:
        documents.parse(Dataset, ENTRY | {"clases": 10}, "datasets.yaml: x")
    assert "image_size" in str(caught.value)
    assert str(caught.value).startswith("datasets.yaml: x")


def test_an_unknown_key_inside_a_list_is_refused_with_that_models_keys() -> None:
    with pytest.raises(UsageError, match=r"files\.0\.sha.*allowed: md5, name|Allowed: md5, name"):
        documents.parse(Dataset, ENTRY | {"files": [{"name": "a", "sha": "b"}]}, "here")


def test_a_missing_key_and_a_wrong_value_are_named() -> None:
    with pytest.raises(UsageError, match="'reader' is missing"):
        documents.parse(Dataset, {k: v for k, v in ENTRY.items() if k != "reader"}, "here")
    with pytest.raises(UsageError, match="'imbalance' is 'linear'.*'exp', 'step' or 'given'"):
        documents.parse(SplitOptions, {"imbalance": "linear"}, "here")


def test_models_cannot_be_changed() -> None:
    entry = documents.parse(Dataset, ENTRY, "here")
    with pytest.raises(Exception, match="frozen"):
        entry.title = "other"


def test_a_file_that_is_no_yaml_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text("tables:\n  a: [1, 2\n")
    with pytest.raises(UsageError, match=r"(?s)grid\.yaml is not valid YAML.*line 2"):
        documents.load_yaml(path)
    with pytest.raises(UserError, match="does not exist"):
        documents.load_yaml(tmp_path / "none.yaml")


def test_an_unknown_name_lists_the_allowed_ones_and_the_nearest() -> None:
    error = unknown("method", "CALL", ["CE", "CAL"])
    assert str(error) == "unknown method 'CALL'. Did you mean 'CAL'? Allowed: CAL, CE."
    assert error.exit_code == 2
