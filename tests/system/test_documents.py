"""The one door for files that a person can touch: what is senseless is refused, and how."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from ncmc.errors import UsageError, UserError
from ncmc.system import documents
from ncmc.system.documents import Strict


class Inner(Strict):
    kind: Literal["a", "b"] = "a"


class Example(Strict):
    """A file with one field of each sort."""

    count: int
    share: float = 0.5
    on: bool = False
    names: tuple[str, ...] = ()
    inner: Mapping[str, Inner] = {}


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


class Round(Strict):
    id: str
    shape: Literal["round"]
    radius: int


class Square(Strict):
    id: str
    shape: Literal["square"]
    side: int | bool


class Shapes(Strict):
    shapes: tuple[Annotated[Round | Square, Field(discriminator="shape")], ...]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{id: S, shape: round, radius: x}", r"x\.yaml: S: 'radius' is 'x'"),
        (
            "{id: S, shape: square, radius: 1}",
            r"S: 'side' is missing; S: unknown key 'radius'. All",
        ),
        (
            "{id: S, shape: square, side: x}",
            r"S: 'side' is 'x': .*valid integer, or .*valid boolean$",
        ),
        ("{id: S, shape: squer}", r"S: unknown shape 'squer'. Did you mean 'square'"),
        ("{id: S}", r"S: 'shape' is missing"),
        ("{shape: round, radius: 1}", r"yaml: 'shapes.1.id' is missing"),
        ("S", r"'shapes.1' is 'S'"),
    ],
)
def test_an_entry_of_a_list_is_named_by_its_own_id(tmp_path: Path, entry: str, told: str) -> None:
    text = f"shapes:\n  - {{id: A, shape: round, radius: 1}}\n  - {entry}\n"
    with pytest.raises(UsageError, match=told):
        documents.read_yaml(write(tmp_path / "x.yaml", text), Shapes)


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.yaml", "count: 3\nshare: 1\nnames: [a, b]\ninner: {x: {kind: b}}\n")
    found = documents.read_yaml(path, Example)
    assert found == Example(count=3, share=1.0, names=("a", "b"), inner={"x": Inner(kind="b")})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("[", "not valid YAML"),
        ("count: 1\ncount: 2", "key 'count' stands twice"),
        ("? [a]\n: b", "a key is"),
        ("&a [*a]", "recursive|Circular"),
        ("[" * 100_000, "nested deeper"),
        ("!!python/object/apply:os.system [true]", "not valid YAML"),
        ("count: 2020-01-01", "not JSON serializable"),
        ("- count", r"its content is \['count'\]: a mapping is needed"),
        ("count: true", "'count' is True"),
        ("count: '3'", "'count' is '3'"),
        ("count: 1.5", "'count' is 1.5"),
        ("count: null", "'count' is None"),
        ("share: 1", "'count' is missing"),
        ("count: 1\nshere: 2", r"unknown key 'shere'. Did you mean 'share'\? Allowed: count"),
        ("count: 1\nnames: a", "'names' is 'a': a list is needed"),
        ("count: 1\nnames: [1]", "'names.0' is 1"),
        ("count: 1\ninner: {x: {kind: c}}", "'inner.x.kind' is 'c'.*'a' or 'b'"),
        ("count: 1\ninner: {x: {kin: a}}", "unknown key 'inner.x.kin'. .*Allowed: kind"),
        ("count: 1" + "0" * 5000, "digit"),
        (b"count: \xff", "not a text file in UTF-8"),
        ("count: 1\0", "zero byte"),
    ],
)  # fmt: skip
def test_a_yaml_file_that_is_senseless_is_refused(
    tmp_path: Path, text: str | bytes, told: str
) -> None:
    path = write(tmp_path / "x.yaml", text)
    with pytest.raises(UsageError, match=told) as caught:
        documents.read_yaml(path, Example)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, '{"count": 1} x', "{'count': 1}", '{"count": 1, "count": 2}'],
)
def test_a_json_file_that_is_senseless_is_refused(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "x.json", text)
    with pytest.raises(UsageError, match=r"x\.json is not valid JSON"):
        documents.read_json(path, Example)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty; its first line must name a, b"),
        ("a\n1\n", "has the columns a; needed: a, b"),
        ("a,b\n1\n", "line 2: needed are 2 values"),
        ("a,b\n1,2,3\n", "line 2: needed are 2 values"),
        (b"\xff\xfe", "not a text file"),
    ],
)
def test_a_csv_file_that_is_senseless_is_refused(
    tmp_path: Path, text: str | bytes, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        documents.read_csv(write(tmp_path / "x.csv", text), ("a", "b"))


def test_what_is_no_regular_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    cases = {
        "pipe": "not a regular file",
        "folder": "is a folder|not a regular file",
        "missing": "does not exist",
    }
    for name, told in cases.items():
        with pytest.raises(UserError, match=told):
            documents.read_json(tmp_path / name, Example)


def test_a_file_of_any_size_is_read_to_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", 100)
    path = write(tmp_path / "x.json", json.dumps({"count": 1, "names": ["a" * 100]}))
    with pytest.raises(UserError, match="larger than 100 bytes"):
        documents.read_json(path, Example)
