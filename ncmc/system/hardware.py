"""What machine this is: processor, cores, memory, GPUs, installed packages. Imports no torch."""

import os
import platform
import re
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from ncmc.errors import printable, shortened

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
    """Why torch cannot use the GPUs here, in its own words; None: it can, or there are none.

    Asked in a process of its own: torch is not imported here.
    """
    if not gpu_count():
        return None
    asked = [sys.executable, "-c", "import torch; torch.cuda.init()"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    last_line = done.stderr.strip().rpartition("\n")[2]
    return shortened(last_line, 300) if done.returncode else None


def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware, as Linux tells it; elsewhere, False."""
    return any(flag in _cpuinfo() for flag in ("avx512_bf16", "amx_bf16"))
