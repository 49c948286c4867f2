"""What every file of the paper is held to: each id once, known names, numbers in their range."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from ncmc.errors import UsageError, unknown
from ncmc.plan import catalog
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.project import Project
from ncmc.system import documents

Text = Annotated[str, Field(min_length=1)]
Points = Annotated[float, Field(ge=0, le=100)]
Seeds = Annotated[int, Field(ge=1, le=1000)]


def csv_numbers(row: Mapping[str, str], where: str) -> dict[str, Any]:
    """tau, value, std and n of a row of a CSV file, None where empty. Raises UsageError."""
    kinds = {"tau": float, "value": float, "std": float, "n": int}
    return {
        key: documents.csv_number(row[key], kind, key, where)
        for key, kind in kinds.items()
        if key in row
    }


def require_unique(path: Path, ids: Iterable[str]) -> None:
    """Raises UsageError for an id that two entries of a file have."""
    ids_before = set[str]()
    for name in ids:
        if name in ids_before:
            raise UsageError(f"{path}: {name}: two entries have this id.")
        ids_before.add(name)


def require_names(
    project: Project,
    where: str,
    datasets: Iterable[str] = (),
    backbones: Iterable[str] = (),
    methods: Iterable[str] = (),
) -> None:
    """Raises UsageError for an unknown name, or one that is spelled in another way."""
    for kind, names, known in (
        ("dataset", datasets, dataset_entries(project).keys()),
        ("backbone", backbones, catalog.names("backbone")),
        ("method", methods, catalog.names("method")),
    ):
        for name in names:
            if name not in known:
                raise UsageError(f"{where}: {unknown(kind, name, known)}")
