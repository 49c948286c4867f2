"""Histories in files: columns and back; cosines as pairs."""

import json

import pytest
from conftest import CHECKOUT
from hypothesis import given
from hypothesis import strategies as st

from ncmc.results.history import as_columns, as_entries, number_of_vectors, pairs_of, triangle
from ncmc.results.record import load_record

PUBLISHED = CHECKOUT / "results/published"
NUMBERS = st.floats(-1, 1)
MEASURED = {
    "test_accuracy": st.floats(0, 100),
    "test_accuracy_raw": st.floats(0, 100),
    "collapse": st.dictionaries(st.sampled_from(["nc_mean", "nc_std"]), NUMBERS, min_size=1),
}
EPOCHS = st.lists(
    st.fixed_dictionaries({"lr": NUMBERS, "loss": NUMBERS}, optional=MEASURED), min_size=1
)


@given(EPOCHS)
def test_columns_and_back_lose_nothing(epochs: list[dict[str, object]]) -> None:
    entries = [{"epoch": number} | epoch for number, epoch in enumerate(epochs, start=1)]
    assert as_entries(json.loads(json.dumps(as_columns(entries)))) == entries


def test_what_was_measured_once_stands_once() -> None:
    entries = [{"epoch": e, "lr": 0.1, "loss": 1.0, "test_accuracy": None} for e in range(1, 41)]
    entries[-1]["test_accuracy"] = 77.3
    assert as_columns(entries)["test_accuracy"] == {"40": 77.3}


@pytest.mark.parametrize("absent", [set(), {0}, {1, 2}])
@pytest.mark.parametrize("n", [2, 3, 10])
def test_pairs_are_those_of_their_matrix(n: int, absent: set[int]) -> None:
    matrix = tuple(
        tuple(
            None if {i, j} & absent else 1.0 if i == j else round(0.9 - 0.03 * (i + j), 4)
            for j in range(n)
        )
        for i in range(n)
    )
    pairs = triangle(matrix)
    assert len(pairs) == n * (n - 1) // 2
    assert pairs_of(pairs) == [
        v for i, row in enumerate(matrix) for v in row[i + 1 :] if v is not None
    ]
    assert number_of_vectors(pairs) == n


def test_a_published_record_has_the_digest_that_its_file_says() -> None:
    path = min(PUBLISHED.rglob("record.json"), key=lambda p: (p.stat().st_size, p))
    body = json.loads(path.read_text())
    record = load_record(path)
    assert record.schema_version == body["schema"]
    assert record.digest == body["digest"]
