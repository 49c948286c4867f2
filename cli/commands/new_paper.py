"""`ncmc new-paper`: a folder for another paper."""

from typing import Annotated

import typer

from ncmc.paper.paper_file import write_form
from ncmc.project import Project

EPILOG = (
    "Example: `ncmc new-paper mislas`, fill in its files, `ncmc check paper mislas`. "
    "More in docs/your-own.md."
)


def new_paper(
    name: Annotated[str, typer.Argument(help="Its folder in papers/, such as `mislas`.")],
) -> None:
    """Make papers/NAME with a form, each key with a comment; it can be planned as it is."""
    for path in write_form(Project.find(), name.removeprefix("papers/").rstrip("/")):
        print(path)
    print(f"Fill them in, then: ncmc check paper {path.parent.name}")
