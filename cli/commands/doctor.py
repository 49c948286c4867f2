"""`ncmc doctor`: what this machine can run, and what runs would take."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from cli.options import Json, chosen_table
from cli.progress import working
from cli.show.grids import console, literal, print_grid, print_json
from cli.streams import say_on_stderr
from ncmc import preflight
from ncmc.data import fetch
from ncmc.errors import UserError
from ncmc.forecast import cost as estimates
from ncmc.paper import switches
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.wording import duration, plural, size
from ncmc.system import hardware
from ncmc.targets import tiers_of

EPILOG = "Examples: `ncmc doctor`, `ncmc doctor --cost table2`. What is done: `ncmc status`."


def doctor(
    cost: Annotated[
        str | None,
        typer.Option(
            help="Measure what a table (or laptop, full, all) would take here, by a short probe."
        ),
    ] = None,
    gate: Annotated[bool, typer.Option(hidden=True)] = False,
    insist: Annotated[bool, typer.Option(hidden=True)] = False,
    as_json: Json = False,
) -> None:
    """Check what this machine can run, what is missing, and how long a table would take."""
    project = Project.find()
    if gate:
        if not insist:
            require_gpu(project)
    elif cost is not None:
        name = cost if cost in tiers_of(project) else chosen_table(project, cost).name
        with working(f"measuring what the runs of {name} would take") as say:
            measured = cost_of(project, name, runs_of(project, name), say)
        print_cost(measured, as_json)
    else:
        parts = diagnose(project)
        able = all(part.good is not False for part in parts)
        if as_json:
            print_json({"lines": [asdict(part) for part in parts], "able": able})
        else:
            rows = [(MARKS[p.good], p.what, p.found, "" if p.good else p.advice) for p in parts]
            print_grid(("", "what", "found", "advice"), rows)
        if not able:
            say_on_stderr("something that every run needs is missing: see above.")
            raise typer.Exit(1)


SLURM_PLUGIN = "snakemake-executor-plugin-slurm==2.8.0"
MARKS = {True: Text("✓", "green"), False: Text("✗", "red"), None: Text("·", "dim")}


@dataclass(frozen=True)
class Part:
    """A part of the machine or of the project."""

    what: str
    found: str
    good: bool | None  # None: neither good nor bad
    advice: str = ""


def diagnose(project: Project) -> list[Part]:
    """Look at programs, data, disk and devices. Imports no torch."""
    here, free = hardware.machine(), shutil.disk_usage(project.root).free / 1e9
    data = {name: fetch.status(project, name) for name in dataset_entries(project)}
    return [
        Part("processor", f"{here['processor']}, {here['cores']} cores", True),
        Part("memory", f"{here['memory_gib']} GiB", here["memory_gib"] >= 4, "4 GiB are needed"),
        Part("disk", f"{free:.0f} GB free", free > 2, "2 GB are needed for the smoke run"),
        _gpu(),
        *(
            Part(name, version, version != "not installed", f"run: uv sync (for {name})")
            for name, version in hardware.packages().items()
        ),
        *_programs(),
        *(
            Part(f"data: {name}", state, state == "ready" or None, advice)
            for name, (state, advice) in data.items()
        ),
    ]


def _gpu() -> Part:
    gpus = hardware.gpu_count()
    if not gpus:
        return Part("GPU", "none", None, "the smoke run needs none; the paper's grid does")
    if why := hardware.gpu_fault():
        advice = "mend that, or train on the CPU: CUDA_VISIBLE_DEVICES='' before the command"
        return Part("GPU", f"{gpus} found, but not usable: {why}", False, advice)
    return Part("GPU", f"{gpus} found", True)


def _programs() -> list[Part]:
    containers = preflight.CONTAINER_PROGRAMS
    container = next(filter(shutil.which, containers), containers[0])
    advice = {
        "snakemake": "run: uv sync",
        "dvc": "run: uv sync",
        "git": "only to record the commit",
        container: "only for --use-singularity; `singularity` will do",
        "sbatch": "only for Slurm",
    }
    beside = str(Path(sys.executable).parent)  # the Python that runs this need not be on the PATH
    parts = []
    for name, said in advice.items():
        place = shutil.which(name) or shutil.which(name, path=beside)
        good = True if place else False if "uv sync" in said else None
        parts.append(Part(name, place or "not found", good, said))
    if shutil.which("sbatch"):
        parts.append(_slurm_plugin())
    return parts


def _slurm_plugin() -> Part:
    """What `snakemake --workflow-profile slurm` needs beside Slurm; without, it prints its usage."""
    there = find_spec("snakemake_executor_plugin_slurm") is not None
    advice = f"run: uv pip install {SLURM_PLUGIN}"
    return Part(
        "Slurm in Snakemake", "installed" if there else "not installed", there or None, advice
    )


# --- cost --------------------------------------------------------------------------------------


def runs_of(project: Project, name: str) -> list[Run]:
    """The runs of a table, or of a target that is several, each once."""
    names = tiers_of(project).get(name, [name])
    tables = (switches.table(project, table) for table in names)
    return list(dict.fromkeys(run for table in tables for run in table.runs))


def cost_of(
    project: Project, name: str, runs: list[Run], say: Callable[[str], None]
) -> dict[str, Any]:
    """What those of `runs` that are not done would take here; `name`: what they are for.

    `say`: told what is measured now, and how far it is.
    """
    from ncmc.training import probe

    trainings = estimates.missing_trainings(project, runs)
    estimate = estimates.estimate(project, trainings, probe.measured(project, trainings, say))
    return {
        "table": name,
        "device": estimate.device,
        "runs": len(runs),
        "done": len(runs) - len(estimates.without_record(project, runs)),
        "hours": estimate.hours,
        "disk_gb": estimate.disk / 1e9,
        "notes": list(estimate.notes),
        "processor_share": estimate.share,
        "busy": estimate.share < probe.BUSY,
    }


def print_cost(costs: dict[str, Any], as_json: bool) -> None:
    """What the runs of a table would cost."""
    if as_json:
        print_json(costs)
        return
    out = console()
    disk = f", {size(int(costs['disk_gb'] * 1e9))} of disk" if costs["disk_gb"] else ""
    out.print(
        f"{costs['table']} on {costs['device']}: "
        f"{plural(costs['runs'] - costs['done'], 'run')}, about {duration(costs['hours'] * 3600)} one "
        f"after the other{disk}"
    )
    if costs["done"]:
        out.print(f"done already: {plural(costs['done'], 'run')}")
    for note in costs["notes"]:
        out.print(literal(note))
    measured = "Measured by a probe of some seconds for each network."
    if costs["busy"]:
        out.print(
            f"{measured} This machine is busy: the probe had {costs['processor_share']:.0%} of its "
            "threads' time, and on shared cores training is slower out of proportion. Measure again "
            "when it is quiet.",
            style="yellow",
        )
    else:
        out.print(f"{measured} A guess within a factor of 1.5.")


def require_gpu(project: Project) -> None:
    """Stop the paper's grid where no GPU can be used, with a rough cost, at once. Raises UserError."""
    fault = hardware.gpu_fault()
    if hardware.gpu_count() and not fault:
        return
    why = f"the one of this machine cannot be used ({fault})" if fault else "this machine has none"
    runs = runs_of(project, "all")
    guess = estimates.estimate(project, estimates.missing_trainings(project, runs))
    without = f" (without {guess.left_out})" if guess.left_out else ""
    raise UserError(
        f"the paper's grid is planned for a GPU, and {why}.\n"
        f"  Missing: {len(estimates.without_record(project, runs))} of its {len(runs)} runs. A rough "
        f"estimate, from speeds measured on another processor: {guess.hours / 24:,.0f} days with this "
        f"machine's {guess.device} at work, and {size(int(guess.disk))} of disk{without}.\n"
        "  To measure it here: ncmc doctor --cost all\n"
        "  To run what needs no GPU: snakemake --cores all smoke\n"
        "  To start the paper's grid all the same, put this last on the line: --config insist=true"
    )
