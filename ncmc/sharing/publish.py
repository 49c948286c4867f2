"""results/published/<tier>/: the records of one file of tables, and what a reader opens of the rest.

An export (`ncmc import` takes it). Board, page and tables are made anew, so that the records alone
give every byte; what nobody opens in git (figures, other forms of the tables) `whole` makes.
"""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from ncmc import paths
from ncmc.board import board_text
from ncmc.board.entries import board_of
from ncmc.errors import UserError, unknown
from ncmc.figures.files import write_figures
from ncmc.figures.make import figures_of_table
from ncmc.page import project_page, since_judged
from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import tiers
from ncmc.project import Project
from ncmc.results import table_files
from ncmc.results.record import load_record
from ncmc.results.table_data import table_data
from ncmc.sharing.export import (
    describe,
    existing_records,
    manifest_text,
    runs_of,
    write_folder,
)
from ncmc.sharing.folders import exclusive, replace_folder
from ncmc.sharing.manifest import NAME
from ncmc.system import files
from ncmc.system.documents import MOST_BYTES
from ncmc.verdicts import verdicts_file
from ncmc.verdicts.judge import CellCache, verify_cells

IMAGES = ("svg",)  # of figures: text, so that git shows what changed
READ = (".md", ".html")  # what is kept beside the records ...
SHOWING = ("README.md", "docs/*.md")  # ... with the pictures that these show


def folder_of(project: Project, tier: str) -> Path:
    """Where a tier is published. Raises UsageError for a tier that there is not."""
    if tier not in tiers(project):
        raise unknown("file of tables", tier, tiers(project))
    return project.root / paths.PUBLISHED.format(tier=tier)


def publish(project: Project, tier: str, results: Path | None = None) -> tuple[Path, int]:
    """Add a tier's records to those that are published, and make the rest anew; (folder, records).

    Raises UserError for a run that is published already with another result, and if there is no
    record at all; nothing is changed then.
    """
    folder = folder_of(project, tier)
    with exclusive(folder):
        sources = sources_in(folder) if folder.is_dir() else {}
        _add_records(project, tier, sources, folder, results)
        replace_folder(folder, contents(project, tier, sources))
    return folder, sum(name.endswith(f"/{paths.RECORD}") for name in sources)


def _add_records(
    project: Project, tier: str, sources: dict[str, bytes], folder: Path, results: Path | None
) -> None:
    """The records and manifests of splits that are not published yet, into `sources`."""
    found, _ = existing_records(project, tiers(project)[tier], results)
    root = results or project.root / paths.RUNS
    if not found and not sources:
        raise UserError(f"no run of {tier} has a record in {root}: there is nothing to publish.")
    for run, record in found.items():
        name = paths.RUN_RECORD.format(run=run.id)
        data = files.read_bytes(root / run.id / paths.RECORD, MOST_BYTES)
        if sources.get(name, data) != data and load_record(folder / name).digest != record.digest:
            raise UserError(
                f"{run.id} is published with another result. Look at both (`ncmc compare {folder} "
                f"{root}`); to replace the published one, delete {folder / name}."
            )
        sources.setdefault(name, data)
        split = f"{run.split_folder}/{Path(paths.SPLIT_MANIFEST).name}"
        if files.exists(project.root / split):
            sources.setdefault(split, files.read_bytes(project.root / split, MOST_BYTES))


def differing(project: Project, tier: str) -> list[str]:
    """The published files that their records do not give, or that these lack; none: all is right.

    Raises UserError if the tier is not published.
    """
    folder = _existing(project, tier)
    there = _read(folder)
    made = contents(project, tier, sources_in(folder))
    return sorted(name for name in there.keys() | made.keys() if there.get(name) != made.get(name))


def whole(project: Project, tier: str, target: Path) -> None:
    """Write a published tier into a new folder with all that follows from its records.

    Raises UserError if it is not published, or there is something at `target`.
    """
    folder = _existing(project, tier)
    write_folder(target, contents(project, tier, sources_in(folder), every_file=True))


def contents(
    project: Project, tier: str, sources: Mapping[str, bytes], every_file: bool = False
) -> dict[str, bytes]:
    """The files of a published tier, of its records and manifests of splits alone.

    Those that are kept in git, or with `every_file` all that follow.
    """
    shown = _shown(project, tier)
    with tempfile.TemporaryDirectory() as place:
        for name, data in sources.items():
            path = Path(place) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        runs = Path(place) / paths.RUNS
        present = {load_record(path).run for path in runs.rglob(paths.RECORD)}
        tables = [grid.table(project, name) for name in tiers(project)[tier]]
        tables = [table for table in tables if present & set(runs_of(project, table))]
        content = dict(sources) | dict(_board_and_page(project, tier, runs))
        for table in tables:
            content |= dict(_table_contents(project, table, runs))
            if every_file or shown & {paths.FIGURES.format(table=table.name)}:
                content |= dict(_figures(project, table, runs))
    if not every_file:
        content = {
            name: data
            for name, data in content.items()
            if name in sources or name in shown or name == paths.BOARD_JSON or name.endswith(READ)
        }
    content[NAME] = manifest_text(describe([table.name for table in tables], content))
    return content


def _shown(project: Project, tier: str) -> set[str]:
    """The published files that README or a document shows, and their folders."""
    texts = [path.read_text("utf-8") for name in SHOWING for path in project.root.glob(name)]
    folder = re.escape(paths.PUBLISHED.format(tier=tier))
    found = {name for text in texts for name in re.findall(rf"{folder}/([\w./=+-]+\.svg)", text)}
    return found | {name.rpartition("/")[0] for name in found}


def _figures(project: Project, table: Table, runs: Path) -> Iterator[tuple[str, bytes]]:
    figures = figures_of_table(project, table, CellCache(project, runs))
    with tempfile.TemporaryDirectory() as place:
        for path in write_figures(figures, Path(place), IMAGES):
            yield f"{paths.FIGURES.format(table=table.name)}/{path.name}", path.read_bytes()


def _board_and_page(project: Project, tier: str, runs: Path) -> Iterator[tuple[str, bytes]]:
    cells = CellCache(project, runs)
    names = tiers(project)[tier]  # also those without a record: what is not known is said
    tables = [grid.table(project, name) for name in names]
    board = board_of(project, [v for table in tables for v in verify_cells(table, cells)])
    yield paths.BOARD_MARKDOWN, board_text.as_markdown(board).encode()
    data = json.dumps(board_text.as_json(board), indent=1, ensure_ascii=False)
    yield paths.BOARD_JSON, data.encode() + b"\n"
    yield paths.PROJECT_PAGE, project_page.render(project, runs, names).encode()


def _table_contents(project: Project, table: Table, runs: Path) -> Iterator[tuple[str, bytes]]:
    """The numbers and verdicts of a table by the records in `runs`."""
    cells = CellCache(project, runs)  # its own: verdicts.json says which records it rests on
    with tempfile.TemporaryDirectory() as place:
        data = table_data(project, table, cells.of(table))
        written = table_files.write_table(data, Path(place))
        verdicts = verify_cells(table, cells)
        judged = since_judged.digests(project, cells.all_read(), runs)
        written.append(verdicts_file.write(verdicts, Path(place), records=judged))
        for path in written:
            yield f"{paths.RESULTS.format(table=table.name)}/{path.name}", path.read_bytes()


def _existing(project: Project, tier: str) -> Path:
    folder = folder_of(project, tier)
    if not folder.is_dir():
        raise UserError(f"{tier} is not published: {folder} is not there. Run ncmc publish {tier}.")
    return folder


def sources_in(folder: Path) -> dict[str, bytes]:
    """The records and manifests of splits in it: all that is no consequence of others."""
    last = {paths.RECORD, Path(paths.SPLIT_MANIFEST).name}
    return {
        name: data
        for name, data in _read(folder).items()
        if Path(name).name in last and name != NAME
    }


def _read(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {p.relative_to(folder).as_posix(): files.read_bytes(p, MOST_BYTES) for p in found}
