"""Which cells share a picture, how each looks in it, and which groups of them share a figure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ncmc.figures.figure import slug
from ncmc.figures.styles import Style, styles_of
from ncmc.plan.grid import Table, axis_words
from ncmc.results.cells import Cell

ACROSS = 4  # groups in one figure


@dataclass(frozen=True)
class Line:
    """A cell with records as it looks in every picture of its group."""

    cell: Cell
    label: str
    style: Style

    @property
    def mean(self) -> float:
        """Its accuracy after the last epoch, in percent."""
        assert self.cell.last is not None
        return self.cell.last.mean


@dataclass(frozen=True)
class Group:
    """Cells that belong into one picture: they share dataset, backbone, tau and table column."""

    title: str
    lines: tuple[Line, ...]

    @property
    def styles(self) -> dict[str, Style]:
        """Label -> how it looks."""
        return {line.label: line.style for line in self.lines}

    @property
    def by_mean(self) -> list[Line]:
        """The lines, the best first."""
        return sorted(self.lines, key=lambda line: -line.mean)

    @property
    def chance(self) -> float:
        """The accuracy of guessing, in percent."""
        return 100 / len(self.lines[0].cell.records[0].result.per_class)


@dataclass(frozen=True)
class Page:
    """Groups in one figure, and what its name ends with where there are several."""

    groups: tuple[Group, ...]
    ending: str = ""

    @property
    def styles(self) -> dict[str, Style]:
        """Label -> how it looks, of every line."""
        return {label: style for group in self.groups for label, style in group.styles.items()}

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
        return f"{words} ({', '.join(self.common)})" if self.common else words

    def own(self, group: Group) -> str:
        """What a group does not share with the others; nothing where it is alone."""
        return ", ".join(part for part in group.title.split(", ") if part not in self.common)

    def panel_title(self, words: str, group: Group) -> str:
        """The title of a group's panel: `words`, and what the group does not share."""
        return ", ".join(part for part in (words, self.own(group)) if part)


def groups(table: Table, cells: Sequence[Cell]) -> list[Group]:
    """The cells that have records, by dataset, backbone, tau and option columns of the table."""
    varying = {a for a in table.axes if len({c.spec.coord(a) for c in cells}) > 1}
    apart = {"dataset", "backbone", "tau", *table.columns} - {"method"}
    shared: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        place = tuple(axis_words(a, v) for a, v in cell.spec.coords if a in apart)
        shared.setdefault(place, []).append(cell)
    names = [a for a in table.axes if a not in apart and (a in varying or a == "method")]
    grouped = [Group(", ".join(place), _lines(group, names)) for place, group in shared.items()]
    return [group for group in grouped if group.lines]


def pages_of(shared: Sequence[Group]) -> list[Page]:
    """All groups, if they are few; else those of a dataset and backbone together."""
    if len(shared) <= ACROSS:
        return [Page(tuple(shared))]
    parts: dict[tuple[str, str], list[Group]] = {}
    for group in shared:
        run = group.lines[0].cell.spec.run
        parts.setdefault((run.dataset, run.backbone), []).append(group)
    return [
        Page(tuple(part), slug("_".join(names)) if len(parts) > 1 else "")
        for names, part in parts.items()
    ]


def _lines(cells: Sequence[Cell], axes: Sequence[str]) -> tuple[Line, ...]:
    """The cells that have records. How one looks does not depend on which others have."""
    order = sorted(axes, key=lambda a: a != "method")
    labels = [", ".join(axis_words(a, cell.spec.coord(a)) for a in order) for cell in cells]
    styles = styles_of([cell.spec.run.method for cell in cells])
    lines = zip(cells, labels, styles, strict=True)
    return tuple(Line(cell, label, style) for cell, label, style in lines if cell.n)
