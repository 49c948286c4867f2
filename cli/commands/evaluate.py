"""`ncmc evaluate`: records made again from trained models."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Assume, Device, Results, chosen_table
from cli.show.listings import print_trained
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
    assume: Assume = None,
    device: Device = None,
    results: Results = None,
) -> None:
    """Evaluate trained models and write their records again, without training.

    Of several runs, those without a usable model are named at the end, with exit code 3.
    """
    project = Project.find()
    chosen = switches.parse_switches(project, assume or [])
    runs = dict.fromkeys(
        run
        for name in names
        for run in (
            chosen_table(project, name, assume).runs
            if switches.plain_name(name) in table_names(project)
            else [switches.switched(project, parse_run_id(project, name), chosen)]
        )
    )
    missed = _evaluate_all(project, list(runs), device, results)
    if missed:
        print(
            f"ncmc: {len(missed)} of {plural(len(runs), 'run')} could not be evaluated:",
            *missed,
            sep="\n",
            file=sys.stderr,
        )
        raise typer.Exit(3)


def _evaluate_all(
    project: Project, runs: Sequence[Run], device: str | None, results: Path | None
) -> list[str]:
    """Evaluate what has a model, printing a line each; why the others could not be evaluated.

    Raises the error of a single run, and one that is the same for all of them: data or a device that
    is not there.
    """
    from ncmc.training.decision_rule import evaluate_model
    from ncmc.training.run_inputs import RunInputs

    missed: list[UserError] = []
    for run in runs:
        inputs = RunInputs(project, run, results=results)
        try:
            record = evaluate_model(inputs, device)
        except UsageError:
            raise
        except UserError as error:
            missed.append(error)
            continue
        print_trained(record, inputs.record_path, "evaluated", as_json=False)
    if len(missed) == len(runs) and len({str(error) for error in missed}) == 1:
        raise missed[0]
    return [str(error) for error in missed]
