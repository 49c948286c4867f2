"""`ncmc explain`: one claim, printed number or check in full."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.text import Text

from cli.options import Json, Records, reading_project
from cli.show.grids import console, literal, print_grid, print_json, print_line, print_lines
from cli.show.verdicts import status_text
from ncmc.errors import printable
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
    as_json: Json = False,
) -> None:
    """Say what a claim is, how it is read, which runs decide it, their cost, and what was found."""
    claim = explanation.explain(reading_project(), name, results)
    if as_json:
        print_json(claim.model_dump(mode="json"))
    else:
        print_explanation(claim)


def print_explanation(claim: Explanation) -> None:
    """What was found, what the claim says, how it is read, its runs and their cost, each setting."""
    out = console()
    says = f"{claim.says} ({claim.where})" if claim.where else claim.says
    out.print(
        Text.assemble(status_text(claim.status, claim.outcome), f"  {says}  ", (claim.id, "dim"))
    )
    out.print(literal(claim.sentence), style="bold")
    out.print(literal(_runs(claim)))
    for clause in claim.clauses:
        _print_clause(clause, claim)
    if claim.missing:
        out.print()
        out.print("Missing:", style="bold")
        print_lines([f"  {name}" for name in claim.missing])
    for command in claim.commands if claim.missing else ():
        print_line(f"To make what is missing: {command}")
    for problem in claim.problems:
        out.print(literal(f"Remark: {problem}"))


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


def _print_clause(clause: Clause, claim: Explanation) -> None:
    out, verdict = console(), clause.verdict
    out.print()
    if not clause.recorded and any(other.recorded for other in claim.clauses):
        where = f"{verdict.id}, {plural(len(verdict.findings), 'setting')} in {verdict.table}"
        out.print(literal(f"{verdict.says} ({where}): no run has a record"))
        return
    if verdict.says != claim.says:  # of a claim with one clause, or a number, the head says it
        out.print(literal(f"{verdict.says} ({verdict.id})"), style="bold")
    out.print(literal(f"  read as: {verdict.kind}, in {verdict.table}: {clause.means}"))
    reading = {"measure": verdict.measure, **clause.reading}
    keys = [
        f"{key}: {_value(value)}"
        for key, value in reading.items()
        if value not in (None, "", {}, []) and key not in BESIDE_READING
    ]
    out.print(literal(f"  with {'; '.join(keys)}"))
    if verdict.source:
        out.print(literal(f"  source: {verdict.source}"))
    for line in _beside_reading(clause):
        out.print(literal(f"  {line}"))
    rows = list(_rows(clause))
    if len(rows) == 1:
        status, setting, why = rows[0]
        out.print(Text.assemble("  ", status, f"  {setting}: {why}"))
    else:
        print_grid(("verdict", "setting", "what was found"), rows)
    if len(verdict.findings) > 1 and verdict.why.rstrip(".") not in claim.sentence:
        out.print(literal(f"  {verdict.why}"))


def _rows(clause: Clause) -> Iterator[tuple[Text, str, str]]:
    """Verdict, setting and what was found; the settings without any record in one row."""
    empty = [f for f in clause.verdict.findings if unrecorded(f)]
    for finding, so_far in zip_longest(clause.verdict.findings, clause.so_far, fillvalue=""):
        assert isinstance(finding, Finding)
        if finding not in empty or len(empty) == 1:
            why = f"{finding.why}; so far {so_far}" if so_far else finding.why
            yield status_text(finding.status), printable(finding.label), printable(why)
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
