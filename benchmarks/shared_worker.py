"""A process of `benchmarks.shared_gpu`: some models that train side by side, after a word to go."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch

from benchmarks.speed import Bench, our_parts, random_bench
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.training.draws import plan_epoch
from ncmc.training.step import GraphStep

BETWEEN = 50  # steps until the host looks at a loss, as in a training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", required=True)
    parser.add_argument("--models", type=int, default=1)
    parser.add_argument("--graphs", action="store_true")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--tiny", action="store_true")
    chosen = parser.parse_args()
    bench = random_bench(chosen.device, chosen.tiny, Path())
    run = make_run("cifar10", 0.01, "resnet32", "SETF", bench.options, project=bench.project)
    variant = "graphs" if chosen.graphs else "ours"
    steps = [one_model(bench, run, variant) for _ in range(chosen.models)]
    for _ in range(GraphStep.EAGER + 2):
        losses = [step() for step in steps]
    wait(losses)
    print("ready", flush=True)
    sys.stdin.readline()
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < chosen.seconds:
        for _ in range(BETWEEN if bench.device.type == "cuda" else 1):
            losses = [step() for step in steps]
            done += len(steps)
        wait(losses)
    elapsed = time.perf_counter() - began
    batch = resolve_run(bench.project, run).recipe.batch_size
    print(json.dumps({"images_per_s": done * batch / elapsed}))


def wait(losses: list[torch.Tensor]) -> None:
    """Until the steps of these losses are done, on whichever stream."""
    if losses[0].is_cuda:
        torch.cuda.synchronize()
    assert all(loss.isfinite() for loss in losses)


def one_model(bench: Bench, run: Run, variant: str) -> Callable[[], torch.Tensor]:
    """A function that trains a model of its own by a step; a recorded one has a stream of its own."""
    _, step, data = our_parts(bench, run, variant)
    batch = resolve_run(bench.project, run).recipe.batch_size
    stream = torch.cuda.Stream() if isinstance(step, GraphStep) else None

    def on_stream() -> AbstractContextManager[object]:
        return torch.cuda.stream(stream) if stream else nullcontext()

    if stream:
        stream.wait_stream(torch.cuda.current_stream())  # images and weights were put there
    recipe = resolve_run(bench.project, run).recipe
    with on_stream():
        plan = plan_epoch(data.labels, recipe, 0, 6).to(bench.device)
    number = -1

    def one_step() -> torch.Tensor:
        nonlocal number
        number = (number + 1) % (len(data) // batch)
        with on_stream():
            return step(plan.at(number))

    return one_step


if __name__ == "__main__":
    main()
