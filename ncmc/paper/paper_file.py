"""papers/NAME/paper.yaml: which paper it is."""

from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "paper.yaml"


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
