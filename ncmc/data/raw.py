"""data/raw: which archives of a dataset are there, and whether they are the right ones.

A file reaches data/raw/NAME only under its final name, whole, and after its checksum; what is under
way lies in data/raw/.partial/NAME.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from ncmc import paths
from ncmc.data import checksums
from ncmc.data.checksums import Digest
from ncmc.errors import UserError, listed
from ncmc.plan.dataset_entries import DatasetFile, dataset_entry
from ncmc.project import Project
from ncmc.system import files

Say = Callable[[str], None]  # one line for the user


def say_nothing(_: str) -> None:
    """The `Say` of a caller that shows nothing."""


def folder(project: Project, name: str) -> Path:
    """data/raw/NAME: the archives of a dataset as they came, verified."""
    return project.root / paths.RAW.format(dataset=name)


def aside(project: Project, kind: str, name: str) -> Path:
    """data/raw/.KIND/NAME: what belongs to a dataset but is not a verified archive of it."""
    return folder(project, name).parent / f".{kind}" / name


@contextmanager
def dataset_lock(project: Project, name: str, say: Say = say_nothing) -> Iterator[None]:
    """One process at a time works on a dataset; others wait and say so. A killed one lets go."""
    path = aside(project, "locks", name)
    files.make_folder(path.parent)
    lock = filelock.FileLock(path, is_singleton=True)  # one process may nest it
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        say(f"another process is working on {name}; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def missing(project: Project, name: str) -> list[str]:
    """Files of config/datasets.yaml that are not in data/raw/NAME."""
    place = folder(project, name)
    return [
        f.name for f in dataset_entry(project, name).files if files.size(place / f.name) is None
    ]


def faults(project: Project, name: str, file: DatasetFile) -> list[str]:
    """What of a file in data/raw/NAME is not as config/datasets.yaml says; empty if it is right."""
    path = folder(project, name) / file.name
    if files.size(path) is None:
        return [f"{path} is missing"]
    wrong = checksums.differences(checksums.of_unchanged(path), file)
    return [f"{path} is not the right file: {'; '.join(wrong)}"] if wrong else []


def digests(project: Project, name: str) -> dict[str, Digest]:
    """The digests of the archives that are in data/raw/NAME, right or not."""
    here = [folder(project, name) / file.name for file in dataset_entry(project, name).files]
    return {p.name: checksums.of_unchanged(p) for p in here if files.size(p) is not None}


def verified(project: Project, name: str) -> dict[str, Digest]:
    """The digests of all archives of a dataset, each one as config/datasets.yaml wants it.

    Raises UserError naming what is missing, wrong or too much, and what to do.
    """
    entry = dataset_entry(project, name)
    if wrong := [fault for file in entry.files for fault in faults(project, name, file)]:
        raise UserError(f"{name}: {'; '.join(wrong)}. Run `ncmc fetch {name}`.")
    if strays := strangers(project, name):
        raise UserError(
            f"{folder(project, name)} holds {listed(strays)}, which config/datasets.yaml does not "
            f"name for {name}. Move it elsewhere and run `ncmc fetch {name}` again."
        )
    return digests(project, name)


def strangers(project: Project, name: str) -> list[str]:
    """What lies in data/raw/NAME and does not belong there."""
    place = folder(project, name)
    names = {f.name for f in dataset_entry(project, name).files} | {".snakemake_timestamp"}
    return [item for item in files.listed(place) if item not in names] if place.is_dir() else []
