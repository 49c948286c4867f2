"""Lists of what there is, and the line on a trained run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.show.grids import print_grid, print_json, words
from ncmc.results.record import Record


def print_listing(rows: Sequence[Mapping[str, object]], as_json: bool) -> None:
    """Rows with equal keys."""
    if as_json:
        print_json(rows)
    elif rows:
        print_grid(list(rows[0]), [[words(value) for value in row.values()] for row in rows])


def print_trained(record: Record, path: Path, how: str, as_json: bool) -> None:
    """What a run reached."""
    accuracy = record.result.accuracy
    if as_json:
        print_json({"run": record.run.id, "record": path, "accuracy": accuracy.model_dump()})
        return
    print(
        f"{record.run.id}: {how}, accuracy {accuracy.last:.2f} % "
        f"(best {accuracy.best:.2f} % in epoch {accuracy.best_epoch}), {path}"
    )
