"""papers/NAME/paper.yaml: which paper it is."""

from pathlib import Path

from ncmc import paths
from ncmc.errors import UsageError, shortened
from ncmc.plan.grid_file import NAME
from ncmc.project import Project, read_once
from ncmc.system import documents, files
from ncmc.system.documents import Strict

FILE = "paper.yaml"
FORM = Path(__file__).with_name("form")  # the files of a new paper, with comments


class PaperFile(Strict):
    """papers/NAME/paper.yaml."""

    title: str
    venue: str  # and year
    url: str = ""

    @property
    def words(self) -> str:
        """`“A Title” (NeurIPS 2024)`."""
        return f"“{self.title}” ({self.venue})"


@read_once
def paper(project: Project) -> PaperFile:
    """The paper that is open. Raises UsageError that names the key at fault, UserError: no file."""
    return documents.read_yaml(project.config(FILE), PaperFile)


def write_form(project: Project, name: str) -> list[Path]:
    """The files of a new paper, to be filled in; their paths.

    Raises UsageError for a name that no folder of papers/ can have, or that one has.
    """
    folder = project.root / paths.PAPER.format(paper=name)
    if not NAME.fullmatch(name):
        raise UsageError(
            f"the paper is called {shortened(repr(name))}; allowed: a letter, then up to 39 letters, "
            "digits, _ or -. It becomes a folder of papers/."
        )
    if files.exists(folder):
        raise UsageError(f"{folder} exists. Choose another name, or edit its files.")
    for file in sorted(FORM.iterdir()):
        files.write_atomic(folder / file.name, file.read_bytes())
    return sorted(folder.iterdir())
