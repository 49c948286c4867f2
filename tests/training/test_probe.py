"""Speeds of this machine, by a probe."""

import pytest
from conftest import here

from ncmc.training import probe


def test_a_data_set_that_takes_parts_of_image_files_is_probed_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probe, "PROBE_SECONDS", 0.0)
    speed = probe.probe(here(), "resnet8", 128, 3, "imagenet", "cpu")
    assert speed.train > 0
    assert speed.evaluate > 0
