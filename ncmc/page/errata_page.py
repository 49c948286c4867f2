"""docs/errata.md as text: `python -m ncmc.page.errata_page > docs/errata.md`."""

from collections.abc import Iterator
from itertools import groupby

from ncmc.paper.errata import Erratum, errata
from ncmc.project import Project

HEAD = """# Errata

Errors, gaps and contradictions found in the paper while it was re-run. Each entry says what is printed
and where, what we find, the number that shows it with the command that prints it, and our choice, with
its assumption (`ncmc list assumptions`). This page is generated from `config/paper/errata.yaml`.
"""
PLAIN = str.maketrans({"<": "&lt;", "*": "\\*"})


def as_markdown(entries: tuple[Erratum, ...]) -> str:
    """The page."""
    return "\n".join([HEAD, *(line for entry in entries for line in _entry(entry))])


def _entry(entry: Erratum) -> Iterator[str]:
    yield f"## {entry.id}: {entry.where} ({entry.kind})"
    yield ""
    yield f"- Printed: {_plain(entry.printed)}."
    yield f"- Found: {_plain(entry.found)}."
    if not entry.evidence:
        yield "- Evidence: seen by reading; there is no number to measure."
    for command, numbers in groupby(entry.evidence, key=lambda number: number.command):
        values = (f"{_plain(number.measure)}: **{number.value:g}**" for number in numbers)
        yield f"- `{command}`: {'; '.join(values)}."
    held = f" ({entry.assumption})" if entry.assumption else ""
    yield f"- Choice: {_plain(entry.choice)}{held}."
    yield ""


def _plain(text: str) -> str:
    """A formula as it reads: no HTML and no emphasis."""
    return text.translate(PLAIN)


if __name__ == "__main__":
    print(as_markdown(errata(Project.find())), end="")
