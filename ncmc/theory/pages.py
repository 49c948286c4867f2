"""Theory verdicts as files: theory.json with every number, theory.md to read."""

import json
from collections.abc import Sequence
from pathlib import Path

from ncmc.system.files import write_atomic
from ncmc.theory.verdict import Part, TheoryVerdict

SCHEMA = 1


def write(verdicts: Sequence[TheoryVerdict], folder: Path) -> None:
    """Write theory.json and theory.md into `folder`, each whole or not at all.

    Raises UserError where the folder cannot be written.
    """
    document = {"schema": SCHEMA, "verdicts": [verdict.to_json() for verdict in verdicts]}
    write_atomic(folder / "theory.json", json.dumps(document, indent=1, allow_nan=False) + "\n")
    write_atomic(folder / "theory.md", markdown(verdicts))


def markdown(verdicts: Sequence[TheoryVerdict]) -> str:
    """A table of the verdicts, then what was done and found for each."""
    lines = [
        "# The paper's theory, checked numerically",
        "",
        "| | where | what it says | verdict | numbers that hold | seconds |",
        "|---|---|---|---|---|---|",
        *(_row(verdict) for verdict in verdicts),
        "",
    ]
    for verdict in verdicts:
        lines += [f"**{verdict.id} ({verdict.where}): {verdict.status}.** {verdict.detail}", ""]
        failed = [part for part in verdict.parts if part.status != "holds"]
        lines += [f"- {describe(part)}" for part in failed]
        lines += [""] if failed else []
    return "\n".join(lines)


def describe(part: Part) -> str:
    """A part in one line: "|h|: measured 1.2 +- 0.1, expected = 1 within 0.05: inconclusive"."""
    error = f" +- {part.error:.2g}" if part.error else ""
    doubt = "" if part.sound else " (not converged)"
    return (
        f"{part.name}: measured {part.measured:.4g}{error}{doubt}, expected {part.relation} "
        f"{part.expected:.4g} within {part.tolerance:.2g}: {part.status}"
    )


def _row(verdict: TheoryVerdict) -> str:
    held = sum(part.status == "holds" for part in verdict.parts)
    cells = [
        verdict.id,
        verdict.where,
        verdict.says,
        verdict.status,
        f"{held} of {len(verdict.parts)}",
        f"{verdict.seconds:.1f}",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
