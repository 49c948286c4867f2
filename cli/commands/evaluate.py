"""`ncmc evaluate`: records made again from trained models."""

from typing import Annotated

import typer

from cli.options import Device, Results

EPILOG = (
    "Example: `ncmc evaluate digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`, "
    "or a whole table: `ncmc evaluate smoke`."
)


def evaluate(
    names: Annotated[list[str], typer.Argument(help="Run ids, or names of tables.")],
    device: Device = None,
    results: Results = None,
) -> None:
    """Evaluate trained models and write their records again, without training."""
    from cli.show.listings import print_trained
    from ncmc.plan import grid
    from ncmc.plan.grid_file import table_names
    from ncmc.plan.run import parse_run_id
    from ncmc.project import Project

    project = Project.find()
    runs = [
        run
        for name in names
        for run in (
            grid.table(project, name).runs
            if name in table_names(project)
            else [parse_run_id(project, name)]
        )
    ]
    from ncmc.results.record import path_of
    from ncmc.training import launch

    for run in runs:
        record = launch.evaluate(project, run, device=device, results=results)
        print_trained(record, path_of(project, run, results), "evaluated", as_json=False)
