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
from ncmc.data.checksums import ChecksumCache, Digest
from ncmc.errors import UserError
from ncmc.plan.dataset_entries import DatasetFile, dataset_entry
from ncmc.project import Project
from ncmc.system import files

Say = Callable[[str], None]  # one line for the user


def folder(project: Project, name: str) -> Path:
    """data/raw/NAME: the archives of a dataset as they came, verified."""
    return project.root / paths.RAW.format(dataset=name)


def aside(project: Project, kind: str, name: str) -> Path:
    """data/raw/.KIND/NAME: what belongs to a dataset but is not a verified archive of it."""
    return folder(project, name).parent / f".{kind}" / name


def checksum_cache(project: Project, name: str) -> ChecksumCache:
    """What is known of the archives of a dataset since they were last hashed."""
    return ChecksumCache(aside(project, "state", name).with_suffix(".json"))


@contextmanager
def dataset_lock(project: Project, name: str, say: Say | None = None) -> Iterator[None]:
    """One process at a time works on a dataset; others wait and say so. A killed one lets go."""
    path = aside(project, "locks", name)
    files.make_folder(path.parent)
    try:
        lock = filelock.FileLock(path, is_singleton=True)  # one process may nest it
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            if say:
                say(f"another process is working on {name}; waiting for it")
            lock.acquire()
    except OSError as error:
        raise files.explain(error, path) from error
    try:
        yield
    finally:
        lock.release()


def missing(project: Project, name: str) -> list[str]:
    """Files of config/datasets.yaml that are not in data/raw/NAME."""
    return [
        f.name
        for f in dataset_entry(project, name).files
        if files.size(folder(project, name) / f.name) is None
    ]


def faults(project: Project, name: str, file: DatasetFile) -> list[str]:
    """What of a file in data/raw/NAME is not as config/datasets.yaml says; empty if it is right."""
    path = folder(project, name) / file.name
    if files.size(path) is None:
        return [f"there is no {path}"]
    return checksums.differences(checksum_cache(project, name).digest(path), file)


def verified(project: Project, name: str, fresh: bool = False) -> dict[str, Digest]:
    """The digests of all archives of a dataset, each one as config/datasets.yaml wants it.

    A file that has not changed since it was last hashed is not hashed again, unless `fresh`.
    Raises UserError naming what is missing, wrong or too much, and what to do.
    """
    entry, place = dataset_entry(project, name), folder(project, name)
    if absent := missing(project, name):
        raise UserError(f"{name}: {', '.join(absent)} not in {place}. Run `ncmc fetch {name}`.")
    cache = checksum_cache(project, name)
    here = [place / f.name for f in entry.files]
    found = cache.refresh(here) if fresh else {p.name: cache.digest(p) for p in here}
    for file in entry.files:
        if wrong := checksums.differences(found[file.name], file):
            raise UserError(
                f"{place / file.name} is not the right file: {'; '.join(wrong)}. "
                f"Run `ncmc fetch {name}`: it puts the right one in its place."
            )
    if strays := strangers(project, name):
        raise UserError(
            f"{place} holds {', '.join(strays)}, which config/datasets.yaml does not name for {name}. "
            f"Move it elsewhere and run `ncmc fetch {name}` again."
        )
    return found


def strangers(project: Project, name: str) -> list[str]:
    """What lies in data/raw/NAME and does not belong there."""
    named = {f.name for f in dataset_entry(project, name).files} | {".snakemake_timestamp"}
    return [item for item in files.listed(folder(project, name)) if item not in named]
