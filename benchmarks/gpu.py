"""Training on a GPU: the harness against a plain PyTorch loop, in one process run of ten minutes.

    python -m benchmarks.gpu --budget 560 --out $OUT/gpu.json

For each network: steady steps of every variant in turn, then a full epoch with evaluation of the
plain loop and of ours; the ratio to plain, the share of the measured bf16 matrix rate, recompiles after
warm-up. Every row is printed as soon as it is known. Last: what each table would take, from the
measured epochs. Random images: no data is needed. Runs on a CPU too (`--device cpu --tiny`), for tests.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks import plain
from benchmarks.gpu_variants import (
    VARIANTS,
    Bench,
    parts,
    plain_parts,
    resolved_for,
    side_of,
    wait,
)
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.project import Project
from ncmc.training import build, evaluate, precision
from ncmc.training.augment import Normalise
from ncmc.training.draws import plan_epoch, steps_per_epoch
from ncmc.training.step import GraphStep

NETWORKS = {"resnet50": 0.38, "densenet150": 0.40, "resnet32": 0.14}  # shares of the budget
STEPS = 40  # of a round
ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=float, default=560, help="seconds for all of it")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--workers", type=int, default=12, help="of the plain loop")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--tiny", action="store_true", help="a few images: does it run at all")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    torch.set_float32_matmul_precision("high")  # TF32 for the plain loop, as PyTorch users set it
    device = precision.pick_device(chosen.device)
    precision.use_device(device)
    n, tests, count = (300, 64, 2) if chosen.tiny else (12_406, 10_000, STEPS)
    rng = np.random.default_rng(0)
    bench = Bench(
        project=Project.find(),
        device=device,
        images=rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8),
        labels=rng.integers(0, 10, n),
        test_images=rng.integers(0, 256, (tests, 32, 32, 3), dtype=np.uint8),
        test_labels=rng.integers(0, 10, tests),
        workers=0 if chosen.tiny else chosen.workers,
        steps=count,
        peak=matrix_rate(device, 256 if chosen.tiny else 8192),
        out=chosen.out,
        options=vars(chosen),
    )
    bench.say(what="machine", device=_name(device), bf16_tflops=bench.peak / 1e12)
    epochs: dict[str, dict[str, float]] = {}
    for network in chosen.networks.split(","):
        share = NETWORKS.get(network, 1 / len(chosen.networks.split(",")))
        epochs[network] = measure(bench, network, time.perf_counter() + share * chosen.budget)
    extrapolate(bench, epochs)


# --- one network -------------------------------------------------------------------------------


def measure(bench: Bench, network: str, deadline: float) -> dict[str, float]:
    """Every variant's steps, then whole epochs; (side -> seconds an epoch)."""
    run = make_run("cifar10", 0.01, network, "CAL", {"f": 10}, project=bench.project)
    flops = training_flops(bench.project, run)
    sides: dict[str, Callable[[int], None]] = {}
    for variant in VARIANTS:
        if variant in ("graphs", "compiled") and bench.device.type != "cuda":
            continue
        if time.perf_counter() > deadline - 60 and variant == "compiled":
            bench.say(what="steps", network=network, variant=variant, skipped="no time left")
            continue
        began = time.perf_counter()
        try:
            sides[variant] = side_of(bench, run, variant)
            sides[variant](8)  # warm-up: algorithms, recording, compilation
        except Exception as error:  # a variant that fails must not take the others along
            bench.say(what="steps", network=network, variant=variant, failed=repr(error)[:300])
            sides.pop(variant, None)
            continue
        wait(bench.device)
        bench.say(what="start", network=network, variant=variant, s=time.perf_counter() - began)
    before = _compilations()
    seconds = rounds(bench, sides)
    batch = resolve_run(bench.project, run).recipe.batch_size
    for variant, values in seconds.items():
        typical = statistics.median(values)
        ratios = [p / v for p, v in zip(seconds["plain"], values, strict=True)]
        bench.say(
            what="steps",
            network=network,
            variant=variant,
            ms=1e3 * typical,
            images_per_s=batch / typical,
            ratio=statistics.median(ratios),
            low=min(ratios),
            high=max(ratios),
            share_of_peak=flops * batch / typical / bench.peak,
        )
    bench.say(what="recompiles", network=network, after_warm_up=_compilations() - before)
    shared(bench, run, deadline)
    return whole_epochs(bench, run, best_of(seconds))


def best_of(seconds: dict[str, list[float]]) -> str:
    """The fastest variant of ours."""
    ours = {v: statistics.median(s) for v, s in seconds.items() if v != "plain"}
    return min(ours, key=lambda variant: ours[variant])


def rounds(bench: Bench, sides: dict[str, Callable[[int], None]]) -> dict[str, list[float]]:
    """Seconds a step of each side, by rounds in which the sides take turns."""
    found: dict[str, list[float]] = {variant: [] for variant in sides}
    for _ in range(ROUNDS):
        for variant, work in sides.items():
            began = time.perf_counter()
            work(bench.steps)
            wait(bench.device)
            found[variant].append((time.perf_counter() - began) / bench.steps)
    return found


def whole_epochs(bench: Bench, run: Run, variant: str) -> dict[str, float]:
    """Seconds of a full epoch with evaluation: the plain loop, and our best variant."""
    recipe = resolve_run(bench.project, run).recipe
    model, optimizer, loader, tests = plain_parts(bench, run)

    def plainly(epoch: int) -> None:
        plain.train_epoch(model, optimizer, loader, recipe, epoch, bench.device)
        plain.accuracy(model, tests, bench.device)

    ours, _, step, data = parts(bench, run, variant)
    dtype = precision.pick_dtype(
        resolved_for(bench.project, run, variant).execution, bench.device, 32
    )
    test = evaluate.EvalSet(
        torch.from_numpy(bench.test_images).to(bench.device),
        torch.from_numpy(bench.test_labels).to(bench.device),
        Normalise.of(recipe, bench.device),
        2048,
        lambda: precision.autocast(bench.device, dtype),
    )

    def quickly(epoch: int) -> None:
        plan = plan_epoch(data.labels, recipe, 0, epoch).to(bench.device)
        for number in range(steps_per_epoch(len(data), recipe)):
            step(plan.at(number))
        evaluate.test_accuracy(ours, test)

    for epoch in range(6, 6 + GraphStep.EAGER + 1):
        quickly(epoch)  # the last batch's shape is recorded in the fourth epoch
    found = {"plain": _timed(plainly, bench, 2), "ncmc": _timed(quickly, bench, 5)}
    bench.say(
        what="epoch",
        network=run.backbone,
        variant=variant,
        plain_s=found["plain"],
        ncmc_s=found["ncmc"],
        ratio=found["plain"] / found["ncmc"],
    )
    return found


def shared(bench: Bench, run: Run, deadline: float, seeds: int = 3) -> None:
    """Three models on one GPU, each on a stream of its own: images of all of them a second."""
    if bench.device.type != "cuda" or time.perf_counter() > deadline - 20:
        return
    recipe = resolve_run(bench.project, run).recipe
    members = []
    for _ in range(seeds):  # a graph is recorded on the stream on which it will be replayed
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            members.append((parts(bench, run, "graphs")[2], stream))
    plan = plan_epoch(bench.labels, recipe, 0, 6).to(bench.device)
    wait(bench.device)

    def turn(n: int) -> None:
        for number in range(n):
            for step, stream in members:
                with torch.cuda.stream(stream):
                    step(plan.at(number % 90))

    turn(8)
    wait(bench.device)
    began = time.perf_counter()
    turn(bench.steps)
    wait(bench.device)
    seconds = time.perf_counter() - began
    rate = seeds * bench.steps * recipe.batch_size / seconds
    bench.say(what="sharing", network=run.backbone, seeds=seeds, images_per_s=rate)


# --- all of it ---------------------------------------------------------------------------------


def extrapolate(bench: Bench, epochs: dict[str, dict[str, float]]) -> None:
    """GPU-hours of each table, from the measured epochs, scaled by images and network."""
    from ncmc.plan import cost_guess

    for name in table_names(bench.project, "paper"):
        hours = {"plain": 0.0, "ncmc": 0.0}
        left_out = 0
        for run in grid.table(bench.project, name).runs:
            if run.backbone not in epochs or run.dataset not in ("cifar10", "cifar100"):
                left_out += 1
                continue
            recipe = resolve_run(bench.project, run).recipe
            work = (3 * cost_guess.train_images(bench.project, run) + 10_000) / (
                3 * 12_406 + 10_000
            )
            for side in hours:
                hours[side] += recipe.epochs * work * epochs[run.backbone][side] / 3600
        bench.say(what="table", name=name, runs_not_counted=left_out, **hours)


def training_flops(project: Project, run: Run) -> float:
    """FLOPs of a training image: forward and backward, counted by torch."""
    from torch.utils.flop_counter import FlopCounterMode

    model = build.build_model(project, run, [10] * 10, 32, 3)
    with FlopCounterMode(display=False) as counter:
        model.backbone(torch.rand(1, 3, 32, 32)).sum().backward()
    return float(counter.get_total_flops())


def matrix_rate(device: torch.device, n: int) -> float:
    """FLOP/s of a bf16 matrix product of random numbers."""
    a, b = (torch.randn(n, n, device=device, dtype=torch.bfloat16) for _ in range(2))
    times = []
    for _ in range(8):
        wait(device)
        began = time.perf_counter()
        a @ b
        wait(device)
        times.append(time.perf_counter() - began)
    return 2 * n**3 / statistics.median(times[2:])


def _timed(work: Callable[[int], None], bench: Bench, times: int) -> float:
    """Median seconds of a call."""
    found = []
    for epoch in range(10, 10 + times):
        wait(bench.device)
        began = time.perf_counter()
        work(epoch)
        wait(bench.device)
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def _compilations() -> int:
    """Graphs that torch.compile has made so far."""
    from torch._dynamo.utils import counters

    return int(counters["stats"].get("unique_graphs", 0))


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


if __name__ == "__main__":
    main()
