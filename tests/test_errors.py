"""What is said of a name that there is not."""

import pytest

from ncmc.errors import unknown


def test_names_are_listed_as_people_count() -> None:
    said = str(unknown("claim", "Q", ["C10", "C2", "F1", "C1b", "C1", "C1a", "C2"]))
    assert said == "unknown claim 'Q'. Allowed: C1, C1a, C1b, C2, C10, F1."


def test_numbers_are_listed_by_their_size() -> None:
    assert "Allowed: 0.00390625, 0.005, 0.01, 1, 10." in str(
        unknown("tau", "x", ["10", "0.005", "1", "0.01", "0.00390625"])
    )


@pytest.mark.parametrize(
    ("came", "meant"),
    [("c1a", "C1a"), ("cla", "CAL"), ("CLA", "CAL"), ("cifar1O", "cifar10"), ("tabel2", "table2")],
)
def test_the_name_that_was_meant_is_offered(came: str, meant: str) -> None:
    names = ["C1", "C1a", "CAL", "SETF", "cifar10", "cifar100", "table1", "table2"]
    assert f"Did you mean '{meant}'?" in str(unknown("name", came, names))


def test_of_a_long_list_the_first_are_named_and_where_it_stands() -> None:
    names = [f"study_{i}" for i in range(60)]
    said = str(unknown("table", "sudy_7", names))
    assert "Did you mean 'study_7'? Allowed: study_0, " in said
    assert said.endswith("study_9 and 50 more: ncmc list tables.")
    assert "study_59" in str(unknown("axis", "x", names))  # no command lists these


def test_a_name_like_no_other_gets_no_guess() -> None:
    assert "Did you mean" not in str(unknown("name", "xyz", ["CAL", "SETF"]))
