"""Records that nobody trained, for tests of what is made from records. Never a result."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from conftest import here

from ncmc.paper.assumptions import assumptions_for
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.configuration import config_hash, config_of
from ncmc.results.provenance import Git, Machine, Made, Session
from ncmc.results.record import (
    SCHEMA,
    Accuracy,
    ClassGroups,
    Collapse,
    Epoch,
    Groups,
    Record,
    Result,
    SplitMade,
    path_of,
    save_record,
)

CLASSES = 10
COUNTS = [124, 80, 51, 33, 21, 14, 9, 5, 3, 2]
SPLIT = SplitMade(sha256="ab" * 32, counts=tuple(COUNTS), n_train=sum(COUNTS))
SESSION = Session(device="cpu", processor="a test", precision="float32", threads=2, epoch=1, step=0)
MADE = Made(
    at="2026-01-02T03:04:05Z",
    command="ncmc train RUN",
    git=Git(commit="0123456789abcdef0123456789abcdef01234567", dirty=False),
    hardware=Machine(processor="a test", cores=2, memory_gib=8.0, system="Linux x86_64"),
    packages={"python": "3.12.0", "torch": "2.13.0", "numpy": "2.0.0"},
    seconds=12.5,
    images_per_second=4000.0,
)


def record(
    run: Run,
    last: float,
    best: float | None = None,
    project: Project | None = None,
    **changes: Any,
) -> Record:
    """A record of `run` with given accuracies (percent); `changes` replace top-level fields.

    `project`: one that is open, for many records: to read its files takes longer than all else.
    """
    project = project or here()
    config = config_of(project, run)
    config |= {"backbone": {"width": 16, "init": "kaiming"}, "method": dict(run.options)}
    fields: dict[str, Any] = {
        "schema": SCHEMA,
        "run": run,
        "config": config,
        "config_hash": config_hash(project, run),
        "assumptions": assumptions_for(project, run, config),
        "split": SPLIT,
        "result": result(run, last, last + 0.5 if best is None else best),
        "notes": (),
        "made": MADE,
    }
    return Record(**(fields | changes))


def with_result(record: Record, **changes: Any) -> Record:
    """A record with other parts of its result: `history`, `accuracy`, `groups`, ..."""
    return record.model_copy(update={"result": record.result.model_copy(update=changes)})


def result(run: Run, last: float, best: float) -> Result:
    """A result whose features collapse over 12 epochs; deterministic in the run."""
    noise = np.random.default_rng([run.seed, len(run.method), int(100 * last)])
    spread = min(20.0, last, 100 - last)
    right = last + np.linspace(spread, -spread, CLASSES)
    return Result(
        accuracy=Accuracy(last=last, last_raw=max(last - 1, 0), best=best, best_epoch=11),
        per_class=tuple(float(x) for x in right),
        groups=Groups(
            thirds=_groups(last + 15, last, last - 15),
            shots=_groups(last + 20, last + 8, last - 12),
            released=_groups(last + 18, last + 2, last - 17),
        ),
        ece=0.05,
        confusion=confusion(right.tolist()),
        history=tuple(epoch(e, 12, last, run, float(noise.normal(0, 0.01))) for e in range(1, 13)),
    )


def confusion(right: Sequence[float], images: int = 3000) -> tuple[tuple[int, ...], ...]:
    """(K, K) with given percents right a class; the others are taken for the next three classes."""
    k = len(right)
    matrix = np.zeros((k, k), dtype=int)
    for row, percent in enumerate(right):
        wrong = images - round(images * percent / 100)
        matrix[row, row] = images - wrong
        for step in range(3):
            matrix[row, (row + 1 + step) % k] += (wrong + step) // 3
    return tuple(map(tuple, matrix.tolist()))


def _groups(*means: float) -> ClassGroups:
    many, medium, few = (min(max(mean, 0), 100) for mean in means)
    return ClassGroups(many=many, medium=medium, few=few)


def epoch(e: int, epochs: int, last: float, run: Run, noise: float = 0.0) -> Epoch:
    """One epoch's entry of a history; others than SETF, AL and CAL have no target, so no floor."""
    done = (e - 1) / (epochs - 1)
    cosine = 0.95 * math.exp(-4 * done) * (1 + noise / 10)
    accuracy = last * (1 - math.exp(-4 * e / epochs)) / (1 - math.exp(-4))
    return Epoch(
        epoch=e,
        lr=0.1 if done < 0.8 else 0.01,
        loss=2.3 * math.exp(-2 * done) + noise,
        test_accuracy=accuracy,
        test_accuracy_raw=accuracy,
        collapse=Collapse(
            nc_mean=1.6 * math.exp(-4 * done) * (1 + noise),
            nc_std=0.02 + 0.4 * math.sin(math.pi * min(1.0, 0.15 + 0.8 * done)),
            variability=0.64 + 0.33 * math.exp(-4 * done) + noise / 10,
            variability_floor={"SETF": 0.0, "AL": 0.62, "CAL": 0.62}.get(run.method),
            class_cosine=cosine,
            class_cosines=(round(cosine, 4),) * (CLASSES * (CLASSES - 1) // 2),
            tail_cosines=(0.9 + noise / 10,),
        ),
    )


def save(results: Path, *made: Record) -> None:
    """Write records to where the program looks for them below `results`."""
    for entry in made:
        save_record(entry, path_of(here(), entry.run, results))


def fill(
    results: Path,
    spec: CellSpec,
    last: Sequence[float],
    project: Project | None = None,
    **changes: Any,
) -> None:
    """Records of a cell, one a seed, with given last accuracies (percent)."""
    project = project or here()
    save(
        results,
        *(
            record(run, value, project=project, **changes)
            for run, value in zip(spec.runs(len(last)), last, strict=True)
        ),
    )


def spec_of(table: Table, label: str, **coords: str) -> CellSpec:
    """The cell of a table whose method has a label, at given places on the other axes."""
    (found,) = [
        spec
        for spec in table.cells
        if spec.coord("method") == label and all(spec.coord(a) == v for a, v in coords.items())
    ]
    return found


def smoke(results: Path, table: Table) -> None:
    """The smoke run as the prototype saw it: every check of it holds."""
    means = {"CE": 78.8, "SETF": 75.7, "AL": 79.4, "CAL": 84.1, "CAL, theta = 0": 10.0}
    project = here()
    for place, (label, mean) in enumerate(means.items()):
        noise = np.random.default_rng(place).normal(0, 0.6, table.seeds)
        last = [round(mean + float(x), 1) for x in noise]
        fill(results, spec_of(table, label), last, project)
