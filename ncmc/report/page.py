"""A page for a table or figure: verdicts, results, pictures, and how each number was made.

One file that needs nothing else: styles and pictures stand in it, and no script runs. It decides
nothing: the verdicts are those of verdicts.json, the cells are made of the records.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from ncmc import paths
from ncmc.errors import UserError
from ncmc.paper import switches
from ncmc.paper.errata import errata
from ncmc.plan.grid import Table
from ncmc.project import Project
from ncmc.report import origins
from ncmc.report.alternatives import Alternative, Coords, alternatives
from ncmc.report.figures.accuracy_maps import accuracy_maps
from ncmc.report.figures.svg import Picture
from ncmc.report.sections import sections
from ncmc.results.cells import Cell, read_cells
from ncmc.results.record import GROUPS, Groups
from ncmc.results.reference_numbers import difference_words, reference_words, stated_words
from ncmc.results.table_data import table_data
from ncmc.results.table_layout import layout
from ncmc.results.wording import (
    counted,
    duration,
    make_command,
    plus_minus,
    printed,
    signed,
)
from ncmc.system import files
from ncmc.verdicts.verdict import STATUSES, Verdict
from ncmc.verdicts.verdicts_file import read_verdicts
from ncmc.verdicts.wording import MARKS, reference_verdict, verb

TEMPLATES = Path(__file__).parent / "templates"
SHOWN = {
    "accuracy": "Top-1 accuracy on the balanced test set, of networks trained on long-tailed "
    "images.",
    "curves": "How far the features of the training images have collapsed to their class's target, "
    "epoch by epoch: mean and standard deviation over images of the squared distance NC, and the "
    "variability with the floor that complete collapse would reach.",
    "class_cosines": "Cosines between the mean features of the classes, from the first epoch to "
    "the last.",
    "tail_cosines": "Cosines between the features of all training images of the smallest class, "
    "from the first epoch to the last.",
}


def report(
    project: Project, name: str, results: Path | None = None, folder: Path | None = None
) -> Path:
    """Write the page of a table or figure into `folder` (default: results/NAME); its path.

    Raises UsageError for an unknown name, UserError for a damaged or outdated record, or if
    verdicts.json is not in `folder`.
    """
    table = switches.table(project, name)
    folder = folder or project.root / paths.RESULTS.format(table=name)
    judged = folder / Path(paths.VERDICTS).name
    if not judged.exists():
        raise UserError(f"{judged} does not exist. Run `ncmc verify {name}` first.")
    path = folder / Path(paths.PAGE).name
    cells = read_cells(project, table, results)
    others = alternatives(project, table, cells, results)
    files.write_atomic(path, render(project, table, cells, read_verdicts(judged), others))
    return path


def render(
    project: Project,
    table: Table,
    cells: Sequence[Cell],
    verdicts: Sequence[Verdict],
    others: Mapping[Coords, Sequence[Alternative]] | None = None,
) -> str:
    """The page as text. `others`: the numbers under other assumptions, by the place of a cell."""
    data = table_data(project, table, cells)
    missing = [run.id for cell in cells for run in cell.missing]
    lacking = dict.fromkeys(run for verdict in verdicts for run in verdict.missing)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            table=table,
            data=data,
            cells=cells,
            verdicts=verdicts,
            marks=MARKS,
            count=Counter(verdict.status for verdict in verdicts),
            statuses=STATUSES,
            shown=SHOWN[table.shows],
            axes=axes(cells),
            banner=data.banner,
            notes=[*origins.notes(project, cells), *data.notes],
            layout=layout(data),
            group_rules=tuple(Groups.model_fields),
            group_names=GROUPS,
            maps=accuracy_maps(table, cells),
            sections=sections(table, cells),
            provenance=origins.provenance(cells),
            cards=[origins.card(cell) for cell in cells if cell.n],
            register=origins.register(project, cells),
            others=others or {},
            errata=errata(project),
            missing=missing,
            elsewhere=[run for run in lacking if run not in missing],
            make_command=make_command(table.name),
        )
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "plus_minus": plus_minus,
        "printed": printed,
        "counted": lambda cell: counted(cell.n, cell.n + len(cell.missing)),
        "duration": duration,
        "signed": signed,
        "theirs": stated_words,
        "difference": difference_words,
        "reference_words": reference_words,
        "reference_verdict": reference_verdict,
        "verb": verb,
        "value": origins.value_words,
        "svg": _svg,
    }
    return environment


def _svg(picture: Picture) -> Markup:
    """A picture as markup: its SVG is ours, so it is not escaped."""
    return Markup(picture.svg.decode())


def axes(cells: Sequence[Cell]) -> dict[str, str]:
    """What the cells are made of: the values on each axis, in their order."""
    names = [axis for axis, _ in cells[0].spec.coords]
    values = {axis: dict.fromkeys(cell.spec.coord(axis) for cell in cells) for axis in names}
    return {axis: ("; " if axis == "method" else ", ").join(values[axis]) for axis in names}
