"""Training on a GPU: the harness against a plain PyTorch loop, in pieces that can be cut off.

    python -m benchmarks.gpu --budget 560 --out FOLDER

The most telling first: for each network steady steps of every variant in turn, then full epochs with
evaluation; the ratio to plain, the share of the measured bf16 matrix rate. Then what each table would
take, from the measured epochs; several models on one GPU; torch.compile. Each piece has a file in
FOLDER, written again at every row, so that whatever ends the program leaves what was measured. A piece
whose file is whole is not measured again, so the same command goes on. Random images: no data is needed.
`--device cpu --tiny` shows that everything runs, in a minute or two.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
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
from ncmc.forecast import cost
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.project import Project
from ncmc.training import build, evaluate, precision
from ncmc.training.augment import Normalise
from ncmc.training.draws import plan_epoch, steps_per_epoch
from ncmc.training.step import GraphStep

NETWORKS = ("resnet50", "densenet150", "resnet32")
STEPS = 40  # of a round


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=float, default=560, help="seconds for all of it")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--workers", type=int, default=12, help="of the plain loop")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--tiny", action="store_true", help="a few images: does it run at all")
    parser.add_argument("--out", type=Path, help="folder of the results, a file a piece")
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
            bench.end()


def make_bench(chosen: argparse.Namespace) -> Bench:
    """The images and the sizes of all pieces."""
    torch.set_float32_matmul_precision("high")  # TF32 for the plain loop, as PyTorch users set it
    device = precision.pick_device(chosen.device)
    precision.use_device(device)
    if chosen.tiny:
        torch.set_num_threads(1)  # on cores that others use too, two threads wait for each other
    n, tests, side, count = (10, 4, 8, 1) if chosen.tiny else (12_406, 10_000, 32, STEPS)
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
        options=vars(chosen),
    )


def pieces(networks: list[str]) -> dict[str, Callable[[Bench], None]]:
    """What is measured, the most telling first."""
    found: dict[str, Callable[[Bench], None]] = {
        network: partial(measure, network=network) for network in networks
    }
    found["tables"] = extrapolate
    found["sharing"] = partial(shared, network=networks[0])
    found["compiled"] = partial(compiled, networks=networks)
    return found


# --- one network -------------------------------------------------------------------------------


def measure(bench: Bench, network: str) -> None:
    """Steps of every variant but the compiled one, then whole epochs."""
    seconds = compare(bench, network, [v for v in VARIANTS if v != "compiled"])
    bench.epochs[network] = whole_epochs(bench, run_of(bench, network), best_of(seconds))


def compiled(bench: Bench, networks: list[str]) -> None:
    """torch.compile, which takes minutes before its first step, beside the plain loop."""
    for network in networks if bench.device.type == "cuda" else ():
        before = _compilations()
        compare(bench, network, ["plain", "compiled"])
        bench.say(what="compilations", network=network, graphs=_compilations() - before)


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
    seconds = rounds(bench, sides)
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


def best_of(seconds: dict[str, list[float]]) -> str:
    """The fastest variant of ours."""
    ours = {v: statistics.median(s) for v, s in seconds.items() if v != "plain"}
    return min(ours, key=lambda variant: ours[variant])


def rounds(bench: Bench, sides: dict[str, Callable[[int], None]]) -> dict[str, list[float]]:
    """Seconds a step of each side, by rounds in which the sides take turns."""
    found: dict[str, list[float]] = {variant: [] for variant in sides}
    for _ in range(bench.rounds):
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
        resolved_for(bench.project, run, variant).execution, bench.device, bench.side
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

    recorded = isinstance(step, GraphStep)
    for epoch in range(6, 6 + (GraphStep.EAGER + 1 if recorded else 1)):
        quickly(epoch)  # the last batch's shape is recorded in the fourth epoch
    plain_times, own_times = (1, 1) if bench.rounds == 1 else (2, 5)
    found = {
        "plain": _timed(plainly, bench, plain_times),
        "ncmc": _timed(quickly, bench, own_times),
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


def shared(bench: Bench, network: str, seeds: int = 3) -> None:
    """Three models on one GPU, each on a stream of its own: images of all of them a second."""
    if bench.device.type != "cuda":
        return
    run = run_of(bench, network)
    recipe = resolve_run(bench.project, run).recipe
    members = []
    for _ in range(seeds):  # each records on a stream of its own, and is replayed on another
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            members.append((parts(bench, run, "graphs")[2], stream))
    plan = plan_epoch(torch.from_numpy(bench.labels), recipe, 0, 6).to(bench.device)
    whole = len(bench.labels) // recipe.batch_size
    wait(bench.device)

    def turn(n: int) -> None:
        for number in range(n):
            for step, stream in members:
                with torch.cuda.stream(stream):
                    step(plan.at(number % whole))

    turn(8)
    wait(bench.device)
    began = time.perf_counter()
    turn(bench.steps)
    wait(bench.device)
    seconds = time.perf_counter() - began
    rate = seeds * bench.steps * recipe.batch_size / seconds
    bench.say(what="sharing", network=run.backbone, seeds=seeds, images_per_s=rate)


# --- all of it ---------------------------------------------------------------------------------


def extrapolate(bench: Bench) -> None:
    """An estimate of each table's GPU-hours, from the measured epochs, by network and images."""
    epochs = bench.epochs
    for name in table_names(bench.project, "paper"):
        hours = {"plain": 0.0, "ncmc": 0.0}
        left_out = 0
        for run in grid.table(bench.project, name).runs:
            if run.backbone not in epochs or run.dataset not in ("cifar10", "cifar100"):
                left_out += 1
                continue
            recipe = resolve_run(bench.project, run).recipe
            work = (3 * cost.train_images(bench.project, run) + 10_000) / (3 * 12_406 + 10_000)
            for side in hours:
                hours[side] += recipe.epochs * work * epochs[run.backbone][side] / 3600
        bench.say(what="table", name=name, runs_not_counted=left_out, **hours)


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


if __name__ == "__main__":
    main()
