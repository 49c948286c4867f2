"""Whether the harness is fit to judge: ours against the numbers of others."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path

import fakes
import numpy as np
import pytest
from conftest import here
from fakes import read_cells

from ncmc.paper.references import Comparison, comparisons_for
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.record import Accuracy, Record
from ncmc.results.reference_numbers import reference_json
from ncmc.results.shared_spread import Prior, prior_of
from ncmc.results.statistics import Sample, against_reported, welch
from ncmc.verdicts import judge
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.kinds.references import References
from ncmc.verdicts.verdict import Finding, Verdict, overall, verdict_exit_code

NEAR = (-0.2, 0.0, 0.2)  # ours around a value, three seeds
TABLE = "calibration"


@cache
def opened() -> Project:
    """The checkout, read once: nothing here changes its files."""
    return here()


@cache
def specs(table: str) -> dict[str, CellSpec]:
    """The cells of a table, by label."""
    return {cell.label: cell for cell in grid.table(opened(), table).cells}


@cache
def numbers_of(label: str, table: str = TABLE) -> tuple[Comparison, ...]:
    """The numbers that count beside a cell."""
    found = comparisons_for(opened(), specs(table)[label])
    return tuple(number for number in found if number.counts)


def deciding(table: str = TABLE) -> list[str]:
    """The cells that have a number that counts."""
    return [label for label in specs(table) if numbers_of(label, table)]


@cache
def made(run: Run) -> Record:
    """A record of a cell; its accuracies do not matter."""
    record: Record = fakes.record(run, 50.0)
    return record


def reached(spec: CellSpec, best: Sequence[float]) -> tuple[Record, ...]:
    """Records of the first seeds of a cell: the best accuracy of each, the last far below."""
    return tuple(
        fakes.record(run, value - 9, value, project=opened())
        for run, value in zip(spec.runs(len(best)), best, strict=True)
    )


def drawn(spec: CellSpec, best: Sequence[float]) -> tuple[Record, ...]:
    """The same without the rest of a result, for thousands of them."""
    return tuple(
        fakes.with_result(
            made(spec.run).model_copy(update={"run": run}),
            accuracy=Accuracy(last=value - 9, last_raw=value - 9, best=value, best_epoch=1),
        )
        for run, value in zip(spec.runs(len(best)), best, strict=True)
    )


def fill(results: Path, best: Mapping[str, Sequence[float]], table: str = TABLE) -> None:
    """Records of cells, by their label."""
    for label, values in best.items():
        fakes.save(results, *reached(specs(table)[label], values))


def faithful(table: str = TABLE) -> dict[str, list[float]]:
    """Ours, three seeds around the first number that counts of each cell."""
    return {
        label: [numbers_of(label, table)[0].reference.value + x for x in NEAR]
        for label in deciding(table)
    }


def verdict(results: Path, table: str = TABLE) -> Verdict:
    (found,) = judge.verify(table, results, project=opened())
    return found


def finding(found: Verdict, label: str) -> Finding:
    return next(entry for entry in found.findings if entry.label == label)


# --- fit, not fit, undecided, incomplete ---------------------------------------------------------


def test_a_harness_that_reproduces_them_is_fit_to_judge(tmp_path: Path) -> None:
    fill(tmp_path, faithful())
    found = verdict(tmp_path)
    assert found.status == "holds"
    assert found.why == ("the harness is fit to judge: all 12 deciding cells hold; 2 may fail")
    assert verdict_exit_code([found]) == 0
    assert [entry.label for entry in found.findings] == deciding()


def test_two_cells_may_fail_and_three_may_not(tmp_path: Path) -> None:
    off = [label for label in deciding() if "Mixup" in label][:3]
    ours = faithful()
    for place, label in enumerate(off, start=1):
        ours[label] = [value - 6 for value in ours[label]]
        fill(tmp_path, ours)
        found = verdict(tmp_path)
        assert finding(found, label).status == "differs"
        assert found.status == ("holds" if place <= 2 else "differs")
    assert found.why.startswith(
        "the harness is not fit to judge: 9 of 12 deciding cells hold, 3 differ"
    )
    assert f"differs: {'; '.join(off)}" in found.why
    assert verdict_exit_code([found]) == 1


def test_missing_runs_leave_it_unknown_and_are_named(tmp_path: Path) -> None:
    lacking = deciding()[0]
    ours = faithful()
    ours[lacking] = ours[lacking][:2]
    fill(tmp_path, ours)
    found = verdict(tmp_path)
    assert found.status == "incomplete"
    assert found.why.startswith("it is not known yet whether the harness is fit to judge: ")
    assert f"incomplete: {lacking}" in found.why
    assert found.missing == ("cifar10/tau=0.1/resnet32/CE/recipe=mislas_stage1/seed=2",)
    assert found.remedy == "uv run snakemake --cores all calibration"
    assert verdict_exit_code([found]) == 3


def test_cells_whose_numbers_do_not_count_decide_nothing(tmp_path: Path) -> None:
    ours = faithful() | {"cifar10, resnet32, LDAM, tau 0.01": [10.0, 10.1, 10.2]}
    fill(tmp_path, ours)
    assert verdict(tmp_path).status == "holds"


def test_a_difference_that_seeds_do_not_tell_is_undecided(tmp_path: Path) -> None:
    ours = faithful()
    for label in [label for label in deciding() if "Mixup" in label][:3]:
        value = numbers_of(label)[0].reference.value
        ours[label] = [value - 3.4, value - 1.5, value + 0.1]
    fill(tmp_path, ours)
    found = verdict(tmp_path)
    assert found.status == "inconclusive"
    assert "not told apart from it either" in finding(found, label).why
    assert found.why.startswith("it is not decided whether the harness is fit to judge")


# --- one cell ------------------------------------------------------------------------------------

CE = "cifar10, resnet32, CE, tau 0.01"  # 70.36 to 71.95


@pytest.mark.parametrize(
    ("ours", "status", "words"),
    [
        (71.2, "holds", "the nearest of 3 from 70.36 to 71.95: among the numbers of others"),
        (72.9, "holds", "is 0.95 points above 71.95 of R1"),
        (69.4, "holds", "is 0.96 points below 70.36 of R37"),
        (75.0, "differs", "not within 1, and told apart from it"),
        (66.0, "differs", "is 4.36 points below 70.36 of R37"),
    ],
)
def test_ours_agrees_among_the_numbers_or_close_to_the_nearest(
    tmp_path: Path, ours: float, status: str, words: str
) -> None:
    fill(tmp_path, {CE: [ours + x for x in NEAR]})
    found = finding(verdict(tmp_path), CE)
    assert found.status == status
    assert words in found.why
    assert found.numbers["references"] == ["R1", "R37", "R43"]


@pytest.mark.parametrize(("ours", "status"), [(72.5, "holds"), (60.0, "inconclusive")])
def test_one_seed_can_agree_but_cannot_differ(ours: float, status: str) -> None:
    spec = specs(TABLE)[CE]
    cell = Cell(spec, reached(spec, [ours]), (), references=numbers_of(CE))
    check = References(id="X", table=TABLE, kind="references", tolerance=1.0)
    (found,) = check.judge([cell])
    assert found.status == status
    assert ("one seed shows no spread" in found.why) == (status == "inconclusive")


def test_the_interval_counts_the_error_of_both_sides(tmp_path: Path) -> None:
    fill(tmp_path, {CE: [75.0 + x for x in NEAR]})
    numbers = finding(verdict(tmp_path), CE).numbers
    assert numbers["estimate"] == pytest.approx(75.0 - 71.95)
    half = 4.3027 * 0.2 * np.sqrt(1 / 3 + 1)  # t of 2 degrees; their one run scatters as ours do
    assert numbers["low"] == pytest.approx(75.0 - 71.95 - half, abs=1e-3)
    assert numbers["high"] == pytest.approx(75.0 - 71.95 + half, abs=1e-3)


def test_our_deviation_is_moderated_by_the_cells_around_it_on_the_page_too(tmp_path: Path) -> None:
    ours = faithful()
    ours[CE] = [75.0, 75.001, 74.999]
    own = 2 * 4.3027 * 0.001 * np.sqrt(1 / 3 + 1)  # as wide as by their deviation alone
    fill(tmp_path, ours)
    numbers = finding(verdict(tmp_path), CE).numbers
    low, high = numbers["low"], numbers["high"]
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert high - low > 5 * own
    cells = read_cells(opened(), grid.table(opened(), TABLE), tmp_path)
    (cell,) = (cell for cell in cells if cell.spec.label == CE)
    entries = [reference_json(cell, number) for number in cell.references if number.counts]
    assert any((e["low"], e["high"]) == pytest.approx((low, high)) for e in entries)


def test_a_reported_deviation_of_several_seeds_makes_it_welchs() -> None:
    ours, theirs = Sample(44.0, 0.5, 3), Sample(44.66, 0.5, 3)
    assert against_reported(ours, theirs) == welch(ours, theirs)
    assert against_reported(Sample(44.0, None, 1), theirs).interval() is None


def test_the_interval_of_a_number_of_one_run_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(2000):
        seeds = rng.normal(70, 0.5, 3)
        found = against_reported(
            Sample(float(seeds.mean()), float(seeds.std(ddof=1)), 3),
            Sample(float(rng.normal(70, 0.5)), None, 1),
        )
        low, high = found.interval() or (0.0, 0.0)
        hits += low <= 0 <= high
    assert 0.93 < hits / 2000 < 0.97


def test_without_a_number_that_counts_nothing_holds(tmp_path: Path) -> None:
    check = References(
        id="X", table=TABLE, kind="references", cells={"method": "LDAM"}, tolerance=1.0
    )
    found = judge.judge(check, judge.CellCache(opened(), tmp_path))
    assert found.status == "inconclusive"
    assert "no number of others was made as ours" in found.why


# --- JPEG copies ---------------------------------------------------------------------------------


def test_jpeg_copies_agree_but_do_not_make_the_harness_fit(tmp_path: Path) -> None:
    table = "calibration_jpeg"
    fill(tmp_path, faithful(table), table)
    found = verdict(tmp_path, table)
    assert found.status == "holds"
    assert found.why == (
        "JPEG copies: all 3 deciding cells hold; "
        "this alone does not tell whether the harness is fit to judge"
    )
    assert all(entry.why.startswith("JPEG copies: ours") for entry in found.findings)


def test_missing_jpeg_runs_say_jpeg_copies_too(tmp_path: Path) -> None:
    found = verdict(tmp_path, "calibration_jpeg")
    assert found.status == "incomplete"
    assert found.why.startswith("JPEG copies: ")
    assert all(entry.why == "JPEG copies: 3 of 3 runs have no record" for entry in found.findings)


# --- what the rule can tell ----------------------------------------------------------------------


def shares(bias: float, worlds: int = 100) -> Counter[str]:
    """How often, in percent, each status comes out if ours is `bias` above truth in every cell.

    A number of others is one run, a cell of ours three; all scatter by half a point.
    """
    (check,) = (c for c in checks_of(opened(), TABLE) if isinstance(c, References))
    rng = np.random.default_rng(0)
    found = Counter[str]()
    for _ in range(worlds):
        cells = _sharing_their_spread([_drawn(label, bias, rng) for label in deciding()])
        statuses = [entry.status for entry in check.judge(cells)]
        found[overall(statuses, check.may_fail)] += 100 // worlds
    return found


def _drawn(label: str, bias: float, rng: np.random.Generator) -> Cell:
    """A cell and the numbers beside it, in a world where 50 % is true."""
    spec = specs(TABLE)[label]
    stated = tuple(
        dataclasses.replace(
            number,
            reference=number.reference.model_copy(update={"value": float(rng.normal(50, 0.5))}),
        )
        for number in numbers_of(label)
    )
    best = [float(value) for value in rng.normal(50 + bias, 0.5, 3)]
    return Cell(spec, drawn(spec, best), (), references=stated)


def _sharing_their_spread(cells: Sequence[Cell]) -> list[Cell]:
    """As TableCells gives them: the variances of one dataset moderated by what they share."""
    samples: dict[str, list[Sample]] = {}
    for cell in cells:
        assert cell.best is not None
        samples.setdefault(cell.spec.run.dataset, []).append(cell.best)
    priors = {dataset: prior_of(found) for dataset, found in samples.items()}
    return [
        dataclasses.replace(cell, priors=partial(_same, priors[cell.spec.run.dataset]))
        for cell in cells
    ]


def _same(prior: Prior | None, measure: str) -> Prior | None:
    return prior


def test_a_faithful_harness_is_nearly_always_fit() -> None:
    assert shares(0.0)["holds"] >= 95


def test_a_harness_off_by_two_points_is_never_fit() -> None:
    found = shares(2.0)
    assert found["holds"] == 0
    assert found["differs"] >= 95


def test_one_spread_shared_tells_a_harness_that_is_off_by_less() -> None:
    """By each cell's own deviation 63 %."""
    assert shares(1.5)["differs"] >= 85
