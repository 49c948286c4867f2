"""`ncmc split`: a long-tailed training set."""

from typing import Annotated

import typer

from cli.options import Options, parse_given
from cli.show.grids import print_lines
from ncmc.data import datasets, splits
from ncmc.errors import unknown
from ncmc.plan.dataset_entries import SplitOptions
from ncmc.plan.run import make_run, resolve_run
from ncmc.project import Project

EPILOG = "Example: `ncmc split cifar10 --tau 0.01`."


def split(
    name: Annotated[str, typer.Argument(help="See `ncmc list datasets`.")],
    tau: Annotated[float, typer.Option(help="Imbalance ratio n_min / n_max, in (0, 1].")],
    option: Options = None,
) -> None:
    """Draw a long-tailed training set, and show how many images each class has."""
    project, options = Project.find(), parse_given(option)
    for key in options:
        if key not in SplitOptions.model_fields:
            raise unknown("option of a split", key, SplitOptions.model_fields)
    # Any model will do: a split depends on the dataset, tau and the split's own options alone.
    run = make_run(name, tau, "resnet8", "CE", options, project=project)
    train = datasets.load(project, run.dataset, "train")
    chosen_split = resolve_run(project, run).split
    made = splits.make_split(project, run.dataset, run.tau, chosen_split, train=train)
    folder = project.root / run.split_folder
    made.save(folder)
    print(
        f"{made.dataset}, tau {made.tau:g}: {len(made.indices)} images, "
        f"{max(made.counts)} to {min(made.counts)} per class"
    )
    counts = zip(train.class_names, made.counts, strict=True)
    print_lines([f"  {class_name}: {count}" for class_name, count in counts])
    for note in (*train.summary.notes, *train.summary.faults, made.note):
        if note:
            print(note)
    print(f"SHA-256 {made.sha256}\n{folder}")
