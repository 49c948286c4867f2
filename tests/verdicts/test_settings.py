"""Claims over several settings: in how many they are shown, what the average says, in words."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from conftest import here
from made_cells import quick_cell

from ncmc.plan.grid import CellSpec
from ncmc.results.cells import Cell
from ncmc.results.shared_spread import Prior
from ncmc.verdicts import cell_selection
from ncmc.verdicts.check import Pair, Pairs
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.judge import CellCache, judge
from ncmc.verdicts.verdict import Conclusion

SPREAD = Prior(0.25, float("inf"), 36.0)


def check_named(name: str, table: str) -> Pairs:
    found = next(check for check in checks_of(here(), table) if check.id == name)
    assert isinstance(found, Pairs)
    return found


def pairs_of(check: Pairs, gains: list[float], seed: int = 0) -> list[Pair]:
    """The pairs of a check, `better` above `than` by a gain a pair and little noise."""
    rng = np.random.default_rng(seed)

    def cell(spec: CellSpec, mean: float) -> Cell:
        made = quick_cell(spec, (mean + 0.2 * rng.permutation([-1.0, 0.0, 1.0])).tolist())
        return dataclasses.replace(made, priors=lambda measure: SPREAD)

    chosen = cell_selection.pairs(here(), check)
    return [
        (cell(better, 60 + gain), cell(than, 60))
        for (better, than), gain in zip(chosen, gains, strict=True)
    ]


def concluded(name: str, table: str, gains: list[float]) -> Conclusion:
    check = check_named(name, table)
    pairs = pairs_of(check, gains)
    return check.conclude(pairs, check.judge(pairs))


def without_records(cell: Cell) -> Cell:
    """The cell with a run that has no record."""
    return dataclasses.replace(cell, records=cell.records[:2], missing=(cell.records[2].run,))


def test_a_claim_holds_where_all_settings_show_it() -> None:
    found = concluded("C4", "table2", [2.0] * 12)
    assert found.status == "holds"
    assert found.why == (
        "CAL is above CE by 2.0 points on average (95 %: 1.8 to 2.2), shown in all 12 settings. "
        "One split, 3 seeds"
    )
    assert (found.numbers["shown"], found.numbers["of"], found.numbers["delta"]) == (12, 12, 0.5)
    assert found.numbers["estimate"] == pytest.approx(2.0)


def test_a_setting_that_does_not_show_it_is_named() -> None:
    found = concluded("C4", "table2", [2.0] * 11 + [0.45])
    assert found.status == "inconclusive"
    assert "shown in at least 11 of 12 settings; not decided: densenet150, cifar100, tau 0.02" in (
        found.why
    )


def test_a_claim_differs_where_the_average_excludes_delta() -> None:
    found = concluded("C4", "table2", [0.0] * 12)
    assert found.status == "differs"
    assert "not shown in any of 12 settings" in found.why
    assert "an advantage of 0.5 or more is excluded on average" in found.why


def test_a_claim_differs_where_one_setting_excludes_delta() -> None:
    found = concluded("C4", "table2", [2.0] * 11 + [-2.0])
    assert found.status == "differs"
    assert (
        "an advantage of 0.5 or more is excluded in at least 1 of 12 settings: densenet150, "
        "cifar100, tau 0.02" in found.why
    )


def test_as_many_settings_may_fail_as_the_check_allows() -> None:
    assert concluded("C1a", "table1", [2.0] * 5 + [-2.0]).status == "holds"
    assert concluded("C1a", "table1", [2.0] * 4 + [-2.0] * 2).status == "differs"


def test_a_small_advantage_holds_where_it_is_shown() -> None:
    check = check_named("C8a", "table3")
    cells = pairs_of(check, [0.3])
    tiny = Prior(1e-4, float("inf"), 36.0)
    pairs = [
        tuple(
            dataclasses.replace(quick_cell(c.spec, [m - 0.01, m, m + 0.01]), priors=lambda _: tiny)
            for c, m in zip(cells[0], (60.3, 60.0), strict=True)
        )
    ]
    found = check.conclude(pairs, check.judge(pairs))
    assert found.status == "holds"
    assert "but an advantage of 0.5 or more is excluded" in found.why


def test_with_a_margin_it_differs_where_more_than_the_margin_is_shown() -> None:
    assert concluded("C7a", "table3", [0.0] * 6).status == "holds"
    found = concluded("C7a", "table3", [-3.0] * 6)
    assert found.status == "differs"
    assert "shown to be more than 1 below on average" in found.why
    assert concluded("C7a", "table3", [-0.9] * 6).status == "inconclusive"


def test_without_some_records_the_other_settings_are_still_judged() -> None:
    check = check_named("C4", "table2")
    pairs = pairs_of(check, [2.0] * 12)
    pairs[3] = (without_records(pairs[3][0]), pairs[3][1])
    findings = check.judge(pairs)
    found = check.conclude(pairs, findings)
    assert found.status == "incomplete"
    assert [finding.status for finding in findings].count("holds") == 11
    assert found.why.startswith(
        "CAL is above CE by 2.0 points on average over 11 of 12 settings (95 %:"
    )
    assert (
        "shown in at least 11 of 12 settings; 1 setting without all records: resnet50, cifar100"
        in (found.why)
    )


def test_a_slight_gain_says_what_the_present_settings_say() -> None:
    check = check_named("C6a", "table3")
    k = len(cell_selection.pairs(here(), check))
    pairs = pairs_of(check, [1.0] * k)
    assert check.conclude(pairs, check.judge(pairs)).why.endswith(
        "; above 0 and below 2. One split, 3 seeds"
    )
    pairs[0] = (without_records(pairs[0][0]), pairs[0][1])
    found = check.conclude(pairs, check.judge(pairs))
    assert found.status == "incomplete"
    assert f"on average over {k - 1} of {k} settings" in found.why


def test_a_gain_of_nothing_is_not_slight() -> None:
    check = check_named("C6a", "table3")
    pairs = pairs_of(check, [0.0] * len(cell_selection.pairs(here(), check)))
    found = check.conclude(pairs, check.judge(pairs))
    assert found.status == "differs"
    assert "a gain of 0.5 or more is excluded" in found.why


def test_sides_are_called_by_what_tells_them_apart() -> None:
    assert concluded("C15a", "table6", [2.0]).why.startswith(
        "f 20 is above f 10 by 2.0 points (95 %: "
    )
    assert concluded("C15b", "table6", [2.0]).why.startswith(
        "f 20 is above f 10 by 2.0 points (95 %: "
    )


def test_a_table_without_records_says_how_many_there_are_to_make(tmp_path: Path) -> None:
    cells = CellCache(here(), tmp_path)
    found = judge(check_named("C4", "table2"), cells)
    assert (found.status, found.why) == ("incomplete", "72 of 72 runs have no record")


def test_the_cells_of_one_dataset_in_a_table_share_their_spread() -> None:
    class Drawn(CellCache):
        def cell(self, spec, table):  # type: ignore[no-untyped-def]
            own = super().cell(spec, table)
            seed = [spec.run.dataset == "cifar10", len(spec.run.id)]
            values = np.random.default_rng(seed).normal(60, 0.5, 3).tolist()
            return dataclasses.replace(own, records=quick_cell(spec, values).records, missing=())

    cells = Drawn(here(), None)
    for better, than in cells.compared(check_named("C4", "table2")):
        mine, other = better.priors("best"), than.priors("best")
        assert mine is not None
        assert mine is other
        assert mine.pooled == 2 * 18
        assert better.priors("nc_mean") is None
    assert cells.compared(check_named("C4", "table2"))[0][0].priors("last") is not mine


def test_a_verdict_says_the_kind_of_split_and_how_many_were_seen() -> None:
    check = check_named("C4", "table2")

    def drawn(cell: Cell, splits: int, own: bool = True) -> Cell:
        """The cell, its seeds on so many splits."""
        records = tuple(
            r.model_copy(update={"split": r.split.model_copy(update={"sha256": str(i % splits)})})
            for i, r in enumerate(cell.records)
        )
        spec = dataclasses.replace(cell.spec, split_per_seed=own)
        return dataclasses.replace(cell, spec=spec, records=records)

    def words(pairs: list[Pair]) -> str:
        return check.conclude(pairs, check.judge(pairs)).why.rpartition(". ")[2]

    pairs = pairs_of(check, [2.0] * 12)
    each = [(drawn(b, 3), drawn(t, 3)) for b, t in pairs]
    assert words(each) == "One split per seed (3 splits), 3 seeds"
    assert words([(drawn(each[0][0], 2), each[0][1]), *each[1:]]) == (
        "One split per seed (2 splits), 3 seeds"
    )
    fewer = dataclasses.replace(each[0][0], records=each[0][0].records[:2])
    assert words([(fewer, each[0][1]), *each[1:]]) == "One split per seed (2 splits), 2 to 3 seeds"
    assert words([*each[:6], *pairs[6:]]) == (
        "One split per seed (3 splits) in some cells, one split in others, 3 seeds"
    )
