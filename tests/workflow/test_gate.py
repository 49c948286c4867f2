"""The paper's grid does not start by itself where no GPU can be used."""

import ctypes
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import here

from cli.commands import doctor
from ncmc.errors import UserError
from ncmc.system import hardware


def test_the_gate_imports_no_torch() -> None:
    code = (
        "import sys; from cli.commands import doctor\n"
        "from ncmc.errors import UserError; from ncmc.project import Project\n"
        "doctor.hardware.gpu_count = lambda: 0\n"
        "try: doctor.require_gpu(Project.find())\n"
        "except UserError as error: print('torch' in sys.modules, 'has none' in str(error))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False True"


def test_a_gpu_that_cannot_be_used_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "gpu_count", lambda: 4)
    monkeypatch.setattr(hardware, "gpu_fault", lambda: "libcuda.so.1 cannot be loaded")
    with pytest.raises(UserError, match=r"cannot be used \(libcuda.so.1 cannot be loaded\)"):
        doctor.require_gpu(here())
    monkeypatch.setattr(hardware, "gpu_fault", lambda: None)
    doctor.require_gpu(here())


@pytest.mark.parametrize(("served", "fault"), [(12080, True), (13000, False), (14010, False)])
def test_a_driver_that_is_too_old_for_torch_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, served: int, fault: bool
) -> None:
    def version(place: Any) -> int:
        place._obj.value = served
        return 0

    monkeypatch.setattr(hardware, "gpu_count", lambda: 1)
    monkeypatch.setattr(hardware, "packages", lambda: {"torch": "2.13.0"})
    monkeypatch.setattr(hardware, "torch_cuda", lambda: "13.0")
    driver = SimpleNamespace(cuDriverGetVersion=version)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: driver)
    assert ("serves CUDA 12" in str(hardware.gpu_fault())) == fault


def test_the_cuda_of_torch_is_told_without_importing_it() -> None:
    torch = pytest.importorskip("torch")
    assert hardware.torch_cuda() == torch.version.cuda
