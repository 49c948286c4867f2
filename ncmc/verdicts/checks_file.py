"""How we read the paper's claims, in a form that a program can check.

The checks of the paper's own tables stand in papers/NAME/checks.yaml; any file of tables can have
`checks` of its own (laptop.yaml, full.yaml, lab.yaml).
"""

from collections.abc import Iterator
from pathlib import Path

from ncmc.errors import UsageError, unknown
from ncmc.paper import switches
from ncmc.paper.claims import claim as claim_named
from ncmc.paper.claims import shown_claims
from ncmc.plan.grid_file import grid_entries, grids
from ncmc.project import Project, read_once
from ncmc.results.curves import IN_PERCENT
from ncmc.system import documents
from ncmc.system.documents import NotNegative, Sourced, Strict
from ncmc.verdicts import cell_selection
from ncmc.verdicts.check import Cells, Check, Pairs
from ncmc.verdicts.kinds import AnyCheck

FILE = "checks.yaml"


class ChecksFile(Strict):
    """The whole file."""

    checks: tuple[AnyCheck, ...] = ()
    # The advantage, in points of accuracy, that must be excluded for a claim to be refuted: of checks
    # that name none. Without it any advantage must be excluded.
    delta: Sourced[NotNegative] | None = None


@read_once
def all_checks(project: Project) -> tuple[Check, ...]:
    """All checks, each with words. Raises UsageError: the file, the check, what is wrong with it."""
    checks: dict[str, Check] = {}
    delta = documents.read_yaml(project.config(FILE), ChecksFile, optional=True).delta
    for path, check in _written_checks(project):
        try:
            if check.id in checks:
                raise UsageError("two checks have this id.")
            if check.table not in grid_entries(project):
                raise unknown("table", check.table, grid_entries(project))
            claim = claim_named(project, check.claim) if check.claim is not None else None
        except UsageError as error:
            raise UsageError(f"{path}: {check.id}: {error}") from error
        words = check.says or (claim.says if claim else check.id)
        takes_delta = getattr(check, "delta", 0.0) is None and check.measured in IN_PERCENT
        own = {"delta": delta.value} if delta and takes_delta else {}
        checks[check.id] = check.model_copy(update={"says": words} | own)
    return tuple(checks.values())


def unchecked_claims(project: Project) -> list[str]:
    """The claims that a table or figure carries and no check reads."""
    checked = {check.claim for check in all_checks(project)}
    return [name for name in shown_claims(project) if name not in checked]


def _written_checks(project: Project) -> Iterator[tuple[Path, Check]]:
    """Each check as it is written, with its file: those of the paper's tables first."""
    path = project.config(FILE)
    for check in documents.read_yaml(path, ChecksFile, optional=True).checks:
        yield path, check
    for path, grid in grids(project).items():
        for check in documents.parse(ChecksFile, {"checks": list(grid.checks)}, str(path)).checks:
            yield path, check


@read_once
def checks_of(project: Project, table: str) -> tuple[Check, ...]:
    """The checks of a table or figure; under other assumptions, those of the plain one.

    Raises UsageError as `all_checks` does, and for a check that no cells of the tables fit.
    """
    chosen = tuple(
        check.model_copy(update={"table": table})
        for check in all_checks(project)
        if check.table == switches.plain_name(table)
    )
    for check in chosen:
        try:
            if isinstance(check, Pairs):
                check.require_places(cell_selection.pairs(project, check))
            elif isinstance(check, Cells):
                check.require_places(cell_selection.select(project, check, "cells"))
        except UsageError as error:
            (path,) = (p for p, written in _written_checks(project) if written.id == check.id)
            raise UsageError(f"{path}: {check.id}: {error}") from error
    return chosen
