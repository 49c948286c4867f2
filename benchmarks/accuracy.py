"""Does the fast loop reach the accuracy of the plain one? Both, over several seeds.

    python -m benchmarks.accuracy digits --seeds 10
    python -m benchmarks.accuracy cifar10_jpeg --seeds 4 --images 200 --epochs 30

Same images. Prints mean and deviation of either side after the last epoch, the difference with its
95 % interval (Welch), and whether they are equivalent within two points (two one-sided tests).
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from benchmarks import plain
from ncmc.data import datasets, splits
from ncmc.plan.class_counts import long_tailed_counts
from ncmc.plan.learning_rate import learning_rate
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.project import Project
from ncmc.results import statistics
from ncmc.system import allocator, hardware
from ncmc.training import build, evaluate, precision
from ncmc.training.batches import InMemory, Normalise
from ncmc.training.draws import plan_epoch, steps_per_epoch
from ncmc.training.optimiser import make_optimizer, set_learning_rate
from ncmc.training.step import Step

CPU = torch.device("cpu")
MARGIN = 2.0  # points


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("--backbone", default="")
    parser.add_argument("--method", default="CAL")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--images", type=int, help="of the largest class; all if not given")
    parser.add_argument("--tau", type=float, default=0.02)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    project = Project.find()
    allocator.keep_pages()
    torch.set_num_threads(chosen.threads)
    backbone = chosen.backbone or ("resnet8" if chosen.dataset == "digits" else "resnet20")
    options = {"epochs": chosen.epochs} if chosen.epochs else {}
    found: dict[str, list[float]] = {"plain": [], "ncmc": []}
    for seed in range(chosen.seeds):
        run = make_run(chosen.dataset, chosen.tau, backbone, chosen.method, options, seed)
        data = images_of(project, run, chosen.images)
        for side, train in (("plain", train_plain), ("ncmc", train_ours)):
            began = time.perf_counter()
            found[side].append(train(project, run, *data))
            print(
                f"seed {seed} {side:6} {found[side][-1]:6.2f} %  {time.perf_counter() - began:.0f} s",
                flush=True,
            )
    report(found, chosen)


def images_of(project: Project, run: Run, largest: int | None) -> tuple[np.ndarray, ...]:
    """Training images and labels, long-tailed, and those of the test."""
    train, test = (
        datasets.load(project, run.dataset, "train"),
        datasets.load(project, run.dataset, "test"),
    )
    if largest:
        n_classes = len(train.class_names)
        counts = long_tailed_counts(largest, n_classes, run.tau)
        chosen = splits.draw(train.labels, counts)
    else:
        chosen = splits.long_tailed_indices(train.labels, run.tau)
    return train.images[chosen], train.labels[chosen], np.array(test.images), test.labels


def train_plain(
    project: Project, run: Run, images: np.ndarray, labels: np.ndarray, *test: np.ndarray
) -> float:
    """Accuracy of the plain loop, in percent."""
    recipe = resolve_run(project, run).recipe
    np.random.seed(run.seed)
    size, channels = images.shape[1], images.shape[3]
    model = plain.build(project, run, np.bincount(labels).tolist(), size, channels)
    optimizer = make_optimizer(model, recipe, CPU)
    if channels == 1:
        images, test = images[..., 0], (test[0][..., 0], test[1])
    data = plain.Pictures(images, labels, plain.train_transform(recipe, size))
    loader = DataLoader(data, recipe.batch_size, shuffle=True)
    for epoch in range(1, recipe.epochs + 1):
        plain.train_epoch(model, optimizer, loader, recipe, epoch, CPU)
    tests = plain.Pictures(test[0], test[1], plain.test_transform(recipe))
    return plain.accuracy(model, DataLoader(tests, 500), CPU)


def train_ours(
    project: Project, run: Run, images: np.ndarray, labels: np.ndarray, *test: np.ndarray
) -> float:
    """Accuracy of the harness's loop, in percent."""
    resolved = resolve_run(project, run)
    recipe = resolved.recipe
    size, channels = images.shape[1], images.shape[3]
    model = build.build_model(project, run, np.bincount(labels).tolist(), size, channels)
    model = build.on_device(model, CPU)
    data = InMemory(torch.from_numpy(images), torch.from_numpy(labels), recipe, CPU)
    dtype = precision.pick_dtype(resolved.execution, CPU, size)
    optimizer = make_optimizer(model, recipe, CPU)
    step = Step(model, optimizer, data, dtype, CPU)
    for epoch in range(1, recipe.epochs + 1):
        model.train()
        set_learning_rate(optimizer, learning_rate(recipe, epoch))
        plan = plan_epoch(data.labels, recipe, run.seed, epoch)
        for number in range(steps_per_epoch(len(data), recipe)):
            step(plan.at(number))
    tests = evaluate.EvalSet(
        torch.from_numpy(test[0]),
        torch.from_numpy(test[1]),
        Normalise.of(recipe, CPU),
        256,
        lambda: precision.autocast(CPU, dtype),
    )
    return evaluate.test_accuracy(model, tests)["test_accuracy"]


def report(found: dict[str, list[float]], chosen: argparse.Namespace) -> None:
    """The two sides, their difference, and whether they are equivalent."""
    ours, theirs = (statistics.sample(found[side]) for side in ("ncmc", "plain"))
    difference = statistics.welch(ours, theirs)
    interval = difference.interval()
    low, high = interval or (float("nan"), float("nan"))
    p = difference.p_equivalent(MARGIN)
    print(
        f"{chosen.dataset}: ncmc {ours.mean:.2f} ± {ours.std:.2f}, "
        f"plain {theirs.mean:.2f} ± {theirs.std:.2f} over {chosen.seeds} seeds; "
        f"difference {ours.mean - theirs.mean:+.2f} (95 % interval {low:.2f} to {high:.2f}); "
        f"equivalent within {MARGIN} points: p = {p:.3f}"
    )
    if chosen.out:
        body = {"machine": hardware.machine(), "packages": hardware.packages(), "found": found}
        chosen.out.write_text(
            json.dumps(body | {"options": vars(chosen)}, indent=1, default=str) + "\n"
        )


if __name__ == "__main__":
    main()
