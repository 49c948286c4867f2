"""ARTIFACT.md: what a reviewer runs per claim, the compute report, and what the paper's grid needs."""

import statistics
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from ncmc import paths
from ncmc.board.board_text import SCALES
from ncmc.board.entries import Board
from ncmc.board.published import published_boards
from ncmc.forecast import cost
from ncmc.jobs import Jobs
from ncmc.paper.claims import shown_claims
from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import tiers
from ncmc.plan.run import trained_runs
from ncmc.project import Project
from ncmc.results.record import Record, load_record
from ncmc.results.table_files import markdown_row, markdown_text
from ncmc.results.wording import duration, plural, size

NAME = "ARTIFACT.md"
FORM = Path(__file__).with_name("artifact_form.md")
Row = tuple[str, ...]


def artifact_appendix(project: Project) -> str:
    """The whole document, from the published records and boards."""
    folders = sorted(project.root.glob(paths.PUBLISHED.format(tier="*")))  # of other papers too
    records = {folder.name: _records_of(folder) for folder in folders}
    trained = {tier: [r for r in part.values() if not r.model_of] for tier, part in records.items()}
    each = {record.digest: record for part in trained.values() for record in part}
    grid_runs = [run for name in tiers(project)["paper"] for run in grid.table(project, name).runs]
    fast, slow = (cost.estimate(project, grid_runs, cost.guessed(1, b)) for b in (True, False))
    boards = published_boards(project)
    asked = {entry.id for board in boards.values() for entry in board.entries}
    alone = [name for name in shown_claims(project) if name not in asked]
    return FORM.read_text("utf-8").format(
        claims=_lines(r for t, b in boards.items() for r in _claim_rows(project, b, records[t])),
        compute=_lines(row for tier in trained for row in _compute_rows(tier, trained[tier])),
        trainings=plural(len(each), "training"),
        hours=sum(record.made.seconds for record in each.values()) / 3600,
        alone=", ".join(alone) or "no claim",
        runs=plural(fast.trainings, "training"),
        fast=fast.hours,
        slow=slow.hours,
        disk=size(round(fast.disk)),
    )


def _records_of(folder: Path) -> dict[str, Record]:
    """Run id -> record, of a tier's published runs."""
    records = (load_record(path) for path in sorted((folder / paths.RUNS).rglob(paths.RECORD)))
    return {record.run.id: record for record in records}


def _lines(rows: Iterable[Row]) -> str:
    return "".join(f"{markdown_row(row)}\n" for row in rows)


def _claim_rows(project: Project, board: Board, records: Mapping[str, Record]) -> Iterator[Row]:
    """The claims of a tier's board, and those checks of ours that say something."""
    for entry in board.entries:
        if entry.subject == "claim" or entry.status not in ("incomplete", "not testable"):
            table = grid.table(project, entry.verdicts[0].table)
            scale = f" ({SCALES[entry.scale]})" if SCALES[entry.scale] else ""
            claim = f"**{entry.id}** {markdown_text(entry.says + scale)}"
            incomplete = "Incomplete: " if entry.status == "incomplete" else ""
            expected = markdown_text(incomplete + entry.line)
            yield (claim, f"`{table.name}`", expected, *_costs(project, table, records))


def _costs(project: Project, table: Table, records: Mapping[str, Record]) -> Row:
    """(time, memory, disk) of a table."""
    runs = trained_runs(project, table.runs)
    seconds = [records[run.id].made.seconds for run in runs if run.id in records]
    time = f"{duration(sum(seconds))} for {len(seconds)} of {plural(len(runs), 'training')}"
    disk = cost.estimate(project, runs, cost.guessed(1, True)).disk
    return time, f"{Jobs(project).memory_of(runs) / 1000:.1f} GB", size(round(disk))


def _compute_rows(tier: str, records: Iterable[Record]) -> Iterator[Row]:
    """A row per network and way of computing."""

    def way(record: Record) -> Row:
        made, machine = record.made, record.made.hardware
        words = (
            f"{made.device}: {made.processor}, {machine.cores} cores, {machine.memory_gib:g} GiB"
        )
        return record.run.backbone, words, f"{made.threads}", made.precision

    for key, group in groupby(sorted(records, key=way), key=way):
        hours = [record.made.seconds / 3600 for record in group]
        each = f"{statistics.median(hours):.3f} ({min(hours):.3f} to {max(hours):.3f})"
        yield (tier, *map(markdown_text, key), str(len(hours)), each, f"{sum(hours):.2f}")
