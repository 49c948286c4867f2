"""Lists of what there is, the line on a trained run, and what checks of a file found."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.options import say_on_stderr
from cli.show.grids import console, literal, print_grid, print_json, words
from ncmc.errors import Finding
from ncmc.results.dead_runs import dead_words, is_dead
from ncmc.results.record import Record
from ncmc.results.wording import plural

if TYPE_CHECKING:
    from ncmc.results.outdated import Outdated

MARKS = {"ok": ("✓", "green"), "wrong": ("✗", "red"), "skipped": ("·", "dim")}


def print_listing(rows: Sequence[Mapping[str, object]], as_json: bool) -> None:
    """Rows with equal keys."""
    if as_json:
        print_json(rows)
    elif rows:
        print_grid(list(rows[0]), [[words(value) for value in row.values()] for row in rows])


def print_ids(runs: Sequence[tuple[str, str | None]], as_json: bool) -> None:
    """(id, state) of runs: ids, one a line, for a shell to take; the states in JSON alone."""
    if as_json:
        print_json([{"run": run, "state": state} for run, state in runs])
        return
    for run, _ in runs:
        print(run)


def print_outdated(records: "Sequence[Outdated]", deleted: bool, as_json: bool) -> None:
    """Records that no longer fit, with why, and what became of them."""
    if as_json:
        rows = [{"run": r.run, "record": r.record, "why": r.why} for r in records]
        print_json({"outdated": rows, "deleted": deleted})
        return
    for record in records:
        console().print(literal(f"{record.run} {record.why}"), soft_wrap=True)
    count = plural(len(records), "outdated record")
    if deleted:
        print(f"{count} deleted")
    else:
        print(f"{count}{'; `ncmc status --outdated --delete` deletes them' if records else ''}")


def print_trained(record: Record, path: Path, how: str, as_json: bool) -> None:
    """What a run reached."""
    accuracy, dead = record.result.accuracy, is_dead(record)
    if dead:
        say_on_stderr(
            f"{record.run.configuration}: {dead_words(record)}. No verdict rests on its cell. A "
            "longer warm-up (-o warmup_epochs=10) or a smaller rate may train all of its seeds."
        )
    if as_json:
        said = {"run": record.run.id, "record": path, "accuracy": accuracy.model_dump()}
        print_json(said | {"dead": dead})
        return
    print(
        f"{record.run.id}: {how}, accuracy {accuracy.last:.2f} % "
        f"(best {accuracy.best:.2f} % in epoch {accuracy.best_epoch}), {path}"
    )


def print_findings(
    name: str, findings: Sequence[Finding], as_json: bool, understood: Sequence[str]
) -> None:
    """What was understood of a dataset, then each check with its mark, and how to mend what is wrong."""
    if as_json:
        good = all(finding.state == "ok" for finding in findings)
        body = {"name": name, "ok": good, "checks": list(map(dataclasses.asdict, findings))}
        print_json(body | ({"understood": list(understood)} if understood else {}))
        return
    out = console()
    for line in understood:
        out.print(literal(f"  {line}"), soft_wrap=True)
    for finding in findings:
        mark, style = MARKS[finding.state]
        out.print(literal(mark), literal(finding.what), style=style, soft_wrap=True)
        if finding.advice:
            out.print(literal(f"    {finding.advice}"), soft_wrap=True)
    wrong = sum(finding.state == "wrong" for finding in findings)
    skipped = sum(finding.state == "skipped" for finding in findings)
    out.print(
        f"{name}: {len(findings)} checks, "
        + (f"{wrong} wrong" if wrong else "all ok")
        + (f", {skipped} not made because of that" if skipped else "")
    )
