"""`ncmc split`: a long-tailed training set."""

from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len

from cli.options import Assume, DatasetName, Json, Options, Tau, parse_given
from cli.show.grids import print_json
from ncmc.data import datasets, splits
from ncmc.data.splits import Split
from ncmc.errors import shortened, unknown
from ncmc.paper import switches
from ncmc.plan.dataset_entries import SplitOptions
from ncmc.plan.run import make_run, resolve_run
from ncmc.project import Project

EPILOG = "Example: `ncmc split cifar10 --tau 0.01`."


def split(
    name: DatasetName,
    tau: Tau,
    option: Options = None,
    assume: Assume = None,
    as_json: Json = False,
) -> None:
    """Draw a long-tailed training set, and show how many images each class has."""
    project, options = Project.find(), parse_given(option)
    chosen = switches.parse_switches(project, assume or [])
    for switch in chosen:
        options |= dict(switch.changes)
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
    summary = datasets.tree_summary(project, run.dataset)
    notes = [*summary.lines] if summary else []
    if made.note:
        notes.append(made.note)
    print_split(made, train.class_names, folder, notes, as_json)


BAR_WIDTH = 50  # characters


CHART_ROWS = 20  # classes above which a chart shows ranges of classes


def print_split(
    split: "Split", class_names: Sequence[str], folder: Path, notes: Sequence[str], as_json: bool
) -> None:
    """A split: its counts as numbers and as a small chart, and `notes`, what must be said of it."""
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
    rows = _ranges(counts, class_names)
    width = max(9, *(cell_len(label) for label, _ in rows))
    for label, value in rows:
        length = round(BAR_WIDTH * value / max(counts))
        print(f"{' ' * (width - cell_len(label))}{label} {value:>7.0f} {'█' * length or '▏'}")
    for note in notes:
        print(note)
    print(f"SHA-256 {split.sha256}\n{folder}")


def _ranges(counts: Sequence[int], class_names: Sequence[str]) -> list[tuple[str, float]]:
    """Classes, or ranges of classes with their mean where there are many: at most CHART_ROWS."""
    step = -(-len(counts) // CHART_ROWS)
    rows = []
    for start in range(0, len(counts), step):
        part = counts[start : start + step]
        names = [shortened(class_names[k], 24) for k in (start, start + len(part) - 1)]
        rows.append((" to ".join(dict.fromkeys(names)), sum(part) / len(part)))
    return rows
