"""What an export holds, what an import brought, and what differs between two sets of results."""

from collections.abc import Sequence
from dataclasses import asdict

from cli.show.grids import console, literal, print_json
from ncmc.results.wording import plural, size
from ncmc.sharing.export import Exported, Named
from ncmc.sharing.merge import Merge

MOST_LINES = 20  # of one kind; --json has all


def print_exported(done: Exported, as_json: bool) -> None:
    """What was packed, and which records were not."""
    if as_json:
        print_json(
            {
                "path": done.path,
                "tables": done.manifest.tables,
                "runs": done.manifest.runs,
                "files": len(done.manifest.files),
                "left_out": [asdict(entry) for entry in done.left_out],
            }
        )
        return
    content = sum(entry.size for entry in done.manifest.files.values())
    tables = f" of {', '.join(done.manifest.tables)}" if done.manifest.tables else ""
    _say(
        f"{done.path}: {plural(len(done.manifest.runs), 'record')}{tables}, "
        f"{plural(len(done.manifest.files), 'file')}, {size(content)}"
    )
    _name("left out", done.left_out)


def print_merge(done: Merge, prefer: str | None, dry_run: bool, as_json: bool) -> None:
    """What an export brought, and every clash with what differs."""
    if as_json:
        print_json(asdict(done))
        return
    refused = bool(done.clashes) and prefer is None
    clashes = "1 clash" if len(done.clashes) == 1 else f"{len(done.clashes)} clashes"
    new = plural(len(done.new), "new record")
    _say(f"{done.path}: {new}, {len(done.equal)} here already, {clashes}")
    for clash in done.clashes[:MOST_LINES]:
        _say(f"clash: {clash.run}: {'; '.join(clash.differing)}")
    _more(done.clashes)
    _name("left out", done.left_out)
    if refused:
        _say(
            "Nothing is written. Both cannot be right: compare the commits and machines, train the run "
            "again, or keep one side's with --prefer ours or --prefer theirs."
        )
    elif dry_run:
        _say("Nothing is written (--dry-run).")
    else:
        _say(f"{plural(len(done.written), 'record')} written")


def _name(what: str, entries: Sequence[Named]) -> None:
    for entry in entries[:MOST_LINES]:
        _say(f"{what}: {entry.run} {entry.why}")
    _more(entries)


def _more(entries: Sequence[object]) -> None:
    if len(entries) > MOST_LINES:
        _say(f"... and {len(entries) - MOST_LINES} more; --json names all")


def _say(text: str) -> None:
    console().print(literal(text), soft_wrap=True)
