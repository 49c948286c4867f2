"""Which runs to show, by method, dataset and tau. A filter shows a part; it decides nothing."""

from collections.abc import Callable, Sequence

from ncmc.plan import catalog
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.option_text import format_value
from ncmc.plan.run import parse_tau
from ncmc.project import Project

Filter = Callable[[str], bool]  # whether the id of a run is wanted


def make_filter(
    project: Project,
    methods: Sequence[str] | None,
    datasets: Sequence[str] | None,
    taus: Sequence[str] | None,
) -> Filter:
    """A filter by names of the catalog. Raises UsageError for an unknown name, or what is no tau."""
    names = list(dataset_entries(project))
    wanted = {  # place in a run's id -> what may stand there; nothing: anything
        0: {catalog.canonical("dataset", name, names) for name in datasets or ()},
        1: {f"tau={format_value(parse_tau(text))}" for text in taus or ()},
        3: {catalog.canonical("method", name) for name in methods or ()},
    }

    def fits(run_id: str) -> bool:
        parts = dict(enumerate(run_id.split("/")))
        return all(parts.get(place) in allowed for place, allowed in wanted.items() if allowed)

    return fits
