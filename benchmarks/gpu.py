"""Training on a GPU: the harness against a plain PyTorch loop, in one process run of ten minutes.

    python -m benchmarks.gpu --budget 560 --out $OUT/gpu.json

For each network: steady steps of every variant in turn, then a full epoch with evaluation of the
plain loop and of ours; the ratio to plain, the share of the measured bf16 matrix rate, recompiles after
warm-up. Every row is printed as soon as it is known. Last: what each table would take, from the
measured epochs. Random images: no data is needed. Runs on a CPU too (`--device cpu --tiny`), for tests.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from benchmarks import plain
from ncmc.plan import grid
from ncmc.plan.recipes import Resolved, resolve
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.project import Project
from ncmc.system import hardware
from ncmc.training import build, evaluate, steps
from ncmc.training.batches import Normalise, Resident, plan_epoch, steps_per_epoch

VARIANTS = ("plain", "resident", "bf16", "graphs", "compiled")
NETWORKS = {"resnet50": 0.38, "densenet150": 0.40, "resnet32": 0.14}  # shares of the budget
STEPS = 40  # of a round
ROUNDS = 5


@dataclass
class Bench:
    """What all measurements share."""

    device: torch.device
    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    workers: int
    steps: int
    peak: float  # measured bf16 matrix rate, FLOP/s
    rows: list[dict[str, Any]]

    def say(self, **row: Any) -> None:
        """Print a row at once, and keep it."""
        self.rows.append(row)
        print("  ".join(f"{k} {_short(v)}" for k, v in row.items()), flush=True)


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
    device = steps.pick_device(chosen.device)
    steps.use_device(device)
    n, tests, count = (300, 64, 2) if chosen.tiny else (12_406, 10_000, STEPS)
    rng = np.random.default_rng(0)
    bench = Bench(
        device=device,
        images=rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8),
        labels=rng.integers(0, 10, n),
        test_images=rng.integers(0, 256, (tests, 32, 32, 3), dtype=np.uint8),
        test_labels=rng.integers(0, 10, tests),
        workers=0 if chosen.tiny else chosen.workers,
        steps=count,
        peak=matrix_rate(device, 256 if chosen.tiny else 8192),
        rows=[],
    )
    bench.say(what="machine", device=_name(device), bf16_tflops=bench.peak / 1e12)
    epochs: dict[str, dict[str, float]] = {}
    for network in chosen.networks.split(","):
        share = NETWORKS.get(network, 1 / len(chosen.networks.split(",")))
        epochs[network] = measure(bench, network, time.perf_counter() + share * chosen.budget)
    extrapolate(bench, epochs)
    if chosen.out:
        body = {"machine": hardware.machine(), "packages": hardware.packages(), "rows": bench.rows}
        chosen.out.write_text(
            json.dumps(body | {"options": vars(chosen)}, indent=1, default=str) + "\n"
        )


# --- one network -------------------------------------------------------------------------------


def measure(bench: Bench, network: str, deadline: float) -> dict[str, float]:
    """Every variant's steps, then whole epochs; (side -> seconds an epoch)."""
    run = make_run("cifar10", 0.01, network, "CAL", {"f": 10})
    flops = training_flops(run)
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
        _wait(bench.device)
        bench.say(what="start", network=network, variant=variant, s=time.perf_counter() - began)
    before = _compilations()
    seconds = rounds(bench, sides)
    batch = resolve_run(Project.find(), run).recipe.batch_size
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
            _wait(bench.device)
            found[variant].append((time.perf_counter() - began) / bench.steps)
    return found


def resolved_for(run: Run, variant: str) -> Resolved:
    """The run's configuration with the execution of a variant."""
    execution = {
        "precision": "float32" if variant == "resident" else "auto",
        "graphs": variant in ("graphs", "compiled"),
        "compile": variant == "compiled",
    }
    return resolve(
        Project.find(), run.dataset, run.backbone, run.method, dict(run.options) | execution
    )


def parts(bench: Bench, run: Run, variant: str) -> tuple[Any, Any, steps.Step, Resident]:
    """(model, optimizer, step, data) of our loop."""
    resolved = resolved_for(run, variant)
    model = build.build(
        Project.find(), run, np.bincount(bench.labels, minlength=10).tolist(), 32, 3
    )
    layout = torch.contiguous_format if variant == "resident" else torch.channels_last
    model = model.to(bench.device, memory_format=layout)
    optimizer = steps.make_optimizer(model, resolved.recipe, bench.device)
    images, labels = torch.from_numpy(bench.images), torch.from_numpy(bench.labels)
    data = Resident(images, labels, resolved.recipe, bench.device)
    dtype = steps.pick_dtype(resolved.execution, bench.device, 32)
    step = steps.make_step(model, optimizer, data, dtype, bench.device, resolved.execution)
    model.train()
    return model, optimizer, step, data


def side_of(bench: Bench, run: Run, variant: str) -> Callable[[int], None]:
    """A function that trains n steps."""
    recipe = resolve_run(Project.find(), run).recipe
    if variant == "plain":
        model, optimizer, loader, _ = plain_parts(bench, run)

        def work(n: int) -> None:
            plain.train_epoch(model, optimizer, loader, recipe, 6, bench.device, limit=n)

        return work
    model, _, step, data = parts(bench, run, variant)
    whole = len(data) // recipe.batch_size  # the smaller last batch is part of the epochs below
    epochs = iter(range(6, 10**6))

    def ours(n: int) -> None:
        plan = plan_epoch(len(data), recipe, 0, next(epochs)).to(bench.device)
        for number in range(n):
            step(plan.at(number % whole, recipe.batch_size), 6)

    return ours


def plain_parts(bench: Bench, run: Run) -> tuple[Any, Any, DataLoader, DataLoader]:
    """(model, optimizer, training and test loader) of the plain loop."""
    recipe = resolve_run(Project.find(), run).recipe
    model = plain.build(run, np.bincount(bench.labels, minlength=10).tolist(), 32, 3)
    model = model.to(bench.device)
    optimizer = torch.optim.SGD(
        model.parameters(), recipe.lr, recipe.momentum, weight_decay=recipe.weight_decay
    )
    loaders = [
        DataLoader(
            plain.Pictures(images, labels, transform),
            recipe.batch_size,
            shuffle=train,
            num_workers=bench.workers,
            persistent_workers=bench.workers > 0,
            pin_memory=bench.device.type == "cuda",
        )
        for images, labels, transform, train in (
            (bench.images, bench.labels, plain.train_transform(recipe, 32), True),
            (bench.test_images, bench.test_labels, plain.test_transform(recipe), False),
        )
    ]
    return model, optimizer, loaders[0], loaders[1]


def whole_epochs(bench: Bench, run: Run, variant: str) -> dict[str, float]:
    """Seconds of a full epoch with evaluation: the plain loop, and our best variant."""
    recipe = resolve_run(Project.find(), run).recipe
    model, optimizer, loader, tests = plain_parts(bench, run)

    def plainly(epoch: int) -> None:
        plain.train_epoch(model, optimizer, loader, recipe, epoch, bench.device)
        plain.accuracy(model, tests, bench.device)

    ours, _, step, data = parts(bench, run, variant)
    dtype = steps.pick_dtype(resolved_for(run, variant).execution, bench.device, 32)
    test = evaluate.EvalSet(
        torch.from_numpy(bench.test_images).to(bench.device),
        torch.from_numpy(bench.test_labels).to(bench.device),
        Normalise.of(recipe, bench.device),
        2048,
        lambda: steps.autocast(bench.device, dtype),
    )

    def quickly(epoch: int) -> None:
        plan = plan_epoch(len(data), recipe, 0, epoch).to(bench.device)
        for number in range(steps_per_epoch(len(data), recipe)):
            step(plan.at(number, recipe.batch_size), epoch)
        evaluate.test_accuracy(ours, test)

    for epoch in range(6, 6 + steps.GraphStep.EAGER + 1):
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
    recipe = resolve_run(Project.find(), run).recipe
    members = [(parts(bench, run, "graphs"), torch.cuda.Stream()) for _ in range(seeds)]
    plan = plan_epoch(len(bench.labels), recipe, 0, 6).to(bench.device)

    def turn(n: int) -> None:
        for number in range(n):
            for (_, _, step, _), stream in members:
                with torch.cuda.stream(stream):
                    step(plan.at(number % 90, recipe.batch_size), 6)

    turn(8)
    _wait(bench.device)
    began = time.perf_counter()
    turn(bench.steps)
    _wait(bench.device)
    seconds = time.perf_counter() - began
    rate = seeds * bench.steps * recipe.batch_size / seconds
    bench.say(what="sharing", network=run.backbone, seeds=seeds, images_per_s=rate)


# --- all of it ---------------------------------------------------------------------------------


def extrapolate(bench: Bench, epochs: dict[str, dict[str, float]]) -> None:
    """GPU-hours of each table, from the measured epochs, scaled by images and network."""
    from ncmc.plan import cost_guess

    for name in grid.table_names("paper"):
        hours = {"plain": 0.0, "ncmc": 0.0}
        left_out = 0
        for run in grid.runs(name):
            if run.backbone not in epochs or run.dataset not in ("cifar10", "cifar100"):
                left_out += 1
                continue
            recipe = resolve_run(Project.find(), run).recipe
            work = (3 * cost_guess.train_images(run) + 10_000) / (3 * 12_406 + 10_000)
            for side in hours:
                hours[side] += recipe.epochs * work * epochs[run.backbone][side] / 3600
        bench.say(what="table", name=name, runs_not_counted=left_out, **hours)


def training_flops(run: Run) -> float:
    """FLOPs of a training image: forward and backward, counted by torch."""
    from torch.utils.flop_counter import FlopCounterMode

    model = build.build(Project.find(), run, [10] * 10, 32, 3)
    with FlopCounterMode(display=False) as counter:
        model.backbone(torch.rand(1, 3, 32, 32)).sum().backward()
    return float(counter.get_total_flops())


def matrix_rate(device: torch.device, n: int) -> float:
    """FLOP/s of a bf16 matrix product of random numbers."""
    a, b = (torch.randn(n, n, device=device, dtype=torch.bfloat16) for _ in range(2))
    times = []
    for _ in range(8):
        _wait(device)
        began = time.perf_counter()
        a @ b
        _wait(device)
        times.append(time.perf_counter() - began)
    return 2 * n**3 / statistics.median(times[2:])


def _timed(work: Callable[[int], None], bench: Bench, times: int) -> float:
    """Median seconds of a call."""
    found = []
    for epoch in range(10, 10 + times):
        _wait(bench.device)
        began = time.perf_counter()
        work(epoch)
        _wait(bench.device)
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def _compilations() -> int:
    """Graphs that torch.compile has made so far."""
    from torch._dynamo.utils import counters

    return int(counters["stats"].get("unique_graphs", 0))


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
