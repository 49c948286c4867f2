"""The sides that benchmarks/gpu.py compares: the plain loop, and ours with more and more switched on."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from benchmarks import plain
from ncmc.plan.recipes import Resolved, resolve
from ncmc.plan.run import Run, resolve_run
from ncmc.project import Project
from ncmc.system import files, hardware
from ncmc.training import build, precision
from ncmc.training.batches import InMemory
from ncmc.training.draws import plan_epoch
from ncmc.training.optimiser import make_optimizer
from ncmc.training.step import Step, make_step

VARIANTS = ("plain", "in_memory", "bf16", "graphs", "compiled")


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
    out: Path | None  # folder
    options: dict[str, Any]
    piece: str = ""  # what is measured now
    epochs: dict[str, dict[str, float]] = field(default_factory=dict)  # network -> side -> seconds
    rows: list[dict[str, Any]] = field(default_factory=list)  # of the piece

    @property
    def side(self) -> int:
        """Of the images, in pixels."""
        return int(self.images.shape[1])

    def begin(self, piece: str) -> bool:
        """A piece begins; whether an earlier call has done it, which is read instead."""
        self.piece, self.rows = piece, []
        if not self.out or not self._file.exists():
            return False
        body = json.loads(self._file.read_text())
        for row in body["rows"]:
            if row["what"] == "epoch":
                self.epochs[row["network"]] = {"plain": row["plain_s"], "ncmc": row["ncmc_s"]}
        return bool(body["whole"])

    def say(self, **row: Any) -> None:
        """Print a row at once, and write those of the piece: nothing that comes later loses it."""
        self.rows.append(row)
        print("  ".join(f"{k} {_short(v)}" for k, v in row.items()), flush=True)
        self._write(whole=False)

    def end(self) -> None:
        """The piece is done."""
        self._write(whole=True)

    @property
    def _file(self) -> Path:
        assert self.out
        return self.out / f"{self.piece}.json"

    def _write(self, whole: bool) -> None:
        if not self.out:
            return
        body = {
            "whole": whole,
            "device": device_name(self.device),
            "bf16_tflops": self.peak / 1e12,
            "machine": hardware.machine(),
            "packages": hardware.packages(),
            "rows": self.rows,
            "options": self.options,
        }
        self.out.mkdir(parents=True, exist_ok=True)
        files.write_atomic(self._file, json.dumps(body, indent=1, default=str) + "\n")


def device_name(device: torch.device) -> str:
    """The name of the card, or cpu."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def resolved_for(project: Project, run: Run, variant: str) -> Resolved:
    """The run's configuration with the execution of a variant."""
    execution = {
        "precision": "float32" if variant == "in_memory" else "auto",
        "graphs": variant in ("graphs", "compiled"),
        "compile": variant == "compiled",
    }
    return resolve(project, run.dataset, run.backbone, run.method, dict(run.options) | execution)


def parts(bench: Bench, run: Run, variant: str) -> tuple[Any, Any, Step, InMemory]:
    """(model, optimizer, step, data) of our loop."""
    resolved = resolved_for(bench.project, run, variant)
    model = build.build_model(
        bench.project, run, np.bincount(bench.labels, minlength=10).tolist(), bench.side, 3
    )
    if variant != "in_memory":
        model = build.on_device(model, bench.device)  # channels last
    model = model.to(bench.device)
    optimizer = make_optimizer(model, resolved.recipe, bench.device)
    images, labels = torch.from_numpy(bench.images), torch.from_numpy(bench.labels)
    data = InMemory(images, labels, resolved.recipe, bench.device)
    dtype = precision.pick_dtype(resolved.execution, bench.device, bench.side)
    step = make_step(model, optimizer, data, dtype, bench.device, resolved.execution)
    model.train()
    return model, optimizer, step, data


def side_of(bench: Bench, run: Run, variant: str) -> Callable[[int], None]:
    """A function that trains n steps."""
    recipe = resolve_run(bench.project, run).recipe
    if variant == "plain":
        model, optimizer, loader, _ = plain_parts(bench, run)

        def work(n: int) -> None:
            plain.train_epoch(model, optimizer, loader, recipe, 6, bench.device, limit=n)

        return work
    model, _, step, data = parts(bench, run, variant)
    whole = len(data) // recipe.batch_size  # the smaller last batch is part of the epochs below
    epochs = iter(range(6, 10**6))

    def ours(n: int) -> None:
        plan = plan_epoch(data.labels, recipe, 0, next(epochs)).to(bench.device)
        for number in range(n):
            step(plan.at(number % whole))

    return ours


def plain_parts(bench: Bench, run: Run) -> tuple[Any, Any, plain.Loader, plain.Loader]:
    """(model, optimizer, training and test loader) of the plain loop."""
    recipe = resolve_run(bench.project, run).recipe
    model = plain.build(
        bench.project, run, np.bincount(bench.labels, minlength=10).tolist(), bench.side, 3
    )
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
            (bench.images, bench.labels, plain.train_transform(recipe, bench.side), True),
            (bench.test_images, bench.test_labels, plain.test_transform(recipe), False),
        )
    ]
    return model, optimizer, loaders[0], loaders[1]


def wait(device: torch.device) -> None:
    """Until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
