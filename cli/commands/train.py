"""`ncmc train`: one run, or several in one process, to their records."""

import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli.options import (
    Assume,
    Device,
    Json,
    Options,
    Results,
    completion,
    parse_given,
)
from cli.progress import progress_for
from cli.show.listings import print_trained
from ncmc.errors import BusyError, UsageError, UserError
from ncmc.paper import switches
from ncmc.plan.option_text import Value, parse_options
from ncmc.plan.run import Run, make_run, parse_run_id
from ncmc.project import Project
from ncmc.system import signals

EPILOG = (
    "Examples: `ncmc train digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`, "
    "`ncmc train --dataset digits --tau 0.02 --backbone resnet8 --method CAL -o f=10`. "
    "Several runs in one command start torch once: one that fails does not stop the others."
)

SECONDS_BETWEEN_TRIES = 5.0  # of a run that another process trains


def train(
    runs: Annotated[
        list[str] | None,
        typer.Argument(help="Run ids; or describe one run by the options.", metavar="[RUN]..."),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="See `ncmc list datasets`.", autocompletion=completion("dataset")),
    ] = None,
    tau: Annotated[float | None, typer.Option(help="Imbalance ratio n_min / n_max.")] = None,
    backbone: Annotated[
        str | None,
        typer.Option(help="See `ncmc list backbones`.", autocompletion=completion("backbone")),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="See `ncmc list methods`.", autocompletion=completion("method")),
    ] = None,
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
    as_json: Json = False,
) -> None:
    """Train runs to their records, each resuming from its checkpoint if there is one."""
    signals.stop_without_launcher()
    project = Project.find()
    parts = (dataset, tau, backbone, method, seed, option, assume)
    texts: list[str | None] = [*(runs or [])] or [None]
    chosen = list(dict.fromkeys(_run_from(project, text, *parts) for text in texts))
    execution = parse_options(",".join(option or []))
    train_all(project, chosen, device, results, execution, force, as_json, wait)


def _run_from(
    project: Project,
    given: str | None,
    dataset: str | None,
    tau: float | None,
    backbone: str | None,
    method: str | None,
    seed: int | None,
    options: list[str] | None,
    assume: list[str] | None = None,
) -> Run:
    """The Run that the arguments describe: an id, or its parts. Raises UsageError."""
    chosen = switches.parse_switches(project, assume or [])

    parts = {"--dataset": dataset, "--tau": tau, "--backbone": backbone, "--method": method}
    extra = parse_given(options)
    for switch in chosen:
        if twice := extra.keys() & switch.options.keys():
            raise UsageError(f"option {min(twice)} is given by -o and by --assume {switch}.")
    if given:
        said = [name for name, value in (parts | {"--seed": seed}).items() if value is not None]
        if said:
            raise UsageError(f"a run is given by its id or by its parts, not by both ({said[0]}).")
        run = parse_run_id(project, given)
        merged = dict(run.options) | extra
        run = make_run(
            run.dataset, run.tau, run.backbone, run.method, merged, run.seed, project=project
        )
        return switches.switched(project, run, chosen)
    if missing := [name for name, value in parts.items() if value is None]:
        raise UsageError(
            f"a run needs {', '.join(missing)} too, or its id, such as "
            "digits/tau=0.02/resnet8/CAL/default/seed=0."
        )
    run = make_run(
        str(dataset), tau or 0.0, str(backbone), str(method), extra, seed or 0, project=project
    )
    return switches.switched(project, run, chosen)


def train_all(
    project: Project,
    runs: list[Run],
    device: str | None = None,
    results: Path | None = None,
    execution: Mapping[str, Value] | None = None,
    force: bool = False,
    as_json: bool = False,
    wait: bool = False,
) -> None:
    """Train runs one after the other. Raises UserError at the end if some of several failed."""
    failures = 0
    for run in runs:
        try:
            attempt = partial(
                _train, project, run, device, results, execution or {}, force, as_json
            )
            if wait:
                _waiting(run, attempt)
            else:
                attempt()
        except Exception as error:  # of a lab's own method too: the other runs are not to blame
            if len(runs) == 1:
                raise
            failures += 1
            _print_failure(run, error)
    if failures:
        raise UserError(f"{failures} of {len(runs)} runs failed; see above. The others are done.")


def _train(
    project: Project,
    run: Run,
    device: str | None,
    results: Path | None,
    execution: Mapping[str, Value],
    force: bool,
    as_json: bool,
) -> None:
    from ncmc.training.launch import launch
    from ncmc.training.run_inputs import RunInputs

    inputs = RunInputs(project, run, execution, results)
    with ExitStack() as shown:
        record, how = launch(
            inputs,
            lambda: shown.enter_context(progress_for(sys.stderr)),
            device=device,
            force=force,
        )
    print_trained(record, inputs.record_path, how, as_json)


def _waiting(run: Run, attempt: Callable[[], None]) -> None:
    """Try until no other process has the run: by then its record is there, or it is ours to train."""
    told = False
    while True:
        try:
            return attempt()
        except BusyError:
            if not told:
                print(f"ncmc: {run.id}: another process is training it; waiting.", file=sys.stderr)
                told = True
            time.sleep(SECONDS_BETWEEN_TRIES)


def _print_failure(run: Run, error: Exception) -> None:
    if not isinstance(error, UserError):
        traceback.print_exception(error)
    print(f"ncmc: {run.id}: {error}", file=sys.stderr)
