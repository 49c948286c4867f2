"""results/published/<tier>/: the records of one file of tables, and what a reader opens of the rest.

An export (`ncmc import` takes it). Board, page and tables are made anew, so that the records alone
give every byte; the rest (figures, other forms of the tables) follows from them by `ncmc table`.
"""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ncmc import paths
from ncmc.board import board_text, predictions
from ncmc.board.answers import with_answers
from ncmc.board.entries import board_of
from ncmc.board.published import FINDINGS, published_boards, with_quotations
from ncmc.errors import UserError, unknown
from ncmc.figures.figure import Figure
from ncmc.figures.figure_files import write_figures
from ncmc.figures.of_table import figures_of_table
from ncmc.figures.opening import SCALES, opening_figure, opening_images
from ncmc.page import project_page
from ncmc.paper.claims import claims, shown_claims
from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import LAB, tiers
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results import table_files
from ncmc.results.record import Record, load_record
from ncmc.results.table_data import TableData
from ncmc.sharing import artifact
from ncmc.sharing.export import descriptions, records_of, runs_of, sources_of
from ncmc.sharing.export_format import NAME, manifest_of
from ncmc.system import files
from ncmc.system.documents import MOST_BYTES, as_csv
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.judge import CellCache, verify_cells

IMAGES = ("svg",)  # of figures: text, so that git shows what changed
READ = (".md", ".html")  # what is kept beside the records ...
LAB_TIER = Path(LAB).stem
README = "README.md"
SHOWING = (README, "docs/*.md")  # ... with the pictures that these show


def folder_of(project: Project, tier: str) -> Path:
    """Where a tier is published. Raises UsageError for an unknown tier."""
    if tier not in tiers(project):
        raise unknown("file of tables", tier, tiers(project))
    return project.published(tier)


def publish(project: Project, tier: str, results: Path | None = None) -> tuple[Path, int]:
    """Add a tier's records to those that are published, and make the rest anew; (folder, records).

    Interrupted, it leaves every record, and is mended by the same call. Raises UserError for a run
    that is published already with another result, and if there is no record at all; nothing is
    changed then.
    """
    folder = folder_of(project, tier)
    before = _read(folder)
    sources = sources_in(before)
    _add_records(project, tier, sources, folder, results)
    content = contents(project, tier, sources)
    for name in (*sources, *sorted(content.keys() - {*sources, NAME}), NAME):
        if before.get(name) != content[name]:
            files.write_atomic(folder / name, content[name])
    for name in before.keys() - content.keys():  # what follows no more
        (folder / name).unlink(missing_ok=True)
    return folder, sum(name.endswith(f"/{paths.RECORD}") for name in sources)


def answer_figure(project: Project) -> Figure | None:
    """CAL minus each other method, of published records; None where nothing is compared."""
    cells = {}
    for tier, names in tiers(project).items():
        runs = project.published(tier) / paths.RUNS
        for table in (grid.table(project, name) for name in names if name in SCALES):
            if runs.is_dir():
                cells[table.name] = (table, CellCache(project, runs).of(table))
    return opening_figure(cells)


def answer_pictures(project: Project) -> dict[str, bytes]:
    """README's picture, for light pages and for dark ones, by path."""
    figure = answer_figure(project)
    images = opening_images(figure) if figure else {}
    return {paths.ANSWER_PICTURE.format(page=page): image for page, image in images.items()}


def badge(project: Project) -> bytes:
    """What is known of the paper's claims at its own scale, as shields.io's endpoint reads it."""
    boards = published_boards(project).values()
    entries = [entry for board in boards for entry in board.entries]
    known = Counter(e.status for e in entries if e.subject == "claim" and e.scale == "paper")
    total = sum(claim.shown_in is not None for claim in claims(project).values())
    holds, differs = known["holds"], known["differs"]
    message = f"{holds} hold, {differs} differ" if holds + differs else "none known"
    body = {
        "schemaVersion": 1,
        "label": "claims at the paper's scale",
        "message": f"{message} of {total}",
        "color": "blue" if holds + differs else "lightgrey",
    }
    return json.dumps(body, indent=1).encode() + b"\n"


def runs_csv(project: Project) -> str:
    """The rows of all records below results/published, by tier and run. Raises UserError."""
    tiers = sorted(project.root.glob(paths.PUBLISHED.format(tier="*")))
    rows = [
        {"tier": tier.name, **_row(load_record(path))}
        for tier in tiers
        for path in sorted((tier / paths.RUNS).rglob(paths.RECORD))
    ]
    return as_csv(rows, table_files.DIGITS)


def _row(record: Record) -> Mapping[str, Any]:
    """A run as columns. Accuracies in percent, after the last epoch unless it is said otherwise."""
    run, result, made = record.run, record.result, record.made
    end = next((e.collapse for e in reversed(result.history) if e.collapse), None)
    return {
        "run": run.id,
        **run.parts,
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
        "code": made.code.digests,
        "digest": record.digest,
    }


def refresh_documents(project: Project) -> list[Path]:
    """Set what is made of all published records, and quotations and answers in documents; what changed.

    Documents are of our paper, whichever is open. Raises UsageError for a quotation of a check that no
    published board has.
    """
    project, changed = Project(project.root), []

    def put(name: str, content: bytes) -> None:
        path = project.root / name
        if content and (not files.exists(path) or path.read_bytes() != content):
            files.write_atomic(path, content)
            changed.append(path)

    put(paths.PUBLISHED_RUNS, runs_csv(project).encode())
    put(paths.BADGE, badge(project))
    for name, image in answer_pictures(project).items():
        put(name, image)
    if files.exists(project.root / artifact.NAME):
        put(artifact.NAME, artifact.artifact_appendix(project).encode())
    for name, renewed in ((README, with_answers), (FINDINGS, with_quotations)):
        if files.exists(project.root / name):
            text = files.read_bytes(project.root / name, MOST_BYTES).decode()
            put(name, renewed(project, text).encode())
    return changed


def _add_records(
    project: Project, tier: str, sources: dict[str, bytes], folder: Path, results: Path | None
) -> None:
    """The records and manifests of splits that are not published yet, into `sources`.

    Of a lab those of its own alone: what another tier has published is read from there.
    """
    root = results or project.root / paths.RUNS
    records, _ = records_of(project, tiers(project)[tier], results)
    if tier == LAB_TIER:
        records = {run: record for run, record in records.items() if not _elsewhere(project, run)}
    if not records and not sources:
        raise UserError(f"no run of {tier} has a record in {root}: there is nothing to publish.")
    for run, record in records.items():
        name = paths.RUN_RECORD.format(run=run.id)
        if name in sources and load_record(folder / name).digest != record.digest:
            raise UserError(
                f"{run.id} is published with another result. Look at both (`ncmc compare {folder} "
                f"{root}`); to replace the published one, delete {folder / name}."
            )
    for name, data in sources_of(project, records, results).items():
        sources.setdefault(name, data)


def differing(project: Project, tier: str) -> list[str]:
    """The published files that their records do not give, or that these lack; none: all is right.

    Raises UserError if the tier is not published.
    """
    folder = folder_of(project, tier)
    if not folder.is_dir():
        raise UserError(f"{tier} is not published: {folder} is not there. Run ncmc publish {tier}.")
    published = _read(folder)
    content = contents(project, tier, sources_in(published))
    names = published.keys() | content.keys()
    return sorted(name for name in names if published.get(name) != content.get(name))


def contents(project: Project, tier: str, sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a published tier, made of its records and manifests of splits alone.

    The tables of a lab show published records of other tiers too.
    """
    pictures = _pictures_in_documents(project, tier)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / tier
        for name, data in sources.items():
            files.write_atomic(root / name, data)
        records = [load_record(path) for path in (root / paths.RUNS).rglob(paths.RECORD)]
        present = {record.run for record in records}
        tables = [grid.table(project, name) for name in tiers(project)[tier]]
        if tier == LAB_TIER:
            for run in {run for table in tables for run in runs_of(project, table)} - present:
                if other := _elsewhere(project, run):
                    files.write_atomic(
                        root / paths.RUN_RECORD.format(run=run.id), other.read_bytes()
                    )
        cells = CellCache(project, root / paths.RUNS)
        _write_board_and_page(project, tier, tables, root, cells)
        tables = [table for table in tables if present & set(runs_of(project, table))]
        for table in tables:
            text = table_files.as_markdown(TableData(table, cells.of(table)))
            files.write_atomic(root / paths.TABLE_MARKDOWN.format(table=table.name), text)
            if (folder := paths.FIGURES.format(table=table.name)) in pictures:
                write_figures(figures_of_table(project, table, cells), root / folder, IMAGES)
        names, content = {*sources, *pictures, paths.BOARD_JSON}, _read(root)
    content = {n: data for n, data in content.items() if n in names or n.endswith(READ)}
    content |= descriptions(project, tier, records, content)
    content[NAME] = manifest_of([table.name for table in tables], content).to_json()
    return content


def _elsewhere(project: Project, run: Run) -> Path | None:
    """Where a run is published, if not in a lab's tier."""
    path = project.published_record(run.id)
    return path if path and not path.is_relative_to(folder_of(project, LAB_TIER)) else None


def _pictures_in_documents(project: Project, tier: str) -> set[str]:
    """The published pictures that README or a document shows, and their folders."""
    texts = [path.read_text("utf-8") for name in SHOWING for path in project.root.glob(name)]
    folder = re.escape(project.published(tier).relative_to(project.root).as_posix())
    names = {name for text in texts for name in re.findall(rf"{folder}/([\w./=+-]+\.svg)", text)}
    return names | {name.rpartition("/")[0] for name in names}


def _write_board_and_page(
    project: Project, tier: str, tables: list[Table], root: Path, cells: CellCache
) -> None:
    """Of all tables, also those without a record: what is not known is said."""
    verdicts = [v for table in tables for v in verify_cells(table, cells)]
    board = board_of(project, verdicts)
    checks = [check for table in tables for check in checks_of(project, table.name)]
    if predicted := predictions.as_markdown(checks, verdicts):
        files.write_atomic(root / paths.PREDICTIONS, predicted)
    data = json.dumps(board_text.as_json(board), indent=1, ensure_ascii=False)
    page = project_page.render(project, cells, tier)
    words = board_text.as_markdown(board, shown_claims(project))
    files.write_atomic(root / paths.BOARD_MARKDOWN, paths.commands_of_paper(words, project.paper))
    files.write_atomic(root / paths.BOARD_JSON, data + "\n")
    files.write_atomic(root / paths.PROJECT_PAGE, page)


def sources_in(content: Mapping[str, bytes]) -> dict[str, bytes]:
    """The records and manifests of splits: all that is no consequence of others."""
    names = {paths.RECORD, NAME}
    return {n: data for n, data in content.items() if Path(n).name in names and n != NAME}


def _read(folder: Path) -> dict[str, bytes]:
    """Path below a folder -> content, of every file; nothing where there is no folder."""
    files_of = sorted(path for path in folder.rglob("*") if path.is_file())
    return {p.relative_to(folder).as_posix(): files.read_bytes(p, MOST_BYTES) for p in files_of}
