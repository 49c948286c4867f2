"""Which device computes, and in which numerical precision."""

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from ncmc.errors import UsageError, UserError
from ncmc.plan.recipes import Execution
from ncmc.system import hardware

SMALL_IMAGE = 16  # pixels: below this bfloat16 gains nothing


def pick_device(name: str | None = None) -> torch.device:
    """`name`, or the first CUDA device where there is one, or the CPU; a CUDA device has its index.

    Raises UsageError for another name, UserError where there are GPUs that torch cannot use: nobody
    should find out after a day that a CPU did the work.
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not gpus and (name is None or name.startswith("cuda")) and (there := hardware.gpu_count()):
        raise UserError(
            f"this machine has {there} GPU{'s' * (there > 1)}, but torch cannot use "
            f"{'them' if there > 1 else 'it'}. Likely causes: the driver is too old for this torch "
            f"({torch.__version__}, CUDA {torch.version.cuda or 'none'}; `nvidia-smi` shows what "
            "the driver supports), the container was started without --nv (Docker: --gpus all), "
            "or torch is a build for CPUs only. To train on the CPU all the same: --device cpu, "
            "or for a whole workflow CUDA_VISIBLE_DEVICES='' before the command."
        )
    allowed = ["cpu", *(["cuda"] if gpus else []), *(f"cuda:{i}" for i in range(gpus))]
    if name is not None and name not in allowed:
        raise UsageError(
            f"device is '{name}'; allowed on this machine: {', '.join(allowed)}"
            f"{'' if gpus else ' (torch sees no GPU: ncmc doctor)'}."
        )
    if name == "cpu" or not gpus:
        return torch.device("cpu")
    return torch.device("cuda", torch.device(name or "cuda").index or 0)


def use_device(device: torch.device) -> None:
    """Make a GPU torch's current one: streams and graphs are made there, whatever tensors say.

    On another card than the current one a recorded graph would be empty, and train nothing. And give
    cuBLAS the workspace without which it is not deterministic: it reads this at its first product,
    which may be that of an earlier run in this process.
    """
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.cuda.set_device(device)


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    flags = torch.cpu.get_capabilities()
    return bool(flags.get("amx_bf16") or flags.get("avx512_bf16"))


def pick_dtype(execution: Execution, device: torch.device, image_size: int) -> torch.dtype:
    """The dtype of convolutions and matrix products; loss and statistics are float32 always."""
    if execution.precision == "auto":
        fast = image_size >= SMALL_IMAGE and has_fast_bfloat16(device)
        return torch.bfloat16 if fast else torch.float32
    return torch.bfloat16 if execution.precision == "bfloat16" else torch.float32


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[Any]:
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype)


def only_deterministic_kernels(on: bool) -> None:
    """Refuse kernels whose sums come out differently from time to time, or allow them (the default).

    `torch.backends.cudnn.benchmark` stays off in either case: it picks convolutions by timing them,
    so that a resumed run could compute with others than an uninterrupted one.
    """
    if on != torch.are_deterministic_algorithms_enabled():  # the call imports a compiler: a second
        torch.use_deterministic_algorithms(on)


def exact_float32(on: bool) -> None:
    """Whether a GPU computes float32 in full, or its convolutions in TF32 (10 bits), as torch does.

    Matrix products are in full either way, whatever the process had set: torch's own default.
    """
    torch.backends.cudnn.allow_tf32 = not on
    torch.backends.cuda.matmul.allow_tf32 = False


def gpu_libraries() -> str:
    """What beside the GPU decides the last bits there: driver, CUDA, cuDNN, and whether TF32 is on."""
    tf32 = torch.backends.cudnn.allow_tf32 or torch.backends.cuda.matmul.allow_tf32
    return (
        f"driver {hardware.gpu_driver()}, CUDA {torch.version.cuda}, "
        f"cuDNN {torch.backends.cudnn.version()}, TF32 {'on' if tf32 else 'off'}"
    )


def instructions() -> str:
    """The processor's instructions that torch uses, and to which oneDNN is held if it is."""
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA")
    used = torch.backends.cpu.get_cpu_capability()
    return f"{used}, oneDNN at most {limit}" if limit else used
