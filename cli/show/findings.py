"""What checks of somebody's own file found, one line a check."""

import dataclasses
from collections.abc import Sequence

from cli.show.grids import console, literal, print_json
from ncmc.errors import Finding

MARKS = {"ok": ("✓", "green"), "wrong": ("✗", "red"), "skipped": ("·", "dim")}


def print_findings(
    name: str, findings: Sequence[Finding], as_json: bool, understood: Sequence[str] = ()
) -> None:
    """What was understood of it, then each check with its mark, and what is wrong and how to mend it."""
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
