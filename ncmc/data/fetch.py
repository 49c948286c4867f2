"""`ncmc fetch`: a dataset's archives, from DVC's cache if it has them, else from outside."""

from pathlib import Path

from ncmc.data import checksums, datasets, download, dvc_store, raw, readers
from ncmc.data.array_writer import PARTS
from ncmc.data.checksums import Digest
from ncmc.data.download import Progress
from ncmc.data.raw import Say
from ncmc.errors import UsageError, UserError, unknown
from ncmc.plan.dataset_entries import NAME, Dataset, dataset_entries, dataset_entry
from ncmc.project import Project
from ncmc.system import files


def fetch(
    project: Project,
    name: str,
    source: str | Path | None = None,
    *,
    replace: bool = False,
    progress: Progress | None = None,
    say: Say = raw.say_nothing,
) -> str:
    """Make data/raw/NAME whole, verified and recorded in dvc.lock; returns how, in words.

    A set that is there already, or in DVC's cache, touches no network. `source`: a file, folder or
    http(s) address to use instead of the official ones; for your own dataset it may be a folder
    of class folders, for ImageNet-LT the folder of the images. `replace`: import a set without a
    declared checksum again, though it is there or dvc.lock records other bytes.
    Raises UserError with what failed and what to do; the next call resumes.
    """
    entry = declared_entry(project, name, source)
    has_checksums = any(file.checksum for file in entry.files)
    if replace and has_checksums:
        raise UserError(
            f"{name} has checksums in config/datasets.yaml; only those bytes are {name}. "
            "Correct the entry if they changed."
        )
    with raw.dataset_lock(project, name, say):
        if source is not None and not str(source).startswith(download.WEB):
            source = _linked(project, name, entry, source)
        wrong = [fault for file in entry.files for fault in raw.faults(project, name, file)]
        how = "already here"
        if replace or wrong:
            if wrong and not raw.missing(project, name):
                say(f"{name}: {'; '.join(wrong)}; fetching the right one")
            restored = not replace and _from_cache(project, name, say)
            how = "from the cache" if restored else "fetched"
        elif source is not None:
            hint = "" if has_checksums else "; --replace imports it again"
            say(f"{name} is here and verified, --from was not used{hint}")
        digests = download.download(project, name, source, anew=replace, progress=progress, say=say)
        if not replace:
            _compare_with_lock(project, name, digests, how)
        if how == "fetched" or dvc_store.recorded(project, name) is None:
            dvc_store.commit(project, name)
        return how


def example_entry(name: str, source: str | Path | None = None) -> str:
    """The lines of config/datasets.yaml that declare your own dataset."""
    path = download.local_path(source or "")
    suffix = "".join(path.suffixes[-2:]) if path.is_file() else ""
    return f"""\
  {name}:
    title: {name}
    reader: imagefolder
    image_size: 32   # pixels; other images are scaled
    files: [{{name: {name}{suffix or ".tar"}}}]
    recipe: small
    licence: mine
    source: my own images
"""


def declared_entry(project: Project, name: str, source: str | Path | None = None) -> Dataset:
    """An entry of config/datasets.yaml that names files of a known format.

    Raises UsageError for a name without one, with the lines to add for one's own dataset.
    """
    if NAME.fullmatch(name) and name not in dataset_entries(project):
        raise UsageError(
            f"{unknown('dataset', name, dataset_entries(project))} For your own dataset add these lines "
            "to config/datasets.yaml (docs/data.md says what they mean) and run the command again:\n"
            f"{example_entry(name, source)}"
        )
    entry = dataset_entry(project, name)
    if not entry.files:
        raise UserError(
            f"config/datasets.yaml: {name} names no files. Add one, such as\n"
            f"    files: [{{name: {name}.tar}}]"
        )
    readers.load(entry.reader)  # refuse an unknown format before anything is downloaded
    return entry


def _linked(project: Project, name: str, entry: Dataset, source: str | Path) -> str | Path | None:
    """For a format whose images stay where they are: link to them; what is left to fetch from."""
    module, folder = readers.load(entry.reader), download.local_path(source)
    if not getattr(module, "STREAMED", False) or not folder.is_dir():
        return source
    place, folder = module.link(raw.folder(project, name)), folder.resolve()
    files.make_folder(place.parent)
    try:
        place.unlink(missing_ok=True)
        place.symlink_to(folder, target_is_directory=True)
    except OSError as error:
        raise files.explain(error, place) from error
    return folder if all((folder / file.name).is_file() for file in entry.files) else None


def _from_cache(project: Project, name: str, say: Say) -> bool:
    """Take the set out of DVC's cache, or its remote; what is wrong there is not kept."""
    recorded = dvc_store.recorded(project, name)
    if recorded is None or raw.strangers(project, name):
        return False
    for _ in range(2):  # what the cache holds damaged is dropped, and then the remote is asked
        place = dvc_store.checkout(project, name)
        if place is None:
            return False
        digests = raw.digests(project, name)
        if checksums.of_folder(digests) == recorded:
            return True
        say(f"{name}: what {place} holds is damaged (another checksum than dvc.lock records)")
        for file in digests:
            (raw.folder(project, name) / file).unlink()
        dvc_store.drop(project, name)
    return False


def _compare_with_lock(project: Project, name: str, digests: dict[str, Digest], how: str) -> None:
    """Raise UserError if dvc.lock records other bytes than these, which are then not kept."""
    recorded, present = dvc_store.recorded(project, name), checksums.of_folder(digests)
    if recorded not in (None, present):
        for file in digests if how == "fetched" else ():
            (raw.folder(project, name) / file).unlink()
        raise UserError(
            f"{name}: this is not what dvc.lock records (folder hash {present}, recorded {recorded}). "
            f"Give the recorded files with --from (and delete {raw.folder(project, name)} if it holds "
            "others); or, if the new ones are meant, run the command again with --replace."
        )


def status(project: Project, name: str) -> tuple[str, str]:
    """(state, what to do) of a dataset: missing, partial, fetched, or ready, with arrays made.

    Nothing is hashed.
    """
    entry = dataset_entry(project, name)
    if missing := raw.missing(project, name):
        advice = f"ncmc fetch {name}{'' if any(f.urls for f in entry.files) else ' --from PATH'}"
        under_way = any(raw.aside(project, "partial", name).rglob("*"))
        if under_way or len(missing) < len(entry.files):
            return "partial", f"{', '.join(missing)} still missing; resume with: {advice}"
        return "missing", advice
    try:
        for part in PARTS:
            datasets.load(project, name, part)
    except UserError as error:
        return "fetched", str(error)
    return "ready", ""
