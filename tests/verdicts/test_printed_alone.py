"""The paper against its own table: claims asked of printed means, deviations and n alone."""

from collections.abc import Callable

import pytest
from conftest import here
from typer.testing import CliRunner

from cli.main import app
from ncmc.paper.printed_numbers import Number
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.statistics import sample
from ncmc.verdicts.kinds.greater import Greater
from ncmc.verdicts.printed_alone import (
    PrintedCells,
    follows_words,
    impossible,
    judged_in_print,
    of_printed,
    right_counts,
    spread_of,
    wrong_in,
)
from ncmc.verdicts.verdict import Verdict

TABLE1 = grid.table(here(), "table1")


def number(value: float, std: float | None = None, n: int | None = None) -> Number:
    return Number(
        id="X", table=None, run=Run("cifar10", 0.01, "resnet32", "CE"),
        value=value, std=std, n=n, where="a table", source="a test", note="",
    )  # fmt: skip


class Printed(PrintedCells):
    """Cells as a made-up paper prints them."""

    def __init__(self, of: Callable[[CellSpec], Number | None]) -> None:
        super().__init__(here())
        self._of = of

    def number(self, spec: CellSpec, table: Table) -> Number | None:
        return self._of(spec)


def told(cal: float, std: float | None = 0.4) -> dict[str, Verdict]:
    """Table 1 as another paper may print it: CE and SETF at 40 %, CAL at `cal`."""

    def printed(spec: CellSpec) -> Number:
        value = cal if spec.run.method == "CAL" else 40.0
        return number(value - (5.0 if spec.run.tau == 1 else 0.0), std)

    return {v.id: v for v in of_printed(TABLE1, Printed(printed))}


def test_a_claim_follows_or_does_not_or_cannot_be_told() -> None:
    assert follows_words(told(45.0)["C1a"]) == "follows from the printed cells"
    assert follows_words(told(35.0)["C1a"]) == "does not follow from the printed cells"
    assert follows_words(told(40.3)["C1a"]) == "cannot be told from the printed cells"


def test_numbers_without_a_deviation_say_how_small_it_would_have_to_be() -> None:
    verdict = told(45.0, std=None)["C1a"]
    assert follows_words(verdict) == "cannot be told from the printed cells"
    assert "it would follow if single runs deviate by less than 1.8 points" in verdict.why
    assert "it would follow" not in told(35.0, std=None)["C1a"].why


@pytest.mark.parametrize("n", [None, 3])
def test_deviations_in_a_part_of_the_cells_keep_the_threshold(n: int | None) -> None:
    def verdict(std: float) -> Verdict:
        def printed(spec: CellSpec) -> Number:
            value = 45.0 if spec.run.method == "CAL" else 40.0
            return number(value, std if spec.run.tau == 0.01 else None, n)

        return {v.id: v for v in of_printed(TABLE1, Printed(printed))}["C1a"]

    assert "no deviation is printed for 4 of 6 settings" in verdict(0.4).why
    assert "it would follow if single runs deviate by less than 1.8 points" in verdict(0.4).why
    assert "it would follow" not in verdict(9.0).why  # what is printed decides against it


def test_cells_with_one_fault_are_one_line_of_numbers_as_entered() -> None:
    cells = Printed(lambda _: number(70.005, n=1))
    (words,) = impossible(TABLE1, cells)
    assert f"gives that mean: {len(TABLE1.cells)} cells: " in words
    assert words.count("70.005 (a table)") == 3
    assert words.endswith(f"; and {len(TABLE1.cells) - 3} more")


def test_printed_cells_are_not_paired_where_each_seed_of_ours_has_a_split_of_its_own() -> None:
    """Their seeds are made up, in one order: paired, they would have next to no spread."""
    table = grid.table(here(), "laptop_methods")

    def printed(spec: CellSpec) -> Number | None:
        known = {"CAL": number(45.0, 1.05, 3), "CE": number(44.5, 1.0, 3)}
        return known.get(spec.run.method)

    verdicts = {v.id: v for v in of_printed(table, Printed(printed))}
    assert verdicts["L-C1a"].status == "inconclusive"
    assert verdicts["L-C1a"].findings[0].numbers["paired"] is False


def test_whole_percents_are_read_as_whole_where_a_table_has_no_decimals() -> None:
    for value, fewest, possible in ((81.0, 0, True), (81.0, 1, False), (80.0, 0, False)):
        assert bool(right_counts(value, 27, fewest)) == possible  # 22 of 27 are 81.48 %


def test_unknown_cells_are_counted() -> None:
    verdicts = of_printed(TABLE1, PrintedCells(here()))
    assert {v.status for v in verdicts} == {"incomplete"}
    assert (
        verdicts[0].why == "11 of the 12 cells that it compares are not known in print"
    )  # all but that of N2
    assert verdicts[0].missing == ()


def test_the_seeds_of_a_printed_number_have_its_deviation() -> None:
    for n in (2, 3, 5):
        assert sample(spread_of(n, 0.7)).std == pytest.approx(0.7)
    assert spread_of(1, 0.0) == [0.0]


@pytest.mark.parametrize(
    ("printed", "images", "said"),
    [
        (number(80.6, 0.5, 3), 10_000, []),
        (number(80.6, 0.5, 1), 10_000, ["a single run has no deviation"]),
        (number(80.6, n=1), 27, ["no number of 27 test images in 1 run gives that mean"]),
        (number(81.5, n=1), 27, []),  # 22 of 27
        (number(80.6), 27, []),  # 108.8 of 135: enough runs give any mean
        (number(99.0, 40.0, 3), 10_000, ["3 runs of mean 99 deviate by at most 12.2"]),
        (number(99.0, 40.0), 10_000, ["runs of mean 99 deviate by at most 14.1"]),
        (number(99.0, 13.0), 10_000, []),  # of two
        (
            number(50.0, 0.3, 3),
            10,
            ["no 3 runs of 10 test images have that mean and that deviation"],
        ),
        (number(50.0, 10.0, 3), 10, []),  # 4, 5 and 6 of 10
        (number(50.0, 8.2, 3), 10, []),  # the same, with the deviation over n
    ],
)
def test_what_cannot_be_printed_is_named(printed: Number, images: int, said: list[str]) -> None:
    found = list(wrong_in(printed, images))
    assert found[: len(said)] == said
    assert bool(found) == bool(said)


def test_grim_agrees_with_counting() -> None:
    """Every mean and deviation of two runs on seven images, and none that no two runs have."""
    possible = {
        (round(100 * (a + b) / 14, 1), round(sample([100 * a / 7, 100 * b / 7]).std or 0.0, 1))
        for a in range(8)
        for b in range(8)
    }
    for mean, std in possible:
        assert not list(wrong_in(number(mean, std, 2), 7)), (mean, std)
    means = sorted({mean for mean, _ in possible})
    assert len(means) == 15
    for tenth in range(1001):
        mean = tenth / 10
        named = any("gives that mean" in words for words in wrong_in(number(mean, n=1), 14))
        assert named == (mean not in means)


# --- what other papers print -------------------------------------------------------------------


def test_a_claim_over_settings_of_which_some_are_known_says_what_these_show() -> None:
    """SETF's paper: 2 of 12 settings, single numbers; the gains are 0.92 and 0.73 points."""
    setf = Project(here().root, paper="setf")
    (verdict,) = of_printed(grid.table(setf, "cifar"), PrintedCells(setf))
    assert verdict.status == "incomplete"
    assert verdict.why.startswith(
        "20 of the 24 cells that it compares are not known in print; of its"
    )
    assert (
        "2 are known: fixed is above learnable by 0.8 points on average (no deviation"
        in verdict.why
    )
    assert verdict.why.endswith(
        "it would follow there if single runs deviate by less than 0.4 points"
    )


@pytest.mark.parametrize(
    ("better", "than", "gains", "said"),
    [
        ("LDAM-DRW", "LDAM", (4.76, 2.84, 2.16, 3.40), "deviate by less than 0.8 points"),
        ("BALANCED-SOFTMAX", "CE", (6.49, 4.74, 4.94, 3.10), "deviate by less than 1.1 points"),
        ("FOCAL", "CE", (-0.76, 0.69, -0.83, -1.81), None),
    ],
)
def test_single_printed_numbers_decide_as_far_as_a_run_may_deviate(
    better: str, than: str, gains: tuple[float, ...], said: str | None
) -> None:
    bag = Project(here().root, paper="bag-of-tricks")
    check = Greater(
        id="BAG", table="tricks", kind="greater", measure="best", source="a test",
        better={"method": better}, than={"method": than},
    )  # fmt: skip
    verdict = judged_in_print(check, PrintedCells(bag))
    assert verdict.status == "inconclusive"
    assert verdict.numbers["estimate"] == pytest.approx(sum(gains) / 4)
    assert ("it would follow" in verdict.why) == bool(said)
    assert verdict.why.endswith(said or "none of them decided")


@pytest.mark.parametrize("paper", ["ldam-drw", "setf", "mislas", "bag-of-tricks"])
def test_a_mean_of_nobody_knows_how_many_runs_is_never_impossible(paper: str) -> None:
    project = Project(here().root, paper=paper)
    for name in table_names(project, "paper"):
        table, cells = grid.table(project, name), PrintedCells(project)
        assert any(cells.number(spec, table) for spec in table.cells), name
        assert list(impossible(table, cells)) == []


def test_the_command_says_so_and_writes_nothing() -> None:
    result = CliRunner().invoke(app, ["verify", "table2", "--printed"])
    assert result.exit_code == 3
    assert "24 of the 24 cells that it compares are not known in print" in result.stdout
    assert "cannot be told from the printed cells" in result.stdout
    assert "Impossible in print" not in result.stdout
    refused = CliRunner().invoke(app, ["verify", "all", "--printed"])
    assert refused.exit_code == 2
