"""Trainings that share GPUs spread over them, and a place is given back."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ncmc.errors import UsageError, UserError
from ncmc.system import hardware
from ncmc.training import launch, precision


def test_trainings_take_the_emptiest_gpu(tmp_path: Path) -> None:
    with (
        launch.claim_gpu(2, tmp_path) as first,
        launch.claim_gpu(2, tmp_path) as second,
        launch.claim_gpu(2, tmp_path) as third,
    ):
        assert (first, second, third) == (0, 1, 0)
    with launch.claim_gpu(2, tmp_path) as again:
        assert again == 0


def test_a_killed_process_gives_its_place_back(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from ncmc.training import launch\n"
        "with launch.claim_gpu(2, Path(sys.argv[1])) as gpu: print(gpu, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline().strip() == "0"
    with launch.claim_gpu(2, tmp_path) as other:
        assert other == 1
    process.kill()
    process.communicate()
    with launch.claim_gpu(2, tmp_path) as gpu:
        assert gpu == 0


@pytest.fixture
def four(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose driver shows four GPUs."""
    for name in ("nvidia0", "nvidia1", "nvidia2", "nvidia3", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    monkeypatch.setattr(hardware, "DEV", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


def test_gpus_are_counted_as_cuda_would_show_them(
    four: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hardware.gpu_count() == 4
    for visible, number in (("", 0), ("-1", 0), ("0", 1), ("0,2,3", 3), ("0,1,2,3,4,5", 4)):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert hardware.gpu_count() == number


def test_a_gpu_that_is_named_but_not_there_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "DEV", tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert hardware.gpu_count() == 0
    assert hardware.gpu_fault() is None


def test_a_gpu_that_torch_cannot_use_stops_unless_the_cpu_is_asked_for(
    four: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name in (None, "cuda", "cuda:1"):
        with pytest.raises(UserError, match=r"4 GPUs, but torch cannot .*--nv.*--device cpu"):
            precision.pick_device(name)
    with pytest.raises(UsageError, match="device is 'gpu'; allowed on this machine: cpu"):
        precision.pick_device("gpu")
    assert precision.pick_device("cpu") == torch.device("cpu")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert precision.pick_device() == torch.device("cpu")


def test_a_gpu_is_picked_with_its_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for name, picked in ((None, "cuda:0"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("cpu",) * 2):
        assert str(precision.pick_device(name)) == picked
