"""What runs would take: from the configuration, and guessed or measured speeds."""

import pytest
from conftest import here

from ncmc.forecast import cost
from ncmc.forecast.cost import Speed, Speeds, estimate
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import make_run
from ncmc.system import hardware

RESNET = make_run("cifar10", 1, "resnet50", "CE")


def test_the_work_of_a_run_counts_epochs_tests_and_collapse_measures() -> None:
    trained, evaluated = cost.images_of(here(), RESNET)
    assert trained == 50_000 * 200
    assert evaluated == 10_000 * 200 + 50_000 * 21  # collapse: epochs 1, 10, 20, ..., 200


@pytest.mark.parametrize(("bfloat16", "rate"), [(True, 33.6), (False, 9.4)])
def test_a_guess_divides_the_images_by_the_measured_speed(
    monkeypatch: pytest.MonkeyPatch, bfloat16: bool, rate: float
) -> None:
    monkeypatch.setattr(hardware, "has_bfloat16", lambda: bfloat16)
    monkeypatch.setattr(hardware, "cores", lambda: 4)
    monkeypatch.delitem(cost.SPEEDS, "resnet8")
    found = estimate(here(), [RESNET, make_run("cifar10", 1, "resnet8", "CE")])
    seconds = (10_000_000 + 3_050_000 / 3) / rate
    assert found.hours == pytest.approx(seconds / 4 / 3600)
    assert (found.trainings, found.left_out, found.device) == (2, "1 of resnet8", "4 CPU cores")


def test_every_backbone_of_the_papers_grid_has_a_measured_speed() -> None:
    names = table_names(here(), "paper")
    planned = {cell.run.backbone for name in names for cell in grid.table(here(), name).cells}
    assert planned <= set(cost.SPEEDS)


def test_a_guess_knows_larger_images_wider_networks_and_the_other_stem() -> None:
    def image(dataset: str, backbone: str) -> float:
        run = make_run(dataset, 5 / 1280 if dataset == "imagenet_lt" else 0.02, backbone, "CE")
        speed = cost.guessed(1, True).of(here(), run)
        assert speed
        return speed.train

    assert image("stl10", "resnet50") == pytest.approx(9 * image("svhn", "resnet50"))
    wide = image("svhn", "densenet150") / image("cifar10", "densenet150")
    assert wide == pytest.approx(
        3.889 / 0.547, rel=0.01
    )  # multiply-adds of an image, as torch counts
    large = image("imagenet_lt", "resnet50") / image("cifar10", "resnet50")
    assert large == pytest.approx(4.087 / 1.298, rel=0.03)


def test_an_estimate_says_what_is_not_in_it_and_how_little_a_probe_got() -> None:
    speeds = Speeds("a probe", lambda _, run: Speed(0.001, 0.0001, 4000, 0.5))
    imagenet = make_run("imagenet_lt", 5 / 1280, "resnet50", "CE")
    assert estimate(here(), [RESNET], speeds).notes == ()
    found = estimate(here(), [RESNET, imagenet], speeds)
    assert found.notes == ("imagenet_lt: decoding its image files is not in the time",)
    assert found.share == 0.5
