"""What the commands print: Rich tables for people, JSON for programs. Decides nothing."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from cli.progress import duration

MARKS = {
    "holds": ("✓", "green"),
    "differs": ("✗", "red"),
    "inconclusive": ("?", "yellow"),
    "incomplete": ("…", "dim"),
}
BAR_WIDTH = 50  # characters
CHART_ROWS = 20  # classes above which a chart shows ranges of classes


def _console() -> Console:
    return Console(highlight=False)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False, default=str))


def _grid(title: str | None, *columns: str, caption: str | None = None) -> Grid:
    grid = Grid(title=title, caption=caption, title_justify="left", caption_justify="left")
    for column in columns:
        grid.add_column(column, overflow="fold")
    return grid


# --- results -----------------------------------------------------------------------------------


def table(chosen: Any, cells: Sequence[Any], as_json: bool) -> None:
    """A table of results: last accuracy, best beside it, the paper's number where it is known."""
    from ncmc.results import tables

    if as_json:
        _print_json(tables.as_json(chosen, cells))
        return
    console = _console()
    if banner := tables.reduced_banner(chosen, cells):
        console.print(Text(banner, style="bold yellow"))
    laid = tables.layout(chosen, cells)
    beside = ("best", "paper") if chosen.scale == "paper" else ("best",)
    caption = "accuracy in % after the last epoch ± standard deviation over seeds"
    grid = _grid(f"{chosen.name}: {chosen.title}", *laid.stub, caption=caption)
    for heading in laid.headings:
        for part in (heading, *beside):
            grid.add_column(part, justify="right", no_wrap=part != "paper")
    grid.add_column("seeds", justify="right")
    for row in laid.rows:
        entries = []
        for cell in row.cells:
            if cell is None:
                entries += ["", *("" for _ in beside)]
                continue
            entries += [tables.plus_minus(cell.last), tables.plus_minus(cell.best)]
            if "paper" in beside:
                entries.append(f"{cell.paper.value:.1f}" if cell.paper else "not known")
        seeds = {
            tables.counted(cell).removesuffix("s").removesuffix(" seed")
            for cell in row.cells
            if cell
        }
        grid.add_row(*row.labels, *entries, ", ".join(sorted(seeds)))
    console.print(grid)


def verdicts(chosen: Any, found: Sequence[Any], as_json: bool) -> None:
    """The verdicts on a table: status, what is claimed, why."""
    from ncmc.verdicts.verdict import verdict_exit_code

    if as_json:
        _print_json(
            {
                "table": chosen.name,
                "exit_code": verdict_exit_code(found),
                "verdicts": [verdict.to_json() for verdict in found],
            }
        )
        return
    console = _console()
    grid = _grid(f"{chosen.name}: verdicts", "", "id", "says", "why")
    for verdict in found:
        mark, style = MARKS[verdict.status]
        name = verdict.id if not verdict.where else f"{verdict.id}\n{verdict.where}"
        grid.add_row(Text(f"{mark} {verdict.status}", style=style), name, verdict.says, verdict.why)
    console.print(grid if found else f"{chosen.name}: no claim of the paper is known for it")
    for remedy in dict.fromkeys(v.remedy for v in found if v.remedy):
        console.print(f"To make what is missing: {remedy}")


def theory(found: Sequence[Any], as_json: bool) -> None:
    """The numerical checks of the theorems."""
    if as_json:
        _print_json([dataclasses.asdict(verdict) for verdict in found])
        return
    grid = _grid("theory: checks of the theorems", "", "id", "where", "detail")
    for verdict in found:
        mark, style = MARKS[verdict.status]
        grid.add_row(
            Text(f"{mark} {verdict.status}", style=style), verdict.id, verdict.where, verdict.detail
        )
    _console().print(grid)


def trained(record: Any, path: Path, how: str, as_json: bool) -> None:
    """What a run reached."""
    accuracy = record.result["accuracy"]
    if as_json:
        print(json.dumps({"run": record.run.id, "record": str(path), "accuracy": accuracy}))
    else:
        print(
            f"{record.run.id}: {how}, accuracy {accuracy['last']:.2f} % "
            f"(best {accuracy['best']:.2f} % in epoch {accuracy['best_epoch']}), {path}"
        )


# --- data --------------------------------------------------------------------------------------


@dataclasses.dataclass
class Transfer:
    """A download as it shows itself: a bar on a terminal, one line a file elsewhere."""

    console: Console
    bars: Any
    tasks: dict[str, Any] = dataclasses.field(default_factory=dict)

    def progress(self, name: str, done: int, total: int | None) -> None:
        """Bytes of a file so far, and in all if that is known."""
        if name not in self.tasks:
            self.tasks[name] = self.bars.add_task(name, total=total)
        self.bars.update(self.tasks[name], completed=done, total=total)

    def say(self, text: str) -> None:
        """A remark."""
        self.console.print(text)


@contextmanager
def transfer() -> Iterator[Transfer]:
    """Show a download on stderr."""
    from rich import progress

    console = Console(stderr=True, highlight=False)
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        yield Transfer(console, bars)


def dataset_status(found: Sequence[Any], as_json: bool) -> None:
    """What is here of each dataset."""
    if as_json:
        _print_json([dataclasses.asdict(entry) for entry in found])
        return
    grid = _grid(None, "dataset", "state", "archives", "arrays", "aside", "in cache", "to do")
    styles = {"ready": "green", "verified": "green", "wrong": "red"}
    for entry in found:
        state = Text(entry.state, style=styles.get(entry.state, "dim"))
        sizes = (size(entry.raw), size(entry.arrays), size(entry.aside))
        grid.add_row(entry.name, state, *sizes, _word(entry.cached), entry.detail)
    _console().print(grid)


def split(made: Any, folder: Path, as_json: bool) -> None:
    """A split: its counts as numbers and as a small chart."""
    counts = list(made.counts)
    if as_json:
        body = {"dataset": made.dataset, "tau": made.tau, "counts": counts}
        _print_json(body | {"images": len(made.indices), "sha256": made.sha256, "folder": folder})
        return
    console = _console()
    console.print(
        f"{made.dataset}, tau {made.tau:g}: {len(made.indices)} images, "
        f"{max(counts)} to {min(counts)} a class"
    )
    for label, value in _ranges(counts):
        length = round(BAR_WIDTH * value / max(counts))
        console.print(f"{label:>9} {value:>7.0f} {'█' * length or '▏'}")
    console.print(f"SHA-256 {made.sha256}\n{folder}")


def _ranges(counts: Sequence[int]) -> list[tuple[str, float]]:
    """Classes, or ranges of classes with their mean where there are many: at most CHART_ROWS."""
    step = -(-len(counts) // CHART_ROWS)
    rows = []
    for start in range(0, len(counts), step):
        part = counts[start : start + step]
        label = f"{start}" if step == 1 else f"{start}-{start + len(part) - 1}"
        rows.append((label, sum(part) / len(part)))
    return rows


def size(count: int) -> str:
    """Bytes in words."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B" if count else "-"


# --- the rest ----------------------------------------------------------------------------------


def listing(rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    """Rows with equal keys."""
    if as_json:
        _print_json(rows)
        return
    grid = _grid(None, *(rows[0] if rows else ()))
    for row in rows:
        grid.add_row(*(_word(value) for value in row.values()))
    _console().print(grid)


def _word(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def diagnosis(found: Any, as_json: bool) -> None:
    """What a look at the machine found."""
    if as_json:
        _print_json(dataclasses.asdict(found))
        return
    grid = _grid(None, "", "what", "found", "")
    for line in found.lines:
        mark, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "dim")}[line.good]
        grid.add_row(
            Text(mark, style=style), line.what, line.found, "" if line.good else line.advice
        )
    _console().print(grid)


def cost(found: dict[str, Any], as_json: bool) -> None:
    """What a table would cost."""
    if as_json:
        _print_json(found)
        return
    console = _console()
    left = found["runs"] - found["done"] - sum(found["not_estimated"].values())
    console.print(
        f"{found['table']} on {found['device']}: {left} runs, "
        f"about {duration(found['hours'] * 3600)} ({found['hours']:.1f} h) one after the other, "
        f"{found['disk_gb']:.1f} GB of disk"
        + (f", {found['euros']:.2f} EUR" if found["euros"] is not None else "")
    )
    if found["done"]:
        console.print(f"{found['done']} runs are done already")
    for why, runs in found["not_estimated"].items():
        console.print(f"{runs} runs not counted: {why}")
    for note in found["notes"]:
        console.print(note)
    console.print("Measured by a probe of some seconds for each network.", end=" ")
    if found["busy"]:
        console.print(
            f"This machine is busy: the probe had {found['processor_share']:.0%} of its threads' "
            "time, and on shared cores training is slower out of proportion. Measure again when it is "
            "quiet.",
            style="yellow",
        )
    else:
        console.print("A guess within a factor of 1.5.")
