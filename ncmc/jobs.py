"""What the Snakefile asks: paths and resources of jobs, as functions of their wildcards."""

from collections.abc import Iterable
from typing import Any

from ncmc import paths
from ncmc.paper import checks
from ncmc.paper.checks import Cells, Pairs
from ncmc.plan import grid, schema
from ncmc.plan.grid import Run
from ncmc.plan.schema import SplitOptions

# What each wildcard can be: words of a path that stay in their folder and mean nothing to a shell.
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
TAU = r"[0-9][0-9.e-]*"
OPTIONS = r"[A-Za-z][A-Za-z0-9_.+=-]*"  # f=20+theta=0.2, or default
RUN = paths.RUN.format(
    dataset=NAME, tau=TAU, backbone=NAME, method=NAME, options=OPTIONS, seed="[0-9]+"
)

BUNDLED = "package:"  # datasets whose bytes come with an installed Python package
GIGABYTE = 1000  # MB, Snakemake's unit of memory


def reports(names: list[str]) -> list[str]:
    """The pages of tables and figures."""
    return [f"{paths.RESULTS.format(table=name)}/report.html" for name in names]


def records_of(wildcards: Any) -> list[str]:
    """The records that a table is made of."""
    return _records(grid.runs(wildcards.table))


def evidence_of(wildcards: Any) -> list[str]:
    """The records of other tables that the checks of a table look at."""
    runs: list[Run] = []
    for check in checks.of(wildcards.table):
        if isinstance(check, Pairs):
            selectors = [check.better, check.than]
        elif isinstance(check, Cells):
            selectors = [check.cells]
        else:
            continue
        for selector in selectors:
            seeds = checks.table_of(check, selector).seeds
            runs += [run for spec in checks.select(check, selector) for run in spec.runs(seeds)]
    return _records(runs)


def _records(runs: Iterable[Run]) -> list[str]:
    return [f"{paths.RUNS}/{run.id}/record.json" for run in dict.fromkeys(runs)]


def gate_of(wildcards: Any) -> list[str]:
    """The check of this machine, for datasets of the paper's grid; none for bundled ones."""
    files = schema.dataset(wildcards.dataset).files
    bundled = bool(files) and all(u.startswith(BUNDLED) for f in files for u in f.urls)
    return [] if bundled else ["results/.preflight"]


def split_of(wildcards: Any) -> str:
    """The manifest of the split that a run trains on."""
    return f"{_run(wildcards).split_folder}/manifest.json"


def split_options(wildcards: Any) -> list[str]:
    """The options of a split as arguments of the command line.

    Raises UsageError for a key that is no option of a split, or a value that it cannot have.
    """
    options = grid.parse_options(wildcards.split)
    start = schema.dataset(wildcards.dataset).split.model_dump()
    schema.parse(SplitOptions, start | options, f"split '{wildcards.split}'")
    return [word for key, value in options.items() for word in ("-o", f"{key}={grid.show(value)}")]


def threads_of(wildcards: Any) -> int:
    """CPU threads of one training: a constant of its recipe, whatever --cores is."""
    return _run(wildcards).resolve().execution.threads


def gpus_of(wildcards: Any) -> int:
    """GPUs of one training: 1 for the paper's grid, 0 for bundled data."""
    return len(gate_of(_run(wildcards)))


def memory_of(wildcards: Any) -> int:
    """Main memory of one training, in MB: torch itself, and the images three times over."""
    run = _run(wildcards)
    entry = schema.dataset(run.dataset)
    limit = run.resolve().execution.resident_gigabytes * GIGABYTE
    pixels = (entry.image_size or 224) ** 2 * entry.channels
    images = (entry.train_images or 0) + (entry.test_images or 0)
    return int(4 * GIGABYTE + min(3 * images * pixels / 1e6, limit))


def minutes_of(wildcards: Any) -> int:
    """A time limit for schedulers; a run that meets it goes on from its checkpoint."""
    return 720 if gpus_of(wildcards) else 30


def _run(wildcards: Any) -> Run:
    return grid.parse_id(wildcards.run) if hasattr(wildcards, "run") else wildcards
