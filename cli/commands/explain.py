"""`ncmc explain`: one claim, printed number or check in full."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.padding import Padding
from rich.text import Text

from cli.options import Records, reading_project
from cli.progress import working
from cli.show.grids import console, print_grid, print_lines
from cli.show.verdicts import status_text
from ncmc.forecast import explanation
from ncmc.forecast.explanation import Clause, Explanation, unrecorded
from ncmc.results.wording import duration, plural, size
from ncmc.verdicts.verdict import ADDED, Finding

BESIDE_READING = ("prediction", "turns_on", "added")  # keys of a check told in sentences
EPILOG = (
    "Examples: `ncmc explain C13`, a claim of the paper; `ncmc explain N1`, a printed number; "
    "`ncmc explain S1`, a check of ours. `ncmc verify all` lists them."
)


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="A claim (C13, F1), a printed number (N1), or a check (C1a, S1)."
        ),
    ],
    results: Records = None,
) -> None:
    """Say what a claim is, how it is read, which runs decide it, their cost, and what was found."""
    with working(f"judging {name}"):
        claim = explanation.explain(reading_project(), name, results)
    out = console()
    says = f"{claim.says} ({claim.where})" if claim.where else claim.says
    out.print(
        Text.assemble(status_text(claim.status, claim.outcome), f"  {says}  ", (claim.id, "dim"))
    )
    out.print(claim.sentence, style="bold")
    out.print(_runs(claim))
    for clause in claim.clauses:
        _print_clause(clause, claim)
    if claim.missing:
        out.print()
        out.print("Missing:", style="bold")
        print_lines([f"  {words}" for words in _by_cell(claim.missing)])
    for command in claim.commands if claim.missing else ():
        print(f"To make what is missing: {command}")
    for problem in claim.problems:
        out.print(f"Remark: {problem}")


def _runs(claim: Explanation) -> str:
    """How many runs decide a claim, how many of them have a record, and what the others take."""
    done = len(claim.runs) - len(claim.missing)
    text = f"Decided by {plural(len(claim.runs), 'run')}, of which {done:,} have a record."
    if claim.missing:
        cost = claim.cost_of_missing
        text += f" The others take about {duration(cost.hours * 3600)} on {cost.device}"
        text += f" and {size(int(cost.disk))} of disk"
        text += f" (without {cost.left_out}, whose speed is not known)." if cost.left_out else "."
    return text


def _by_cell(runs: Iterable[str]) -> Iterator[str]:
    """`cifar10/tau=0.01/resnet20/CE/default: seeds 0, 1, 2`, a line per cell."""
    seeds = dict[str, list[str]]()
    for run in runs:
        cell, _, seed = run.rpartition("/seed=")
        seeds.setdefault(cell, []).append(seed)
    for cell, of_cell in seeds.items():
        yield f"{cell}: {'seed' if len(of_cell) == 1 else 'seeds'} {', '.join(of_cell)}"


def _print_clause(clause: Clause, claim: Explanation) -> None:
    out, verdict = console(), clause.verdict
    out.print()
    if not clause.recorded and any(other.recorded for other in claim.clauses):
        where = f"{verdict.id}, {plural(len(verdict.findings), 'setting')} in {verdict.table}"
        out.print(f"{verdict.says} ({where}): no run has a record")
        return
    if verdict.says != claim.says:  # of a claim with one clause, or a number, the head says it
        out.print(f"{verdict.says} ({verdict.id})", style="bold")
    reading = {"measure": verdict.measure, **clause.reading}
    keys = [
        f"{key}: {_value(value)}"
        for key, value in reading.items()
        if value not in (None, "", {}, []) and key not in BESIDE_READING
    ]
    lines = [
        f"read as: {verdict.kind}, in {verdict.table}: {clause.means}",
        f"with {'; '.join(keys)}",
        *([f"source: {verdict.source}"] if verdict.source else []),
        *_beside_reading(clause),
    ]
    out.print(_indented("\n".join(lines)))
    rows = list(_rows(clause))
    if len(rows) == 1:
        status, setting, why = rows[0]
        out.print(_indented(Text.assemble(status, f"  {setting}: {why}")))
    else:
        print_grid(("verdict", "setting", "what was found"), rows)
    if len(verdict.findings) > 1 and verdict.why.rstrip(".") not in claim.sentence:
        out.print(_indented(verdict.why))


def _indented(text: str | Text) -> Padding:
    return Padding(text, (0, 0, 0, 2))


def _rows(clause: Clause) -> Iterator[tuple[Text, str, str]]:
    """Verdict, setting and what was found; the settings without any record in one row."""
    empty = [f for f in clause.verdict.findings if unrecorded(f)]
    for finding, so_far in zip_longest(clause.verdict.findings, clause.so_far, fillvalue=""):
        assert isinstance(finding, Finding)
        if finding not in empty or len(empty) == 1:
            why = f"{finding.why}; so far {so_far}" if so_far else finding.why
            yield status_text(finding.status), finding.label, why
    if len(empty) > 1:
        yield status_text("incomplete"), plural(len(empty), "setting"), "no run has a record"


def _beside_reading(clause: Clause) -> Iterator[str]:
    """What was expected before the runs, what the verdict depends on, and when it was written."""
    if isinstance(prediction := clause.reading.get("prediction"), dict):
        yield f"predicted before the runs: {prediction['expected']}, because {prediction['because']}"
        for key, words in (("against", "count against the paper"), ("nothing", "say nothing")):
            if prediction[key]:
                yield f"would {words}: {prediction[key]}"
    if clause.verdict.turns_on:
        yield f"depends on open points: {', '.join(clause.verdict.turns_on)}"
    if clause.verdict.added:
        yield f"{ADDED}: {clause.verdict.added}"


def _value(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{key} {_value(inner)}" for key, inner in value.items() if inner not in (None, "")
        )
    if isinstance(value, list):
        return " or ".join(map(_value, value))
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
