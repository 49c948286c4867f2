"""One claim in full, in the terminal."""

import math
from collections.abc import Mapping

from pydantic import JsonValue
from rich.text import Text

from cli.show.grids import Cell, console, literal, print_grid, print_json
from cli.show.verdicts import status_text
from ncmc.forecast.cost import Estimate
from ncmc.page.explanation import Clause, Explanation
from ncmc.results.wording import duration, plural, sentence, signed, size
from ncmc.verdicts.verdict import Finding

MOST_NAMED = 6  # missing runs
WIDE = 110  # characters from which numbers stand in columns; `why` has them too
NARROW_COLUMNS = ("setting", "verdict", "why")
COLUMNS = ("setting", "verdict", "estimate", "95 % interval", "seeds a cell", "why")
Reading = Mapping[str, JsonValue]


def print_explanation(told: Explanation, as_json: bool) -> None:
    """What a claim says, how it is read, its runs and their cost, what was found setting by setting."""
    if as_json:
        print_json(told.model_dump(mode="json"))
        return
    out = console()
    out.print(Text.assemble((told.id, "bold"), "  ", status_text(told.status)))
    out.print(literal(f"{told.says} ({told.where})" if told.where else told.says))
    out.print(literal(told.sentence), style="bold")
    out.print(literal(_runs(told)))
    for clause in told.clauses:
        _print_clause(clause, told)
    if told.missing:
        out.print()
        rest = len(told.missing) - MOST_NAMED
        out.print("Missing:", style="bold")
        for name in told.missing[:MOST_NAMED]:
            out.print(literal(f"  {name}"), soft_wrap=True)
        if rest > 0:
            out.print(f"  and {rest:,} more (`--json` names them all)")
        for command in told.commands:
            out.print(literal(f"To make what is missing: {command}"), soft_wrap=True)
    for problem in told.problems:
        out.print(literal(f"Remark: {problem}"))


def _runs(told: Explanation) -> str:
    done = len(told.runs) - len(told.missing)
    text = f"{plural(len(told.runs), 'run')} decide{'s' if len(told.runs) == 1 else ''} it"
    text += f"; {done:,} of them {'has' if done == 1 else 'have'} a record. "
    text += f"All would take {_cost(told.cost)} on {told.cost.device}"
    if told.missing:
        whole = told.cost_of_missing == told.cost
        text += "" if whole else f"; those that are missing, {_cost(told.cost_of_missing)}"
    return text + " (a guess)."


def _cost(cost: Estimate) -> str:
    text = f"{duration(cost.hours * 3600)} and {size(int(cost.disk))} of disk"
    if cost.left_out:
        text += f" (without {cost.left_out}, whose speed is not known)"
    return text


def _print_clause(clause: Clause, told: Explanation) -> None:
    out, verdict = console(), clause.verdict
    out.print()
    if verdict.says != told.says:  # of a claim with one clause, or a number, the head says it
        out.print(Text.assemble((f"{verdict.id}: {verdict.says}", "bold")))
    out.print(literal(f"  read as: {verdict.kind}, in {verdict.table}: {clause.means}"))
    for key, value in clause.reading.items():
        out.print(literal(f"    {key}: {_value(value)}"))
    if "measure" not in clause.reading:
        out.print(literal(f"    measure: {verdict.measure}"))
    if verdict.source:
        out.print(literal(f"  source: {verdict.source}"))
    if out.width >= WIDE:
        print_grid(COLUMNS, [_row(finding) for finding in verdict.findings])
    else:
        rows = [(f.label, status_text(f.status), f.why) for f in verdict.findings]
        print_grid(NARROW_COLUMNS, rows)
    if len(verdict.findings) > 1 and sentence(verdict.why) != sentence(told.sentence):
        out.print(literal(f"  {verdict.why}"))


def _row(finding: Finding) -> list[Cell]:
    estimate, low, high = (_number(finding, key) for key in ("estimate", "low", "high"))
    n = finding.numbers.get("n")
    counts_cells = finding.status == "incomplete"  # it then counts the runs of all its cells
    return [
        finding.label,
        status_text(finding.status),
        estimate or "–",
        f"{low} to {high}" if low and high else "–",
        "–" if n is None or counts_cells else str(n),
        finding.why,
    ]


def _number(finding: Finding, key: str) -> str | None:
    """A number of a finding, its digits as fine as its estimate needs; a difference has its sign."""
    estimate, value = finding.numbers.get("estimate"), finding.numbers.get(key)
    if not isinstance(value, int | float):
        return None
    scale = abs(estimate) if isinstance(estimate, int | float) else 1.0
    digits = 2 if scale >= 0.1 or scale == 0 else min(1 - math.floor(math.log10(scale)) + 1, 6)
    if "level" in finding.numbers:  # of a difference
        return signed(value, digits)
    return f"{value:.{digits}f}".replace("-", "−")


def _value(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(inner)}" for key, inner in value.items() if inner != "")
    if isinstance(value, list):
        return " or ".join(map(_value, value))
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
