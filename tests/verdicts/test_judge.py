"""Cells + what the paper says -> verdicts."""

import dataclasses
import json
from pathlib import Path

import fakes
import numpy as np
import pytest
from conftest import here

from ncmc.paper import checks
from ncmc.paper.printed_numbers import Number
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, resolve_run
from ncmc.results.cells import Cell
from ncmc.results.record import Collapse, Epoch, path_of
from ncmc.results.statistics import sample, seeds_for, tost_power
from ncmc.verdicts import comparisons, judge, single_cells
from ncmc.verdicts.judge import Shelf
from ncmc.verdicts.verdict import Verdict, overall, verdict_exit_code

OURS = {"table": "smoke", "id": "X", "source": "a test"}
AB = {"better": {"method": "CAL", "theta": 0.2}, "than": {"method": "CE"}}


@pytest.fixture
def smoke() -> Table:
    return grid.table(here(), "smoke")


@pytest.fixture
def results(tmp_path) -> Path:
    return tmp_path / "runs"


def judged(check: checks.Check, results: Path) -> Verdict:
    return judge.judge(check, Shelf(here(), results))


def fill(results: Path, smoke: Table, **values: list[float]) -> None:
    """Records of cells of the smoke table: {method: last accuracies}."""
    for method, last in values.items():
        fakes.fill(results, fakes.spec_of(smoke, method), last)


def cell_of(values: list[float], label: str = "CAL", history: tuple[Epoch, ...] = ()) -> Cell:
    """A cell with given accuracies (last = best) and, in every seed, a given history."""
    run = Run("cifar10", 0.005, "resnet50", label, (("f", 20), ("theta", 0.2)))
    coords = (("dataset", "cifar10"), ("method", label), ("tau", "0.005"))
    spec = CellSpec(run, coords, resolve_run(here(), run))
    made = [
        fakes.record(r, v, v, config={}, config_hash="", assumptions={})
        for r, v in zip(spec.runs(len(values)), values, strict=True)
    ]
    if history:
        made = [fakes.with_result(record, history=history) for record in made]
    return Cell(spec, tuple(made), ())


# --- the smoke run -----------------------------------------------------------------------------


def test_every_check_of_a_good_smoke_run_holds(results, smoke):
    fakes.smoke(results, smoke)
    verdicts = judge.verify("smoke", results)
    assert {v.id: v.status for v in verdicts} == dict.fromkeys(
        ["S1", "S2", "S3", "S4", "S5"], "holds"
    )
    assert verdict_exit_code(verdicts) == 0


def test_smoke_compares_neither_al_nor_setf_with_ce():
    for check in checks.checks_of(here(), "smoke"):
        if isinstance(check, checks.Pairs):
            assert check.better == {"method": "CAL", "theta": 0.2}


def test_a_smoke_run_in_which_cal_loses_differs(results, smoke):
    fakes.smoke(results, smoke)
    fill(results, smoke, CAL=[70.0, 71.0, 70.5, 70.2, 70.9])
    verdicts = judge.verify("smoke", results)
    assert {v.id: v.status for v in verdicts} | {"S4": "-", "S5": "-"} == {
        "S1": "differs",
        "S2": "differs",
        "S3": "differs",
        "S4": "-",
        "S5": "-",
    }
    assert verdict_exit_code(verdicts) == 1


def test_missing_runs_are_named_with_the_command_that_makes_them(results, smoke):
    fakes.smoke(results, smoke)
    run = fakes.spec_of(smoke, "AL").runs(5)[3]
    path_of(here(), run, results).unlink()
    found = {v.id: v for v in judge.verify("smoke", results)}
    assert found["S3"].status == "incomplete"
    assert found["S3"].missing == (run,)
    assert found["S3"].why == "1 of 10 runs have no record"
    assert found["S3"].remedy == "uv run snakemake --cores all smoke"
    assert found["S1"].status == "holds"
    assert verdict_exit_code(found.values()) == 3


def test_every_table_without_a_record_is_incomplete(tmp_path):
    for name in table_names(here()):
        verdicts = judge.verify(name, tmp_path)
        assert {v.status for v in verdicts} <= {"incomplete"}, name
        assert verdict_exit_code(verdicts) == 3


# --- greater -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("better", "status"),
    [
        ([84.0, 83.0, 85.0], "holds"),
        ([70.0, 71.0, 69.5], "differs"),
        ([79, 84, 76], "inconclusive"),
    ],
)
def test_greater_is_decided_by_the_interval_over_seeds(better, status):
    check = checks.Greater(kind="greater", **OURS, **AB)
    pair = (cell_of(better), cell_of([78.0, 78.5, 77.5], "CE"))
    (finding,) = comparisons.greater(check, [pair])
    assert finding.status == status
    differences = sample([b - t for b, t in zip(better, [78.0, 78.5, 77.5], strict=True)])
    assert finding.numbers["estimate"] == pytest.approx(differences.mean)
    assert finding.numbers["paired"]
    assert finding.numbers["low"] < finding.numbers["estimate"] < finding.numbers["high"]


def test_rule_means_looks_at_the_sign_alone_and_shows_the_interval():
    check = checks.Greater(kind="greater", rule="means", **OURS, **AB)
    pair = (cell_of([79.0, 84.0, 76.0]), cell_of([78.0, 78.5, 77.5], "CE"))
    (finding,) = comparisons.greater(check, [pair])
    assert finding.status == "holds"
    assert finding.numbers["low"] < 0 < finding.numbers["high"]
    assert "95 % interval" in finding.why


def test_a_margin_makes_it_at_most_that_much_below():
    check = checks.Greater(kind="greater", margin=3.0, **OURS, **AB)
    pair = (cell_of([77.0, 77.4, 76.6]), cell_of([78.0, 78.5, 77.5], "CE"))
    assert comparisons.greater(check, [pair])[0].status == "holds"


def test_one_seed_decides_nothing_by_interval():
    check = checks.Greater(kind="greater", **OURS, **AB)
    (finding,) = comparisons.greater(check, [(cell_of([90.0]), cell_of([50.0], "CE"))])
    assert finding.status == "inconclusive"
    assert "one seed shows no spread" in finding.why


def test_unequal_numbers_of_seeds_are_compared_by_welch():
    check = checks.Greater(kind="greater", **OURS, **AB)
    (finding,) = comparisons.greater(
        check, [(cell_of([84.0, 83.0, 85.0, 84.5]), cell_of([78.0, 78.5, 77.5], "CE"))]
    )
    assert finding.status == "holds"
    assert not finding.numbers["paired"]


def test_claims_of_the_paper_compare_best_and_ours_compare_last():
    ours = checks.Greater(kind="greater", **OURS, **AB)
    theirs = checks.Greater(kind="greater", claim="C1", **OURS, **AB)
    assert (ours.measured, theirs.measured) == ("last", "best")
    pair = (cell_of([84.0, 83.0, 85.0]), cell_of([78.0, 78.5, 77.5], "CE"))
    (finding,) = comparisons.greater(theirs, [pair])
    assert finding.numbers["beside"]["measure"] == "last"
    assert finding.numbers["beside"]["status"] == "holds"


def test_one_of_many_comparisons_differs_only_after_holm():
    check = checks.Greater(kind="greater", **OURS, **AB)
    slightly_below = (cell_of([76.9, 77.8, 76.6]), cell_of([78.0, 78.5, 77.5], "CE"))
    above = (cell_of([84.0, 83.0, 85.0]), cell_of([78.0, 78.5, 77.5], "CE"))
    alone = comparisons.greater(check, [slightly_below])
    among = comparisons.greater(check, [slightly_below, *[above] * 11])
    assert alone[0].status == "differs"
    assert among[0].status == "inconclusive"
    assert among[0].numbers["p_holm"] > alone[0].numbers["p_holm"]


def test_greater_is_wrong_about_equal_methods_as_rarely_as_it_says():
    """With no true difference, `holds` and `differs` come up in 2.5 % of the cases each."""
    rng = np.random.default_rng(0)
    check = checks.Greater(kind="greater", **OURS, **AB)
    found = []
    for _ in range(200):
        a, b = rng.normal(80, 0.5, (2, 3)).tolist()
        difference, _, _ = comparisons.contrast([(1.0, cell_of(a)), (-1.0, cell_of(b))], "last")
        found.append(comparisons.side(difference.interval(), -check.margin))
    assert found.count("inconclusive") / 200 == pytest.approx(0.95, abs=0.04)


# --- the paper's numbers -----------------------------------------------------------------------


def number(value: float = 80.6, std: float | None = 0.5) -> Number:
    return Number(
        id="N1", table=None, dataset="cifar10", tau=0.005, backbone="resnet50", method="CAL",
        options={"f": 20, "theta": 0.2}, value=value, std=std, n=3, where="App. F.2", source="text", note="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "status"),
    [
        ([80.5, 80.7, 80.8], "holds"),
        ([70.5, 70.7, 70.8], "differs"),
        ([79.5, 81.5, 80.9], "inconclusive"),
        ([80.6], "inconclusive"),
    ],
)
def test_a_number_is_equivalent_different_or_neither(ours, status):
    finding = comparisons.number(number(), cell_of(ours), 1.0)
    assert finding.status == status
    assert finding.numbers["estimate"] == pytest.approx(np.mean(ours) - 80.6)


def test_a_number_is_compared_with_best():
    cell = cell_of([70.0, 70.1, 70.2])
    higher = tuple(
        fakes.with_result(r, accuracy=r.result.accuracy.model_copy(update={"best": best}))
        for r, best in zip(cell.records, (80.5, 80.7, 80.8), strict=True)
    )
    cell = dataclasses.replace(cell, records=higher)
    assert comparisons.number(number(), cell, 1.0).status == "holds"


def test_an_inconclusive_number_gives_its_power_and_the_seeds_it_needs():
    finding = comparisons.number(number(), cell_of([79.9, 81.3, 81.2]), 1.0)
    assert finding.status == "inconclusive"
    sigma = np.sqrt((np.var([79.9, 81.3, 81.2], ddof=1) + 0.5**2) / 2)
    assert finding.numbers["power"] == pytest.approx(tost_power(sigma, 3, 1.0))
    assert finding.numbers["seeds_for_80_percent"] == seeds_for(sigma, 1.0) > 3
    assert "faithful re-run with probability" in finding.why


def test_a_number_printed_without_deviation_can_be_compared():
    assert comparisons.number(number(std=None), cell_of([80.5, 80.7, 80.8]), 1.0).status == "holds"
    assert (
        comparisons.number(number(std=None), cell_of([70.5, 70.7, 70.8]), 1.0).status == "differs"
    )


def test_known_numbers_are_judged_wherever_their_configuration_stands(tmp_path):
    assert {v.id for v in judge.verify("numbers", tmp_path) if v.kind == "number"} == {
        "N1", "N2", "N3",
    }  # fmt: skip
    assert "N2" in {v.id for v in judge.verify("table6", tmp_path)}
    assert not [v for v in judge.verify("figure5", tmp_path) if v.kind == "number"]


# --- other kinds -------------------------------------------------------------------------------


def test_chance_is_about_classes_not_images(results, smoke):
    check = next(c for c in checks.checks_of(here(), "smoke") if c.id == "S5")
    for values, status in (
        ([8.0, 12.0, 10.0, 3.0, 20.0], "holds"),  # classes fall right or wrong as a whole
        ([35.0, 33.0, 40.0, 31.0, 36.0], "differs"),
    ):
        fakes.fill(results, fakes.spec_of(smoke, "CAL, theta = 0"), values)
        verdict = judged(check, results)
        assert verdict.status == status
        assert verdict.findings[0].numbers["chance"] == 10.0


def history(**series: list) -> tuple[Epoch, ...]:
    """A history with given collapse measures, one epoch a value."""
    measures = {"nc_mean": 1.0, "nc_std": 0.1, "variability": 0.9, "variability_floor": None}
    plain = Collapse(**measures, class_cosine=0.5)
    return tuple(
        Epoch(
            epoch=e + 1,
            lr=0.1,
            loss=1.0,
            test_accuracy=50.0,
            test_accuracy_raw=50.0,
            collapse=plain.model_copy(update={k: v[e] for k, v in series.items()}),
        )
        for e in range(max(map(len, series.values())))
    )


@pytest.mark.parametrize(
    ("nc", "variability", "status"),
    [
        ([1.6, 1.0, 0.3], [0.97, 0.8, 0.66], "holds"),
        ([1.6, 1.5, 1.4], [0.97, 0.8, 0.66], "differs"),
        ([1.6, 1.0, 0.3], [0.70, 0.8, 0.97], "differs"),  # away from the floor
        ([1.6], [0.97], "inconclusive"),
    ],
)
def test_collapse_is_judged_by_its_share_and_the_floor(nc, variability, status):
    check = checks.Collapse(kind="collapse", cells={}, ratio=0.5, **OURS)
    cell = cell_of(
        [50.0, 51.0, 52.0],
        history=history(nc_mean=nc, variability=variability, variability_floor=[0.62] * len(nc)),
    )
    finding = single_cells.collapse(check, cell)
    assert finding.status == status
    if len(nc) > 1:
        assert finding.numbers["estimate"] == pytest.approx(nc[-1] / nc[0])
        assert finding.numbers["variability_floor"] == pytest.approx(0.62)


def test_collapse_without_a_floor_is_judged_by_its_share():
    check = checks.Collapse(kind="collapse", cells={}, ratio=0.5, **OURS)
    cell = cell_of([50.0, 51.0], history=history(nc_mean=[1.6, 0.2], variability=[0.9, 0.99]))
    assert single_cells.collapse(check, cell).status == "holds"


@pytest.mark.parametrize(
    ("series", "status"),
    [([0.1, 0.5, 0.2], "holds"), ([0.5, 0.4, 0.2], "differs"), ([0.1, 0.3, 0.5], "differs")],
)
def test_rise_and_fall_needs_a_peak_between_the_ends(series, status):
    check = checks.RiseFall(kind="rise_fall", cells={}, measure="nc_std", ratio=0.9, **OURS)
    cell = cell_of([50.0, 51.0], history=history(nc_std=series))
    assert single_cells.rise_fall(check, cell).status == status


def test_seeds_that_disagree_are_inconclusive():
    check = checks.RiseFall(kind="rise_fall", cells={}, measure="nc_std", ratio=0.9, **OURS)
    cell = cell_of([50.0, 51.0], history=history(nc_std=[0.1, 0.5, 0.2]))
    other = fakes.with_result(cell.records[0], history=history(nc_std=[0.5, 0.4, 0.2]))
    cell = dataclasses.replace(cell, records=(other, cell.records[1]))
    assert single_cells.rise_fall(check, cell).status == "inconclusive"


def test_class_means_become_orthogonal():
    check = checks.Orthogonal(kind="orthogonal", cells={}, first=0.5, last=0.2, **OURS)
    for series, status in (([0.9, 0.4, -0.1], "holds"), ([0.9, 0.8, 0.6], "differs")):
        cell = cell_of([50.0], history=history(class_cosine=series))
        assert single_cells.orthogonal(check, cell).status == status


def test_tail_features_stay_close():
    check = checks.Stays(kind="stays", cells={}, measure="tail_cosine", above=0.5, **OURS)
    for cosine, status in ((0.9, "holds"), (0.1, "differs")):
        matrix = [[1.0, cosine], [cosine, 1.0]]
        cell = cell_of([50.0], history=history(tail_cosines=[matrix, matrix]))
        finding = single_cells.stays(check, cell)
        assert finding.status == status
        assert finding.numbers["lowest"] == pytest.approx(cosine)


def table6(results: Path, accuracy) -> Verdict:
    """The verdict on C12 when the accuracy at theta is `accuracy(theta)`, +- 0.2."""
    table = grid.table(here(), "table6")
    noise = np.random.default_rng(3)
    for spec in table.cells:
        theta = float(dict(spec.run.options)["theta"])
        last = [round(accuracy(theta) + float(x), 2) for x in noise.normal(0, 0.2, table.seeds)]
        fakes.fill(results, spec, last)
    return judged(next(c for c in checks.checks_of(here(), "table6") if c.id == "C12"), results)


@pytest.mark.parametrize(
    ("accuracy", "status"),
    [
        (lambda theta: 40 + 20 * theta * (1.57 - theta), "holds"),
        (lambda theta: 40 + 10 * theta, "differs"),
        (lambda theta: 40, "inconclusive"),
    ],
)
def test_a_peak_lies_between_the_ends(results, accuracy, status):
    verdict = table6(results, accuracy)
    assert verdict.status == status
    assert [finding.label for finding in verdict.findings] == [
        f"cifar100, resnet50, CAL, tau 0.005, f {f}" for f in (5, 10, 20)
    ]


def test_the_largest_advantage_is_a_difference_of_differences():
    table = grid.table(here(), "table3")
    check = next(c for c in checks.checks_of(here(), "table3") if c.id == "C7d")
    gain = {"0.005": 6.0, "0.01": 3.0, "0.02": 1.0}
    pairs = []
    for better, than in checks.pairs(here(), check):
        noise = np.random.default_rng(len(pairs)).normal(0, 0.2, (2, table.seeds))
        tau = better.coord("tau")
        pairs.append(
            (
                Cell(better, cell_of((60 + gain[tau] + noise[0]).tolist()).records, ()),
                Cell(than, cell_of((60 + noise[1]).tolist()).records, ()),
            )
        )
    findings = comparisons.largest(check, pairs)
    assert [f.status for f in findings] == ["holds"] * 4
    assert findings[0].numbers["estimate"] == pytest.approx(3.0, abs=0.6)
    assert findings[0].label == "cifar10, resnet50, CAL: tau 0.005 against 0.01"


def test_slight_is_above_nothing_and_below_the_bound():
    check = checks.Slight(kind="slight", most=2.0, **OURS, **AB)
    base = [78.0, 78.5, 77.5]
    for gain, status in ((1.0, "holds"), (5.0, "differs"), (-1.0, "differs")):
        ours = [value + gain + wobble for value, wobble in zip(base, (0.1, 0, -0.1), strict=True)]
        (finding,) = comparisons.slight(check, [(cell_of(ours), cell_of(base, "CE"))] * 2)
        assert finding.status == status
        assert finding.numbers["estimate"] == pytest.approx(gain)


def test_equal_needs_equivalence_within_the_margin():
    check = checks.Equal(kind="equal", margin=2.0, **OURS, **AB)
    base = [78.0, 78.5, 77.5]
    for ours, status in (
        ([78.1, 78.4, 77.8], "holds"),
        ([88.1, 88.4, 87.8], "differs"),
        ([74.0, 81.0, 79.0], "inconclusive"),
    ):
        (finding,) = comparisons.equal(check, [(cell_of(ours), cell_of(base, "CE"))])
        assert finding.status == status


# --- together ----------------------------------------------------------------------------------


def test_overall_lets_as_many_fail_as_the_check_allows():
    assert overall(["holds", "holds"]) == "holds"
    assert overall(["holds", "differs"]) == "differs"
    assert overall(["holds", "differs"], allow=1) == "holds"
    assert overall(["holds", "inconclusive"]) == "inconclusive"
    assert overall(["holds", "incomplete"]) == "incomplete"
    assert overall(["differs", "incomplete"]) == "differs"


def test_exit_code_says_the_worst():
    def verdicts(*statuses):
        return [Verdict("X", "smoke", "greater", s, "", "") for s in statuses]

    assert verdict_exit_code(verdicts("holds", "holds")) == 0
    assert verdict_exit_code(verdicts("holds", "differs", "incomplete")) == 1
    assert verdict_exit_code(verdicts("holds", "incomplete")) == 3
    assert verdict_exit_code(verdicts("inconclusive")) == 3
    assert verdict_exit_code([]) == 3


def test_verdicts_are_written_as_json(results, tmp_path, smoke):
    fakes.smoke(results, smoke)
    verdicts = judge.verify("smoke", results)
    body = json.loads(judge.write(verdicts, tmp_path).read_text())
    assert body["exit_code"] == 0
    assert [v["id"] for v in body["verdicts"]] == ["S1", "S2", "S3", "S4", "S5"]
    assert body["verdicts"][0]["findings"][0]["numbers"]["n"] == 5
