"""What every file of the paper is held to: each id once, and names that there are."""

from collections.abc import Collection, Iterable
from pathlib import Path

from ncmc.errors import UsageError, unknown
from ncmc.plan import catalog
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.project import Project


def require_unique(path: Path, ids: Iterable[str]) -> None:
    """Raises UsageError for an id that two entries of a file have."""
    seen = set[str]()
    for name in ids:
        if name in seen:
            raise UsageError(f"{path}: {name}: two entries have this id.")
        seen.add(name)


def require_names(
    project: Project,
    where: str,
    datasets: Iterable[str] = (),
    backbones: Iterable[str] = (),
    methods: Iterable[str] = (),
) -> None:
    """Raises UsageError for a name that there is not, or that is spelled in another way."""
    known: tuple[tuple[str, Iterable[str], Collection[str]], ...] = (
        ("dataset", datasets, dataset_entries(project)),
        ("backbone", backbones, catalog.names("backbone")),
        ("method", methods, catalog.names("method")),
    )
    for kind, names, allowed in known:
        for name in names:
            if name not in allowed:
                raise UsageError(f"{where}: {unknown(kind, name, allowed)}")
