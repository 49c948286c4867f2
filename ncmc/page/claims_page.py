"""docs/claims.md as text: `python -m ncmc.page.claims_page > docs/claims.md`."""

from collections.abc import Iterator, Mapping, Sequence

from ncmc.paper.claims import Claim, claims
from ncmc.project import Project
from ncmc.verdicts.check import Check, Untestable
from ncmc.verdicts.checks_file import all_checks

HEAD = """# Claims

Each claim of the paper, its clauses, and how we read them. A clause is a check of
`config/checks.yaml`, whose head explains every kind of check. Our reading is what we had to add to the
words, such as what `slightly` means in points. `ncmc explain C1` adds the table, the kind of check and
its settings; [verdicts.md](verdicts.md) explains the statistics. This page is generated from that file
and `config/paper/claims.yaml`.

| claim | clause | how we read it |
|---|---|---|
"""
LITERAL = "as it stands"
SAME = "as above"
PLAIN = str.maketrans({"<": "&lt;", "*": "\\*", "|": "\\|"})


def as_markdown(stated: Mapping[str, Claim], checks: Sequence[Check]) -> str:
    """The page: the claims in the order of the paper's tables and figures."""
    rows = (row for claim in stated.values() if claim.shown_in for row in _rows(claim, checks))
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _rows(claim: Claim, checks: Sequence[Check]) -> Iterator[tuple[str, ...]]:
    """A row per clause; the claim's words and place stand in the first."""
    head, before = f"**{claim.id}** ({_plain(claim.where)}): {_plain(claim.says)}", ""
    for check in checks:
        if (
            check.claim == claim.id and check.table == claim.shown_in
        ):  # not those of the laptop tier
            words = "the claim" if check.says == claim.says else _plain(check.says)
            reading = _reading(check)
            told = SAME if reading == before != LITERAL else reading
            yield head, f"{check.id}: {words}", told
            head, before = "", reading


def _reading(check: Check) -> str:
    if isinstance(check, Untestable):
        return f"not testable: {_plain(check.why)}"
    return _plain(check.source) or LITERAL


def _plain(text: str) -> str:
    """Words as they read in a cell of a table."""
    return text.translate(PLAIN)


if __name__ == "__main__":
    project = Project.find()
    print(as_markdown(claims(project), all_checks(project)), end="")
