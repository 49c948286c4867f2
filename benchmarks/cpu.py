"""Training on a CPU: the harness against a plain PyTorch loop, both in this one process.

    python benchmarks/cpu.py [--rounds 5] [--networks resnet32,resnet50,densenet150] [--out F.json]

The two sides take turns; a round times some steps of each, and the ratio is taken round by round.
Both have the same threads, the same allocator settings, the same recipe and the same batches' size.
Most of the gain is bfloat16: on a processor without it in hardware, ncmc computes in float32 and
gains little.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from benchmarks import plain
from ncmc.plan.run import make_run, resolve_run
from ncmc.project import Project
from ncmc.system import allocator, hardware
from ncmc.training import build, precision
from ncmc.training.batches import InMemory
from ncmc.training.draws import plan_epoch
from ncmc.training.optimiser import make_optimizer
from ncmc.training.step import Step

STEPS = {"resnet20": 8, "resnet32": 8}  # of a round; 1 for larger networks
IMAGES = 12_406  # CIFAR-10-LT at tau 0.01
BATCH = 128
WARM_UP = 3  # steps until the allocator has all the memory it needs
Work = Callable[[int], None]  # that many steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--networks", default="resnet32,resnet50,densenet150")
    parser.add_argument("--method", default="SETF")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    project = Project.find()
    allocator.keep_pages()  # for both sides
    torch.set_num_threads(chosen.threads)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (IMAGES, 32, 32, 3), dtype=np.uint8)  # speed knows no content
    labels = rng.integers(0, 10, IMAGES)
    execution = resolve_run(
        project, make_run("cifar10", 0.01, "resnet32", chosen.method, project=project)
    ).execution
    dtype = str(precision.pick_dtype(execution, torch.device("cpu"), 32))
    print(f"ncmc computes in {dtype} on this processor, the plain loop in torch.float32")
    found = {}
    for name in chosen.networks.split(","):
        sides = {
            "plain": plain_side(project, name, chosen.method, images, labels),
            "ncmc": our_side(project, name, chosen.method, images, labels),
        }
        found[name] = compare(name, sides, STEPS.get(name, 1), chosen.rounds)
    if chosen.out:
        body = {
            "machine": hardware.machine(),
            "packages": hardware.packages(),
            "precision": dtype,
            "found": found,
            "options": str(chosen),
        }
        chosen.out.write_text(json.dumps(body, indent=1) + "\n")


def plain_side(
    project: Project, name: str, method: str, images: np.ndarray, labels: np.ndarray
) -> Callable[[int], None]:
    run = make_run("cifar10", 0.01, name, method, project=project)
    recipe = resolve_run(project, run).recipe
    model = plain.build(project, run, np.bincount(labels).tolist(), 32, 3)
    optimizer = make_optimizer(model, recipe, torch.device("cpu"))
    data = plain.Pictures(images, labels, plain.train_transform(recipe, 32))
    loader = DataLoader(data, BATCH, shuffle=True)
    cpu = torch.device("cpu")

    def work(n: int) -> None:
        plain.train_epoch(model, optimizer, loader, recipe, 6, cpu, limit=n)

    return work


def our_side(
    project: Project, name: str, method: str, images: np.ndarray, labels: np.ndarray
) -> Callable[[int], None]:
    cpu = torch.device("cpu")
    run = make_run("cifar10", 0.01, name, method, project=project)
    resolved = resolve_run(project, run)
    model = build.build_model(project, run, np.bincount(labels).tolist(), 32, 3)
    model = build.on_device(model, cpu)
    data = InMemory(torch.from_numpy(images), torch.from_numpy(labels), resolved.recipe, cpu)
    step = Step(
        model,
        make_optimizer(model, resolved.recipe, cpu),
        data,
        precision.pick_dtype(resolved.execution, cpu, 32),
        cpu,
    )
    epochs = iter(range(6, 10**6))

    def work(n: int) -> None:
        model.train()
        plan = plan_epoch(data.labels, resolved.recipe, 0, next(epochs))
        for number in range(n):
            step(plan.at(number)).item()

    return work


def compare(name: str, sides: dict[str, Work], n: int, rounds: int) -> dict[str, object]:
    for work in sides.values():
        for _ in range(WARM_UP):
            work(1)
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for turn in range(rounds):
        order = list(sides.items()) if turn % 2 else list(sides.items())[::-1]
        for side, work in order:
            began = time.process_time()
            work(n)
            seconds[side].append((time.process_time() - began) / n)
    ratios = [p / o for p, o in zip(seconds["plain"], seconds["ncmc"], strict=True)]
    rates = {side: BATCH / statistics.median(values) for side, values in seconds.items()}
    print(
        f"{name:12} plain {rates['plain']:8.1f}  ncmc {rates['ncmc']:8.1f} images per CPU second, "
        f"ratio {statistics.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}] "
        f"over {rounds} rounds of {n} steps",
        flush=True,
    )
    return {"rates": rates, "ratios": ratios, "median": statistics.median(ratios)}


if __name__ == "__main__":
    main()
