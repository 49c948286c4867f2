"""What each of several processes does in test_processes.py: `python partners.py NAME ARGUMENT ...`."""

import datetime
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch
from conftest import here
from torch.nn.modules.module import register_module_forward_hook

from ncmc.errors import UserError
from ncmc.plan.run import Run, make_run
from ncmc.results.record import Epoch
from ncmc.system.signals import Interrupted
from ncmc.training import augment, build, distributed_step, processes, train
from ncmc.training.draws import Draws
from ncmc.training.opened_run import open_run

# 357 images: batches of 65 end with one of 32, those of 356 with a single image, which both compute
CASES: list[tuple[str, dict[str, Any]]] = [
    ("CE", {"batch_size": 65}),
    ("CE", {"batch_size": 119, "mixup": False}),
    ("SETF", {"batch_size": 65}),
    ("SETF", {"batch_size": 356}),
    ("AL", {"batch_size": 65, "augment": "crop_flip", "padding": 1}),
    ("CAL", {"batch_size": 65}),
    ("CAL", {"batch_size": 65, "seed": 2, "resident_gigabytes": 1e-6}),  # streamed
    ("CAL", {"batch_size": 65, "normalise": "l2_bn", "prediction_bn": "affine"}),
    ("P", {"batch_size": 65}),
    ("ARB", {"batch_size": 65}),
    ("CB-CE", {"batch_size": 65, "average": "weights"}),
    ("LDAM-DRW", {"batch_size": 65, "defer": 0.5}),
    ("RBL", {"batch_size": 65}),
    ("CRT", {"batch_size": 65}),
    ("KCL", {"batch_size": 65, "augment": "crop_flip", "padding": 1, "second_lr": 0.1}),
]


class Watch:
    """A Progress that keeps the losses, and acts at a step."""

    def __init__(self, at: int | None = None, act: Any = None) -> None:
        self.losses: list[float] = []
        self.said: list[str] = []
        self.at, self.act = at, act

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        self.began = (done_epochs, done_steps)

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        assert loss is not None
        self.losses.append(loss)
        if len(self.losses) == self.at:
            self.act()

    def epoch(self, entry: Epoch) -> None:
        pass

    def say(self, text: str) -> None:
        self.said.append(text)


def run_of(method: str, seed: int = 0, **options: Any) -> Run:
    options.pop("resident_gigabytes", None)  # no part of a run
    chosen = {"epochs": 2, "width": 4, **({"f": 3} if method in ("AL", "CAL") else {}), **options}
    return make_run("digits", 0.02, "resnet8", method, chosen, seed)


def stopping_run() -> Run:
    return run_of("CAL", seed=1, batch_size=65)


def exact() -> None:
    """Train in float64 from here on: in float32 a dozen steps blow rounding up to 0.1 %."""
    build_model, normalise = build.build_model, augment.Normalise.__call__
    build.build_model = lambda *given: build_model(*given).double()
    augment.Normalise.__call__ = (  # type: ignore[method-assign]
        lambda self, images: normalise(self, images).double()
    )


def of(options: dict[str, Any]) -> dict[str, Any]:
    """What says how a case is computed, not what."""
    return {k: v for k, v in options.items() if k == "resident_gigabytes"}


def trained(run: Run, place: Path, execution: Any = None) -> dict[str, Any]:
    """The losses of each step, and the record, of a run trained to its end."""
    watch = Watch()
    opened = open_run(here(), run, execution)
    record = train.train(opened, watch, results=place, checkpoints=place / "ckpt")
    return {"losses": watch.losses, "result": record.result, "processes": record.made.processes}


class Watched:
    """Counts the steps of this process, and acts before some of them."""

    def __init__(self, rank: str, acts: dict[int, Any]) -> None:
        """`acts`: number of a step, counted from 1 -> what the process `rank` does before it."""
        self.steps = 0
        self.acts = acts
        step, watch = distributed_step.ParallelStep.__call__, self

        def watched(self: distributed_step.ParallelStep, draws: Draws) -> torch.Tensor:
            watch.steps += 1
            if os.environ["RANK"] == rank:
                watch.acts.pop(watch.steps, lambda: None)()
            return step(self, draws)

        distributed_step.ParallelStep.__call__ = watched  # type: ignore[method-assign]


def tell(value: Any) -> None:
    """A line of JSON for the test."""
    print(json.dumps(value), flush=True)


def all_cases(folder: str) -> None:
    """Train every case, then stop one run and resume it, then lose a process."""
    exact()
    place = Path(folder)
    torch.distributed.init_process_group("gloo")
    cases = [trained(run_of(m, **o), place / str(i), of(o)) for i, (m, o) in enumerate(CASES)]
    tell([{k: case[k] for k in ("losses", "processes")} for case in cases])

    def stop() -> None:
        for _ in range(2):  # torchrun passes a signal on that its processes have had themselves
            os.kill(os.getpid(), signal.SIGTERM)

    watched = Watched("1", {8: stop})  # one process alone, and not the one that saves
    try:
        trained(stopping_run(), place / "stopped")
    except Interrupted as stopped:
        tell([watched.steps, stopped.exit_code])
    if os.environ["RANK"] == "0":
        shutil.copytree(place / "stopped", place / "alone")
    watch = Watch()
    where = place / "stopped"
    train.train(open_run(here(), stopping_run()), watch, results=where, checkpoints=where / "ckpt")
    tell([watch.said, watch.losses])
    watched.acts[watched.steps + 3] = lambda: os._exit(9)
    try:
        trained(stopping_run(), place / "died")
    except UserError as error:
        tell(str(error))


def one_hangs(folder: str) -> None:
    """The second process sleeps before its third step."""
    processes.TIMEOUT = datetime.timedelta(seconds=3)
    Watched("1", {3: lambda: time.sleep(600)})
    _train_or_say(run_of("CE"), folder)


def no_memory(folder: str, where: str, ranks: str) -> None:
    """Some processes run out of memory in the forward or the backward pass."""

    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    def limit(layer: torch.nn.Module, given: Any, found: torch.Tensor) -> None:
        if isinstance(layer, torch.nn.Conv2d) and layer.in_channels == 1 and layer.training:
            if where == "forward":
                full()
            elif found.requires_grad:
                found.register_hook(full)  # when all other gradients are on their way

    if os.environ["RANK"] in ranks:
        register_module_forward_hook(limit)
    _train_or_say(run_of("CAL", batch_size=65), folder)


def different_runs(folder: str) -> None:
    """Each process is told another seed."""
    _train_or_say(run_of("CE", seed=3 + int(os.environ["RANK"])), folder)


def _train_or_say(run: Run, folder: str) -> None:
    try:
        trained(run, Path(folder))
    except UserError as error:
        print(error, flush=True)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
