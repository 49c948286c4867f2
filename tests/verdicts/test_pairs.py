"""The kinds of check that compare two sides."""

import numpy as np
import pytest
from conftest import here
from made_cells import AB, OURS, cell_of, history

from ncmc.plan import grid
from ncmc.results.cells import Cell
from ncmc.results.statistics import sample
from ncmc.verdicts import cell_selection
from ncmc.verdicts.check import Pair, Pairs
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.contrasts import contrast, side
from ncmc.verdicts.kinds.equal import Equal
from ncmc.verdicts.kinds.greater import Greater
from ncmc.verdicts.kinds.slight import Slight
from ncmc.verdicts.verdict import Finding


def number(finding: Finding, name: str) -> float:
    """One of a finding's numbers, which may hold other things too."""
    value = finding.numbers[name]
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize(
    ("better", "status"),
    [
        ([84.0, 83.0, 85.0], "holds"),
        ([70.0, 71.0, 69.5], "differs"),
        ([79, 84, 76], "inconclusive"),
    ],
)
def test_greater_is_decided_by_the_interval_over_seeds(better: list[float], status: str) -> None:
    check = Greater(kind="greater", **OURS, **AB)
    pair = (cell_of(better), cell_of([78.0, 78.5, 77.5], "CE"))
    (finding,) = check.judge([pair])
    assert finding.status == status
    differences = sample([b - t for b, t in zip(better, [78.0, 78.5, 77.5], strict=True)])
    assert finding.numbers["estimate"] == pytest.approx(differences.mean)
    assert finding.numbers["paired"]
    assert number(finding, "low") < number(finding, "estimate") < number(finding, "high")


def test_rule_means_looks_at_the_sign_alone_and_shows_the_interval() -> None:
    check = Greater(kind="greater", rule="means", **OURS, **AB)
    pair = (cell_of([79.0, 84.0, 76.0]), cell_of([78.0, 78.5, 77.5], "CE"))
    (finding,) = check.judge([pair])
    assert finding.status == "holds"
    assert number(finding, "low") < 0 < number(finding, "high")
    assert "95 % interval" in finding.why


def test_a_margin_makes_it_at_most_that_much_below() -> None:
    check = Greater(kind="greater", margin=3.0, **OURS, **AB)
    pair = (cell_of([77.0, 77.4, 76.6]), cell_of([78.0, 78.5, 77.5], "CE"))
    assert check.judge([pair])[0].status == "holds"


def test_one_seed_decides_nothing_by_interval() -> None:
    check = Greater(kind="greater", **OURS, **AB)
    (finding,) = check.judge([(cell_of([90.0]), cell_of([50.0], "CE"))])
    assert finding.status == "inconclusive"
    assert "one seed shows no spread" in finding.why


def test_unequal_numbers_of_seeds_are_compared_by_welch() -> None:
    check = Greater(kind="greater", **OURS, **AB)
    (finding,) = check.judge(
        [(cell_of([84.0, 83.0, 85.0, 84.5]), cell_of([78.0, 78.5, 77.5], "CE"))]
    )
    assert finding.status == "holds"
    assert not finding.numbers["paired"]


def test_claims_of_the_paper_compare_best_and_ours_compare_last() -> None:
    ours = Greater(kind="greater", **OURS, **AB)
    theirs = Greater(kind="greater", claim="C1", **OURS, **AB)
    assert (ours.measured, theirs.measured) == ("last", "best")
    pair = (cell_of([84.0, 83.0, 85.0]), cell_of([78.0, 78.5, 77.5], "CE"))
    (finding,) = theirs.judge([pair])
    beside = finding.numbers["beside"]
    assert isinstance(beside, dict)
    assert beside["measure"] == "last"
    assert beside["status"] == "holds"


def test_one_of_many_comparisons_differs_only_after_holm() -> None:
    check = Greater(kind="greater", **OURS, **AB)
    slightly_below = (cell_of([76.9, 77.8, 76.6]), cell_of([78.0, 78.5, 77.5], "CE"))
    above = (cell_of([84.0, 83.0, 85.0]), cell_of([78.0, 78.5, 77.5], "CE"))
    alone = check.judge([slightly_below])
    among = check.judge([slightly_below, *[above] * 11])
    assert alone[0].status == "differs"
    assert among[0].status == "inconclusive"
    assert number(among[0], "p_holm") > number(alone[0], "p_holm")


def test_greater_is_wrong_about_equal_methods_as_rarely_as_it_says() -> None:
    """With no true difference, `holds` and `differs` come up in 2.5 % of the cases each."""
    rng = np.random.default_rng(0)
    check = Greater(kind="greater", **OURS, **AB)
    found = []
    for _ in range(200):
        a, b = rng.normal(80, 0.5, (2, 3)).tolist()
        difference = contrast([(1.0, cell_of(a)), (-1.0, cell_of(b))], "last")
        assert difference.interval is not None
        found.append(side(difference.interval, -check.margin))
    assert found.count("inconclusive") / 200 == pytest.approx(0.95, abs=0.04)


def test_the_largest_advantage_is_a_difference_of_differences() -> None:
    table = grid.table(here(), "table3")
    check = next(c for c in checks_of(here(), "table3") if c.id == "C7d")
    assert isinstance(check, Pairs)
    gain = {"0.005": 6.0, "0.01": 3.0, "0.02": 1.0}
    pairs: list[Pair] = []
    for better, than in cell_selection.pairs(here(), check):
        noise = np.random.default_rng(len(pairs)).normal(0, 0.2, (2, table.seeds))
        tau = better.coord("tau")
        pairs.append(
            (
                Cell(better, cell_of((60 + gain[tau] + noise[0]).tolist()).records, ()),
                Cell(than, cell_of((60 + noise[1]).tolist()).records, ()),
            )
        )
    findings = check.judge(pairs)
    assert [f.status for f in findings] == ["holds"] * 4
    assert findings[0].numbers["estimate"] == pytest.approx(3.0, abs=0.6)
    assert findings[0].label == "cifar10, resnet50, CAL: tau 0.005 against 0.01"


def test_slight_is_above_nothing_and_below_the_bound() -> None:
    check = Slight(kind="slight", most=2.0, **OURS, **AB)
    base = [78.0, 78.5, 77.5]
    for gain, status in ((1.0, "holds"), (5.0, "differs"), (-1.0, "differs")):
        ours = [value + gain + wobble for value, wobble in zip(base, (0.1, 0, -0.1), strict=True)]
        (finding,) = check.judge([(cell_of(ours), cell_of(base, "CE"))] * 2)
        assert finding.status == status
        assert finding.numbers["estimate"] == pytest.approx(gain)


def test_equal_needs_equivalence_within_the_margin() -> None:
    check = Equal(kind="equal", margin=2.0, **OURS, **AB)
    base = [78.0, 78.5, 77.5]
    for ours, status in (
        ([78.1, 78.4, 77.8], "holds"),
        ([88.1, 88.4, 87.8], "differs"),
        ([74.0, 81.0, 79.0], "inconclusive"),
    ):
        (finding,) = check.judge([(cell_of(ours), cell_of(base, "CE"))])
        assert finding.status == status


@pytest.mark.parametrize(
    "check",
    [
        Greater(kind="greater", measure="tail_cosine", **OURS, **AB),
        Slight(kind="slight", measure="tail_cosine", most=2.0, **OURS, **AB),
        Equal(kind="equal", measure="tail_cosine", margin=2.0, **OURS, **AB),
    ],
    ids=lambda check: check.kind,
)
def test_a_measure_that_no_record_has_is_named(check: Greater | Slight | Equal) -> None:
    better, than = (cell_of([50.0, 51.0], m, history(nc_mean=[1.0, 0.5])) for m in ("CAL", "CE"))
    (finding,) = check.judge([(better, than)])
    assert (finding.status, finding.why) == ("inconclusive", "no record measures tail_cosine")


def test_a_measure_that_one_side_lacks_is_named_with_its_cell() -> None:
    check = Greater(kind="greater", measure="tail_cosine", **OURS, **AB)
    known = history(tail_cosines=[((1.0, 0.5), (0.5, 1.0))])
    than = cell_of([50.0, 51.0], "CE", history(nc_mean=[1.0]))
    (finding,) = check.judge([(cell_of([50.0, 51.0], "CAL", known), than)])
    assert finding.why == "no record of cifar10, CE, tau 0.005 measures tail_cosine"


def test_the_largest_advantage_in_a_measure_that_no_record_has() -> None:
    check = next(c for c in checks_of(here(), "table3") if c.id == "C7d")
    assert isinstance(check, Pairs)
    check = check.model_copy(update={"measure": "tail_cosine"})
    records = cell_of([50.0, 51.0], "CAL", history(nc_mean=[1.0])).records
    pairs = [
        (Cell(better, records, ()), Cell(than, records, ()))
        for better, than in cell_selection.pairs(here(), check)
    ]
    assert {f.why for f in check.judge(pairs)} == {"no record measures tail_cosine"}


def test_a_difference_of_collapse_measures_is_not_in_points() -> None:
    check = Equal(kind="equal", measure="nc_mean", margin=0.5, **OURS, **AB)
    better, than = (cell_of([50.0, 51.0], m, history(nc_mean=[1.0, 0.5])) for m in ("CAL", "CE"))
    (finding,) = check.judge([(better, than)])
    assert finding.why.startswith("+0.00: equivalent within 0.5")


def test_the_seeds_of_an_average_from_one_seed_show_no_spread() -> None:
    check = Slight(kind="slight", most=2.0, **OURS, **AB)
    (finding,) = check.judge([(cell_of([51.0]), cell_of([50.0], "CE"))])
    assert finding.status == "inconclusive"
    assert finding.why == "+1.00 points, 1 paired seed; one seed shows no spread"
