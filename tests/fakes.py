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
from ncmc.results import records
from ncmc.results.records import Record

CLASSES = 10
COUNTS = [124, 80, 51, 33, 21, 14, 9, 5, 3, 2]
MADE: dict[str, Any] = {
    "seconds": 12.5,
    "images_per_second": 4000.0,
    "at": "2026-01-02T03:04:05Z",
    "command": "ncmc train RUN",
    "git": {"commit": "0123456789abcdef0123456789abcdef01234567", "dirty": False},
    "hardware": {"processor": "a test", "cores": 2, "memory_gib": 8.0, "system": "Linux x86_64"},
    "packages": {"python": "3.12.0", "torch": "2.13.0", "numpy": "2.0.0"},
}


def record(run: Run, last: float, best: float | None = None, **changes: Any) -> Record:
    """A record of `run` with given accuracies (percent); `changes` replace top-level fields."""
    config = records.config_of(here(), run)
    config |= {"backbone": {"width": 16, "init": "kaiming"}, "method": dict(run.options)}
    fields: dict[str, Any] = {
        "run": run,
        "config": config,
        "config_hash": records.config_hash(here(), run),
        "assumptions": assumptions_for(here(), run, config),
        "split": {"sha256": "ab" * 32, "counts": COUNTS, "n_train": sum(COUNTS)},
        "result": result(run, last, last + 0.5 if best is None else best),
        "notes": (),
        "made": MADE,
    }
    return Record(**(fields | changes))


def result(run: Run, last: float, best: float) -> dict[str, Any]:
    """A result whose features collapse over 12 epochs; deterministic in the run."""
    noise = np.random.default_rng([run.seed, len(run.method), int(100 * last)])
    right = np.clip(last + np.linspace(20, -20, CLASSES), 0, 100)
    return {
        "accuracy": {"last": last, "last_raw": last - 1, "best": best, "best_epoch": 11},
        "per_class": [float(x) for x in right],
        "groups": {
            "thirds": {"many": last + 15, "medium": last, "few": last - 15},
            "shots": {"many": last + 20, "medium": last + 8, "few": last - 12},
        },
        "ece": 0.05,
        "confusion": np.diag(np.round(right / 2).astype(int)).tolist(),
        "history": [epoch(e, 12, last, run, float(noise.normal(0, 0.01))) for e in range(1, 13)],
    }


def epoch(e: int, epochs: int, last: float, run: Run, noise: float = 0.0) -> dict[str, Any]:
    """One epoch's entry of a history; others than SETF, AL and CAL have no target, so no floor."""
    done = (e - 1) / (epochs - 1)
    cosine = 0.95 * math.exp(-4 * done)
    matrix = [[1.0 if i == j else round(cosine, 4) for j in range(CLASSES)] for i in range(CLASSES)]
    return {
        "epoch": e,
        "lr": 0.1 if done < 0.8 else 0.01,
        "loss": 2.3 * math.exp(-2 * done) + noise,
        "test_accuracy": last * (1 - math.exp(-4 * e / epochs)) / (1 - math.exp(-4)),
        "collapse": {
            "nc_mean": 1.6 * math.exp(-2.2 * done) + noise,
            "nc_std": 0.1 + 0.4 * math.sin(math.pi * min(1.0, 0.15 + 0.8 * done)),
            "variability": 0.97 - 0.3 * done + noise,
            "variability_floor": {"SETF": 0.0, "AL": 0.62, "CAL": 0.62}.get(run.method),
            "class_cosine": cosine,
            "class_cosines": matrix,
            "tail_cosines": [[1.0, 0.9], [0.9, 1.0]],
        },
    }


def save(results: Path, *made: Record) -> None:
    """Write records to where the program looks for them below `results`."""
    for entry in made:
        records.save(entry, records.path_of(here(), entry.run, results))


def fill(results: Path, spec: CellSpec, last: Sequence[float], **changes: Any) -> None:
    """Records of a cell, one a seed, with given last accuracies (percent)."""
    save(
        results,
        *(
            record(run, value, **changes)
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
    for place, (label, mean) in enumerate(means.items()):
        noise = np.random.default_rng(place).normal(0, 0.6, table.seeds)
        fill(results, spec_of(table, label), [round(mean + float(x), 1) for x in noise])
