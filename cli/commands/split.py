"""`ncmc split`: a long-tailed training set."""

from collections.abc import Sequence
from pathlib import Path

from cli.options import DatasetName, Json, Options, Tau, parse_given
from cli.show.grids import print_json, print_lines
from ncmc.data import datasets, splits
from ncmc.data.splits import Split
from ncmc.errors import unknown
from ncmc.plan.dataset_entries import SplitOptions
from ncmc.plan.run import make_run, resolve_run
from ncmc.project import Project

EPILOG = "Example: `ncmc split cifar10 --tau 0.01`."


def split(
    name: DatasetName,
    tau: Tau,
    option: Options = None,
    as_json: Json = False,
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
    notes = [*train.summary.notes, *train.summary.faults]
    if made.note:
        notes.append(made.note)
    print_split(made, train.class_names, folder, notes, as_json)


def print_split(
    split: "Split", class_names: Sequence[str], folder: Path, notes: Sequence[str], as_json: bool
) -> None:
    """The images of each class, and `notes`, what must be said of the split."""
    counts = list(split.counts)
    if as_json:
        body = {"dataset": split.dataset, "tau": split.tau, "counts": counts}
        body |= {"class_names": list(class_names), "notes": list(notes)}
        print_json(body | {"images": len(split.indices), "sha256": split.sha256, "folder": folder})
        return
    print(
        f"{split.dataset}, tau {split.tau:g}: {len(split.indices)} images, "
        f"{max(counts)} to {min(counts)} per class"
    )
    print_lines([f"  {name}: {count}" for name, count in zip(class_names, counts, strict=True)])
    for note in notes:
        print(note)
    print(f"SHA-256 {split.sha256}\n{folder}")
