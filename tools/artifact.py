"""ARTIFACT.md, made from the published records and boards: `python tools/artifact.py`."""

import statistics
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from ncmc import paths
from ncmc.board.board_text import SCALES
from ncmc.board.published import published_boards
from ncmc.forecast import cost
from ncmc.jobs import Jobs
from ncmc.paper.claims import claims
from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import tiers
from ncmc.plan.run import Run, trained_runs
from ncmc.project import Project
from ncmc.results.record import Record, load_record
from ncmc.results.table_files import markdown_row, markdown_text
from ncmc.results.wording import duration, plural, size
from ncmc.system import files

NAME = "ARTIFACT.md"
HEAD = """# Artifact appendix

What a reviewer runs for each claim, what comes out, and what it takes. This page is generated from
the published records (`results/published`). How to install: [README.md](README.md#start), or [the
container](docs/container.md). The theorems are checked in a minute: `uv run ncmc theory`.

## Claims

Put `uv run snakemake --cores all` before each target; it trains what has no record, then prints the
table and its verdicts. Without training, `uv run ncmc explain ID` shows the published verdict,
which is what is *expected*; another kind of processor is another draw, as with another seed
([determinism](docs/training.md#determinism)). *Time* is that of the published trainings of the
target, one after the other; *memory* is what the workflow reserves per run, *disk* is for models
and images, estimated.

| claim | target | expected | time | memory | disk |
|---|---|---|---|---|---|
"""
COMPUTE = """
## Compute

Hours of the trainings behind the published records (per run: median and range), with the machine
that each names. Records do not hold the peak of memory, energy, or what was trained and not
published: runs given up, and those of earlier versions.

| tier | network | device and processor | threads | precision | runs | hours per run | hours |
|---|---|---|---|---|---|---|---|
"""
TOTAL = """
In all {trainings} and {hours:.1f} hours; a record in two tiers is counted once.
"""
GRID = """
## The paper's grid

{tested}

All of it ({runs}) would take {fast:,.0f} core hours with bfloat16 in hardware and {slow:,.0f}
without, and {disk} of disk: an estimate from speeds of a CPU core (`ncmc/forecast/cost.py`).
`uv run ncmc doctor --cost all` measures instead what it takes on your machine;
[docs/plan.md](docs/plan.md#the-papers-grid) has the days on GPUs, which are a calculation.
"""


def artifact_document(project: Project) -> str:
    """The appendix: a row per claim, the compute report, and what the paper's grid would need."""
    records = {tier: records_of(project, tier) for tier in tiers(project)}
    rows = [row for tier in records for row in _claim_rows(project, tier, records[tier])]
    compute = [row for tier in records for row in _compute_rows(tier, records[tier].values())]
    made = {record.digest: record for part in records.values() for record in trainings(part)}
    seconds = sum(record.made.seconds for record in made.values())
    total = TOTAL.format(trainings=plural(len(made), "training"), hours=seconds / 3600)
    return HEAD + _lines(rows) + COMPUTE + _lines(compute) + total + _grid(project)


def records_of(project: Project, tier: str) -> dict[str, Record]:
    """Run id -> record, of a tier's published runs; empty if it is not published."""
    root = project.root / paths.PUBLISHED.format(tier=tier) / paths.RUNS
    loaded = (load_record(path) for path in sorted(root.rglob(paths.RECORD)))
    return {record.run.id: record for record in loaded}


def trainings(records: Mapping[str, Record]) -> list[Record]:
    """Those that were trained: a decision rule takes the model of another run."""
    return [record for record in records.values() if record.model_of is None]


def _lines(rows: Iterable[Iterable[str]]) -> str:
    return "".join(f"{markdown_row(row)}\n" for row in rows)


def _claim_rows(
    project: Project, tier: str, records: Mapping[str, Record]
) -> Iterator[tuple[str, ...]]:
    """The claims of a tier's board, and those checks of ours that say something."""
    board = published_boards(project).get(tier)
    for entry in board.entries if board else ():
        if entry.subject == "claim" or entry.status not in ("incomplete", "not testable"):
            table = grid.table(project, entry.verdicts[0].table)
            scale = f" ({SCALES[entry.scale]})" if SCALES[entry.scale] else ""
            claim = f"**{entry.id}** {markdown_text(entry.says + scale)}"
            incomplete = "Incomplete: " if entry.status == "incomplete" else ""
            expected = markdown_text(incomplete + entry.line)
            yield (claim, f"`{table.name}`", expected, *_costs(project, table, records))


def _costs(project: Project, table: Table, records: Mapping[str, Record]) -> tuple[str, str, str]:
    """(time, memory, disk) of a table."""
    runs = trained_runs(project, table.runs)
    done = [records[run.id].made.seconds for run in runs if run.id in records]
    time = f"{duration(sum(done))} for {len(done)} of {plural(len(runs), 'training')}"
    disk = cost.estimate(project, runs, cost.guessed(1, True)).disk
    return time, f"{Jobs(project).memory_of(runs) / 1000:.1f} GB", size(round(disk))


def _compute_rows(tier: str, records: Iterable[Record]) -> Iterator[tuple[str, ...]]:
    """A row per network and way of computing."""

    def way(record: Record) -> tuple[str, ...]:
        made = record.made
        hardware = made.hardware
        machine = f"{made.processor}, {hardware.cores} cores, {hardware.memory_gib:g} GiB"
        return record.run.backbone, f"{made.device}: {machine}", f"{made.threads}", made.precision

    trained = sorted(trainings({record.run.id: record for record in records}), key=way)
    for key, group in groupby(trained, key=way):
        hours = [record.made.seconds / 3600 for record in group]
        each = f"{statistics.median(hours):.3f} ({min(hours):.3f} to {max(hours):.3f})"
        yield (tier, *map(markdown_text, key), str(len(hours)), each, f"{sum(hours):.2f}")


def _grid(project: Project) -> str:
    """What the paper's own tables and figures would take, and which claims only they can test."""
    runs: list[Run] = [
        run for name in tiers(project)["paper"] for run in grid.table(project, name).runs
    ]
    fast, slow = (cost.estimate(project, runs, cost.guessed(1, bf16)) for bf16 in (True, False))
    boards = published_boards(project).values()
    judged = {entry.id for board in boards for entry in board.entries}
    alone = [c.id for c in claims(project).values() if c.shown_in and c.id not in judged]
    tested = (
        f"No published tier asks {', '.join(alone)}: only the grid tests them." if alone else ""
    )
    return GRID.format(
        tested=tested,
        runs=plural(fast.trainings, "training"),
        fast=fast.hours,
        slow=slow.hours,
        disk=size(round(fast.disk)),
    )


def write(project: Project) -> None:
    """Write it into the project's folder."""
    files.write_atomic(project.root / NAME, artifact_document(project))


if __name__ == "__main__":
    write(Project.find())
