"""A reproducibility harness for "Neural Collapse To Multiple Centers For Imbalanced Data".

The map. A room is a folder; errors, paths, project, jobs, targets and preflight are a file each.
A room imports only from rooms further up, and the left wing never imports torch: `record.json`,
and while a run is trained its `progress.json`, are the only doors between the two (pyproject.toml,
[tool.importlinter], holds both rules).

Left wing: plans, reads and judges.
    errors, paths   user errors, and where files lie
    system      what the operating system gives: files, YAML and JSON, hardware, threads, signals
    project     the open checkout and paper: where a file (config) or a record lies (record_path)
    plan        papers/ and config/ -> tables, cells and runs; the catalog of methods and backbones
                (catalog); class_counts of a tau, learning_rate; the digest of the code that a run's
                numbers depend on (code_digest)
    paper       what a paper says: printed_numbers, claims, errata; assumptions where it is silent;
                theorems: how its papers/NAME/theory is checked
    results     records of runs; what is wrong with one, outdated or damaged (problems, contradictions);
                cells and their tables (table_data, table_layout, table_latex); statistics.py, and
                shared_spread.py: moderated variances; looks: seeds added in steps
    verdicts    whether each check and printed number holds; kinds/: a file per kind (greater, curve);
                printed_alone: what follows from the printed cells without any run
    board       what the verdicts say in words, claim by claim (sentences); answers: README.md's
    forecast    before anything runs: what it would decide (questions), its power, its cost
    figures     of_table lists a table's; marks, cosines, ... each draw a kind; figure_files writes
    page        what HTML pages say: claim_rows, cell_rows, ...; the HTML: templates/
    jobs        the inputs of the Snakefile's rules: records_of a table, resources
    sharing     exports (export_format: checksums), import_, compare; publish, with runs.csv;
                artifact: ARTIFACT.md
    targets     which runs a target asks for, and in which jobs they are trained
    data        archives -> arrays -> long-tailed splits; image_tree: which folders of one's own
                images are classes; readers/: one file per published format
    preflight   what is refused before Snakemake runs anything

Right wing: trains, with torch.
    formulas    the paper's mathematics as pure functions: frames, losses, metrics
    backbones   networks, one file each
    methods     losses with their heads and decision rules, one file each; a paper's own lie in
                papers/NAME/methods, and are modules of ncmc.methods too
    training    one run -> its model and its record: batches (with Mixup), optimiser; checkpoint (the
                file), resume (finds it); failures: its errors in words, such as too little memory;
                own_code/: what `ncmc check` asks of one's own

A file of papers/ or config/ is read and refused by one module, the room of which follows from what
it says: plan (grid_file, recipes, dataset_entries), verdicts (checks_file), forecast, paper.

Commands: a file each in cli/commands beside ncmc/, a line in cli/main; above all rooms. What a
lab's own code needs is exported here and loaded on first use: `from ncmc import OnFeatures`.
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
