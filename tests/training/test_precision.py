"""What decides the last bits on a GPU, as far as a CPU can tell."""

import os
import time
from collections.abc import Iterator

import pytest
import torch
from conftest import here

from ncmc.system import hardware
from ncmc.training import precision, probe
from ncmc.training.batches import to_device


@pytest.fixture(autouse=True)
def switches() -> Iterator[None]:
    """torch's switches as they were."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    yield
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


def test_float32_is_not_tf32_and_the_next_run_has_torchs_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hardware, "gpu_driver", lambda: "550.1")
    torch.backends.cuda.matmul.allow_tf32 = True
    precision.exact_float32(True)
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
    assert precision.gpu_libraries().startswith("driver 550.1, CUDA ")
    assert precision.gpu_libraries().endswith("TF32 off")
    torch.backends.cuda.matmul.allow_tf32 = True
    precision.exact_float32(False)
    assert torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32  # as after `exact_float32(True)`
    assert precision.gpu_libraries().endswith("TF32 on")


def test_images_go_to_a_gpu_from_pinned_memory_without_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[object] = []
    images = torch.zeros(2, 3)

    def to(self: torch.Tensor, device: torch.device, non_blocking: bool) -> torch.Tensor:
        calls.append((device.type, non_blocking))
        return self

    def pin_memory(self: torch.Tensor) -> torch.Tensor:
        calls.append("pinned")
        return self

    monkeypatch.setattr(torch.Tensor, "pin_memory", pin_memory)
    monkeypatch.setattr(torch.Tensor, "to", to)
    to_device(images, torch.device("cuda", 0))
    to_device(images, torch.device("cpu"))
    assert calls == ["pinned", ("cuda", True), ("cpu", True)]


class GpuChosenError(Exception):
    """Stops a probe where it chooses its GPU."""


def test_a_probe_before_a_training_leaves_cublas_deterministic(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """cuBLAS reads its workspace at the first product of a process: `ncmc sweep --run` probes first."""

    def chosen(device: torch.device) -> None:
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
        raise GpuChosenError(str(device))

    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "set_device", chosen)
    with pytest.raises(GpuChosenError, match="cuda:0"):
        probe.probe(here(), "resnet8", 8, 1, "digits", "cuda")


def test_a_probe_does_not_count_its_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PROBE_SECONDS", 0.0)
    now, calls = [0.0], [100.0, 100.0, 1.0, 1.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def work() -> None:
        now[0] += calls.pop(0)

    assert probe._seconds(work, torch.device("cpu"), warm_up=2) == 1.0
