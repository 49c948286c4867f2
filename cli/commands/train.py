"""`ncmc train`: one run, or several in one process, to their records."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.options import Assume, Device, Options, Results, parse_given
from cli.training import train_all
from ncmc.errors import UsageError
from ncmc.paper import switches
from ncmc.plan.run import Run, make_run, parse_run_id
from ncmc.project import Project
from ncmc.system import signals

EPILOG = (
    "Examples: `ncmc train digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`, "
    "`ncmc train --dataset digits --tau 0.02 --backbone resnet8 --method CAL -o f=10`. "
    "Several runs in one command start torch once: one that fails does not stop the others."
)


def train(
    runs: Annotated[
        list[str] | None,
        typer.Argument(help="Run ids; or describe one run by the options.", metavar="[RUN]..."),
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="See `ncmc list datasets`.")] = None,
    tau: Annotated[float | None, typer.Option(help="Imbalance ratio n_min / n_max.")] = None,
    backbone: Annotated[str | None, typer.Option(help="See `ncmc list backbones`.")] = None,
    method: Annotated[str | None, typer.Option(help="See `ncmc list methods`.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Training seed, 0 by default; the split has its own.")
    ] = None,
    option: Options = None,
    assume: Assume = None,
    device: Device = None,
    results: Results = None,
    force: Annotated[
        bool,
        typer.Option(
            help="Train again even if there is a record; resumes from a checkpoint if there is one."
        ),
    ] = False,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait",
            help="If another process trains a run, wait and take its record, in place of an error.",
        ),
    ] = False,
) -> None:
    """Train runs to their records, each resuming from its checkpoint if there is one."""
    signals.stop_without_launcher()
    project = Project.find()
    parts = {"--dataset": dataset, "--tau": tau, "--backbone": backbone, "--method": method}
    parts |= {"--seed": seed}
    texts: list[str | None] = [*(runs or [])] or [None]
    chosen = [_run_from(project, text, parts, option, assume) for text in texts]
    runs_once = [*dict.fromkeys(chosen)]
    train_all(project, runs_once, device, results, parse_given(option), force, wait)


def _run_from(
    project: Project,
    run_id: str | None,
    parts: Mapping[str, Any],
    options: list[str] | None,
    assume: list[str] | None,
) -> Run:
    """The Run of an id, or of its parts. Raises UsageError."""
    chosen, extra = switches.parse_switches(project, assume or []), parse_given(options)
    given = [name for name, value in parts.items() if value is not None]
    missing = [name for name in parts if name not in given and name != "--seed"]
    for switch in chosen:
        if twice := extra.keys() & switch.options.keys():
            raise UsageError(f"option {min(twice)} is given by -o and by --assume {switch}.")
    if run_id and given:
        raise UsageError(f"a run is given by its id or by its parts, not by both ({given[0]}).")
    if not run_id and missing:
        raise UsageError(
            f"a run needs {', '.join(missing)} too, or its id, such as "
            "digits/tau=0.02/resnet8/CAL/default/seed=0."
        )
    if run_id:
        run = parse_run_id(project, run_id)
        cell, seed = (run.dataset, run.tau, run.backbone, run.method), run.seed
        extra = dict(run.options) | extra
    else:
        cell = tuple(parts[f"--{name}"] for name in ("dataset", "tau", "backbone", "method"))
        seed = parts["--seed"] or 0
    return switches.switched(project, make_run(*cell, extra, seed, project=project), chosen)
