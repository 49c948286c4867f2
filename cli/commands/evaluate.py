"""`ncmc evaluate`: records made again from trained models."""

from typing import Annotated

import typer

from cli.options import Assume, Device, Results, chosen_table

EPILOG = (
    "Example: `ncmc evaluate digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`, "
    "or a whole table: `ncmc evaluate smoke`."
)


def evaluate(
    names: Annotated[list[str], typer.Argument(help="Run ids, or names of tables.")],
    assume: Assume = None,
    device: Device = None,
    results: Results = None,
) -> None:
    """Evaluate trained models and write their records again, without training."""
    from cli.show.listings import print_trained
    from ncmc.paper import switches
    from ncmc.plan.grid_file import table_names
    from ncmc.plan.run import parse_run_id
    from ncmc.project import Project

    project = Project.find()
    chosen = switches.parse_switches(project, assume or [])
    runs = [
        run
        for name in names
        for run in (
            chosen_table(project, name, assume).runs
            if switches.plain_name(name) in table_names(project)
            else [switches.switched(project, parse_run_id(project, name), chosen)]
        )
    ]
    from ncmc.results.record import path_of
    from ncmc.training import launch

    for run in runs:
        record = launch.evaluate(project, run, device=device, results=results)
        print_trained(record, path_of(project, run, results), "evaluated", as_json=False)
