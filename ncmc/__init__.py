"""A reproducibility harness for "Neural Collapse To Multiple Centers For Imbalanced Data".

The map. A room imports only from the rooms above it, and the left wing never imports torch;
`record.json` is the only door between the two (pyproject.toml, [tool.importlinter], holds both).

Left wing: plans, reads and judges.
    errors, paths, project   what every room may use: user errors, where files lie, the open project
    system      what the operating system gives: files, hardware, locks on GPUs, threads, signals
    plan        configuration files -> tables, cells and runs
    paper       what the paper says: printed numbers, claims, open points, the checks on them
    results     records of runs, and the cells, tables, curves and statistics computed from them
    verdicts    whether each check and printed number holds
    board       all verdicts, claim by claim, as data and as text; README.md's answers
    forecast    before anything runs: what it would decide, with which power, at what cost
    figures     curves, intervals and maps, drawn from cells and verdicts
    page        the HTML pages of a table and of the whole project
    sharing     exports and their import, what is published, what differs, how far a grid is
    jobs, targets, preflight what the Snakefile asks for, what is missing, what it refuses
    data        archives -> arrays -> long-tailed splits

Right wing: trains, with torch.
    formulas    the paper's mathematics as pure functions: frames, losses, metrics
    backbones   networks, one file each
    methods     losses with their heads and decision rules, one file each
    training    one run -> its model and its record
    theory      the paper's theorems, checked numerically

The commands are in `cli`, above all rooms. What a lab's own code needs is exported here and
loaded on first use: `from ncmc import OnFeatures, simplex_etf, make_run`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ncmc.data.splits import long_tailed_indices
    from ncmc.formulas.frames import class_aware_counts, multi_center_frame, simplex_etf
    from ncmc.formulas.losses import cosine_regression
    from ncmc.plan.class_counts import long_tailed_counts
    from ncmc.plan.run import make_run
    from ncmc.project import Project
    from ncmc.results.record import load_record
    from ncmc.training.on_features import OnFeatures
    from ncmc.verdicts.judge import verify

__all__ = [
    "OnFeatures",
    "Project",
    "class_aware_counts",
    "cosine_regression",
    "load_record",
    "long_tailed_counts",
    "long_tailed_indices",
    "make_run",
    "multi_center_frame",
    "simplex_etf",
    "verify",
]

_HOMES = {  # export -> the module that defines it, and its name there
    "OnFeatures": ("training.on_features", "OnFeatures"),
    "Project": ("project", "Project"),
    "class_aware_counts": ("formulas.frames", "class_aware_counts"),
    "cosine_regression": ("formulas.losses", "cosine_regression"),
    "load_record": ("results.record", "load_record"),
    "long_tailed_counts": ("plan.class_counts", "long_tailed_counts"),
    "long_tailed_indices": ("data.splits", "long_tailed_indices"),
    "make_run": ("plan.run", "make_run"),
    "multi_center_frame": ("formulas.frames", "multi_center_frame"),
    "simplex_etf": ("formulas.frames", "simplex_etf"),
    "verify": ("verdicts.judge", "verify"),
}


if not TYPE_CHECKING:  # the type checker would take any name for an export

    def __getattr__(name: str) -> object:
        """An export, imported when it is first asked for."""
        if name not in _HOMES:
            raise AttributeError(f"module 'ncmc' has no attribute '{name}'")
        module, own_name = _HOMES[name]
        return getattr(import_module(f"ncmc.{module}"), own_name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
