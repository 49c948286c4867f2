"""DVC as a library: what dvc.lock records of a dataset, the cache, and a remote storage.

DVC checks less than one would think: it believes a read-only object of its cache without hashing it
(callers hash what comes from here), and `dvc repro` rewrites dvc.lock when upstream bytes changed
(callers compare with `recorded` first).
"""

import configparser
import json
import logging
import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock

from ncmc.data import checksums
from ncmc.errors import UsageError, UserError
from ncmc.project import Project
from ncmc.system import documents, files

if TYPE_CHECKING:
    from dvc.repo import Repo


def stage(name: str) -> str:
    """The name of the DVC stage that brings a dataset."""
    return f"fetch@{name}"


def recorded(project: Project, name: str) -> str | None:
    """The folder hash that dvc.lock holds for a dataset, if its files are declared as then."""
    lock = project.root / "dvc.lock"
    if not lock.is_file():
        return None
    try:
        held = (documents.load_yaml(lock) or {}).get("stages", {}).get(stage(name))
    except (UsageError, AttributeError) as error:
        raise UserError(
            f"{lock} is damaged. Restore it (`git checkout dvc.lock`) or delete it, and run the "
            "same command again."
        ) from error
    declared = documents.load_yaml(project.config("datasets.yaml"))["datasets"][name].get("files")
    try:
        then = held["params"]["config/datasets.yaml"][f"datasets.{name}.files"]
        return held["outs"][0]["md5"] if then == declared else None
    except (TypeError, KeyError, IndexError):
        return None


def cached(project: Project, name: str) -> bool:
    """Whether DVC's cache holds what dvc.lock records of a dataset (undamaged or not)."""
    md5 = recorded(project, name) or ""
    listing = _cache_folder(project) / md5[:2] / md5[2:]
    try:
        wanted = [entry["md5"] for entry in json.loads(listing.read_text())]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return all((_cache_folder(project) / m[:2] / m[2:]).is_file() for m in wanted)


def commit(project: Project, name: str) -> None:
    """Record data/raw/NAME in dvc.lock and copy or link it into the cache."""
    with _repository(project) as repo, _explained(name, "record"):
        repo.commit(stage(name), force=True)
        for loaded in repo.stage.collect(stage(name)):
            repo.stage_cache.save(loaded)  # so that `dvc repro` finds it in the cache too


def checkout(project: Project, name: str) -> bool:
    """Bring data/raw/NAME out of the cache or the default remote. False if it is in neither.

    The bytes are not verified here.
    """
    from dvc.exceptions import CheckoutError, DvcException

    with _repository(project) as repo:
        with suppress(CheckoutError):
            repo.checkout([stage(name)], force=True)
            return True
        if not repo.config["core"].get("remote"):
            return False
        with suppress(DvcException):
            repo.pull([stage(name)], force=True)
            return True
    return False


def drop(project: Project, name: str) -> None:
    """Remove from the cache the objects of a dataset that are not what their name says."""
    store, listed = _cache_folder(project), recorded(project, name) or ""
    wanted = [listed]
    with suppress(OSError, ValueError, KeyError, TypeError):
        listing = json.loads((store / listed[:2] / listed[2:]).read_text())
        wanted += [entry["md5"] for entry in listing]
    for md5 in filter(None, wanted):
        item = store / md5[:2] / md5[2:]
        if item.is_file() and checksums.of_file(item).md5 != md5.removesuffix(".dir"):
            item.unlink()


def _cache_folder(project: Project) -> Path:
    """Where DVC's cache keeps its objects, by the project's own DVC settings."""
    base = project.root / ".dvc"
    settings = configparser.ConfigParser(interpolation=None)
    settings.read([base / "config", base / "config.local"])
    folder = settings.get("cache", "dir", fallback="cache").strip('"')
    return base / folder / "files" / "md5"


@contextmanager
def _repository(project: Project) -> Iterator["Repo"]:
    """The DVC repository of the project; one process at a time, others wait."""
    root = project.root
    if not (root / "dvc.yaml").is_file() or not (root / ".dvc").is_dir():
        raise UserError(f"{root} has no dvc.yaml or no .dvc: take a whole checkout of the project.")
    lock = root / "data" / "raw" / ".locks" / "dvc"
    files.make_folder(lock.parent)
    # DVC takes names as those of the current folder, whatever repository it was given
    with filelock.FileLock(lock), chdir(root):
        repo = _repo_class()(str(root), config=_settings(root), _wait_for_lock=True)
        try:
            yield repo
        finally:
            repo.close()


@cache
def _repo_class() -> Any:
    os.environ["DVC_NO_ANALYTICS"] = "1"
    from dvc.repo import Repo

    logging.getLogger("dvc").setLevel(logging.ERROR)
    return Repo


def _settings(root: Path) -> dict[str, dict[str, object]]:
    """What holds whatever the user's own DVC settings say."""
    site = str(root / ".dvc" / "tmp" / "site")  # not under /var/tmp, which may be read-only
    return {
        "core": {"analytics": False, "check_update": False, "no_scm": True, "site_cache_dir": site}
    }


@contextmanager
def _explained(name: str, verb: str) -> Iterator[None]:
    from dvc.exceptions import DvcException

    try:
        yield
    except (DvcException, OSError) as error:
        raise UserError(
            f"DVC cannot {verb} {name}: {error}. The archives are whole in data/raw/{name}. If its "
            "cache is not writable, make it so or choose another one "
            "(`dvc cache dir --local FOLDER`), then run the same command again."
        ) from error
