"""The benchmark for a GPU: whatever ends it, what is finished is kept."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from conftest import here

from benchmarks.gpu import Bench, pieces


def bench(out: Path) -> Bench:
    """A benchmark of nothing."""
    none = np.zeros((1, 8, 8, 3), np.uint8)
    sizes: dict[str, Any] = {"workers": 0, "steps": 1, "rounds": 1, "warm_up": 1, "peak": 1.0}
    return Bench(
        project=here(), device=torch.device("cpu"), images=none, labels=np.zeros(1), out=out,
        test_images=none, test_labels=np.zeros(1), run_options={}, **sizes,
    )  # fmt: skip


def test_a_row_is_in_its_file_at_once_and_a_whole_piece_is_not_measured_again(
    tmp_path: Path,
) -> None:
    first = bench(tmp_path)
    assert not first.begin("resnet50")
    first.say(what="epoch", network="resnet50", plain_s=2.0, ncmc_s=1.0)
    assert json.loads((tmp_path / "resnet50.json").read_text())["rows"][0]["plain_s"] == 2.0
    assert not bench(tmp_path).begin("resnet50")  # cut off: measured again
    first.write(whole=True)
    second = bench(tmp_path)
    assert second.begin("resnet50")
    assert second.epochs == {"resnet50": {"plain": 2.0, "ncmc": 1.0}}  # what tables are told from


def test_the_most_telling_comes_first_and_compiling_last() -> None:
    assert [*pieces(["resnet50", "densenet150"])] == [
        "resnet50", "densenet150", "tables", "compiled",
    ]  # fmt: skip
