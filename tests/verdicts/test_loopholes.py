"""Worlds in which a rule of before erred: one for each, with what is said of it now."""

import dataclasses
from collections.abc import Sequence

import fakes
import numpy as np
import pytest
from conftest import here
from made_cells import AB, OURS, cell_of, history, quick_cell
from worlds import Change, MadeCells, World

from ncmc.paper.printed_numbers import Number
from ncmc.plan import grid
from ncmc.plan.run import make_run
from ncmc.results.cells import Cell
from ncmc.results.looks import levels
from ncmc.verdicts import cell_selection, judge
from ncmc.verdicts.against_paper import judge_number
from ncmc.verdicts.check import Pair, Pairs
from ncmc.verdicts.checks_file import all_checks, checks_of
from ncmc.verdicts.kinds.chance import Chance
from ncmc.verdicts.kinds.curve import Curve
from ncmc.verdicts.kinds.greater import Greater
from ncmc.verdicts.kinds.peak import Peak

NUMBER = Number(
    id="N1", table=None, run=make_run("cifar10", 0.005, "resnet50", "CAL", {}),
    value=80.6, std=0.5, n=3, where="App. F.2", source="text", note="",
)  # fmt: skip
TABLE = grid.table(here(), "table2")


def check_named(name: str) -> Pairs | Peak | Curve:
    (check,) = (c for c in all_checks(here()) if c.id == name)
    assert isinstance(check, Pairs | Peak | Curve)
    return check


def pairs_of(check: Pairs, gains: Sequence[float], deviation: float = 0.2) -> list[Pair]:
    """The pairs of a check with a gain each and little noise."""
    rng = np.random.default_rng(0)
    specs = cell_selection.pairs(here(), check)
    return [
        (
            quick_cell(b, (60 + gain + rng.normal(0, deviation, 3)).tolist()),
            quick_cell(t, (60 + rng.normal(0, deviation, 3)).tolist()),
        )
        for (b, t), gain in zip(specs, gains, strict=True)
    ]


# --- 1 and 11: printed numbers -----------------------------------------------------------------


def test_a_number_printed_alone_is_one_run_and_rarely_differs_from_equals() -> None:
    """As the mean of three with our deviation it differed in 8 % at no gap, 23 % at the tolerance."""
    rng, told = np.random.default_rng(0), []
    for _ in range(300):
        theirs = 80 + float(rng.normal(0, 1.0))  # one run, of a deviation twice ours
        number = NUMBER.model_copy(update={"value": theirs, "std": None, "n": None})
        cell = cell_of((79 + rng.normal(0, 0.5, 3)).tolist())  # a gap of just the tolerance
        others = [number.model_copy(update={"id": "N2", "std": 1.0, "n": 3})]
        told.append(judge_number(number, cell, TABLE, others))
    assert sum(v.status == "differs" for v in told) <= 0.07 * 300
    assert (
        "assumed: one run, its deviation is 1, the largest that is printed elsewhere" in told[0].why
    )


def test_a_deviation_without_the_number_of_runs_is_not_that_of_three_runs() -> None:
    """With its own small deviation, as the mean of three runs, it differed in 21 % at the tolerance."""
    rng, verdicts = np.random.default_rng(1), []
    for _ in range(300):
        theirs = 80 + float(rng.normal(0, 1.0))  # one run; the 0.3 beside it is of something else
        number = NUMBER.model_copy(update={"value": theirs, "std": 0.3, "n": None})
        cell = cell_of((79 + rng.normal(0, 0.5, 3)).tolist())
        others = [number.model_copy(update={"id": "N2", "std": 1.0})]
        verdicts.append(judge_number(number, cell, TABLE, others))
    assert sum(v.status == "differs" for v in verdicts) <= 0.07 * 300
    assert "its deviation is 1, the largest that is printed elsewhere" in verdicts[0].why


def test_a_printed_deviation_of_three_runs_can_be_confirmed() -> None:
    """Alone its two degrees of freedom leave N1 no chance, with ten seeds of ours or a hundred."""
    rng = np.random.default_rng(0)
    others = [
        NUMBER.model_copy(update={"id": f"N{i}", "std": std, "value": 50.0})
        for i, std in ((2, 0.4), (3, 0.2))
    ]
    alpha = levels((3, 5, 10))[-1]
    cells = [
        dataclasses.replace(cell_of((80.6 + rng.normal(0, 0.4, 10)).tolist()), alpha=alpha)
        for _ in range(60)
    ]
    alone, beside = (
        [judge_number(NUMBER, cell, TABLE, numbers).status for cell in cells]
        for numbers in ((), others)
    )
    assert alone.count("holds") <= 0.05 * 60
    assert beside.count("holds") >= 0.3 * 60
    assert "the 3 printed deviations are of one spread" in (
        judge_number(NUMBER, cells[0], TABLE, others).why
    )


# --- 2: a peak for each f ----------------------------------------------------------------------


def test_a_peak_on_average_is_none_for_the_f_that_has_none() -> None:
    """For f = 5 nothing lies between the ends; the other two f carried the average: it held."""
    flat = World((Change({"theta": "0.2|0.5|1", "f": "5"}, points=-2.6),))
    cells = MadeCells(here(), flat)
    (check,) = (c for c in checks_of(here(), "table6") if c.id == "C12")
    verdict = judge.judge(check, cells)
    assert verdict.status == "differs"
    assert [f.status for f in verdict.findings].count("holds") == 2


# --- 3: a trend that stops ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gains", "status"),
    [([6.0, 4.0, 2.0, 0.0], "holds"), ([6.0, 1.0, 1.0, 1.0], "differs"), ([1.0] * 4, "differs")],
)
def test_an_advantage_that_falls_once_does_not_fall_as_tau_approaches_1(
    gains: list[float], status: str
) -> None:
    check = check_named("C10a")
    assert isinstance(check, Pairs)
    (finding,) = check.judge(pairs_of(check, gains))
    assert finding.status == status


# --- 6: dead and diverged seeds ----------------------------------------------------------------


def test_a_seed_that_learned_nothing_is_no_evidence_against_a_collapse() -> None:
    """Its features are different for every image, so that it is not dead; its NC stays at 2."""
    cell = cell_of([80.0, 81.0, 10.0])
    falling = [history(nc_mean=[1.9, 0.5, 0.04 + 0.01 * seed]) for seed in range(2)]
    curves = [*falling, history(nc_mean=[1.9, 1.95, 2.0])]
    records = tuple(
        fakes.with_result(record, history=h) for record, h in zip(cell.records, curves, strict=True)
    )
    check = check_named("F1a")
    assert isinstance(check, Curve)
    (finding,) = check.judge([dataclasses.replace(cell, records=records)])
    assert finding.status == "inconclusive"
    assert "seed 2 ended at 10.0 %, the level of chance" in finding.why


def test_a_cell_at_chance_in_every_seed_has_not_diverged() -> None:
    assert not cell_of([10.0, 9.0, 11.0]).dead
    assert cell_of([80.0, 9.0, 80.0]).dead


# --- 7: an average of opposites ----------------------------------------------------------------


def test_an_average_of_settings_of_opposite_sign_decides_nothing() -> None:
    check = check_named("C6a")
    assert isinstance(check, Pairs)
    pairs = pairs_of(check, [-5.2, 2.8, -5.2, 2.8, -5.2, 2.8])
    findings = check.judge(pairs)
    conclusion = check.conclude(pairs, findings)
    assert conclusion.status == "inconclusive"  # -1.2 on average, far below its error: it differed
    assert "settings of opposite sign, so that their average decides nothing" in conclusion.why


def test_settings_of_opposite_sign_are_told_one_by_one() -> None:
    check = Greater(kind="greater", delta=0.5, **OURS, **AB)
    base = cell_of([70.0, 70.2, 69.8], "CE")
    below, above = cell_of([64.8, 65.0, 64.6]), cell_of([72.8, 73.0, 72.6])
    pairs = [(below, base), (above, base)]
    conclusion = check.conclude(pairs, check.judge(pairs))
    assert conclusion.status == "differs"  # by its setting, and not on average
    assert "excluded on average" not in conclusion.why
    assert "excluded in at least 1 of 2 settings" in conclusion.why


# --- 8: several clauses ------------------------------------------------------------------------


def test_one_of_six_clauses_differs_only_after_holm(monkeypatch: pytest.MonkeyPatch) -> None:
    """C9 has six clauses: where all methods are equal to a hair above delta, one differs by luck."""
    clauses = [check for check in checks_of(here(), "table3") if check.claim == "C9"]
    assert len(clauses) == 6
    cells = MadeCells(here(), World())
    verdicts = {check.id: judge.judge(check, cells) for check in clauses}
    weak = verdicts["C9a"].model_copy(update={"status": "differs"})
    found = judge.holm_over_clauses(clauses, verdicts | {"C9a": weak}, cells)
    assert found["C9a"].status == "inconclusive"
    assert found["C9a"].why.endswith("; not after Holm's correction over 6 clauses of C9")
    worse = MadeCells(here(), World((Change({"method": "SETF"}, points=-30.0),)))
    strong = {check.id: judge.judge(check, worse) for check in clauses}
    assert strong["C9a"].status == "differs"
    assert not judge.holm_over_clauses(clauses, strong, worse)


# --- 12: chance where whole classes have one name ----------------------------------------------


@pytest.mark.slow  # many worlds are drawn
@pytest.mark.parametrize("k", [10, 100])
def test_chance_can_hold_where_whole_classes_go_to_one_name(k: int) -> None:
    """Three seeds, each class sent to a name as a whole: against twice chance 0 of 40 held."""
    rng, check = np.random.default_rng(0), Chance(kind="chance", cells={}, **OURS)
    statuses = []
    for _ in range(20):
        seeds = []
        for _ in range(3):
            matrix = np.zeros((k, k), dtype=int)
            matrix[np.arange(k), rng.integers(k, size=k)] = 50
            seeds.append(matrix)
        cell = cell_of([100 * m.trace() / m.sum() for m in seeds])
        records = tuple(
            fakes.with_result(r, confusion=tuple(map(tuple, m.tolist())))
            for r, m in zip(cell.records, seeds, strict=True)
        )
        statuses.append(check.judge([Cell(cell.spec, records, ())])[0].status)
    assert statuses.count("holds") >= 12
    assert statuses.count("differs") <= 2
