"""The numbers of others: read, checked, put beside the cells that they are of."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import CHECKOUT, here

from ncmc.errors import UsageError
from ncmc.paper.references import Comparison, Reference, comparisons_for, references, uncompared
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec
from ncmc.plan.run import Run, resolve_run
from ncmc.project import Project

CSV = CHECKOUT / "papers" / "ncmc" / "references.csv"


def reference(name: str) -> Reference:
    (found,) = [entry for entry in references(here()) if entry.id == name]
    return found


def spec(method: str, tau: float = 0.01, dataset: str = "cifar10", **options: object) -> CellSpec:
    """A cell that no table needs to have."""
    run = Run(dataset, tau, "resnet32", method, tuple(sorted(options.items())))  # type: ignore[arg-type]
    coords = (("dataset", dataset), ("method", method), ("tau", str(tau)))
    return CellSpec(run, coords, run, resolve_run(here(), run))


def beside(cell: CellSpec, project: Project | None = None) -> dict[str, Comparison]:
    return {found.reference.id: found for found in comparisons_for(project or here(), cell)}


# --- reading -------------------------------------------------------------------------------------


def test_every_row_is_read_as_it_stands() -> None:
    rows = list(csv.DictReader(CSV.open(encoding="utf-8")))
    assert [entry.id for entry in references(here())] == [row["id"] for row in rows]
    assert len(rows) == 79
    for entry, row in zip(references(here()), rows, strict=True):
        assert entry.value == float(row["value"])
        assert entry.mixup == (row["mixup"] == "on")
        assert (entry.tau, entry.std, entry.n) == tuple(
            float(row[key]) if row[key] else None for key in ("tau", "std", "n")
        )
        for key in ("source", "place", "dataset", "backbone", "method", "address", "reading"):
            assert getattr(entry, key) == row[key]


def test_a_fixed_list_of_images_has_no_tau_and_an_unknown_error_is_none() -> None:
    assert reference("R64").tau is None
    assert (reference("R64").std, reference("R64").n) == (None, None)
    assert (reference("R74").std, reference("R74").n) == (0.56, 3)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("R1,Zhang", "R2,Zhang", "R2: two entries have this id"),
        ("R1,Zhang", "X1,Zhang", r"line 2 \(X1\): 'id' is 'X1'"),
        (",CE,off,71.95", ",CEE,off,71.95", r"line 2 \(R1\): unknown method 'CEE'. Did you mean 'CE'"),
        ("cifar10,0.01,resnet32,CE,off,71.95", "cifar,0.01,resnet32,CE,off,71.95",
         r"line 2 \(R1\): unknown dataset 'cifar'"),
        ("resnet32,CE,off,71.95", "resnet31,CE,off,71.95", r"unknown backbone 'resnet31'"),
        ("CE,off,71.95", "CE,maybe,71.95", r"line 2 \(R1\): mixup is 'maybe'; allowed: on, off"),
        ("off,71.95", "off,719.5", r"line 2 \(R1\): 'value' is 719.5: input should be less"),
        ("off,71.95", "off,", r"line 2 \(R1\): 'value' is None"),
        ("off,71.95", "off,many", r"line 2 \(R1\): value is 'many'; allowed: a number"),
        ("cifar10,0.01,resnet32,CE,off,71.95", "cifar10,100,resnet32,CE,off,71.95", "'tau' is 100"),
        ("0.56,3,", "-0.56,3,", r"line 75 \(R74\): 'std' is -0.56"),
        ("0.56,3,", "0.56,0,", r"line 75 \(R74\): 'n' is 0"),
        ("R1,Zhang2021 Bag of tricks,", "R1,,", r"line 2 \(R1\): 'source' is ''"),
        ("value,std,n", "value,deviation,n", "needed: id, source, place"),
        (',ldam_drw,,,"its', ',ldam_drv,,,"its', r"line 2 \(R1\): unknown recipe 'ldam_drv'"),
        (',ldam_drw,,,"its', ',ldam_drw,,first,"its', r"line 2 \(R1\): 'epoch' is 'first'"),
        (',ldam_drw,,,"its', ',ldam_drw,f,,"its', r"line 2 \(R1\): .*'f'"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused(configured: Path, old: str, new: str, said: str) -> None:
    spoil(configured, "references.csv", old, new)
    with pytest.raises(UsageError, match=rf"references\.csv.*{said}"):
        references(here())


def spoil(root: Path, name: str, old: str, new: str) -> None:
    """Replace `old`, which stands there once at least, in a file of papers/ncmc."""
    path = root / "papers" / "ncmc" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


# --- matching ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["calibration", "calibration_jpeg"])
def test_every_row_stands_beside_a_cell_or_is_named_with_a_reason(name: str) -> None:
    table = grid.table(here(), name)
    matched = {ref for cell in table.cells for ref in beside(cell)}
    reasons = {name: why for why, ids in uncompared(here(), table.cells).items() for name in ids}
    assert not matched & set(reasons)
    assert matched | set(reasons) == {entry.id for entry in references(here())}
    assert all(reasons.values())


def test_every_cell_of_the_calibration_has_a_number_beside_it() -> None:
    for name in ("calibration", "calibration_jpeg"):
        project = here()
        assert all(beside(cell, project) for cell in grid.table(project, name).cells)


def test_a_number_stands_beside_the_cell_of_its_own_setting_alone() -> None:
    project = here()
    for name in ("calibration", "table1", "table2", "table3", "smoke"):
        for cell in grid.table(project, name).cells:
            for found in beside(cell, project).values():
                stated, run = found.reference, cell.run
                assert (stated.backbone, stated.method) == (run.backbone, run.method)
                assert stated.mixup == cell.resolved.recipe.mixup
                assert stated.dataset == run.dataset
                assert stated.tau in (run.tau, None)


def test_what_is_not_compared_says_why() -> None:
    cells = grid.table(here(), "calibration").cells
    reasons = {name: why for why, ids in uncompared(here(), cells).items() for name in ids}
    assert reasons["R47"] == "no cell here has method RBL-LA"
    assert reasons["R64"] == "no cell here has dataset imagenet_lt"
    assert reasons["R65"] == "both stages of MiSLAS together, which the harness does not have"
    assert reasons["R73"] == "no cell here has backbone densenet150"
    alone = {name: why for why, ids in uncompared(here(), [spec("CE")]).items() for name in ids}
    assert alone["R2"] == "no cell here has tau 0.02"
    assert alone["R1"] == "no cell here has mixup off"
    assert {"R25", "R60"}.isdisjoint(alone)


def test_the_baselines_own_numbers_stand_beside_table2() -> None:
    found = {ref for cell in grid.table(here(), "table2").cells for ref in beside(cell)}
    assert found == {f"R{i}" for i in range(72, 80)}


# --- what differs --------------------------------------------------------------------------------


def test_numbers_of_a_named_recipe_count_in_a_cell_of_that_recipe() -> None:
    with_mixup = beside(spec("CE", recipe="mislas_stage1"))
    assert with_mixup["R60"].counts
    assert with_mixup["R60"].measure == with_mixup["R60"].reference.epoch == "best"
    without = beside(spec("CE", recipe="ldam_drw"))
    assert [ref for ref, found in without.items() if found.counts] == ["R1", "R37", "R43"]
    assert (without["R1"].reference.epoch, without["R1"].measure) == (None, "best")


def test_which_cells_decide() -> None:
    cells = grid.table(here(), "calibration").cells
    decide = {cell.label for cell in cells if any(c.counts for c in beside(cell).values())}
    mixup = {
        f"{name}, resnet32, CE, Mixup, tau {tau}"
        for name in ("cifar10", "cifar100")
        for tau in (0.1, 0.02, 0.01)
    }
    plain = {
        f"{name}, resnet32, CE, tau {tau}"
        for name in ("cifar10", "cifar100")
        for tau in (0.02, 0.01)
    }
    ldam = {f"{name}, resnet32, LDAM-DRW, tau 0.01" for name in ("cifar10", "cifar100")}
    assert decide == mixup | plain | ldam


def test_the_cells_have_the_forms_that_the_numbers_beside_them_were_made_with() -> None:
    for table in ("calibration", "calibration_jpeg"):
        for cell in grid.table(here(), table).cells:
            for found in beside(cell).values():
                assert not any("options of its own" in words for words in found.differs)


@pytest.mark.parametrize(
    ("cell", "name", "differs"),
    [
        (lambda: spec("CE", recipe="ldam_drw"), "R5", ("Cui's split (TensorFlow)",)),
        (lambda: spec("LA", recipe="ldam_drw"), "R45", ("recipe not known to us",)),
        (lambda: spec("CE", mixup=False), "R1",
         ("made with the recipe ldam_drw, ours with small",)),
        (lambda: spec("CE", recipe="mislas_stage1", epochs=100), "R60",
         ("ours has options of its own: epochs=100",)),
        (lambda: spec("CB-CE", recipe="ldam_drw", average="weights"), "R17",
         ("recipe not known to us", "Cui's split (TensorFlow)")),
        (lambda: spec("FOCAL", recipe="ldam_drw"), "R21",
         ("recipe not known to us", "theirs has options of its own: form=sigmoid",
          "Cui's split (TensorFlow)")),
        (lambda: spec("RBL-LA", mixup=False), "R47",
         ("recipe not known to us", "class sizes rounded up", "600 epochs",
          "AutoAugment and Cutout",
          "256 features, batches of 256, weight decay 5e-4, Nesterov momentum")),
        (lambda: spec("RBL-LA", 0.005, "cifar100", mixup=False), "R50",
         ("recipe not known to us", "class sizes rounded up",
          "the real ratio of its classes is 500/3", "600 epochs", "AutoAugment and Cutout",
          "256 features, batches of 256, weight decay 5e-4, Nesterov momentum")),
    ],
)  # fmt: skip
def test_what_differs_is_named_and_does_not_count(
    cell: Callable[[], CellSpec], name: str, differs: tuple[str, ...]
) -> None:
    found = beside(cell())[name]
    assert found.differs == differs
    assert not found.counts


def test_a_fixed_list_of_images_is_matched_whatever_its_tau_is_called() -> None:
    cells = [c for c in grid.table(here(), "table3").cells if c.run.dataset == "imagenet_lt"]
    kcl = next(beside(cell) for cell in cells if cell.run.method == "KCL")
    assert set(kcl) == {"R52", "R53", "R54", "R55", "R56", "R57"}
    assert kcl["R52"].differs == ("recipe not known to us", "an unofficial implementation")
    assert not kcl["R57"].counts


def test_jpeg_copies_stand_in_for_cifar10_and_say_so() -> None:
    copies = beside(spec("CE", dataset="cifar10_jpeg", recipe="ldam_drw"))
    assert set(copies) == set(beside(spec("CE", recipe="ldam_drw")))
    assert {found.stand_in for found in copies.values()} == {"JPEG copies"}
    assert beside(spec("CE", recipe="ldam_drw"))["R1"].stand_in is None


def test_an_epoch_that_is_stated_decides_what_of_ours_is_compared(configured: Path) -> None:
    spoil(configured, "references.csv", "mislas_stage1,,best,", "mislas_stage1,,last,")
    measures = {found.measure for found in beside(spec("CE", 0.1, recipe="mislas_stage1")).values()}
    assert "last" in measures
