"""`ncmc train`: one run, or several in one process, to their records."""

import os
import sys
from typing import Annotated

import typer

from cli.options import (
    Device,
    Json,
    Options,
    Results,
    complete_backbone,
    complete_dataset,
    complete_method,
    run_from,
)

EPILOG = (
    "Examples: `ncmc train digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`, "
    "`ncmc train --dataset digits --tau 0.02 --backbone resnet8 --method CAL -o f=10`."
)


def train(
    run: Annotated[str | None, typer.Argument(help="A run id.", metavar="[RUN]")] = None,
    dataset: Annotated[str | None, typer.Option(autocompletion=complete_dataset)] = None,
    tau: Annotated[float | None, typer.Option(help="Imbalance ratio n_min / n_max.")] = None,
    backbone: Annotated[str | None, typer.Option(autocompletion=complete_backbone)] = None,
    method: Annotated[str | None, typer.Option(autocompletion=complete_method)] = None,
    seed: Annotated[
        int | None, typer.Option(help="Training seed, 0 by default; the split has its own.")
    ] = None,
    option: Options = None,
    device: Device = None,
    results: Results = None,
    force: Annotated[
        bool,
        typer.Option(
            help="Train again even if there is a record; resumes from a checkpoint if there is one."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a run to its record, resuming from its checkpoint if there is one."""
    from contextlib import ExitStack

    from cli.progress import progress_for
    from cli.show.listings import print_trained
    from ncmc.plan.option_text import parse_options
    from ncmc.project import Project
    from ncmc.results.record import path_of
    from ncmc.training.launch import launch

    project = Project.find()
    chosen = run_from(project, run, dataset, tau, backbone, method, seed, option)
    with ExitStack() as shown:
        record, how = launch(
            project,
            chosen,
            lambda: shown.enter_context(progress_for(sys.stderr)),
            device=device,
            results=results,
            execution=parse_options(",".join(option or [])),
            force=force,
        )
    if os.environ.get("RANK", "0") == "0":  # one of several processes speaks for all
        print_trained(record, path_of(project, chosen, results), how, as_json)
