"""Which GPU a training takes, where several trainings share several GPUs. Torch-free."""

import ctypes
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import filelock

from ncmc.results import records

PLACES = 16  # trainings on one GPU at most
DEV = Path("/dev")  # where the driver shows its GPUs: nvidia0, nvidia1, ...


def count() -> int:
    """GPUs that this process may use, without importing torch.

    Those that the driver shows, or as many of them as $CUDA_VISIBLE_DEVICES names: naming one that
    is not there makes none.
    """
    here = len([n for n in os.listdir(DEV) if n.startswith("nvidia") and n[6:].isdigit()])
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return here
    return min(here, len([name for name in visible.split(",") if name.strip() not in ("", "-1")]))


def unusable() -> str | None:
    """Why no program can use the GPUs here, as far as that is seen without importing torch."""
    if not count():
        return None
    if records.packages()["torch"].endswith("+cpu"):
        return "the installed torch is a build for CPUs only"
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "libcuda.so.1 cannot be loaded: no driver, or a container started without --nv"
    return None


@contextmanager
def claim(gpus: int | None = None, folder: Path | None = None) -> Iterator[int]:
    """The number (from 0) of the GPU with the fewest trainings of this program, held by a lock.

    Snakemake counts GPUs but hands out no numbers: trainings that start together would all take the
    first. A killed process gives its place back. Without a GPU, 0, and nothing is held.
    """
    gpus = count() if gpus is None else gpus
    folder = folder or Path(tempfile.gettempdir()) / f"ncmc-gpus-{os.getuid()}"
    with ExitStack() as held:
        if gpus > 1:
            folder.mkdir(mode=0o700, exist_ok=True)
            yield _first_free(gpus, folder, held)
        else:
            yield 0


def _first_free(gpus: int, folder: Path, held: ExitStack) -> int:
    for place in range(PLACES):
        for gpu in range(gpus):
            lock = filelock.FileLock(folder / f"{gpu}.{place}")
            try:
                held.enter_context(lock.acquire(timeout=0))
            except filelock.Timeout:
                continue
            return gpu
    return os.getpid() % gpus
