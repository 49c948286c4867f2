"""Cells + what the paper says -> verdicts. Finds the cells; ncmc.verdicts.comparisons and ncmc.verdicts.single_cells judge."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ncmc.paper import checks
from ncmc.paper.checks import Cells, Check, Pairs
from ncmc.paper.claims import claim as claim_named
from ncmc.paper.printed_numbers import Number, number_for
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.cells import Cell, read_cell
from ncmc.results.wording import printed
from ncmc.system import files
from ncmc.verdicts import comparisons, single_cells
from ncmc.verdicts.verdict import Finding, Verdict, overall, summary, verdict_exit_code

__all__ = ["Finding", "Verdict", "verdict_exit_code", "verify", "write"]

SCHEMA = 1
PAIRS: dict[str, Callable[[Any, Sequence[tuple[Cell, Cell]]], list[Finding]]] = {
    "greater": comparisons.greater,
    "slight": comparisons.slight,
    "equal": comparisons.equal,
    "largest": comparisons.largest,
}
CELLS: dict[str, Callable[[Any, Sequence[Cell]], list[Finding]]] = {
    "chance": single_cells.each(single_cells.chance),
    "collapse": single_cells.each(single_cells.collapse),
    "rise_fall": single_cells.each(single_cells.rise_fall),
    "orthogonal": single_cells.each(single_cells.orthogonal),
    "stays": single_cells.each(single_cells.stays),
    "peak": single_cells.peak,
}


class Shelf:
    """The cells of any table, each record read once."""

    def __init__(self, project: Project, results: Path | None = None) -> None:
        self.project = project
        self.results = results
        self._read: dict[tuple[Run, int], Cell] = {}

    def cell(self, spec: CellSpec, table: Table) -> Cell:
        """One cell, with the seeds of its table. Raises UserError as `read_cell` does."""
        key = (spec.run, table.seeds)
        if key not in self._read:
            self._read[key] = read_cell(self.project, spec, table.seeds, self.results)
        return dataclasses.replace(self._read[key], spec=spec)

    def pairs(self, check: Pairs) -> list[tuple[Cell, Cell]]:
        """The cells of a check's two sides, which may lie in two tables."""
        better, than = (
            checks.table_of(self.project, check, side) for side in (check.better, check.than)
        )
        return [
            (self.cell(b, better), self.cell(t, than)) for b, t in checks.pairs(self.project, check)
        ]

    def chosen(self, check: Cells) -> list[Cell]:
        """The cells of a check of single cells."""
        table = checks.table_of(self.project, check, check.cells)
        return [self.cell(spec, table) for spec in checks.select(self.project, check, check.cells)]


def verify(
    name: str, results: Path | None = None, *, project: Project | None = None
) -> list[Verdict]:
    """The verdicts on a table or figure: the paper's known numbers in it, then its checks.

    Raises UsageError for an unknown name, UserError for a damaged or outdated record.
    """
    project = project or Project.find()
    table, shelf = grid.table(project, name), Shelf(project, results)
    specs = table.cells if table.shows == "accuracy" else ()
    printed = [(number_for(project, spec.run), spec) for spec in specs]
    numbers = [judge_number(number, shelf.cell(s, table), table) for number, s in printed if number]
    return [*numbers, *(judge(check, shelf) for check in checks.checks_of(project, name))]


def judge_number(number: Number, cell: Cell, table: Table) -> Verdict:
    """The verdict on one printed number."""
    finding = comparisons.number(number, cell, table.tolerance)
    return Verdict(
        id=number.id,
        table=table.name,
        kind="number",
        status=finding.status,
        says=f"{cell.spec.label}: {printed(number)}",
        why=finding.why,
        where=number.where,
        measure="best",
        source=f"tolerance {table.tolerance:g} points: config/grid.yaml",
        findings=(finding,),
    )


def judge(check: Check, shelf: Shelf) -> Verdict:
    """The verdict on one check."""
    findings = _findings(check, shelf)
    allow = check.allow if isinstance(check, checks.Greater) else 0
    claim = claim_named(shelf.project, check.claim) if check.claim else None
    return Verdict(
        id=check.id,
        table=check.table,
        kind=check.kind,
        status=overall([finding.status for finding in findings], allow),
        says=check.says,
        why=summary(findings, allow),
        claim=check.claim,
        where=claim.where if claim else "",
        measure=check.measured or "",
        source=check.source,
        findings=tuple(findings),
    )


def _findings(check: Check, shelf: Shelf) -> list[Finding]:
    if isinstance(check, checks.Text):
        return [Finding(check.says, "incomplete", check.reason)]
    if isinstance(check, Pairs):
        return PAIRS[check.kind](check, shelf.pairs(check))
    assert isinstance(check, Cells)
    return CELLS[check.kind](check, shelf.chosen(check))


def write(verdicts: Sequence[Verdict], folder: Path) -> Path:
    """verdicts.json, whole or not at all. Raises UserError."""
    body = {
        "schema": SCHEMA,
        "exit_code": verdict_exit_code(verdicts),
        "verdicts": [verdict.to_json() for verdict in verdicts],
    }
    path = folder / "verdicts.json"
    files.write_atomic(path, json.dumps(body, indent=1, ensure_ascii=False) + "\n")
    return path
