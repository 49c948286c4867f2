"""Which groups of cells share a figure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ncmc.figures.figure import slug
from ncmc.figures.lines import Group
from ncmc.figures.styles import Look

ACROSS = 4  # groups beside each other


@dataclass(frozen=True)
class Page:
    """Groups in one figure, and what its name ends with where there are several."""

    groups: tuple[Group, ...]
    ending: str = ""

    @property
    def looks(self) -> tuple[Look, ...]:
        """Of every line, each once."""
        return looks_in(self.groups)

    @property
    def common(self) -> list[str]:
        """What all its groups have in common."""
        first, *others = [group.title.split(", ") for group in self.groups]
        return [part for part in first if all(part in parts for parts in others)]

    def name(self, of: str) -> str:
        """The name of a figure."""
        return f"{of}_{self.ending}" if self.ending else of

    def title(self, words: str) -> str:
        """The title of a figure, with what its panels have in common."""
        return f"{words}: {', '.join(self.common)}" if self.common else words

    def own(self, group: Group) -> str:
        """What a group does not share with the others; nothing where it is alone."""
        return ", ".join(part for part in group.title.split(", ") if part not in self.common)


def pages_of(shared: Sequence[Group]) -> list[Page]:
    """All groups, if they are few; else those of a dataset and backbone together."""
    if len(shared) <= ACROSS:
        return [Page(tuple(shared))]
    parts: dict[tuple[str, str], list[Group]] = {}
    for group in shared:
        run = group.lines[0].cell.spec.run
        parts.setdefault((run.dataset, run.backbone), []).append(group)
    return [
        Page(tuple(found), slug("_".join(names)) if len(parts) > 1 else "")
        for names, found in parts.items()
    ]


def looks_in(shared: Iterable[Group]) -> tuple[Look, ...]:
    """How the lines of groups look, each label once."""
    return tuple({look.label: look for group in shared for look in group.looks.values()}.values())
