"""What an export holds, what an import brought, and what differs between two sets of results."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cli.show.grids import console, literal, print_grid, print_json
from ncmc.results.wording import plural, signed, size
from ncmc.sharing.compare import CellDifference, Comparison
from ncmc.sharing.export import RunNote
from ncmc.sharing.merge import Merge
from ncmc.sharing.packed import Manifest

MOST_LINES = 20  # of one kind; --json has all
COLUMNS = ("cell", "seeds that differ", "A", "B", "B - A", "95 % interval")


def print_exported(
    path: Path, manifest: Manifest, left_out: Sequence[RunNote], as_json: bool
) -> None:
    """What was packed, and which records were not."""
    if as_json:
        body = {"path": path, "tables": manifest.tables, "runs": manifest.runs}
        body |= {"files": len(manifest.files), "left_out": [asdict(entry) for entry in left_out]}
        print_json(body)
        return
    tables = f" of {', '.join(manifest.tables)}" if manifest.tables else ""
    records, files = plural(len(manifest.runs), "record"), plural(len(manifest.files), "file")
    content = size(sum(entry.size for entry in manifest.files.values()))
    _say(f"{path}: {records}{tables}, {files}, {content}")
    _name([f"left out: {entry.run} {entry.why}" for entry in left_out])


def print_merge(done: Merge, prefer: str | None, dry_run: bool, as_json: bool) -> None:
    """What an export brought, and every clash with what differs."""
    if as_json:
        print_json(asdict(done))
        return
    clashes = "1 clash" if len(done.clashes) == 1 else f"{len(done.clashes)} clashes"
    new = plural(len(done.new), "new record")
    _say(f"{done.path}: {new}, {len(done.equal)} here already, {clashes}")
    _name([f"clash: {clash.run}: {clash.why}" for clash in done.clashes])
    _name([f"left out: {entry.run} {entry.why}" for entry in done.left_out])
    if done.clashes and prefer is None:
        _say(
            "Nothing is written. Both cannot be right: compare the commits and machines, train the run "
            "again, or keep one side's with --prefer ours or --prefer theirs."
        )
    elif dry_run:
        _say("Nothing is written (--dry-run).")
    else:
        _say(f"{plural(len(done.written), 'record')} written")


def print_comparison(compared: Comparison, as_json: bool) -> None:
    """Runs in one alone, cells whose numbers differ, and what was otherwise when they were made."""
    if as_json:
        print_json(compared.model_dump(mode="json") | {"same": compared.same})
        return
    _say(f"A, here: {compared.a}")
    _say(f"B, there: {compared.b}")
    differing = sum(len(cell.differing) for cell in compared.cells)
    _say(
        f"{plural(len(compared.equal), 'run')} with equal digests, {differing} with other ones, "
        f"{len(compared.only_a)} in A alone, {len(compared.only_b)} in B alone"
    )
    if compared.cells:
        print_grid(COLUMNS, [_row(cell) for cell in compared.cells])
    for side, runs in (("A", compared.only_a), ("B", compared.only_b)):
        _name([f"in {side} alone: {run}" for run in runs])
    reasons = Counter(reason for cell in compared.cells for reason in cell.reasons)
    _name([f"{reason} ({plural(n, 'cell')})" for reason, n in reasons.items()])


def _row(cell: CellDifference) -> list[str]:
    interval = " to ".join(map(signed, cell.interval)) if cell.interval else "-"
    seeds = f"{len(cell.differing)} of {len(cell.seeds)}"
    return [cell.cell, seeds, f"{cell.a:.2f}", f"{cell.b:.2f}", signed(cell.difference), interval]


def _name(lines: Sequence[str]) -> None:
    for line in lines[:MOST_LINES]:
        _say(line)
    if len(lines) > MOST_LINES:
        _say(f"... and {len(lines) - MOST_LINES} more; --json names all")


def _say(text: str) -> None:
    console().print(literal(text), soft_wrap=True)
