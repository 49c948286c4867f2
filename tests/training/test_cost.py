"""What runs would take on this machine: a probe, and what it leaves out."""

import pytest
from conftest import here

from ncmc.plan.run import make_run
from ncmc.training import cost


def test_a_data_set_that_takes_parts_of_image_files_is_probed_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cost, "PROBE_SECONDS", 0.0)
    speed = cost.probe(here(), "resnet8", 128, 3, "imagenet", "cpu")
    assert speed.train > 0
    assert speed.evaluate > 0


def test_an_estimate_says_that_decoding_is_not_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "probe", lambda *_: cost.Speed(0.001, 0.0001, 1000, 1.0))
    resnet = make_run("cifar10", 1, "resnet50", "CE")
    imagenet = make_run("imagenet_lt", 5 / 1280, "resnet50", "CE")
    assert cost.estimate(here(), [resnet]).notes == ()
    assert cost.estimate(here(), [resnet, imagenet]).notes == (
        "imagenet_lt: reading and decoding its image files is not in the time",
    )
