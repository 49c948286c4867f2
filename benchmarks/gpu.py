"""Training on a GPU: the harness against a plain PyTorch loop, in pieces that can be cut off.

    python -m benchmarks.gpu --budget 560 --out FOLDER

The most telling first: for each network steps of every variant in turn, then full epochs with
evaluation; the ratio to plain, the share of the measured bf16 matrix rate. Then what each table would
take, from the measured epochs; then torch.compile. Each piece has a file in FOLDER, written again at
every row, so that whatever ends the program leaves what was measured; a piece whose file is whole is
not measured again. Random images: no data is needed. `--device cpu --tiny` shows that everything runs.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from benchmarks import plain
from ncmc.forecast import cost
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.plan.recipes import Resolved, resolve
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.project import Project
from ncmc.system import files, hardware
from ncmc.training import build, evaluate, precision
from ncmc.training.batches import InMemory, Normalise
from ncmc.training.draws import plan_epoch, steps_per_epoch
from ncmc.training.optimiser import make_optimizer
from ncmc.training.step import GraphStep, Step, make_step

NETWORKS = ("resnet50", "densenet150", "resnet32")
VARIANTS = ("plain", "in_memory", "bf16", "graphs")  # more and more of ours switched on
TRAINED, TESTED = 12_406, 10_000  # images: CIFAR-10 at tau 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=float, default=560, help="seconds for all of it")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--workers", type=int, default=12, help="of the plain loop")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--tiny", action="store_true", help="a few images: does it run at all")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    chosen = parser.parse_args()
    ends = time.perf_counter() + chosen.budget
    bench = make_bench(chosen)
    networks = chosen.networks.split(",")
    for name, piece in pieces(networks).items():
        if bench.begin(name):
            continue
        if time.perf_counter() > ends:
            bench.say(what=name, skipped="no time left")
            continue
        try:
            piece(bench)
        except Exception as error:  # a piece that fails must not take the others along
            bench.say(what=name, failed=repr(error)[:300])
        else:
            bench.write(whole=True)


def pieces(networks: list[str]) -> dict[str, Callable[["Bench"], None]]:
    """What is measured, the most telling first."""
    found: dict[str, Callable[[Bench], None]] = {
        network: partial(measure, network=network) for network in networks
    }
    return found | {"tables": extrapolate, "compiled": partial(compiled, networks=networks)}


@dataclass
class Bench:
    """What all measurements share."""

    project: Project
    device: torch.device
    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    workers: int
    steps: int  # of a round
    rounds: int
    warm_up: int  # steps
    run_options: dict[str, Any]
    peak: float  # measured bf16 matrix rate, FLOP/s
    out: Path  # folder
    piece: str = ""  # what is measured now
    epochs: dict[str, dict[str, float]] = field(default_factory=dict)  # network -> side -> seconds
    rows: list[dict[str, Any]] = field(default_factory=list)  # of the piece

    @property
    def side(self) -> int:
        """Of the images, in pixels."""
        return int(self.images.shape[1])

    @property
    def file(self) -> Path:
        """Of the piece."""
        return self.out / f"{self.piece}.json"

    def begin(self, piece: str) -> bool:
        """A piece begins; whether an earlier call has done it, which is read instead."""
        self.piece, self.rows = piece, []
        if not self.file.exists():
            return False
        body = json.loads(self.file.read_text())
        for row in body["rows"]:
            if row["what"] == "epoch":
                self.epochs[row["network"]] = {"plain": row["plain_s"], "ncmc": row["ncmc_s"]}
        return bool(body["whole"])

    def say(self, **row: Any) -> None:
        """Print a row at once, and write those of the piece: nothing that comes later loses it."""
        self.rows.append(row)
        print("  ".join(f"{k} {_short(v)}" for k, v in row.items()), flush=True)
        self.write(whole=False)

    def write(self, whole: bool) -> None:
        """The file of the piece; `whole`: nothing is missing in it."""
        body = {
            "whole": whole,
            "device": torch.cuda.get_device_name(self.device)
            if self.device.type == "cuda"
            else "cpu",
            "bf16_tflops": self.peak / 1e12,
            "machine": hardware.machine(),
            "packages": hardware.packages(),
            "rows": self.rows,
        }
        files.write_atomic(self.file, json.dumps(body, indent=1) + "\n")


def make_bench(chosen: argparse.Namespace) -> Bench:
    """The images and the sizes of all pieces."""
    torch.set_float32_matmul_precision("high")  # TF32 for the plain loop, as PyTorch users set it
    device = precision.pick_device(chosen.device)
    precision.use_device(device)
    if chosen.tiny:
        torch.set_num_threads(1)  # on cores that others use too, two threads wait for each other
    n, tests, side, count = (10, 4, 8, 1) if chosen.tiny else (TRAINED, TESTED, 32, 40)
    rng = np.random.default_rng(0)
    return Bench(
        project=Project.find(),
        device=device,
        images=rng.integers(0, 256, (n, side, side, 3), dtype=np.uint8),
        labels=np.arange(n) % 10,
        test_images=rng.integers(0, 256, (tests, side, side, 3), dtype=np.uint8),
        test_labels=rng.integers(0, 10, tests),
        workers=0 if chosen.tiny else chosen.workers,
        steps=count,
        rounds=1 if chosen.tiny else 5,
        warm_up=1 if chosen.tiny else 8,
        run_options={"batch_size": 4} if chosen.tiny else {},
        peak=matrix_rate(device, 256 if chosen.tiny else 8192),
        out=chosen.out,
    )


# --- pieces ------------------------------------------------------------------------------------


def measure(bench: Bench, network: str) -> None:
    """Steps of every variant but the compiled one, then whole epochs of the fastest."""
    seconds = compare(bench, network, [*VARIANTS])
    ours = {v: statistics.median(s) for v, s in seconds.items() if v != "plain"}
    fastest = min(ours, key=lambda variant: ours[variant])
    bench.epochs[network] = whole_epochs(bench, run_of(bench, network), fastest)


def compiled(bench: Bench, networks: list[str]) -> None:
    """torch.compile, which takes minutes before its first step, beside the plain loop."""
    for network in networks if bench.device.type == "cuda" else ():
        compare(bench, network, ["plain", "compiled"])


def extrapolate(bench: Bench) -> None:
    """An estimate of each table's GPU-hours, from the measured epochs, by network and images."""
    for name in table_names(bench.project, "paper"):
        hours = {"plain": 0.0, "ncmc": 0.0}
        left_out = 0
        for run in grid.table(bench.project, name).runs:
            if run.backbone not in bench.epochs or run.dataset not in ("cifar10", "cifar100"):
                left_out += 1
                continue
            recipe = resolve_run(bench.project, run).recipe
            work = 3 * cost.train_images(bench.project, run) + TESTED
            for side in hours:
                seconds = recipe.epochs * bench.epochs[run.backbone][side]
                hours[side] += seconds * work / (3 * TRAINED + TESTED) / 3600
        bench.say(what="table", name=name, runs_not_counted=left_out, **hours)


def run_of(bench: Bench, network: str) -> Run:
    """The run that is measured: CAL on CIFAR-10 at tau 0.01."""
    options = {"f": 10, **bench.run_options}
    return make_run("cifar10", 0.01, network, "CAL", options, project=bench.project)


def compare(bench: Bench, network: str, variants: list[str]) -> dict[str, list[float]]:
    """The steps of some variants in turn: seconds a step, by rounds."""
    run = run_of(bench, network)
    sides: dict[str, Callable[[int], None]] = {}
    for variant in variants:
        if variant == "graphs" and bench.device.type != "cuda":
            continue
        began = time.perf_counter()
        try:
            sides[variant] = side_of(bench, run, variant)
            sides[variant](bench.warm_up)  # algorithms, recording, compilation
        except Exception as error:  # a variant that fails must not take the others along
            bench.say(what="steps", network=network, variant=variant, failed=repr(error)[:300])
            sides.pop(variant, None)
            continue
        wait(bench.device)
        bench.say(what="start", network=network, variant=variant, s=time.perf_counter() - began)
    seconds: dict[str, list[float]] = {variant: [] for variant in sides}
    for _ in range(bench.rounds):
        for variant, work in sides.items():
            seconds[variant].append(timed(bench, partial(work, bench.steps)) / bench.steps)
    batch = resolve_run(bench.project, run).recipe.batch_size
    flops = training_flops(bench.project, run, bench.side)
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
    return seconds


def whole_epochs(bench: Bench, run: Run, variant: str) -> dict[str, float]:
    """Seconds of a full epoch with evaluation: the plain loop, and a variant of ours."""
    recipe = resolve_run(bench.project, run).recipe
    model, optimizer, loader, tests = plain_parts(bench, run)

    def plainly(epoch: int) -> None:
        plain.train_epoch(model, optimizer, loader, recipe, epoch, bench.device)
        plain.accuracy(model, tests, bench.device)

    ours, step, data = parts(bench, run, variant)
    execution = resolved_for(bench.project, run, variant).execution
    dtype = precision.pick_dtype(execution, bench.device, bench.side)
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

    for epoch in range(6, 6 + (GraphStep.EAGER + 1 if isinstance(step, GraphStep) else 1)):
        quickly(epoch)  # the last batch's shape is recorded in the fourth epoch
    times = (1, 1) if bench.rounds == 1 else (2, 5)
    found = {
        name: statistics.median(timed(bench, partial(work, 10 + i)) for i in range(count))
        for name, work, count in zip(("plain", "ncmc"), (plainly, quickly), times, strict=True)
    }
    bench.say(
        what="epoch",
        network=run.backbone,
        variant=variant,
        plain_s=found["plain"],
        ncmc_s=found["ncmc"],
        ratio=found["plain"] / found["ncmc"],
    )
    return found


# --- the sides that are compared -----------------------------------------------------------------


def resolved_for(project: Project, run: Run, variant: str) -> Resolved:
    """The run's configuration with the execution of a variant."""
    execution = {
        "precision": "float32" if variant == "in_memory" else "auto",
        "graphs": variant in ("graphs", "compiled"),
        "compile": variant == "compiled",
    }
    return resolve(project, run.dataset, run.backbone, run.method, dict(run.options) | execution)


def side_of(bench: Bench, run: Run, variant: str) -> Callable[[int], None]:
    """A function that trains n steps."""
    recipe = resolve_run(bench.project, run).recipe
    if variant == "plain":
        model, optimizer, loader, _ = plain_parts(bench, run)
        return lambda n: plain.train_epoch(
            model, optimizer, loader, recipe, 6, bench.device, limit=n
        )
    _, step, data = parts(bench, run, variant)
    whole = len(data) // recipe.batch_size  # the smaller last batch is part of the epochs
    epochs = iter(range(6, 10**6))

    def ours(n: int) -> None:
        plan = plan_epoch(data.labels, recipe, 0, next(epochs)).to(bench.device)
        for number in range(n):
            step(plan.at(number % whole))

    return ours


def parts(bench: Bench, run: Run, variant: str) -> tuple[Any, Step, InMemory]:
    """(model, step, data) of our loop."""
    resolved = resolved_for(bench.project, run, variant)
    counts = np.bincount(bench.labels, minlength=10).tolist()
    model = build.build_model(bench.project, run, counts, bench.side, 3)
    if variant != "in_memory":
        model = build.on_device(model, bench.device)  # channels last
    model = model.to(bench.device)
    optimizer = make_optimizer(model, resolved.recipe, bench.device)
    images, labels = torch.from_numpy(bench.images), torch.from_numpy(bench.labels)
    data = InMemory(images, labels, resolved.recipe, bench.device)
    dtype = precision.pick_dtype(resolved.execution, bench.device, bench.side)
    step = make_step(model, optimizer, data, dtype, bench.device, resolved.execution)
    model.train()
    return model, step, data


def plain_parts(bench: Bench, run: Run) -> tuple[Any, Any, plain.Loader, plain.Loader]:
    """(model, optimizer, training and test loader) of the plain loop."""
    recipe = resolve_run(bench.project, run).recipe
    counts = np.bincount(bench.labels, minlength=10).tolist()
    model = plain.build(bench.project, run, counts, bench.side, 3).to(bench.device)
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
            (bench.images, bench.labels, plain.train_transform(recipe, bench.side), True),
            (bench.test_images, bench.test_labels, plain.test_transform(recipe), False),
        )
    ]
    return model, optimizer, loaders[0], loaders[1]


# --- measuring -----------------------------------------------------------------------------------


def training_flops(project: Project, run: Run, side: int) -> float:
    """FLOPs of a training image: forward and backward, counted by torch."""
    from torch.utils.flop_counter import FlopCounterMode

    model = build.build_model(project, run, [10] * 10, side, 3)
    with FlopCounterMode(display=False) as counter:
        model.backbone(torch.rand(2, 3, side, side)).sum().backward()
    return counter.get_total_flops() / 2  # one image has no statistics of its own


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


def timed(bench: Bench, work: Callable[[], object]) -> float:
    """Seconds of a call, until the device is done with it."""
    wait(bench.device)
    began = time.perf_counter()
    work()
    wait(bench.device)
    return time.perf_counter() - began


def wait(device: torch.device) -> None:
    """Until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
