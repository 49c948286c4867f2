"""`ncmc evaluate`: records made again from trained models."""

from typing import Annotated

import typer

from cli.commands.train import print_trained
from cli.options import Device, Results, chosen_table
from cli.streams import say_on_stderr
from ncmc.errors import UsageError, UserError
from ncmc.paper import switches
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, parse_run_id
from ncmc.project import Project
from ncmc.results.wording import plural

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

    Of several runs, those without a usable model are named at the end, with exit code 3.
    """
    from ncmc.training.decision_rule import evaluate_model
    from ncmc.training.run_inputs import RunInputs

    project = Project.find()
    runs = dict.fromkeys(run for name in names for run in _runs_of(project, name))
    failures: list[UserError] = []
    for run in runs:
        inputs = RunInputs(project, run, results=results)
        try:
            record = evaluate_model(inputs, device)
        except UsageError:
            raise
        except UserError as error:
            failures.append(error)
        else:
            print_trained(record, inputs.record_path, "evaluated", as_json=False)
    if len(failures) == len(runs) and len(set(map(str, failures))) == 1:
        raise failures[0]  # of a single run, or the same for all: data or a device is missing
    if failures:
        of = plural(len(runs), "run")
        reasons = "\n".join(map(str, failures))
        say_on_stderr(f"{len(failures)} of {of} could not be evaluated:\n{reasons}")
        raise typer.Exit(3)


def _runs_of(project: Project, name: str) -> tuple[Run, ...]:
    """The runs of a table, or the one with this id."""
    if switches.plain_name(name) in table_names(project):
        return tuple(chosen_table(project, name).runs)
    return (parse_run_id(project, name),)
