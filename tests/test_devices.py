"""Trainings that share GPUs spread over them, and a place is given back."""

import subprocess
import sys
from pathlib import Path

import pytest

from ncmc import devices


def test_trainings_take_the_emptiest_gpu(tmp_path: Path) -> None:
    with (
        devices.claim(2, tmp_path) as first,
        devices.claim(2, tmp_path) as second,
        devices.claim(2, tmp_path) as third,
    ):
        assert (first, second, third) == (0, 1, 0)
    with devices.claim(2, tmp_path) as again:
        assert again == 0


def test_a_killed_process_gives_its_place_back(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from ncmc import devices\n"
        "with devices.claim(2, Path(sys.argv[1])) as gpu: print(gpu, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline().strip() == "0"
    with devices.claim(2, tmp_path) as other:
        assert other == 1
    process.kill()
    process.wait()
    with devices.claim(2, tmp_path) as gpu:
        assert gpu == 0


def test_gpus_are_counted_as_cuda_would_show_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for visible, number in (("", 0), ("-1", 0), ("0", 1), ("0,2,3", 3)):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert devices.count() == number
