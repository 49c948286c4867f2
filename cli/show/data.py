"""Datasets, downloads and splits in the terminal."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich import progress
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cli.show.grids import Cell, console, literal, print_grid, print_json
from ncmc.errors import shortened
from ncmc.results.wording import size

if TYPE_CHECKING:
    from ncmc.data.dataset_status import Status
    from ncmc.data.splits import Split

STYLES = {"ready": "green", "fetched": "green"}
BAR_WIDTH = 50  # characters
CHART_ROWS = 20  # classes above which a chart shows ranges of classes


@dataclasses.dataclass
class Transfer:
    """A download as it shows itself: a bar on a terminal, one line a file elsewhere."""

    console: Console
    bars: progress.Progress
    tasks: dict[str, progress.TaskID] = dataclasses.field(default_factory=dict)

    def progress(self, name: str, done: int, total: int | None) -> None:
        """Bytes of a file so far, and in all if that is known."""
        if name not in self.tasks:
            self.tasks[name] = self.bars.add_task(name, total=total)
        self.bars.update(self.tasks[name], completed=done, total=total)

    def say(self, text: str) -> None:
        """A remark."""
        self.console.print(literal(text))


@contextmanager
def transfer() -> Iterator[Transfer]:
    """Show a download on standard error."""
    err = console(stderr=True)
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=err, disable=not err.is_terminal) as bars:
        yield Transfer(err, bars)


def print_status(datasets: Sequence["Status"], as_json: bool) -> None:
    """What is here of each dataset."""
    if as_json:
        print_json([dataclasses.asdict(entry) for entry in datasets])
        return
    columns = ("dataset", "state", "archives", "arrays", "under way", "to do")
    rows: list[Sequence[Cell]] = [
        (
            entry.name,
            Text(entry.state, style=STYLES.get(entry.state, "dim")),
            *(size(count) for count in (entry.raw, entry.arrays, entry.partial)),
            entry.detail,
        )
        for entry in datasets
    ]
    print_grid(columns, rows)


def print_split(
    split: "Split", class_names: Sequence[str], folder: Path, notes: Sequence[str], as_json: bool
) -> None:
    """A split: its counts as numbers and as a small chart, and `notes`, what must be said of it."""
    counts = list(split.counts)
    if as_json:
        body = {"dataset": split.dataset, "tau": split.tau, "counts": counts}
        body |= {"class_names": list(class_names), "notes": list(notes)}
        print_json(body | {"images": len(split.indices), "sha256": split.sha256, "folder": folder})
        return
    print(
        f"{split.dataset}, tau {split.tau:g}: {len(split.indices)} images, "
        f"{max(counts)} to {min(counts)} per class"
    )
    rows = _ranges(counts, class_names)
    width = max(9, *(cell_len(label) for label, _ in rows))
    for label, value in rows:
        length = round(BAR_WIDTH * value / max(counts))
        print(f"{' ' * (width - cell_len(label))}{label} {value:>7.0f} {'█' * length or '▏'}")
    for note in notes:
        print(note)
    print(f"SHA-256 {split.sha256}\n{folder}")


def _ranges(counts: Sequence[int], class_names: Sequence[str]) -> list[tuple[str, float]]:
    """Classes, or ranges of classes with their mean where there are many: at most CHART_ROWS."""
    step = -(-len(counts) // CHART_ROWS)
    rows = []
    for start in range(0, len(counts), step):
        part = counts[start : start + step]
        names = [shortened(class_names[k], 24) for k in (start, start + len(part) - 1)]
        rows.append((" to ".join(dict.fromkeys(names)), sum(part) / len(part)))
    return rows
