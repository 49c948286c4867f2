"""The runs of tables, for commands that show or name runs."""

from collections.abc import Sequence

from ncmc.errors import UsageError, unknown
from ncmc.paper import switches
from ncmc.plan import grid
from ncmc.plan.filters import Filter
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, trained_runs
from ncmc.project import Project
from ncmc.sharing.status import STATES


def chosen_runs(
    project: Project, names: Sequence[str], wanted: Filter, taus: Sequence[float] | None = None
) -> list[Run]:
    """The runs of tables (`all`: of every table), those whose models others use before them.

    `taus`: as numbers, which need not be planned. Raises UsageError for an unknown table, and if no
    run fits.
    """
    if "all" in names:
        tables = [grid.table(project, name) for name in table_names(project)]
    else:
        tables = [switches.table(project, name) for name in names]
    planned = [run for table in tables for run in table.runs]
    runs = [
        run
        for run in dict.fromkeys([*trained_runs(project, planned), *planned])
        if wanted.fits(run.id) and (not taus or run.tau in taus)
    ]
    if not runs:
        raise UsageError("no run of these tables has that method, dataset and tau.")
    return runs


def check_states(states: Sequence[str] | None) -> None:
    """Raises UsageError for a state that no run can be in."""
    for state in states or ():
        if state not in STATES:
            raise unknown("status", state, STATES)
