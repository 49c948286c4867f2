"""DVC as a library: what dvc.lock records of a dataset, the cache, and a remote storage.

DVC checks less than one would think: it believes a read-only object of its cache without hashing it
(callers hash what comes from here), and `dvc repro` rewrites dvc.lock when upstream bytes changed
(callers compare with `recorded` first).
"""

import configparser
import logging
import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import filelock
from pydantic import BaseModel, ConfigDict, RootModel, StringConstraints

from ncmc.data import checksums
from ncmc.errors import UsageError, UserError, first_line, shortened
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.project import Project
from ncmc.system import documents, files

if TYPE_CHECKING:
    from dvc.repo import Repo


class _Loose(BaseModel):
    """A part of a file of DVC's own: keys that are not needed here are left to DVC."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def stage(name: str) -> str:
    """The name of the DVC stage that brings a dataset."""
    return f"fetch@{name}"


class _Output(_Loose):
    path: str
    md5: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}(\.dir)?$")] | None = None


class _Stage(_Loose):
    params: dict[str, dict[str, Any]] = {}
    outs: tuple[_Output, ...] = ()


class _Lock(_Loose):
    """dvc.lock, as far as it is about datasets; other stages may stand in it."""

    stages: dict[str, _Stage] = {}


class _Entry(_Loose):
    md5: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class _Listing(RootModel[tuple[_Entry, ...]]):
    """What DVC's cache keeps of a folder: its files."""


def recorded(project: Project, name: str) -> str | None:
    """The folder hash that dvc.lock holds for a dataset, if its files are declared as then.

    Raises UserError if dvc.lock is damaged.
    """
    path = project.root / "dvc.lock"
    if not files.exists(path):
        return None
    try:
        lock = documents.read_yaml(path, _Lock)
    except UserError as error:
        raise UserError(
            f"dvc.lock is damaged. {str(error).rstrip('.')}. Restore it (`git checkout dvc.lock`) or "
            "delete it, and run the same command again."
        ) from error
    held = lock.stages.get(stage(name))
    if held is None or not held.outs:
        return None
    dataset_entry(project, name)  # raises where config/datasets.yaml is not as it should be
    declared = documents.load_yaml(project.config("datasets.yaml"))["datasets"][name].get("files")
    then = held.params.get("config/datasets.yaml", {}).get(f"datasets.{name}.files")
    return held.outs[0].md5 if then == declared else None


def cached(project: Project, name: str) -> bool:
    """Whether DVC's cache holds what dvc.lock records of a dataset (undamaged or not)."""
    md5 = recorded(project, name)
    objects = _objects(project, md5) if md5 else []
    return bool(objects) and all(files.size(item) is not None for item in objects)


def _objects(project: Project, md5: str) -> list[Path]:
    """The objects of a folder in DVC's cache, its listing first; empty if that is not there."""
    store = _cache_folder(project)
    listing = store / md5[:2] / md5[2:]
    try:
        entries = documents.read_json(listing, _Listing).root
    except UserError:
        return []
    return [listing, *(store / e.md5[:2] / e.md5[2:] for e in entries)]


def commit(project: Project, name: str) -> None:
    """Record data/raw/NAME in dvc.lock and copy or link it into the cache."""
    with _repository(project, name, "record") as repo:
        repo.commit(stage(name), force=True)
        for loaded in repo.stage.collect(stage(name)):
            repo.stage_cache.save(loaded)  # so that `dvc repro` finds it in the cache too


def checkout(project: Project, name: str) -> str | None:
    """Bring data/raw/NAME out of DVC's cache or the default remote; says out of which.

    None if it is in neither. The bytes are not verified here.
    """
    errors = _dvc().exceptions
    with _repository(project, name, "check out") as repo:
        with suppress(errors.CheckoutError):
            repo.checkout([stage(name)], force=True)
            return "DVC's cache"
        if remote := repo.config["core"].get("remote"):
            with suppress(errors.DvcException):
                repo.pull([stage(name)], force=True)
                return f"the DVC remote '{remote}'"
    return None


def drop(project: Project, name: str) -> None:
    """Remove from the cache the objects of a dataset that are not what their name says."""
    md5 = recorded(project, name)
    if md5 is None:
        return
    listing = _cache_folder(project) / md5[:2] / md5[2:]
    for item in _objects(project, md5) or [listing]:
        named = (item.parent.name + item.name).removesuffix(".dir")
        if files.size(item) is not None and checksums.of_file(item).md5 != named:
            item.unlink()


def _cache_folder(project: Project) -> Path:
    """Where DVC's cache keeps its objects, by the project's own DVC settings."""
    base = project.root / ".dvc"
    settings = configparser.ConfigParser(interpolation=None)
    for path in (base / "config", base / "config.local"):
        if not files.exists(path):
            continue
        try:
            settings.read_string(documents.read_text(path), str(path))
        except configparser.Error as error:
            raise UserError(
                f"{path} is not a settings file of DVC ({first_line(error)}). Correct it, or "
                f"restore it: git checkout {path.relative_to(project.root)}"
            ) from error
    folder = settings.get("cache", "dir", fallback="cache").strip('"')
    return base / folder / "files" / "md5"


@contextmanager
def _repository(project: Project, name: str, verb: str) -> Iterator["Repo"]:
    """The DVC repository of the project; one process at a time, others wait.

    Raises UserError if `verb` cannot be done with the dataset.
    """
    root = project.root
    if not (root / "dvc.yaml").is_file() or not (root / ".dvc").is_dir():
        raise UserError(f"{root} has no dvc.yaml or no .dvc: take a whole checkout of the project.")
    if not _current_folder_exists():
        raise UsageError("the current folder was deleted. Change to another one.")
    lock = root / "data" / "raw" / ".locks" / "dvc"
    files.make_folder(lock.parent)
    # DVC takes names as those of the current folder, whatever repository it was given
    with _explained(name, verb), filelock.FileLock(lock), chdir(root):
        repo = _dvc().repo.Repo(str(root), config=_settings(root), _wait_for_lock=True)
        try:
            yield repo
        finally:
            repo.close()


def _current_folder_exists() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


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


def _settings(root: Path) -> dict[str, dict[str, object]]:
    """What holds whatever the user's own DVC settings say."""
    site = str(root / ".dvc" / "tmp" / "site")  # not under /var/tmp, which may be read-only
    return {
        "core": {"analytics": False, "check_update": False, "no_scm": True, "site_cache_dir": site}
    }


@contextmanager
def _explained(name: str, verb: str) -> Iterator[None]:
    try:
        yield
    except (_dvc().exceptions.DvcException, OSError) as error:
        raise UserError(
            f"DVC cannot {verb} {name}: {shortened(str(error), 300)}. Archives that are in "
            f"data/raw/{name} stay there. If .dvc or DVC's cache is not writable, make it so or "
            "choose another cache (`dvc cache dir --local FOLDER`), then run the same command again."
        ) from error
