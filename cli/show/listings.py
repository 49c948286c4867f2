"""Lists of what there is, the line on a trained run, and what checks of a file found."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.options import say_on_stderr
from cli.show.grids import cell_text, print_grid, print_json
from ncmc.results.dead_runs import dead_words, is_dead
from ncmc.results.record import Record


def print_listing(rows: Sequence[Mapping[str, object]], as_json: bool) -> None:
    """Rows with equal keys."""
    if as_json:
        print_json(rows)
    elif rows:
        print_grid(list(rows[0]), [[cell_text(value) for value in row.values()] for row in rows])


def print_trained(record: Record, path: Path, how: str, as_json: bool) -> None:
    """What a run reached."""
    accuracy, dead = record.result.accuracy, is_dead(record)
    if dead:
        say_on_stderr(
            f"{record.run.configuration}: {dead_words(record)}. No verdict rests on its cell. A "
            "longer warm-up (-o warmup_epochs=10) or a smaller rate may train all of its seeds."
        )
    if as_json:
        body = {"run": record.run.id, "record": path, "accuracy": accuracy.model_dump()}
        print_json(body | {"dead": dead})
        return
    print(
        f"{record.run.id}: {how}, accuracy {accuracy.last:.2f} % "
        f"(best {accuracy.best:.2f} % in epoch {accuracy.best_epoch}), {path}"
    )
