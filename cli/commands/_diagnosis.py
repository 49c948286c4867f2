"""What `ncmc doctor` finds out."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ncmc import preflight
from ncmc.errors import UserError
from ncmc.forecast import cost
from ncmc.paper import switches
from ncmc.plan.grid_file import table_names_in
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.record import path_of
from ncmc.system import code_files, hardware
from ncmc.targets import WHOLE


@dataclass(frozen=True)
class Line:
    """One thing looked at."""

    what: str
    found: str
    good: bool | None  # None: neither good nor bad
    advice: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All that was looked at, and what each part of the grid would take."""

    lines: list[Line] = field(default_factory=list)
    able: bool = True  # to run the smoke run


def diagnose(project: Project) -> Diagnosis:
    """Look at programs, data, disk and devices. Imports no torch."""
    lines = [*_machine(project), *_programs(), *_data(project), *_tiers(project)]
    return Diagnosis(lines, able=all(line.good is not False for line in lines))


def _machine(project: Project) -> list[Line]:
    here = hardware.machine()
    free = shutil.disk_usage(project.root).free / 1e9
    versions = hardware.packages()
    return [
        Line("processor", f"{here['processor']}, {here['cores']} cores", True),
        Line("memory", f"{here['memory_gib']} GiB", here["memory_gib"] >= 4, "4 GiB are needed"),
        Line("disk", f"{free:.0f} GB free", free > 2, "2 GB are needed for the smoke run"),
        _gpu(),
        *_code(project),
        *(
            Line(name, version, _is_good(name, version), f"run: uv sync (for {name})")
            for name, version in versions.items()
        ),
    ]


def _is_good(package: str, version: str) -> bool | None:
    """Whether a package is there; None for one that only the tests need."""
    absent = version == "not installed"
    return None if absent and package == "torchvision" else not absent


def _code(project: Project) -> list[Line]:
    """In an image: whether its code, which is what runs, is that of the checkout it works on."""
    if project.root == code_files.ROOT or not (project.root / "ncmc").is_dir():
        return []
    names = code_files.differing(code_files.digests(), code_files.digests(project.root))
    if not names:
        return [Line("code", "the same here and in this checkout", True)]
    found = f"not this checkout's: {code_files.words(names)}"
    return [Line("code", found, None, "what is installed runs; build the image again")]


def _gpu() -> Line:
    gpus = hardware.gpu_count()
    if not gpus:
        return Line("GPU", "none", None, "the smoke run needs none; the paper's grid does")
    if why := hardware.gpu_fault():
        advice = "mend that, or train on the CPU: CUDA_VISIBLE_DEVICES='' before the command"
        return Line("GPU", f"{gpus} found, but not usable: {why}", False, advice)
    return Line("GPU", f"{gpus} found", True)


def _programs() -> list[Line]:
    wanted = {
        "snakemake": (False, "run: uv sync"),
        "dvc": (False, "run: uv sync"),
        "git": (None, "only to record the commit"),
        _container_program(): (None, "only for --use-singularity; `singularity` will do"),
        "sbatch": (None, "only for Slurm"),
    }
    lines = []
    for name, (needed, advice) in wanted.items():  # False: every run needs it
        found = _program(name)
        lines.append(Line(name, found or "not found", True if found else needed, advice))
    return lines


def _container_program() -> str:
    """The one of the programs for containers that is there, or the one to install."""
    programs = preflight.CONTAINER_PROGRAMS
    return next((name for name in programs if shutil.which(name)), programs[0])


def _program(name: str) -> str | None:
    """Where a program lies: on the PATH, or beside the Python that runs this."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def _data(project: Project) -> list[Line]:
    from ncmc.data import dataset_status

    return [
        Line(f"data: {entry.name}", entry.state, entry.state == "ready" or None, entry.detail)
        for entry in dataset_status.status(project)
    ]


def _tiers(project: Project) -> list[Line]:
    """How much there is to do: the smoke run, the laptop tier, one table, everything."""
    advice = {
        "smoke": "to run them: snakemake --cores all smoke",
        "laptop": "ncmc doctor --cost laptop says what it takes here (docs/plan.md)",
        "full": "ncmc doctor --cost full says what it takes here (docs/plan.md)",
        "table2": "ncmc doctor --cost table2 says what it takes here",
        "all": "the paper's tables and figures; ncmc doctor --cost all says what they take here",
    }
    found = []
    for name, said in advice.items():
        runs = runs_of(project, name)
        done = sum(path_of(project, run).exists() for run in runs)
        found.append(Line(f"runs: {name}", f"{done} of {len(runs)} runs done", None, said))
    return found


def runs_of(project: Project, name: str) -> list[Run]:
    """The runs of a table, or of one of `WHOLE`, each once."""
    names = table_names_in(project, WHOLE[name]) if name in WHOLE else [name]
    tables = (switches.table(project, table) for table in names)
    return list(dict.fromkeys(run for table in tables for run in table.runs))


def cost_of(
    project: Project, name: str, runs: list[Run], say: Callable[[str], None]
) -> dict[str, Any]:
    """What those of `runs` that are not done would take here; `name`: what they are for.

    `say`: told what is measured now, and how far it is.
    """
    from ncmc.training import probe

    trainings = cost.missing_trainings(project, runs)
    found = cost.estimate(project, trainings, probe.measured(project, trainings, say))
    return {
        "table": name,
        "device": found.device,
        "runs": len(runs),
        "done": len(runs) - len(cost.without_record(project, runs)),
        "hours": found.hours,
        "disk_gb": found.disk / 1e9,
        "notes": list(found.notes),
        "processor_share": found.share,
        "busy": found.share < probe.BUSY,
    }


def gate(project: Project, insist: bool) -> None:
    """Stop the paper's grid where no GPU can be used, with a rough cost, at once. Raises UserError."""
    fault = hardware.gpu_fault()
    if insist or (hardware.gpu_count() and not fault):
        return
    why = f"the one of this machine cannot be used ({fault})" if fault else "this machine has none"
    runs = runs_of(project, "all")
    found = cost.estimate(project, cost.missing_trainings(project, runs))
    without = f" (without {found.left_out})" if found.left_out else ""
    raise UserError(
        f"the paper's grid is planned for a GPU, and {why}.\n"
        f"  Missing: {len(cost.without_record(project, runs))} of its {len(runs)} runs. A rough "
        f"estimate, from speeds measured on another processor: {found.hours / 24:,.0f} days with this "
        f"machine's {found.device} at work, and {found.disk / 1e9:.0f} GB of disk{without}.\n"
        "  To measure it here: ncmc doctor --cost all\n"
        "  To run what needs no GPU: snakemake --cores all smoke\n"
        "  To start the paper's grid all the same, put this last on the line: --config insist=true"
    )
