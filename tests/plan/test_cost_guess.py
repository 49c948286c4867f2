"""What runs would take: the formula, a probe on this machine, and a guess without torch."""

import subprocess
import sys

import pytest
from conftest import here

from ncmc.plan import cost_guess
from ncmc.plan.run import make_run
from ncmc.training import cost

RESNET = make_run("cifar10", 1, "resnet50", "CE")


def test_the_work_of_a_run_counts_epochs_tests_and_collapse_measures() -> None:
    work = cost_guess.work_of(here(), RESNET)
    assert work.trained == 50_000 * 200
    assert work.evaluated == 10_000 * 200 + 50_000 * 21  # collapse: epochs 1, 10, 20, ..., 200


def test_a_data_set_that_takes_parts_of_image_files_is_probed_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cost, "PROBE_SECONDS", 0.0)
    speed = cost.probe.__wrapped__("resnet8", 128, 3, "imagenet", "cpu")
    assert speed.train > 0
    assert speed.evaluate > 0


def test_an_estimate_says_that_decoding_is_not_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "probe", lambda *_: cost.Speed(0.001, 0.0001, 1000, 1.0))
    imagenet = make_run("imagenet_lt", 5 / 1280, "resnet50", "CE")
    assert cost.estimate(here(), [RESNET]).notes == ()
    assert cost.estimate(here(), [RESNET, imagenet]).notes == (
        "imagenet_lt: reading and decoding its image files is not in the time",
    )


@pytest.mark.parametrize(("bfloat16", "rate"), [(True, 33.6), (False, 9.4)])
def test_a_guess_divides_the_images_by_the_measured_speed(
    monkeypatch: pytest.MonkeyPatch, bfloat16: bool, rate: float
) -> None:
    monkeypatch.setattr(cost_guess, "has_bfloat16", lambda: bfloat16)
    monkeypatch.setattr(cost_guess.hardware, "hardware", lambda: {"cores": 4})
    found = cost_guess.guess(here(), [RESNET, make_run("cifar10", 1, "lenet", "CE")])
    seconds = (10_000_000 + 3_050_000 / 3) / rate
    assert found.hours == pytest.approx(seconds / 4 / 3600)
    assert found.unknown == {"lenet": 1}


def test_a_guess_knows_larger_images_wider_networks_and_the_other_stem() -> None:
    def image(dataset: str, backbone: str) -> float:
        run = make_run(dataset, 5 / 1280 if dataset == "imagenet_lt" else 0.02, backbone, "CE")
        work = cost_guess.work_of(here(), run)
        seconds, _ = cost_guess._of_cell(here(), run, True)
        return seconds / (work.trained + work.evaluated / 3)

    assert image("stl10", "resnet50") == pytest.approx(9 * image("svhn", "resnet50"))
    wide = image("svhn", "densenet150") / image("cifar10", "densenet150")
    assert wide == pytest.approx(
        3.889 / 0.547, rel=0.01
    )  # multiply-adds of an image, as torch counts
    large = image("imagenet_lt", "resnet50") / image("cifar10", "resnet50")
    assert large == pytest.approx(4.087 / 1.298, rel=0.03)


def test_the_gate_imports_no_torch() -> None:
    code = (
        "import sys; from cli import diagnosis\n"
        "from ncmc.errors import UserError\n"
        "_diagnosis.hardware.count = lambda: 0\n"
        "try: diagnosis.gate(False)\n"
        "except UserError as error: print('torch' in sys.modules, 'planned for a GPU' in str(error))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False True"
