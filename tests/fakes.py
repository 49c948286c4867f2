"""Records that nobody trained, for tests of what is made from records. Never a result."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from conftest import here

from ncmc.paper.assumptions import assumptions_for
from ncmc.plan import catalog
from ncmc.plan.class_counts import expected_counts
from ncmc.plan.code_digest import Code, code_of
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.learning_rate import learning_rate
from ncmc.plan.recipes import Recipe
from ncmc.plan.run import Run, resolve_run, trained_run
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.class_groups import group_accuracy
from ncmc.results.configuration import config_hash, config_of
from ncmc.results.provenance import Git, Machine, Made, Session
from ncmc.results.record import (
    SCHEMA,
    Accuracy,
    Collapse,
    Epoch,
    Groups,
    ModelOf,
    Record,
    Result,
    SplitMade,
    digest,
    path_of,
    save_record,
)
from ncmc.results.table_cells import TableCells
from ncmc.results.wording import train_command
from ncmc.system import documents

CLASSES = 10
COUNTS = [128, 83, 54, 35, 22, 14, 9, 6, 4, 2]  # of the digits at tau 0.02
IMAGES = 100_000  # test images per class: accuracies to four digits after the point are exact
SPLIT = SplitMade(sha256="ab" * 32, counts=tuple(COUNTS), n_train=sum(COUNTS))
SESSION = Session(device="cpu", processor="a test", precision="float32", threads=2, epoch=1, step=0)
NO_CODE = Code(loop="", method="", backbone="", data="", torch="2.13.0")  # replaced by the run's
MADE = Made(
    at="2026-01-02T03:04:05Z",
    command="ncmc train RUN",
    git=Git(commit="0123456789abcdef0123456789abcdef01234567", dirty=False),
    hardware=Machine(processor="a test", cores=2, memory_gib=8.0, system="Linux x86_64"),
    packages={"python": "3.12.0", "torch": "2.13.0", "numpy": "2.0.0"},
    seconds=12.5,
    images_per_second=4000.0,
    device=SESSION.device,
    processor=SESSION.processor,
    precision=SESSION.precision,
    threads=SESSION.threads,
    sessions=(SESSION,),
    code=NO_CODE,
)


def made_on(processor: str, **changes: Any) -> Made:
    """The same, made on another processor."""
    named = {"processor": processor}
    hardware, session = MADE.hardware.model_copy(update=named), SESSION.model_copy(update=named)
    of_record = {"hardware": hardware, "sessions": (session,)}
    return MADE.model_copy(update={**named, **of_record, **changes})


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
    if (source := trained_run(project, run)) != run:
        changes = {"model_of": ModelOf(run=source.id, digest="d" * 64)} | changes
    config = {**config_of(project, run), **changes.pop("config", {})}
    for part, name in (("backbone", run.backbone), ("method", run.method)):
        computed = dict.fromkeys(
            catalog.own_options(part, name) or (), 0
        )  # by the method, from others
        own = computed | catalog.default_options(part, name)
        config[part] = own | {key: v for key, v in config["model"].items() if key in own}
    parsed = documents.parse(Recipe, config["recipe"], "a recipe")
    rates = [learning_rate(parsed, e) for e in range(1, parsed.epochs + 1)]
    recipe = config["recipe"] | {"rates": rates}
    if "model_of" in changes:  # a decision rule is measured after the last epoch alone
        recipe |= {"test_every": recipe["epochs"], "collapse_every": None}
    entry = dataset_entry(project, run.dataset)
    counts = expected_counts(entry, run.tau, resolve_run(project, run).split) or COUNTS
    made_result = result(run, last, last + 0.5 if best is None else best, recipe, counts)
    fields: dict[str, Any] = {
        "schema": SCHEMA,
        "run": run,
        "config": config,
        "config_hash": config_hash(project, run),
        "assumptions": assumptions_for(project, run, config),
        "split": SplitMade(sha256=SPLIT.sha256, counts=tuple(counts), n_train=sum(counts)),
        "result": made_result,
        "notes": (),
        "made": MADE,
    } | changes
    shown = fields["split"].n_train * len(fields["result"].history)
    made = fields["made"]
    code = made.code
    if code == NO_CODE:  # which it stays where a test has a package of its own without a loop
        code = code_of(project, run) or NO_CODE
    sessions = made.sessions
    if sessions[-1].code is None:
        sessions = (*sessions[:-1], sessions[-1].model_copy(update={"code": code}))
    how = {
        "images_per_second": 0.0 if "model_of" in changes else shown / MADE.seconds,
        "command": train_command(run),
        "sessions": sessions,
        "code": code,
    }
    return Record(**(fields | {"made": made.model_copy(update=how)}))


def outdated(run: Run, last: float) -> Record:
    """A record of another configuration than the present one."""
    config = config_of(here(), run)
    config["recipe"]["momentum"] = 0.5
    return record(run, last, config=config, config_hash=digest(config))


def with_result(record: Record, **changes: Any) -> Record:
    """A record with other parts of its result: `history`, `accuracy`, `groups`, ..."""
    return record.model_copy(update={"result": record.result.model_copy(update=changes)})


def result(
    run: Run,
    last: float,
    best: float,
    recipe: Mapping[str, Any] = {"epochs": 12},
    counts: Sequence[int] = COUNTS,
) -> Result:
    """A result whose features collapse over its recipe's epochs; deterministic in the run.

    All of it follows from its confusion matrix and its history, as in a record of a training. Where
    the recipe tests once, best is last.
    """
    noise = np.random.default_rng([run.seed, len(run.method), int(100 * last)])
    spread = min(20.0, last, 100 - last)
    classes = len(counts)
    matrix = confusion((last + np.linspace(spread, -spread, classes)).tolist(), IMAGES, last)
    per_class = [100 * row[k] / IMAGES for k, row in enumerate(matrix)]
    last = 100 * sum(row[k] for k, row in enumerate(matrix)) / (classes * IMAGES)
    epochs = [
        epoch(e, recipe["epochs"], last, run, float(noise.normal(0, 0.01)), recipe, counts)
        for e in range(1, recipe["epochs"] + 1)
    ]
    tested = [place for place, e in enumerate(epochs) if e.test_accuracy is not None]
    if best > last and len(tested) > 1:
        epochs[tested[-2]] = epochs[tested[-2]].model_copy(update={"test_accuracy": best})
    top = max((epochs[place] for place in tested), key=lambda e: e.test_accuracy or 0.0)
    return Result(
        accuracy=Accuracy(
            last=last,
            last_raw=epochs[-1].test_accuracy_raw or 0.0,
            best=top.test_accuracy or 0.0,
            best_epoch=top.epoch,
        ),
        per_class=tuple(per_class),
        groups=Groups.model_validate(
            {rule: group_accuracy(per_class, counts, rule) for rule in Groups.model_fields}
        ),
        ece=0.05,
        confusion=matrix,
        history=tuple(epochs),
    )


def confusion(
    right: Sequence[float], images: int = 3000, mean: float | None = None
) -> tuple[tuple[int, ...], ...]:
    """(K, K) with given percents right a class; the others are taken for the next three classes.

    `mean`: of all, in percent, met to the image.
    """
    k = len(right)
    rights = [round(images * percent / 100) for percent in right]
    if mean is not None:
        rights[k // 2] += round(k * images * mean / 100) - sum(rights)
    matrix = np.zeros((k, k), dtype=int)
    for row, n in enumerate(rights):
        matrix[row, row] = n
        for step in range(3):
            matrix[row, (row + 1 + step) % k] += (images - n + step) // 3
    return tuple(map(tuple, matrix.tolist()))


def epoch(
    e: int,
    epochs: int,
    last: float,
    run: Run,
    noise: float = 0.0,
    recipe: Mapping[str, Any] = {},
    counts: Sequence[int] = COUNTS,
) -> Epoch:
    """One epoch's entry of a history; others than SETF, AL and CAL have no target, so no floor.

    `recipe`: says which epochs are tested and measured; else all are.
    """
    done = (e - 1) / max(epochs - 1, 1)
    cosine = round(0.95 * math.exp(-4 * done) * (1 + noise / 10), 4)
    accuracy = round(last * (1 - math.exp(-4 * e / epochs)) / (1 - math.exp(-4)), 4)
    test_every, measure_every = (recipe.get(key, 1) for key in ("test_every", "collapse_every"))
    tested = e == epochs or e % test_every == 0
    classes, smallest = len(counts), min(counts)
    images = smallest if smallest <= 30 else 0  # of more no cosines are kept
    return Epoch(
        epoch=e,
        lr=recipe["rates"][e - 1] if "rates" in recipe else 0.1,
        loss=2.3 * math.exp(-2 * done) + noise,
        test_accuracy=accuracy if tested else None,
        test_accuracy_raw=max(round(accuracy - 1, 4), 0.0) if tested else None,
        collapse=Collapse(
            nc_mean=1.6 * math.exp(-4 * done) * (1 + noise),
            nc_std=0.02 + 0.4 * math.sin(math.pi * min(1.0, 0.15 + 0.8 * done)),
            variability=0.64 + 0.33 * math.exp(-4 * done) + noise / 10,
            variability_floor={"SETF": 0.0, "AL": 0.62, "CAL": 0.62}.get(run.method),
            class_cosine=cosine,
            class_cosines=(cosine,) * (classes * (classes - 1) // 2) if classes <= 20 else None,
            tail_cosines=(round(0.9 + noise / 10, 4),) * (images * (images - 1) // 2) or None,
        )
        if e == epochs or (measure_every and (e == 1 or e % measure_every == 0))
        else None,
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


def read_cells(project: Project, table: Table, results: Path | None = None) -> list[Cell]:
    """Every cell of a table, from its records below `results`."""
    return TableCells(project, results).of(table)
