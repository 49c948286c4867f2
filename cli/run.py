"""The commands that make things: fetch, split, train, evaluate."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import (
    Json,
    Options,
    Results,
    complete_backbone,
    complete_dataset,
    complete_method,
    run_from,
)
from ncmc.errors import UsageError, UserError

if TYPE_CHECKING:  # help must not wait for their imports
    from ncmc.plan.grid import Run
    from ncmc.results.records import Record


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(
        epilog="Example: `ncmc fetch digits`, `ncmc fetch cifar10 --from cifar-10-python.tar.gz`, "
        "`ncmc fetch --status`."
    )(fetch)
    app.command(epilog="Example: `ncmc split cifar10 --tau 0.01`.")(split)
    app.command(
        epilog="Examples: `ncmc train digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`, "
        "`ncmc train --dataset digits --tau 0.02 --backbone resnet8 --method CAL -o f=10`."
    )(train)
    app.command(
        epilog="Example: `ncmc evaluate digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0`, "
        "or a whole table: `ncmc evaluate smoke`."
    )(evaluate)


Dataset = Annotated[
    str, typer.Argument(help="See `ncmc list datasets`.", autocompletion=complete_dataset)
]


def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Datasets; see `ncmc list datasets`.", autocompletion=complete_dataset),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from", help="A file, folder or address to use instead of the official one."
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take a set of your own anew, though it is here.")
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="What is here; fetches nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring datasets here, through DVC, verified by checksum; a second call goes on."""
    from cli import show
    from ncmc.data import datasets
    from ncmc.data import fetch as fetching

    if status:
        show.dataset_status(datasets.status(), as_json)
        return
    if not names:
        raise UsageError("fetch needs the name of a dataset, or --status. See: ncmc list datasets")
    if source and len(names) > 1:
        raise UsageError("--from is for one dataset at a time.")
    for name in names:
        with show.transfer() as bar:
            fetched = fetching.fetch(
                name, source, replace=replace, progress=bar.progress, say=bar.say
            )
            datasets.prepare(name, say=bar.say)
        if as_json:
            print(json.dumps({"dataset": name, "how": fetched.how, "folder": str(fetched.folder)}))
        else:
            print(f"{name}: {fetched.how}, verified, {fetched.folder}")


def split(
    name: Dataset,
    tau: Annotated[float, typer.Option(help="Imbalance ratio n_min / n_max, in (0, 1].")],
    option: Options = None,
    as_json: Json = False,
) -> None:
    """Make a long-tailed training set: which images, how many of each class."""
    from cli import show
    from ncmc import paths
    from ncmc.data import splits
    from ncmc.plan import grid

    # Any model will do: a split depends on the dataset, tau and the split's own options alone.
    run = grid.make_run(name, tau, "resnet8", "CE", grid.parse_options(",".join(option or [])))
    made = splits.make_split(run.dataset, run.tau, run.resolve().split)
    folder = paths.root() / run.split_folder
    made.save(folder)
    show.split(made, folder, as_json)


def train(
    run: Annotated[str | None, typer.Argument(help="A run's id.", metavar="[RUN]")] = None,
    dataset: Annotated[str | None, typer.Option(autocompletion=complete_dataset)] = None,
    tau: Annotated[float | None, typer.Option(help="Imbalance ratio n_min / n_max.")] = None,
    backbone: Annotated[str | None, typer.Option(autocompletion=complete_backbone)] = None,
    method: Annotated[str | None, typer.Option(autocompletion=complete_method)] = None,
    seed: Annotated[int, typer.Option(help="Training seed; the split has its own.")] = 0,
    option: Options = None,
    device: Annotated[str | None, typer.Option(help="cpu or cuda; the best there is.")] = None,
    results: Results = None,
    force: Annotated[
        bool,
        typer.Option(
            help="Train again though a record is there; a checkpoint, if one is left, is gone on from."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Train one run to its record, going on from its checkpoint if it has one."""
    from cli.progress import progress_for
    from ncmc.data import datasets
    from ncmc.plan import grid
    from ncmc.results import records
    from ncmc.system import allocator, gpu_lease

    chosen = run_from(run, dataset, tau, backbone, method, seed, option)
    path = records.path_of(chosen, results)
    if path.exists() and not force:
        record = records.load(path)
        if record.run != chosen:
            raise UserError(
                f"{path} is the record of {record.run.id}, not of {chosen.id}. Move it to its own "
                "folder, or use --force to train over it."
            )
        if record.schema != records.SCHEMA:
            raise UsageError(
                f"{path} was made before version 0.2, with other random draws. Tables still show "
                "it. Use --force to train it again."
            )
        if not records.differing_keys(record):
            _tell(record, path, "already trained", as_json)
            return
        raise UsageError(
            f"{path} was made with another configuration "
            f"({'; '.join(records.differing_keys(record))}). Use --force to train it again."
        )
    datasets.verify(chosen.dataset)  # the bytes that it trains on are those that were fetched
    _need_split(chosen)
    allocator.keep_pages()
    from ncmc.training import train as training

    execution = grid.parse_options(",".join(option or []))
    with gpu_lease.claim() as gpu, progress_for(sys.stderr) as progress:
        if device is None and gpu_lease.count() > 1 and "LOCAL_RANK" not in os.environ:
            device = f"cuda:{gpu}"
        record = training.train(
            chosen, progress, device=device, results=results, execution=execution
        )
    if os.environ.get("RANK", "0") == "0":  # one of several processes speaks for all
        _tell(record, path, "trained", as_json)


def _need_split(run: "Run") -> None:
    """Make the split of a run if nobody has; the data must be here."""
    from ncmc import paths
    from ncmc.data import splits

    folder = paths.root() / run.split_folder
    if not (folder / "manifest.json").exists():
        splits.make_split(run.dataset, run.tau, run.resolve().split).save(folder)


def _tell(record: "Record", path: Path, how: str, as_json: bool) -> None:
    accuracy = record.result["accuracy"]
    if as_json:
        print(json.dumps({"run": record.run.id, "record": str(path), "accuracy": accuracy}))
    else:
        print(
            f"{record.run.id}: {how}, accuracy {accuracy['last']:.2f} % "
            f"(best {accuracy['best']:.2f} % in epoch {accuracy['best_epoch']}), {path}"
        )


def evaluate(
    names: Annotated[list[str], typer.Argument(help="Ids of runs, or names of tables.")],
    device: Annotated[str | None, typer.Option(help="cpu or cuda; the best there is.")] = None,
    results: Results = None,
) -> None:
    """Make the records of trained models anew: a new metric needs no new training."""
    from ncmc.plan import grid
    from ncmc.results import records

    runs = [
        run
        for name in names
        for run in (grid.runs(name) if name in grid.table_names() else [grid.parse_id(name)])
    ]
    from ncmc.training import train as training

    for run in runs:
        record = training.evaluate_again(run, device=device, results=results)
        _tell(record, records.path_of(run, results), "evaluated", as_json=False)
