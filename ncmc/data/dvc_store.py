"""DVC as a library: what dvc.lock records of a dataset, the cache, and a remote storage.

DVC checks less than one would think: it believes a read-only object of its cache without hashing it
(callers hash what comes from here), and `dvc repro` rewrites dvc.lock when upstream bytes changed
(callers compare with `recorded` first).
"""

import logging
import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import filelock

from ncmc.errors import UserError, shortened
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.project import Project
from ncmc.system import documents, files

STAGE = "fetch@{}"  # the DVC stage that brings a dataset


def recorded(project: Project, name: str) -> str | None:
    """The folder hash that dvc.lock holds for a dataset, if its files are declared as then.

    Raises UserError if dvc.lock is damaged.
    """
    path = project.root / "dvc.lock"
    if not files.exists(path):
        return None
    try:
        held = documents.load_yaml(path)["stages"].get(STAGE.format(name))
        md5 = held and held["outs"][0]["md5"]
        then = held and held["params"]["config/datasets.yaml"][f"datasets.{name}.files"]
    except (UserError, LookupError, TypeError, AttributeError) as error:
        raise UserError(
            f"dvc.lock is damaged ({error}). Restore it (`git checkout dvc.lock`) or delete it, and "
            "run the same command again."
        ) from error
    dataset_entry(project, name)  # raises where config/datasets.yaml is not as it should be
    declared = documents.load_yaml(project.config("datasets.yaml"))["datasets"][name].get("files")
    return md5 if then == declared else None


def commit(project: Project, name: str) -> None:
    """Record data/raw/NAME in dvc.lock and copy or link it into the cache."""
    with _repository(project, name, "record") as repo:
        repo.commit(STAGE.format(name), force=True)
        for loaded in repo.stage.collect(STAGE.format(name)):
            repo.stage_cache.save(loaded)  # so that `dvc repro` finds it in the cache too


def checkout(project: Project, name: str) -> str | None:
    """Bring data/raw/NAME out of DVC's cache or the default remote; says out of which.

    None if it is in neither. The bytes are not verified here.
    """
    errors = _dvc().exceptions
    with _repository(project, name, "check out") as repo:
        with suppress(errors.CheckoutError):
            repo.checkout([STAGE.format(name)], force=True)
            return "DVC's cache"
        if remote := repo.config["core"].get("remote"):
            with suppress(errors.DvcException):
                repo.pull([STAGE.format(name)], force=True)
                return f"the DVC remote '{remote}'"
    return None


def may_hold(project: Project, name: str) -> bool:
    """Whether `checkout` may find a dataset: it is in the cache, or there is a remote to ask."""
    with _repository(project, name, "look for") as repo:
        store, folder = Path(repo.cache.local.path), recorded(project, name)
        cached = folder is not None and files.exists(store / folder[:2] / folder[2:])
        return cached or bool(repo.config["core"].get("remote"))


def drop(project: Project, name: str) -> None:
    with _repository(project, name, "mend") as repo:
        store, folder = Path(repo.cache.local.path), recorded(project, name) or ""
        objects = [folder]
        with suppress(UserError, LookupError, TypeError):  # the list of files is damaged or gone
            files_of = documents.load_json(store / folder[:2] / folder[2:])
            objects += [file["md5"] for file in files_of]
        for md5 in objects:
            (store / md5[:2] / md5[2:]).unlink(missing_ok=True)


@contextmanager
def _repository(project: Project, name: str, verb: str) -> Iterator[Any]:
    """The DVC repository of the project; one process at a time, others wait.

    Raises UserError if `verb` cannot be done with the dataset.
    """
    root = project.root
    if not (root / "dvc.yaml").is_file() or not (root / ".dvc").is_dir():
        raise UserError(f"{root} has no dvc.yaml or no .dvc: take a whole checkout of the project.")
    lock = root / "data" / "raw" / ".locks" / "dvc"
    files.make_folder(lock.parent)
    # what holds whatever the user's own settings of DVC say; /var/tmp may be read-only
    site = str(root / ".dvc" / "tmp" / "site")
    core = {"analytics": False, "check_update": False, "no_scm": True, "site_cache_dir": site}
    # DVC takes names as those of the current folder, whatever repository it was given
    try:
        with (
            filelock.FileLock(lock),
            chdir(root),
            _dvc().repo.Repo(str(root), config={"core": core}, _wait_for_lock=True) as repo,
        ):
            yield repo
    except (_dvc().exceptions.DvcException, OSError) as error:
        raise UserError(
            f"DVC cannot {verb} {name}: {shortened(str(error), 300)}. Archives that are in "
            f"data/raw/{name} stay there. If .dvc or DVC's cache is not writable, make it so or "
            "choose another cache (`dvc cache dir --local FOLDER`), then run the same command again."
        ) from error


@cache
def _dvc() -> Any:
    """The package `dvc`, with all of it that is used here; it keeps off both streams."""
    os.environ["DVC_NO_ANALYTICS"] = "1"
    import colorama

    # DVC would put it around both streams, where a title sequence in any name raises AttributeError
    colorama.init = lambda *_, **__: None
    import dvc.exceptions
    import dvc.repo

    for name in ("dvc", "dvc_data", "dvc_objects"):  # what goes wrong comes as an exception
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return dvc
