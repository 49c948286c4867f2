"""How many runs of ResNet-32 a GPU takes at a time: part of `benchmarks.speed --device cuda`, its first.

Three ways to share it: each run a process, which by themselves take turns on a GPU; the same under
NVIDIA's MPS, which lets kernels of several processes run at the same time; and all runs in one process,
each step a CUDA graph on a stream of its own. The processes (`benchmarks.shared_worker`) build and warm
up, wait for each other, and then train for some seconds side by side.

No GPU has run this yet. The tests run it on a CPU, where there are neither graphs nor streams, and with
a stand-in for the program that starts MPS.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WAYS = ("processes", "processes under MPS", "graphs on streams of one process")
CONTROL = "nvidia-cuda-mps-control"
START = 300.0  # seconds that workers have until all are warm; a hanging one must not stop the rest
WORKER = (sys.executable, "-m", "benchmarks.shared_worker")


def measure(
    counts: Sequence[int], options: Sequence[str], seconds: float, worker: Sequence[str] = WORKER
) -> Iterator[dict[str, Any]]:
    """A row per way and number of runs: images per second of all runs, and the ratio to one process.

    `options`: of every worker (`--device`, `--tiny`). What fails is a row that says why.
    """
    alone: float | None = None
    for way in WAYS:
        for count in counts:
            row = {"what": "shared", "way": way, "runs": count}
            in_one = way == WAYS[2]
            call = [*worker, *options, "--seconds", str(seconds)]
            call += ["--graphs", "--models", str(count)] if in_one else []
            try:
                with _mps(way == WAYS[1]) as environment:
                    speeds = _side_by_side(call, 1 if in_one else count, environment, seconds)
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                yield row | {"failed": str(error)[-300:]}
                continue
            total = sum(speeds)
            if (way, count) == (WAYS[0], 1):
                alone = total
            ratio = {"ratio": total / alone} if alone else {}
            yield row | {"images_per_s": total, "slowest": min(speeds)} | ratio


def _side_by_side(
    call: Sequence[str], count: int, environment: Mapping[str, str], seconds: float
) -> list[float]:
    """Images per second of `count` workers that trained at the same time. Raises RuntimeError."""
    workers = [
        subprocess.Popen(
            call,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(count)
    ]
    end = threading.Timer(START + 2 * seconds, _kill, [workers])
    end.start()
    try:
        for one in workers:
            assert one.stdout
            if one.stdout.readline() != "ready\n":
                said = one.communicate()[1] or f"nothing on stderr, in at most {START:g} s"
                raise RuntimeError(f"a worker ended before it was ready: {said}")
        for one in workers:
            assert one.stdin
            one.stdin.write("go\n")
            one.stdin.flush()
        ends = [one.communicate() for one in workers]
        for one, (_, said) in zip(workers, ends, strict=True):
            if one.returncode:
                raise RuntimeError(f"a worker ended with {one.returncode}: {said}")
        return [float(json.loads(printed)["images_per_s"]) for printed, _ in ends]
    finally:
        end.cancel()
        _kill(workers)
        for one in workers:
            one.communicate()


def _kill(workers: Sequence[subprocess.Popen[str]]) -> None:
    for one in workers:
        one.kill()


@contextmanager
def _mps(wanted: bool) -> Iterator[dict[str, str]]:
    """The workers' environment, in which MPS runs or not, whatever this machine has running.

    Raises RuntimeError where MPS is wanted and cannot be started.
    """
    with tempfile.TemporaryDirectory() as folder:
        places = {name: str(Path(folder) / name) for name in ("PIPE", "LOG")}
        environment = os.environ | {f"CUDA_MPS_{k}_DIRECTORY": v for k, v in places.items()}
        if not wanted:
            yield environment
            return
        if not shutil.which(CONTROL):
            raise RuntimeError(f"{CONTROL} is not on the PATH: it comes with NVIDIA's driver")
        for place in places.values():
            Path(place).mkdir()
        started = subprocess.run(
            [CONTROL, "-d"], env=environment, capture_output=True, text=True, timeout=60
        )
        if started.returncode:
            raise RuntimeError(f"{CONTROL} -d ended with {started.returncode}: {started.stderr}")
        try:
            yield environment
        finally:
            subprocess.run([CONTROL], input="quit\n", env=environment, text=True, timeout=60)
