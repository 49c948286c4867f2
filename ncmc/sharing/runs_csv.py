"""results/published/runs.csv: every published run as one row, for a spreadsheet or a data frame."""

from collections.abc import Mapping
from typing import Any

from ncmc import paths
from ncmc.plan.option_text import format_options, format_value
from ncmc.project import Project
from ncmc.results.record import Record, load_record
from ncmc.results.table_files import csv_of


def runs_csv(project: Project) -> str:
    """The rows of all records below results/published, by tier and run. Raises UserError."""
    tiers = sorted(project.root.glob(paths.PUBLISHED.format(tier="*")))
    return csv_of(
        [
            {"tier": tier.name, **_row(load_record(path))}
            for tier in tiers
            for path in sorted((tier / paths.RUNS).rglob(paths.RECORD))
        ]
    )


def _row(record: Record) -> Mapping[str, Any]:
    """A run as columns. Accuracies in percent, after the last epoch unless it is said otherwise."""
    run, result, made = record.run, record.result, record.made
    end = next((e.collapse for e in reversed(result.history) if e.collapse), None)
    return {
        "run": run.id,
        "dataset": run.dataset,
        "tau": format_value(run.tau),
        "backbone": run.backbone,
        "method": run.method,
        "options": format_options(run.options),
        "seed": run.seed,
        "epochs": len(result.history),
        "training_images": record.split.n_train,
        "accuracy": result.accuracy.last,
        "best_accuracy": result.accuracy.best,  # over epochs: a selection on the test set (A8)
        **{f"thirds_{name}": value for name, value in result.groups.thirds},
        **{f"shots_{name}": value for name, value in result.groups.shots},
        "ece": result.ece,
        "nc_mean": end and end.nc_mean,
        "nc_std": end and end.nc_std,
        "variability": end and end.variability,
        "class_cosine": end and end.class_cosine,
        "seconds": round(made.seconds, 1),
        "device": made.device,
        "processor": made.processor,
        "torch": made.packages.get("torch"),
        "commit": made.git.commit,
        "code": ".".join(digest for part, digest in made.code if part != "torch"),
        "digest": record.digest,
    }
