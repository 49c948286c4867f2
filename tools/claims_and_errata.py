"""docs/claims.md and docs/errata.md, made from papers/ncmc/: `python tools/claims_and_errata.py`."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from ncmc.paper.claims import Claim, claims
from ncmc.paper.errata import Erratum, errata
from ncmc.project import Project
from ncmc.system import files
from ncmc.verdicts.check import Check, Untestable
from ncmc.verdicts.checks_file import all_checks

CLAIMS = """# Claims

Each claim of the paper, its clauses, and how we read them. A clause is a check of
`papers/ncmc/checks.yaml`, whose head explains every kind of check. Our reading is what we had to
add to the words, such as what `slightly` means in points. `ncmc explain C1` adds the table, the kind
of check and its settings; [verdicts.md](verdicts.md) explains the statistics. This page is generated
from that file and `papers/ncmc/claims.yaml`.

| claim | clause | how we read it |
|---|---|---|
"""
ERRATA = """# Errata

Errors, gaps and contradictions found in the paper while it was re-run. Each entry says what is printed
and where, what we find, the number that shows it with the command that prints it, and our choice, with
its assumption (`ncmc list assumptions`). This page is generated from `papers/ncmc/errata.yaml`.
"""
LITERAL = "as it stands"
SAME = "as above"
PLAIN = str.maketrans({"<": "&lt;", "*": "\\*"})  # no HTML and no emphasis


def claims_document(stated: Mapping[str, Claim], checks: Sequence[Check]) -> str:
    """The claims in the order of the paper's tables and figures, a row per clause."""
    rows = (row for claim in stated.values() if claim.shown_in for row in _rows(claim, checks))
    parts = (" | ".join(part.replace("|", "\\|") for part in row) for row in rows)
    return CLAIMS + "".join(f"| {row} |\n" for row in parts)


def _rows(claim: Claim, checks: Sequence[Check]) -> Iterator[tuple[str, ...]]:
    """The claim's words and place stand in the first row. Checks of our tiers are left out."""
    head, before = f"**{claim.id}** ({_plain(claim.where)}): {_plain(claim.says)}", ""
    for check in checks:
        if check.claim == claim.id and check.table == claim.shown_in:
            words = "the claim" if check.says == claim.says else _plain(check.says)
            reading = _reading(check)
            same = reading == before != LITERAL
            yield head, f"{check.id}: {words}", SAME if same else reading
            head, before = "", reading


def _reading(check: Check) -> str:
    if isinstance(check, Untestable):
        return f"not testable: {_plain(check.why)}"
    return _plain(check.source) or LITERAL


def errata_document(entries: Sequence[Erratum]) -> str:
    """Every erratum with what is printed, what we find, its evidence and our choice."""
    return "\n".join([ERRATA, *(line for entry in entries for line in _erratum(entry))])


def _erratum(entry: Erratum) -> Iterator[str]:
    yield f"## {entry.id}: {entry.where} ({entry.kind})"
    yield ""
    yield f"- Printed: {_plain(entry.printed)}."
    yield f"- Found: {_plain(entry.found)}."
    if not entry.evidence:
        yield "- Evidence: seen by reading."
    for check, numbers in groupby(entry.evidence, key=lambda number: number.check):
        values = (f"{_plain(number.measure)}: **{number.value:g}**" for number in numbers)
        yield f"- `ncmc theory {check} --json`: {'; '.join(values)}."
    held = f" ({entry.assumption})" if entry.assumption else ""
    yield f"- Choice: {_plain(entry.choice)}{held}."
    yield ""


def _plain(text: str) -> str:
    return text.translate(PLAIN)


def write(project: Project) -> None:
    """Write both into docs/."""
    docs = project.root / "docs"
    stated, checks = claims(project), all_checks(project)
    files.write_atomic(docs / "claims.md", claims_document(stated, checks))
    files.write_atomic(docs / "errata.md", errata_document(errata(project)))


if __name__ == "__main__":
    write(Project.find())
