"""`ncmc sweep`: a study over options, from the command line to its table."""

from importlib.util import find_spec
from typing import Annotated, Any

import typer

from cli.commands.report import report
from cli.commands.table import table as show_table
from cli.commands.verify import verify
from cli.options import reading_project
from cli.show.cost import print_cost
from cli.training import train_all
from ncmc.data import fetch
from ncmc.errors import UsageError, UserError, shortened
from ncmc.plan import grid, studies
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import LAB, STUDIES
from ncmc.plan.run import Run, trained_runs
from ncmc.plan.studies import MOST_NAME, axis_values
from ncmc.project import Project
from ncmc.results.record import path_of
from ncmc.results.wording import make_command, plural
from ncmc.system import files
from ncmc.verdicts.checks_file import all_checks

EPILOG = (
    "Example: `ncmc sweep --dataset digits --tau 0.02 --backbone resnet8 --method CAL "
    "-o f=5,10,20 -o theta=0,0.2,0.5,1,pi/2 --seeds 2 --run`; your own loss beside ours: "
    "`ncmc sweep --beside laptop_methods --method MY-LOSS --run`. More in docs/studies.md."
)


def sweep(
    method: Annotated[str, typer.Option(help="Methods.", metavar="NAME,...")],
    dataset: Annotated[str | None, typer.Option(help="Datasets.", metavar="NAME,...")] = None,
    tau: Annotated[
        str | None, typer.Option(help="Imbalance ratios, in (0, 1].", metavar="T,...")
    ] = None,
    backbone: Annotated[str | None, typer.Option(help="Backbones.", metavar="NAME,...")] = None,
    beside: Annotated[
        str | None,
        typer.Option(
            help="Add one method of your own to the settings of this table, as one more row (in "
            "config/lab.yaml); in place of --dataset, --tau and --backbone.",
            metavar="TABLE",
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            "-o",
            help="An option of all these runs with its values: `-o f=5,10,20`; `pi/2` is a number.",
            metavar="KEY=VALUE,...",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(help="Seeds of each cell.", show_default="as studies.yaml"),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="What the study is called.", show_default="sweep_ and what is swept"),
    ] = None,
    save: Annotated[
        bool,
        typer.Option("--save", help="Add it to its configuration file: a target of Snakemake."),
    ] = False,
    run_now: Annotated[
        bool,
        typer.Option(
            "--run", help="Save it, train its missing runs in this process, show its table."
        ),
    ] = False,
) -> None:
    """Plan a study over any options of any methods; save it, and train it."""
    project = reading_project()
    names = {"dataset": dataset, "backbone": backbone, "method": method, "tau": tau}
    given = {axis: text for axis, text in names.items() if text is not None}
    axes = _axes(given, option or [])
    if beside:
        entry, file = _entry_beside(project, beside, axes, seeds), LAB
        name = name or f"{beside}_{method}"[:MOST_NAME]
    else:
        if missing := [f"--{axis}" for axis in names if axis not in given]:
            raise UsageError(f"{', '.join(missing)} is missing; or give --beside TABLE.")
        entry = studies.entry_of(axes, seeds)
        has_studies = files.exists(project.config(STUDIES))
        file = STUDIES if has_studies else LAB
        name = studies.name_of(axes) if name is None else name
    table = studies.table_of(project, name, entry, file)
    _check_options(table)
    untrained = [run for run in table.runs if not path_of(project, run).exists()]
    absent = _absent_images(project, untrained)
    if run_now and absent:
        raise UserError(" ".join(absent))
    print(f"tables:\n{studies.as_yaml(name, entry)}")
    _print_plan(project, table, untrained, beside)
    print("".join(f"{line}\n" for line in absent), end="")
    if run_now and untrained:  # before it is saved: what fails leaves no entry
        train_all(Project.find(), untrained)
    if save or run_now:
        _save(project, name, entry, file)
    if run_now:
        show_table(name)
        verify(name, exit_code=False)
        report(name)
    elif save:
        again = "the same command with --run, which takes published records as they are"
        print(f"To make it: {again if beside else make_command(name, project.paper)}")


def _entry_beside(
    project: Project, table: str, axes: dict[str, list[Any]], seeds: int | None
) -> dict[str, Any]:
    """The entry of a method beside those of a table. Raises UsageError for what the table decides."""
    decided = [f"--{axis}" for axis in ("dataset", "tau", "backbone") if axis in axes]
    decided += ["--seeds"] if seeds is not None else []
    several = [axis for axis, values in axes.items() if len(values) > 1]
    if decided or several:
        raise UsageError(
            f"--beside {table} takes one method and its options; "
            + (f"{', '.join(decided)} is the table's." if decided else f"{several[0]} has several.")
        )
    (method,), options = axes.pop("method"), {key: value for key, (value,) in axes.items()}
    return studies.entry_beside(project, table, str(method), options)


def _axes(names: dict[str, str], options: list[str]) -> dict[str, list[Any]]:
    """Axis -> values, in the order in which they are given."""
    axes = {axis: axis_values(text) for axis, text in names.items()}
    for text in options:
        key, _, values = text.partition("=")
        if not key or not values:
            raise UsageError(f"option '{shortened(text)}' is not KEY=VALUE,..., such as f=5,10,20.")
        if key in axes:
            raise UsageError(f"'{shortened(key)}' is given twice.")
        axes[key] = axis_values(values)
    return axes


def _check_options(table: Table) -> None:
    """Raises UsageError for a value that a method or backbone of a study refuses."""
    if not find_spec("torch"):
        return
    from ncmc.training import build

    models = {(c.run.backbone, c.run.method, str(c.resolved.model)): c for c in table.cells}
    for cell in models.values():
        build.parts(cell.run, cell.resolved.model)


def _absent_images(project: Project, runs: list[Run]) -> list[str]:
    """What has to be done for the images of runs that are not here, in sentences."""
    sentences = []
    for name in sorted({run.dataset for run in runs}):
        state, remedy = fetch.status(project, name)
        if state != "ready":
            how = dataset_entry(project, name).get or f"{remedy.rstrip('.')}."
            sentences.append(f"The images of {name} are not here. {how}")
    return sentences


def _print_plan(project: Project, table: Table, untrained: list[Run], beside: str | None) -> None:
    """How many runs a study has, and what those without a record would take here."""
    done = len(table.runs) - len(untrained)
    trained = len(trained_runs(project, table.runs))
    rules = f" ({plural(trained, 'training')})" if trained < len(table.runs) else ""
    print(
        f"{plural(len(table.cells), 'cell')}, {plural(table.seeds, 'seed')}: "
        f"{plural(len(table.runs), 'run')}{rules}, {done:,} of them done"
    )
    if beside and untrained:
        others = len({*untrained} & {*grid.table(project, beside).runs})
        own = plural(len(untrained) - others, "run")
        print(f"To train: {own} of your own, {others:,} of {beside} that are not published yet")
    if untrained and find_spec("torch"):
        print_cost(project, table.name, table.runs)


def _save(project: Project, name: str, entry: dict[str, Any], file: str) -> None:
    known = studies.is_saved(project, name, entry, file)
    path = project.config(file) if known else studies.save(project, name, entry, file)
    print(f"{name} is in {path}.")
    saved = Project(project.root, paper=project.paper)  # its files as they are now
    if not any(check.table == name for check in all_checks(saved)):
        page = "your-own" if file == LAB else "studies"
        print(f"For verdicts it needs a check: see docs/{page}.md")
