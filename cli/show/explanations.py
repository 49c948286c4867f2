"""One claim in full, in the terminal."""

from collections.abc import Mapping

from pydantic import JsonValue
from rich.text import Text

from cli.show.grids import Cell, console, literal, print_grid, print_json
from cli.show.verdicts import status_text
from ncmc.report.explanation import Clause, Explanation, Price
from ncmc.results.wording import duration, plural, signed, size
from ncmc.verdicts.verdict import Finding

MOST_NAMED = 6  # missing runs
COLUMNS = ("setting", "verdict", "estimate", "95 % interval", "seeds", "why")
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
        _print_clause(clause)
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
        text += f"; those that are missing, {_cost(told.cost_of_missing)}"
    return text + " (a guess)."


def _cost(price: Price) -> str:
    text = f"{duration(price.hours * 3600)} and {size(int(price.disk))} of disk"
    if price.unknown:
        left_out = ", ".join(f"{plural(n, 'run')} of {name}" for name, n in price.unknown.items())
        text += f" (without {left_out}, whose speed is not known)"
    return text


def _print_clause(clause: Clause) -> None:
    out, verdict = console(), clause.verdict
    out.print()
    out.print(Text.assemble((f"{verdict.id}: {verdict.says}", "bold")))
    out.print(literal(f"  read as: {verdict.kind}, in {verdict.table}: {clause.means}"))
    for key, value in clause.reading.items():
        out.print(literal(f"    {key}: {_value(value)}"))
    out.print(literal(f"    measured: {verdict.measure}"))
    if verdict.source:
        out.print(literal(f"  source: {verdict.source}"))
    print_grid(COLUMNS, [_row(finding) for finding in verdict.findings])
    if len(verdict.findings) > 1:
        out.print(literal(f"  {verdict.why}"))
    if verdict.more_seeds:
        out.print(f"  {plural(verdict.more_seeds, 'more seed')} a cell would probably decide it")


def _row(finding: Finding) -> list[Cell]:
    estimate, n = finding.numbers.get("estimate"), finding.numbers.get("n")
    low, high = finding.numbers.get("low"), finding.numbers.get("high")
    inside = isinstance(low, int | float) and isinstance(high, int | float)
    return [
        finding.label,
        status_text(finding.status),
        signed(estimate) if isinstance(estimate, int | float) else "–",
        f"{signed(float(str(low)))} to {signed(float(str(high)))}" if inside else "–",
        str(n) if n is not None else "–",
        finding.why,
    ]


def _value(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return " or ".join(map(_value, value))
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
