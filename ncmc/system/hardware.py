"""What machine this is: processor, cores, memory, GPUs, installed packages. Imports no torch."""

import ctypes
import os
import platform
import re
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ncmc.errors import printable

PACKAGES = ("ncmc", "torch", "torchvision", "numpy", "scipy", "scikit-learn")
DRIVER = Path("/sys/module/nvidia/version")
DEV = Path("/dev")  # where the driver shows its GPUs: nvidia0, nvidia1, ...


@cache
def machine() -> dict[str, Any]:
    """Processor, cores and memory (GiB); the trainer adds the accelerator."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": printable(_processor()),
        "cores": cores(),
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    model = re.search(r"^model name\s*:(.*)", _cpuinfo(), re.MULTILINE)
    return model[1].strip() if model else platform.processor() or platform.machine()


def _cpuinfo() -> str:
    """What Linux tells of the processor; elsewhere nothing."""
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ""


def cores() -> int:
    """Processors that this process may use."""
    counted = getattr(os, "sched_getaffinity", None)  # Linux
    return len(counted(0)) if counted else os.cpu_count() or 1


@cache
def packages() -> dict[str, str]:
    """The versions of Python and of the packages that can change a result."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def gpu_count() -> int:
    """GPUs that this process may use, without importing torch.

    Those that the driver shows, or as many of them as $CUDA_VISIBLE_DEVICES names: naming one that
    is not there makes none.
    """
    here = len([n for n in os.listdir(DEV) if n.startswith("nvidia") and n[6:].isdigit()])
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return here
    return min(here, len([name for name in visible.split(",") if name.strip() not in ("", "-1")]))


def gpu_driver() -> str:
    """The version of NVIDIA's driver, as Linux tells it."""
    try:
        return DRIVER.read_text(encoding="utf-8").strip()
    except OSError:
        return "unknown"


def gpu_fault() -> str | None:
    """Why no program can use the GPUs here, as far as that is seen without importing torch."""
    if not gpu_count():
        return None
    if packages()["torch"].endswith("+cpu"):
        return "the installed torch is a build for CPUs only"
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "libcuda.so.1 cannot be loaded: no driver, or a container started without --nv"
    served, needed = ctypes.c_int(), torch_cuda()
    unknown = driver.cuDriverGetVersion(ctypes.byref(served)) != 0 or needed is None
    major = served.value // 1000  # 12080 is CUDA 12.8; a driver serves all of its major version
    if unknown or major >= int(str(needed).partition(".")[0]):
        return None
    return (
        f"the driver {gpu_driver()} serves CUDA {major}, and the installed torch needs CUDA {needed}: "
        "update the driver, or install a torch that is built for it"
    )


def torch_cuda() -> str | None:
    """The version of CUDA that torch was built with, such as 13.0, as its files say; None: unknown."""
    torch = find_spec("torch")
    if torch is None or not torch.origin:
        return None
    try:
        text = Path(torch.origin).with_name("version.py").read_text(encoding="utf-8")
    except OSError:
        return None
    built = re.search(r"^cuda\b.*= '(\d+[.\d]*)'", text, re.MULTILINE)
    return built and built[1]


def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware, as Linux tells it; elsewhere, False."""
    return any(flag in _cpuinfo() for flag in ("avx512_bf16", "amx_bf16"))
