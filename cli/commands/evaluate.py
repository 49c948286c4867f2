"""`ncmc evaluate`: records made again from trained models."""

from typing import Annotated

import typer

from cli.options import Device, Results, chosen_table
from cli.training import for_each, print_trained
from ncmc.paper import switches
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, parse_run_id
from ncmc.project import Project

EPILOG = (
    "Example: `ncmc evaluate digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`, "
    "or a whole table: `ncmc evaluate smoke`."
)


def evaluate(
    names: Annotated[list[str], typer.Argument(help="Run ids, or names of tables.")],
    device: Device = None,
    results: Results = None,
) -> None:
    """Evaluate trained models and write their records again, without training.

    Of several runs, one without a usable model is named, and does not stop the others.
    """
    from ncmc.training.decision_rule import evaluate_model
    from ncmc.training.run_inputs import RunInputs

    project = Project.find()

    def evaluate_one(run: Run) -> None:
        inputs = RunInputs(project, run, results=results)
        print_trained(evaluate_model(inputs, device), inputs.record_path, "evaluated")

    runs = dict.fromkeys(run for name in names for run in _runs_of(project, name))
    for_each([*runs], evaluate_one)


def _runs_of(project: Project, name: str) -> tuple[Run, ...]:
    """The runs of a table, or the one with this id."""
    if switches.plain_name(name) in table_names(project):
        return tuple(chosen_table(project, name).runs)
    return (parse_run_id(project, name),)
