"""`ncmc doctor`: what this machine can run, and what runs would take."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from cli.options import chosen_table
from cli.show.cost import print_cost
from cli.show.grids import print_grid
from cli.streams import say_on_stderr
from ncmc import preflight
from ncmc.data import fetch
from ncmc.errors import UserError
from ncmc.forecast import cost as estimates
from ncmc.paper import switches
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.wording import size
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
) -> None:
    """Check what this machine can run, what is missing, and how long a table would take."""
    project = Project.find()
    if gate:
        require_gpu(project)
    elif cost is not None:
        name = cost if cost in tiers_of(project) else chosen_table(project, cost).name
        print_cost(project, name, runs_of(project, name))
    else:
        parts = diagnose(project)
        rows = [(MARKS[p.good], p.what, p.found, "" if p.good else p.advice) for p in parts]
        print_grid(("", "what", "found", "advice"), rows)
        if any(part.good is False for part in parts):
            say_on_stderr("something that every run needs is missing: see above.")
            raise typer.Exit(1)


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
        "sbatch": "only for Slurm: docs/cluster.md",
    }
    beside = str(Path(sys.executable).parent)  # the Python that runs this need not be on the PATH
    parts = []
    for name, said in advice.items():
        place = shutil.which(name) or shutil.which(name, path=beside)
        good = True if place else False if "uv sync" in said else None
        parts.append(Part(name, place or "not found", good, said))
    return parts


# --- cost --------------------------------------------------------------------------------------


def runs_of(project: Project, name: str) -> list[Run]:
    """The runs of a table, or of a target that is several, each once."""
    names = tiers_of(project).get(name, [name])
    tables = (switches.table(project, table) for table in names)
    return list(dict.fromkeys(run for table in tables for run in table.runs))


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
