"""Training on a CPU or GPU: the harness against a plain PyTorch loop.

    taskset -c 0 python -m benchmarks.speed --device cpu --out cpu.json
    python -m benchmarks.speed --device cuda --out gpu.json

Random images: no data is needed. On a GPU first how many runs can share it (benchmarks/shared_gpu.py).
For each network, steps of every variant in turn, in rounds; the ratio to the plain loop is taken round
by round. Then whole epochs with evaluation, of the plain loop and of
the fastest variant. The file is written again at every row: whatever ends the program, it holds what
was measured. Times are of the process on a CPU (others may use it too), of the clock on a GPU.
`--tiny` shows in seconds that everything runs.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from benchmarks import plain, shared_gpu
from ncmc.plan.recipes import Recipe, Resolved, resolve
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.project import Project
from ncmc.system import allocator, files, hardware
from ncmc.training import build, evaluate, precision
from ncmc.training.batches import InMemory, Normalise
from ncmc.training.draws import plan_epoch, steps_per_epoch
from ncmc.training.optimiser import make_optimizer
from ncmc.training.step import GraphStep, Step, make_step

# More and more of ours switched on; torch.compile, which takes minutes before its first step, last.
VARIANTS = {"cpu": ("plain", "ours"), "cuda": ("plain", "float32", "ours", "graphs", "compiled")}
STEPS = {"resnet20": 8, "resnet32": 8}  # of a round on a CPU, 1 for larger networks; 40 on a GPU
SHARING = {"cpu": "", "cuda": "1,2,4,8"}  # runs at a time ...
SECONDS = 10.0  # ... and for how long they train side by side
TRAINED, TESTED = 12_406, 10_000  # images: CIFAR-10 at tau 0.01
Work = Callable[[int], object]  # that many steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=VARIANTS, required=True)
    parser.add_argument("--networks", default="resnet32,resnet50,densenet150")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=0, help="of the plain loop's DataLoader")
    parser.add_argument("--runs", help="at a time; by default 1,2,4,8 on a GPU, none on a CPU")
    parser.add_argument("--tiny", action="store_true", help="a few images: does it run at all")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    bench = random_bench(chosen.device, chosen.tiny, chosen.out)
    bench.workers, bench.rounds = chosen.workers, chosen.rounds
    runs = SHARING[chosen.device] if chosen.runs is None else chosen.runs
    counts = [int(n) for n in runs.split(",") if n]
    options = ["--device", chosen.device, *(["--tiny"] if chosen.tiny else [])]
    for row in shared_gpu.measure(counts, options, 0.2 if chosen.tiny else SECONDS):
        bench.say(**row)
    for network in filter(None, chosen.networks.split(",")):
        try:
            measure(bench, network)
        except Exception as error:  # a network that fails must not take the others along
            bench.say(what="network", network=network, failed=repr(error)[:300])


def random_bench(device_name: str, tiny: bool, out: Path) -> "Bench":
    """Random images in the numbers of CIFAR-10 at tau 0.01 (`tiny`: a few), and this process set up."""
    allocator.keep_pages()  # for both sides
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("high")  # TF32 for the plain loop, as PyTorch users set it
    device = precision.pick_device(device_name)
    precision.use_device(device)
    n, tests, side = (10, 4, 8) if tiny else (TRAINED, TESTED, 32)
    rng = np.random.default_rng(0)
    return Bench(
        device=device,
        images=rng.integers(0, 256, (n, side, side, 3), dtype=np.uint8),
        labels=np.arange(n) % 10,
        test_images=rng.integers(0, 256, (tests, side, side, 3), dtype=np.uint8),
        test_labels=rng.integers(0, 10, tests),
        options={"batch_size": 4} if tiny else {},
        out=out,
    )


@dataclass
class Bench:
    """What all measurements share."""

    device: torch.device
    images: np.ndarray  # (N, side, side, 3) uint8
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    options: dict[str, Any]  # of all runs
    out: Path
    workers: int = 0
    rounds: int = 5
    project: Project = field(default_factory=Project.find)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def side(self) -> int:
        """Of the images, in pixels."""
        return int(self.images.shape[1])

    def seconds(self, work: Work, n: int) -> float:
        """Seconds per step of `n` steps, until the device is done with them."""
        on_cpu = self.device.type == "cpu"
        clock = time.process_time if on_cpu else time.perf_counter
        wait = (lambda: None) if on_cpu else torch.cuda.synchronize
        wait()
        began = clock()
        work(n)
        wait()
        return (clock() - began) / n

    def say(self, **row: Any) -> None:
        """Print a row, and write the file with it."""
        self.rows.append(row)
        words = (f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items())
        print("  ".join(words), flush=True)
        gpu = torch.cuda.get_device_name() if self.device.type == "cuda" else None
        machine = hardware.machine() | {"gpu": gpu}
        body = {"machine": machine, "packages": hardware.packages(), "rows": self.rows}
        files.write_atomic(self.out, json.dumps(body, indent=1) + "\n")


def measure(bench: Bench, network: str) -> None:
    """Steps of every variant in turn, then whole epochs of the plain loop and the fastest variant."""
    run = make_run("cifar10", 0.01, network, "SETF", bench.options, project=bench.project)
    sides: dict[str, Work] = {}
    for variant in VARIANTS[bench.device.type]:
        try:
            sides[variant] = work = steps_of(bench, run, variant)
            work(max(3, GraphStep.EAGER + 1))  # memory, algorithms, recording, compilation
        except Exception as error:  # a variant that fails must not take the others along
            bench.say(what="steps", network=network, variant=variant, failed=repr(error)[:300])
            sides.pop(variant, None)
    n = 40 if bench.device.type == "cuda" else STEPS.get(network, 1)
    rounds = [{v: bench.seconds(work, n) for v, work in sides.items()} for _ in range(bench.rounds)]
    batch = resolve_run(bench.project, run).recipe.batch_size
    typical = {v: statistics.median(seconds[v] for seconds in rounds) for v in sides}
    for variant, seconds in typical.items():
        ratios = [one["plain"] / one[variant] for one in rounds]
        bench.say(
            what="steps",
            network=network,
            variant=variant,
            images_per_s=batch / seconds,
            ratio=statistics.median(ratios),
            low=min(ratios),
            high=max(ratios),
        )
    fastest = min((v for v in typical if v != "plain"), key=lambda v: typical[v])
    if bench.device.type == "cuda" or len(bench.images) < TRAINED:
        whole = {v: epoch_of(bench, run, v) for v in ("plain", fastest)}
        bench.say(
            what="epoch",
            network=network,
            variant=fastest,
            plain_s=whole["plain"],
            ours_s=whole[fastest],
        )


def steps_of(bench: Bench, run: Run, variant: str) -> Work:
    """A function that trains n steps of one variant."""
    recipe = resolve_run(bench.project, run).recipe
    if variant == "plain":
        model, optimizer, loader, _ = plain_parts(bench, run)
        device = bench.device
        return lambda n: plain.train_epoch(model, optimizer, loader, recipe, 6, device, limit=n)
    _, step, data = our_parts(bench, run, variant)
    full = len(data) // recipe.batch_size  # the smaller last batch is part of the epochs
    epochs = iter(range(6, 10**6))

    def ours(n: int) -> None:
        plan = plan_epoch(data.labels, recipe, 0, next(epochs)).to(bench.device)
        for number in range(n):
            step(plan.at(number % full)).item()  # as the plain loop looks at each loss

    return ours


def epoch_of(bench: Bench, run: Run, variant: str) -> float:
    """Seconds of an epoch with evaluation, the median of three."""
    recipe = resolve_run(bench.project, run).recipe
    work = plain_epoch if variant == "plain" else our_epoch
    one = work(bench, run, recipe, variant)
    for epoch in range(6, 7 + GraphStep.EAGER):
        one(epoch)  # the last batch's shape is recorded in the fourth epoch
    return statistics.median(bench.seconds(lambda _: one(20), 1) for _ in range(3))


def plain_epoch(bench: Bench, run: Run, recipe: Recipe, _: str) -> Work:
    """An epoch of the plain loop, by its number."""
    model, optimizer, loader, tests = plain_parts(bench, run)

    def one(epoch: int) -> None:
        plain.train_epoch(model, optimizer, loader, recipe, epoch, bench.device)
        plain.accuracy(model, tests, bench.device)

    return one


def our_epoch(bench: Bench, run: Run, recipe: Recipe, variant: str) -> Work:
    """An epoch of a variant of ours, by its number."""
    model, step, data = our_parts(bench, run, variant)
    dtype = precision.pick_dtype(
        resolved_for(bench, run, variant).execution, bench.device, bench.side
    )
    test = evaluate.EvalSet(
        torch.from_numpy(bench.test_images).to(bench.device),
        torch.from_numpy(bench.test_labels).to(bench.device),
        Normalise.of(recipe, bench.device),
        2048,
        lambda: precision.autocast(bench.device, dtype),
    )

    def one(epoch: int) -> None:
        model.train()
        plan = plan_epoch(data.labels, recipe, 0, epoch).to(bench.device)
        for number in range(steps_per_epoch(len(data), recipe)):
            step(plan.at(number))
        evaluate.test_accuracy(model, test)

    return one


def resolved_for(bench: Bench, run: Run, variant: str) -> Resolved:
    """The run's configuration with the execution of a variant."""
    execution = {
        "precision": "float32" if variant == "float32" else "auto",
        "graphs": variant in ("graphs", "compiled"),
        "compile": variant == "compiled",
    }
    options = dict(run.options) | execution
    return resolve(bench.project, run.dataset, run.backbone, run.method, options)


def our_parts(bench: Bench, run: Run, variant: str) -> tuple[Any, Step, InMemory]:
    """(model, step, data) of our loop."""
    resolved = resolved_for(bench, run, variant)
    counts = np.bincount(bench.labels, minlength=10).tolist()
    model = build.build_model(bench.project, run, counts, bench.side, 3)
    model = build.on_device(model, bench.device)
    images, labels = torch.from_numpy(bench.images), torch.from_numpy(bench.labels)
    data = InMemory(images, labels, resolved.recipe, bench.device)
    dtype = precision.pick_dtype(resolved.execution, bench.device, bench.side)
    optimizer = make_optimizer(model, resolved.recipe, bench.device)
    model.train()
    return model, make_step(model, optimizer, data, dtype, bench.device, resolved.execution), data


def plain_parts(bench: Bench, run: Run) -> tuple[Any, Any, plain.Loader, plain.Loader]:
    """(model, optimizer, training and test loader) of the plain loop."""
    recipe = resolve_run(bench.project, run).recipe
    counts = np.bincount(bench.labels, minlength=10).tolist()
    model = plain.build(bench.project, run, counts, bench.side, 3).to(bench.device)
    optimizer = torch.optim.SGD(
        model.parameters(), recipe.lr, recipe.momentum, weight_decay=recipe.weight_decay
    )
    training = plain.Pictures(bench.images, bench.labels, plain.train_transform(recipe, bench.side))
    tests = plain.Pictures(bench.test_images, bench.test_labels, plain.test_transform(recipe))
    loaders = [
        DataLoader(
            pictures,
            recipe.batch_size,
            shuffle=pictures is training,
            num_workers=bench.workers,
            persistent_workers=bench.workers > 0,
            pin_memory=bench.device.type == "cuda",
        )
        for pictures in (training, tests)
    ]
    return model, optimizer, *loaders


if __name__ == "__main__":
    main()
