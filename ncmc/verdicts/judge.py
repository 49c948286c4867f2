"""Cells + what the paper says -> verdicts. Finds the cells; the kinds of check judge them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, starmap
from pathlib import Path

from ncmc.paper import switches
from ncmc.paper.claims import claim as claim_named
from ncmc.paper.claims import claims
from ncmc.paper.printed_numbers import numbers_of, printed_numbers
from ncmc.plan.grid import CellSpec, Table
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.problems import problems_in
from ncmc.results.table_cells import TableCells
from ncmc.results.wording import make_command, plural
from ncmc.verdicts import cell_selection
from ncmc.verdicts.against_paper import judge_number
from ncmc.verdicts.check import Cells, Check, Pairs
from ncmc.verdicts.checks_file import FILE as CHECKS
from ncmc.verdicts.checks_file import all_checks, checks_of, unchecked_claims
from ncmc.verdicts.contrasts import LACKING
from ncmc.verdicts.kinds.along_axis import Trend
from ncmc.verdicts.verdict import Verdict


def verify(
    name: str, results: Path | None = None, *, project: Project | None = None
) -> list[Verdict]:
    """The verdicts on a table or figure: the paper's known numbers in it, then its checks.

    A comparison that lacks a record, or has one that is damaged or outdated, is incomplete. With
    `project=Project.find(reads_published=True)` published records stand in where results/runs has
    none, as for `ncmc verify`. Raises UsageError for an unknown name or a senseless check.
    """
    project = project or Project.find()
    return verify_cells(switches.table(project, name), CellCache(project, results))


def verify_cells(table: Table, cells: "CellCache") -> list[Verdict]:
    """As `verify`, of cells that the caller can go on with."""
    verdicts = cells.verdicts(table)
    if switches.is_switched(table.name):  # under another reading nothing is against the paper
        return verdicts
    return [v.beside(_elsewhere(v, cells)) if v.claim and v.opposite else v for v in verdicts]


def _elsewhere(verdict: Verdict, cells: "CellCache") -> list[Verdict]:
    """The verdicts on tables that have a check of the same claim, or one along the epochs."""
    names = dict.fromkeys(
        check.table
        for check in all_checks(cells.project)
        if check.claim == verdict.claim or (isinstance(check, Trend) and check.axis == "epochs")
    )
    tables = (switches.table(cells.project, name) for name in names)
    return [other for table in tables for other in cells.verdicts(table)]


def verdicts_by_id(tables: Iterable[Table], cells: "CellCache") -> dict[str, Verdict]:
    """The verdicts on several tables by id, each table judged once."""
    each = {table.name: table for table in tables}.values()
    return {verdict.id: verdict for table in each for verdict in verify_cells(table, cells)}


def holm_over_clauses(
    clauses: Sequence[Check], verdicts: Mapping[str, Verdict], cells: "CellCache"
) -> dict[str, Verdict]:
    """The verdicts on a claim's clauses of which one may differ by luck: Holm, for differs alone.

    A clause still differs if it does at the level over the number of clauses that are left; one that
    then does not is inconclusive. `holds` needs no such care, because every clause must hold.
    """
    left = sum(verdicts[check.id].status != "not testable" for check in clauses)
    waiting = [check for check in clauses if verdicts[check.id].status == "differs"]
    while left > 1 and waiting:
        refuted = [c for c in waiting if judge(c, cells, 1 / left).status == "differs"]
        if not refuted:
            break
        waiting = [check for check in waiting if check not in refuted]
        left -= len(refuted)
    else:
        return {}
    words = f"; not after Holm's correction over {left} clauses of {clauses[0].claim}"
    return {
        check.id: verdicts[check.id].model_copy(
            update={"status": "inconclusive", "why": verdicts[check.id].why + words}
        )
        for check in waiting
    }


class CellCache(TableCells):
    """The cells of any table, and of any check; the verdicts on a table, judged once."""

    def __init__(self, project: Project, results: Path | None = None) -> None:
        super().__init__(project, results)
        self._judged: dict[str, list[Verdict]] = {}

    def verdicts(self, table: Table) -> list[Verdict]:
        """The verdicts on a table, whatever the others say."""
        if table.name not in self._judged:
            others = printed_numbers(self.project)
            numbers = [
                _with_problems(judge_number(number, cell, table, others), [cell])
                for number, spec in numbers_of(self.project, table)
                for cell in [self.cell(spec, table)]
            ]
            checks = checks_of(self.project, table.name)
            judged = {check.id: _checked(check, self) for check in checks}
            for claim in dict.fromkeys(check.claim for check in checks if check.claim):
                clauses = [check for check in checks if check.claim == claim]
                judged |= holm_over_clauses(clauses, judged, self)
            unchecked = _unchecked(self.project, table)
            self._judged[table.name] = [*numbers, *judged.values(), *unchecked]
        return self._judged[table.name]

    def compared(self, check: Check) -> list[tuple[Cell, ...]]:
        """The cells of each comparison of a check: those of a pair, or a single one."""
        comparisons = cell_selection.comparisons(self.project, check)
        return [tuple(starmap(self.cell, places)) for places in comparisons]


def _checked(check: Check, cells: "CellCache") -> Verdict:
    verdict = judge(check, cells)
    testable = verdict.status != "not testable"
    return _with_problems(verdict, list(chain(*cells.compared(check))) if testable else [])


def _unchecked(project: Project, table: Table) -> Iterator[Verdict]:
    """The claims of a table or figure that no check reads: they must not vanish."""
    for name in unchecked_claims(project):
        if (claim := claims(project)[name]).shown_in == table.name:
            yield Verdict(
                id=claim.id,
                table=table.name,
                kind="unchecked",
                status="not checked",
                says=claim.says,
                why=f"no check in {CHECKS} reads it",
                scale=table.scale,
                claim=claim.id,
                where=claim.where,
            )


def _with_problems(verdict: Verdict, cells: Sequence[Cell]) -> Verdict:
    """A verdict with what is wrong with its records, and when it may change: an open one also later."""
    why, every = verdict.why, [verdict.numbers, *(finding.numbers for finding in verdict.findings)]
    changes: dict[str, object] = {"problems": (*verdict.problems, *problems_in(cells))}
    if lacking := max(n for numbers in every if isinstance(n := numbers.get(LACKING, 0), int)):
        do = "does" if lacking == 1 else "do"
        why += f". May change: {plural(lacking, 'more cell')} of the block {do} not have these seeds yet"
    if verdict.status == "inconclusive" and (seeds := next_look(cells)):
        changes["next_look"] = seeds
        why += f". Next look: {seeds} seeds"
    return verdict.model_copy(update=changes | {"why": why})


def next_look(cells: Iterable[Cell]) -> int | None:
    """The number of seeds at which cells are looked at next; None after the last look."""
    later = [look for cell in cells for look in cell.looks if look > cell.n]
    return min(later, default=None)


def judge(check: Check, cells: CellCache, share: float = 1.0) -> Verdict:
    """The verdict on one check, whose tests have a share of their level."""
    compared = [tuple(c.at_share(share) for c in group) for group in cells.compared(check)]
    if isinstance(check, Pairs):
        pairs = [(better, than) for better, than in compared]
        findings = check.judge(pairs)
        conclusion = check.conclude(pairs, findings)
    else:
        assert isinstance(check, Cells)
        findings = check.judge([cell for (cell,) in compared])
        conclusion = check.together(findings)
    groups = [[cell.spec for cell in group] for group in compared]
    by_label = {cell_selection.label_of(specs): specs for specs in groups}
    every = list(chain(*groups))  # that a finding over all of them looks at
    claim = claim_named(cells.project, check.claim) if check.claim else None
    missing = tuple(dict.fromkeys(chain(*(finding.missing for finding in findings))))
    return Verdict(
        id=check.id,
        table=check.table,
        kind=check.kind,
        says=check.says,
        scale=switches.table(cells.project, check.table).scale,
        claim=check.claim,
        where=claim.where if claim else "",
        measure=check.measured,
        source=check.source,
        findings=tuple(
            finding.model_copy(update={"cells": _ids(by_label.get(finding.label, every))})
            for finding in findings
        ),
        missing=missing,
        remedy=make_command(check.table, cells.project.paper) if missing else None,
        problems=tuple(dict.fromkeys(chain(*(finding.problems for finding in findings)))),
        epochs=max((spec.resolved.recipe.epochs for spec in every), default=None),
        backbones=tuple(dict.fromkeys(spec.run.backbone for spec in every)),
        taus=tuple(dict.fromkeys(spec.run.tau for spec in every)),
        turns_on=check.turns_on,
        added=check.added,
        nothing=check.prediction.nothing if check.prediction else "",
        **dict(conclusion),
    )


def _ids(specs: Sequence[CellSpec]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(spec.run.configuration for spec in specs))
