"""Which cells to show, by method, dataset and tau. A filter shows a part; it decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from ncmc.errors import UsageError, unknown
from ncmc.plan import catalog, grid
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.grid_file import table_names
from ncmc.plan.option_text import format_value
from ncmc.plan.run import parse_tau
from ncmc.project import Project


@dataclass(frozen=True)
class Filter:
    """The wanted values of each axis; an empty one wants all."""

    methods: frozenset[str] = frozenset()
    datasets: frozenset[str] = frozenset()
    taus: frozenset[str] = frozenset()

    def fits(self, configuration: str) -> bool:
        """Whether a run's id, with or without its seed, is of what is wanted."""
        parts = configuration.split("/")
        if len(parts) < 4:  # a folder that is called like no run
            return not (self.methods or self.datasets or self.taus)
        dataset, tau, _, method = parts[:4]
        return (
            (not self.datasets or dataset in self.datasets)
            and (not self.taus or tau.removeprefix("tau=") in self.taus)
            and (not self.methods or method in self.methods)
        )


def make_filter(
    project: Project,
    methods: Sequence[str] | None,
    datasets: Sequence[str] | None,
    taus: Sequence[str] | None,
) -> Filter:
    """A filter by names of the catalog. Raises UsageError for what there is not."""
    names = list(dataset_entries(project))
    return Filter(
        frozenset(catalog.canonical("method", name) for name in methods or ()),
        frozenset(catalog.canonical("dataset", name, names) for name in datasets or ()),
        frozenset(_planned_tau(project, text) for text in taus or ()),
    )


def _planned_tau(project: Project, text: str) -> str:
    """A tau as run ids write it. Raises UsageError unless a table has it."""
    tables = [grid.table(project, name) for name in table_names(project)]
    known = {format_value(cell.run.tau) for table in tables for cell in table.cells}
    try:
        tau = format_value(parse_tau(text))
    except UsageError:
        tau = text
    if tau not in known:
        raise unknown("tau", text, known)
    return tau
