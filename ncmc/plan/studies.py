"""A study as an entry of a file of tables: from lists of values, or a method beside those of a table.

A study is a table like any other; here is only what writes its entry.
"""

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ncmc.errors import UsageError, UserError, shortened
from ncmc.plan import catalog, grid
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import REQUIRED, STUDIES, Grid, Placed, grid_entries
from ncmc.plan.option_text import PI, parse_value
from ncmc.project import Project
from ncmc.system import documents, files

MOST_NAME = 40  # characters
MOST_WIDTH = 10_000  # characters of a line: a list stays in one
TABLES = re.compile(r"^tables:(?: *\{\})?( *#.*)?\n", re.MULTILINE)


def axis_values(text: str) -> list[Any]:
    """The values of `5,10,20` as a YAML file has them; `pi/2` stays as it is written.

    Raises UsageError for an empty value.
    """
    words = text.split(",")
    if "" in words:
        raise UsageError(f"'{shortened(text)}' has an empty value; needed: VALUE,VALUE,...")
    return [word if PI.fullmatch(word) else parse_value(word) for word in words]


def swept(axes: Mapping[str, Sequence[Any]]) -> list[str]:
    """The axes with several values."""
    return [axis for axis, values in axes.items() if len(values) > 1]


def name_of(axes: Mapping[str, Sequence[Any]]) -> str:
    """A name for a sweep that was given none: `sweep_f_theta`."""
    return "_".join(["sweep", *swept(axes)])[:MOST_NAME]


def entry_of(axes: Mapping[str, Sequence[Any]], seeds: int | None) -> dict[str, Any]:
    """The entry of a sweep. Its columns: the last option with several values, or else tau."""
    options = [axis for axis in swept(axes) if axis not in REQUIRED]
    methods, datasets = (", ".join(map(str, axes[axis])) for axis in ("method", "dataset"))
    over = f" over {' and '.join(options)}" if options else ""
    return {
        "title": f"{methods}{over}: {datasets}",
        "where": "no table of the paper",
        **({} if seeds is None else {"seeds": seeds}),
        "axes": dict(axes),
        "columns": options[-1:] or ["tau"],
        "source": "ours: ncmc sweep",
    }


def entry_beside(
    project: Project, base: str, method: str, options: Mapping[str, Any]
) -> dict[str, Any]:
    """The entry of a table, with one more method in each of its settings: a row marked as own.

    It has the same runs as the table, seeds and splits included. Raises UsageError for an unknown
    table or method.
    """
    name = catalog.canonical("method", method)
    table = grid.table(project, base)
    entry = grid_entries(project)[base].entry
    own = {name: {**options, "label": f"{name} (own)"}}
    axes = dict(entry.axes) | {"method": [*entry.axes["method"], own]}
    also = [
        dict(more) | ({"method": [*more["method"], own]} if "method" in more else {})
        for more in entry.also
    ]
    made = {
        "title": f"{entry.title}, and {name}",
        "where": "no table of the paper",
        "splits": entry.splits,
        **({"looks": list(table.looks)} if len(table.looks) > 1 else {"seeds": table.seeds}),
        "axes": axes,
        **({"also": also} if also else {}),
        "columns": list(entry.columns),
        "source": f"ours: {base}, and a method of our own",
    }
    plain: dict[str, Any] = json.loads(json.dumps(made))  # tuples as lists, as a file has them
    return plain


def as_yaml(name: str, entry: Mapping[str, Any]) -> str:
    """An entry as it stands below `tables:`, its lists in one line each."""
    text = yaml.safe_dump({name: entry}, default_flow_style=None, sort_keys=False,
                          allow_unicode=True, width=MOST_WIDTH)  # fmt: skip
    return textwrap.indent(text, "  ")


def table_of(project: Project, name: str, entry: Mapping[str, Any], file: str = STUDIES) -> Table:
    """The table that an entry means, whether it is saved or not.

    Raises UsageError for a name, axis or value that there is not, for too many cells, and for a name
    that another table has.
    """
    grid_of_one = _grid(project, {name: entry}, file)
    if is_saved(project, name, entry, file):
        return grid.table(project, name)
    if name in grid_entries(project):
        place = grid_entries(project)[name].file
        raise UsageError(
            f"'{name}' is in {place} already, as another table: choose another --name."
        )
    return grid.build(
        project, name, Placed(grid_of_one.tables[name], "table", grid_of_one, Path("ncmc sweep"))
    )


def is_saved(project: Project, name: str, entry: Mapping[str, Any], file: str = STUDIES) -> bool:
    """Whether a file of tables has this entry; its title, columns and source may be others."""
    placed = grid_entries(project).get(name)
    same = {"axes", "also", "seeds", "shows", "splits"}
    wanted = _grid(project, {name: entry}, file).tables[name].model_dump(include=same)
    return (
        placed is not None
        and placed.file == project.config(file)
        and placed.entry.model_dump(include=same) == wanted
    )


def save(project: Project, name: str, entry: Mapping[str, Any], file: str = STUDIES) -> Path:
    """Add an entry to a file of tables, whose other entries and comments stay; the file.

    Raises UsageError as `table_of` does, UserError if the file has a form that cannot be added to.
    """
    table_of(project, name, entry, file)
    path = project.config(file)
    before = documents.load_yaml(path)
    after = before | {"tables": (before.get("tables") or {}) | {name: dict(entry)}}
    text = _with_entry(documents.read_text(path), as_yaml(name, entry))
    try:
        added = yaml.safe_load(text) == after
    except yaml.YAMLError:
        added = False
    if not added:
        raise UserError(
            f"{path} is not written in a form that ncmc can add to. Put the entry below its "
            "`tables:` by hand."
        )
    files.write_atomic(path, text)
    return path


def _grid(project: Project, tables: Mapping[str, Any], file: str) -> Grid:
    """The file with these tables alone. Raises UsageError."""
    path = project.config(file)
    whole = documents.read_yaml(path, Grid).model_dump(mode="json") | {"figures": {}}
    return documents.parse(Grid, whole | {"tables": tables}, "ncmc sweep")


def _with_entry(text: str, entry: str) -> str:
    """The file's text with an entry as the first of its `tables`."""
    if not TABLES.search(text):
        return f"{text.rstrip()}\ntables:\n{entry}"
    return TABLES.sub(lambda key: f"tables:{key[1] or ''}\n{entry}", text, count=1)
