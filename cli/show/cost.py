"""What the runs of a table would cost here, measured by a short probe of each network."""

from collections.abc import Sequence

from cli.progress import working
from cli.show.grids import console
from ncmc.forecast import cost as estimates
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.wording import duration, plural, size


def print_cost(project: Project, name: str, runs: Sequence[Run]) -> None:
    """What those of the runs of a table that are not done would take here."""
    from ncmc.training import probe

    with working(f"measuring what the runs of {name} would take") as activity:
        trainings = estimates.missing_trainings(project, runs)
        speeds = probe.measured(project, trainings, activity.now)
        cost = estimates.estimate(project, trainings, speeds)
    missing = len(estimates.without_record(project, runs))
    disk = f", {size(int(cost.disk))} of disk" if cost.disk else ""
    out = console()
    out.print(
        f"{name} on {cost.device}: {plural(missing, 'run')}, about {duration(cost.hours * 3600)} one "
        f"after the other{disk}"
    )
    if missing < len(runs):
        out.print(f"done already: {plural(len(runs) - missing, 'run')}")
    for note in cost.notes:
        out.print(note)
    measured = "Measured by a probe of some seconds for each network."
    if cost.share < probe.BUSY:
        out.print(
            f"{measured} This machine is busy: the probe had {cost.share:.0%} of its threads' time, and "
            "on shared cores training is slower out of proportion. Measure again when it is quiet.",
            style="yellow",
        )
    else:
        out.print(f"{measured} A guess within a factor of 1.5.")
