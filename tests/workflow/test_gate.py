"""The paper's grid does not start by itself where no GPU can be used."""

import re
import subprocess
import sys

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


@pytest.mark.slow
def test_why_a_gpu_cannot_be_used_is_said_in_the_words_of_torch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(hardware, "gpu_count", lambda: 1)
    fault = hardware.gpu_fault()
    if torch.cuda.is_available():
        assert fault is None
    else:
        assert re.search("NVIDIA driver|not compiled with CUDA|libcuda", str(fault))
