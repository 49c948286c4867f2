"""`ncmc split`: a long-tailed training set."""

from cli.options import Assume, DatasetName, Json, Options, Tau, parse_given
from ncmc.errors import unknown

EPILOG = "Example: `ncmc split cifar10 --tau 0.01`."


def split(
    name: DatasetName,
    tau: Tau,
    option: Options = None,
    assume: Assume = None,
    as_json: Json = False,
) -> None:
    """Draw a long-tailed training set, and show how many images each class has."""
    from cli.show.data import print_split
    from ncmc.data import datasets, splits
    from ncmc.paper import switches
    from ncmc.plan.dataset_entries import SplitOptions
    from ncmc.plan.run import make_run, resolve_run
    from ncmc.project import Project

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
    notes = summary.notes if summary else []
    if note := splits.imbalance_note(train, made.tau, made.options):
        notes.append(note)
    print_split(made, train.class_names, folder, notes, as_json)
