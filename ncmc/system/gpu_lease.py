"""Which GPU a run takes, where several runs share several GPUs. Torch-free."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import filelock

from ncmc.system import hardware

PLACES = 16  # runs on one GPU at most


@contextmanager
def claim(gpus: int | None = None, folder: Path | None = None) -> Iterator[int]:
    """The number (from 0) of the GPU with the fewest runs of this program, held by a lock.

    Snakemake counts GPUs but hands out no numbers: runs that start together would all take the
    first. A killed process gives its place back. Without a GPU, 0, and nothing is held.
    """
    gpus = hardware.gpu_count() if gpus is None else gpus
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
