"""Configuration files that are no documents: damaged, hostile, or of another kind."""

from pathlib import Path

import pytest
from replay import NOT_READABLE, PWNED, Case, Spoil, assert_refused, parameters, write

# file -> the command that reads it
READERS = {
    "papers/ncmc/grid.yaml": "table table2",
    "papers/ncmc/smoke.yaml": "table smoke",
    "config/train.yaml": "table smoke",
    "config/datasets.yaml": "list datasets",
    "papers/ncmc/checks.yaml": "verify smoke",
    "papers/ncmc/claims.yaml": "list claims",
    "papers/ncmc/assumptions.yaml": "list assumptions",
    "papers/ncmc/numbers.csv": "table smoke",
    "papers/ncmc/studies.yaml": "sweep --dataset digits --tau 0.02 --backbone resnet8 --method CAL "
    "--save",
}
NOT_YAML = {
    "list": "- a\n- b\n",
    "text": "only words\n",
    "null": "~\n",
    "unclosed": "tables: {smoke: [\n",
    "tabs": "tables:\n\tsmoke: 1\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "deep": "a: " + "[" * 2000 + "]" * 2000 + "\n",
    "anchor circle": "a: &a\n  b: *a\n",
    "unknown anchor": "a: *nowhere\n",
    "python object": f"!!python/object/apply:os.system ['touch {PWNED}']\n",
    "python name": "a: !!python/name:os.system\n",
    "own tag": "a: !own {b: 1}\n",
    "key twice": "a: 1\na: 2\n",
    "list as key": "? [a, b]\n: 1\n",
    "long number": f"a: {'9' * 5000}\n",
    "markup": "'[/b][red]': 1\n",
    "long key": f"{'k' * 20000}: 1\n",
}
NOT_CSV = {
    "no columns": "N1\n",
    "other columns": "id,value\nN1,80\n",
    "columns twice": "id,id,id,id,id,id,id,id,id,id,id,id,id\n",
    "open quote": 'id,table,dataset,"tau\n',
}
FULLY = {"papers/ncmc/smoke.yaml", "papers/ncmc/numbers.csv"}  # one of each kind with every way


def ways(file: str) -> dict[str, Spoil]:
    """How a file is spoiled; all go through one reader, so most are spoiled in one way of their own."""
    texts = NOT_CSV if file.endswith(".csv") else NOT_YAML
    # A paper may lack most of its files.
    unreadable = {how: way(file) for how, way in NOT_READABLE.items() if how != "missing"}
    every = unreadable | {how: write(file, content) for how, content in texts.items()}
    place = list(READERS).index(file)
    some = list(every)[(len(unreadable) if place % 2 else 0) + place % min(len(texts), 5)]
    return every if file in FULLY else {some: every[some]}


CASES = [
    Case(f"{file}: {how}", spoil, command, (Path(file).name,))
    for file, command in READERS.items()
    for how, spoil in ways(file).items()
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_configuration_file_that_is_no_document_is_refused(configured: Path, case: Case) -> None:
    assert_refused(configured, case)
