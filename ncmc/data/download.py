"""The archives of a dataset: official address, mirror or path -> data/raw/NAME, all verified.

Also the command of the DVC stage: `python -m ncmc.data.download NAME`.
A file reaches data/raw/NAME only under its final name, whole, and after its checksum; what is under
way lies in data/raw/.partial/NAME, what turned out wrong in data/raw/.wrong/NAME.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path, PurePosixPath

import filelock

from ncmc import paths
from ncmc.data import checksums, http, readers
from ncmc.data.checksums import Digest
from ncmc.data.http import Patience, Progress, Say
from ncmc.errors import UserError
from ncmc.plan.dataset_entries import DatasetFile, dataset_entry
from ncmc.project import Project
from ncmc.system import files

SOURCE = "NCMC_FROM"  # environment: where the DVC stage takes archives from
PATIENCE = Patience()


def folder(project: Project, name: str) -> Path:
    """data/raw/NAME: the archives of a dataset as they came, verified."""
    return project.root / paths.RAW.format(dataset=name)


def aside(project: Project, kind: str, name: str) -> Path:
    """data/raw/.KIND/NAME: what belongs to a dataset but is no verified archive of it."""
    return folder(project, name).parent / f".{kind}" / name


def memory(project: Project, name: str) -> checksums.Memory:
    """What is known of the archives of a dataset since they were last hashed."""
    return checksums.Memory(aside(project, "state", name).with_suffix(".json"))


@contextmanager
def alone(project: Project, name: str, say: Say | None = None) -> Iterator[None]:
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
        if not (folder(project, name) / f.name).is_file()
    ]


def verified(project: Project, name: str, fresh: bool = False) -> dict[str, Digest]:
    """The digests of all archives of a dataset, each one as config/datasets.yaml wants it.

    A file that has not changed since it was last hashed is not hashed again, unless `fresh`.
    Raises UserError naming what is missing, wrong or too much, and what to do.
    """
    entry = dataset_entry(project, name)
    if absent := missing(project, name):
        raise UserError(
            f"{name}: {', '.join(absent)} not in {folder(project, name)}. Run `ncmc fetch {name}`."
        )
    known = memory(project, name)
    here = [folder(project, name) / f.name for f in entry.files]
    found = known.refresh(here) if fresh else {p.name: known.digest(p) for p in here}
    for file in entry.files:
        if wrong := checksums.differences(found[file.name], file):
            raise UserError(
                f"{folder(project, name) / file.name} is not the right file: {'; '.join(wrong)}. "
                f"Run `ncmc fetch {name}`: it keeps this one aside and brings the right one."
            )
    if strays := strangers(project, name):
        raise UserError(
            f"{folder(project, name)} holds {', '.join(strays)}, which config/datasets.yaml "
            f"does not name for {name}. Move it elsewhere and run `ncmc fetch {name}` again."
        )
    return found


def strangers(project: Project, name: str) -> list[str]:
    """What lies in data/raw/NAME and does not belong there."""
    named = {f.name for f in dataset_entry(project, name).files} | {".snakemake_timestamp"}
    return sorted(p.name for p in folder(project, name).iterdir() if p.name not in named)


def download(
    project: Project,
    name: str,
    source: str | Path | None = None,
    *,
    patience: Patience | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> dict[str, Digest]:
    """Make data/raw/NAME whole and return the digests of its files.

    `source` replaces the addresses of config/datasets.yaml: a file, a folder that holds the files,
    or an http(s) address of either. Files that are there and right are left alone.
    Raises UserError that says what failed at which address, and what to do.
    """
    with alone(project, name, say):
        for file in dataset_entry(project, name).files:
            _bring(project, name, file, source, patience or PATIENCE, progress, say)
        return verified(project, name)


def reject_wrong(project: Project, name: str, say: Say | None = None) -> None:
    """Set aside the files in data/raw/NAME that are not those of config/datasets.yaml."""
    for file in dataset_entry(project, name).files:
        _rejected(project, name, file, say)


def _rejected(project: Project, name: str, file: DatasetFile, say: Say | None) -> list[str]:
    """What to report of a file that was there and had to be set aside; nothing if it is right."""
    path = folder(project, name) / file.name
    if not path.is_file():
        return []
    wrong = checksums.differences(memory(project, name).digest(path), file)
    return [_set_aside(project, name, path, file, str(path), wrong, say)] if wrong else []


def _bring(
    project: Project,
    name: str,
    file: DatasetFile,
    source: str | Path | None,
    patience: Patience,
    progress: Progress | None,
    say: Say | None,
) -> None:
    if PurePosixPath(file.name).name != file.name or file.name.startswith("."):
        raise UserError(f"config/datasets.yaml: {name}: '{file.name}' is not a plain file name.")
    target = folder(project, name) / file.name
    failures = _rejected(project, name, file, say)
    if target.is_file():
        return
    places = _places(project, name, file, source)
    for place in places:
        partial = aside(project, "partial", name) / f"{file.name}.part"
        try:
            if place.startswith(("http://", "https://")):
                _from_web(project, name, file, place, partial, patience, progress, say)
            else:
                _from_disk(project, name, file, place, partial, progress)
        except http.UnreachableError as error:
            failures.append(f"{place}: {error}")
            if say and place != places[-1]:
                say(f"{place}: {error}; trying the next address")
            continue
        _settle(partial, target)
        memory(project, name).digest(target)
        return
    raise UserError(
        f"{file.name} of {name} could not be had. " + " | ".join(failures) + ". "
        f"If you can get the file in another way, run `ncmc fetch {name} --from PATH_OR_ADDRESS`."
    )


def _places(project: Project, name: str, file: DatasetFile, source: str | Path | None) -> list[str]:
    """Where to look for a file, in order: addresses, `package:` paths, or paths on this disk."""
    alone_in_set = len(dataset_entry(project, name).files) == 1
    if source is None:
        if not file.urls:
            raise UserError(
                f"{name} has no address to fetch {file.name} from. "
                f"Run `ncmc fetch {name} --from PATH` with the path of that file or of its folder."
            )
        return list(file.urls)
    place = str(source)
    if place.startswith(("http://", "https://")):
        is_file = place.rpartition("/")[2] == file.name or (alone_in_set and place[-1] != "/")
        return [place if is_file else f"{place.rstrip('/')}/{file.name}"]
    path = Path(place).expanduser()
    if path.is_dir():
        if (path / file.name).is_file() or not _packs(project, name):
            path = path / file.name
    elif path.is_file() and path.name != file.name and not alone_in_set:
        names = ", ".join(f.name for f in dataset_entry(project, name).files)
        raise UserError(
            f"{path} is one file, but {name} consists of {names}. "
            "Give the folder that holds them all."
        )
    return [str(path)]


def _from_web(
    project: Project,
    name: str,
    file: DatasetFile,
    url: str,
    partial: Path,
    patience: Patience,
    progress: Progress | None,
    say: Say | None,
) -> None:
    """`url` -> `partial`, verified. A wrong file that was resumed gets a second chance from 0."""
    has_checksum = bool(file.md5 or file.sha256)
    resumed = partial.exists()
    check_room(partial, (file.size or 0) - (partial.stat().st_size if resumed else 0))
    while True:
        http.fetch(
            url,
            partial,
            size=file.size,
            checked=has_checksum,
            patience=patience,
            progress=progress,
            say=say,
        )
        found = checksums.of_file(partial)
        wrong = checksums.differences(found, file)
        if not wrong and found.size:
            return
        if resumed:
            resumed = False
            http.forget(partial)
            continue
        raise http.UnreachableError(
            _set_aside(project, name, partial, file, url, wrong or ["it is empty"], say)
        )


def _from_disk(
    project: Project,
    name: str,
    file: DatasetFile,
    place: str,
    partial: Path,
    progress: Progress | None,
) -> None:
    """A file on this disk, or inside an installed package -> `partial`, verified."""
    path = _packaged(place) if place.startswith("package:") else Path(place)
    if path.is_dir():
        _pack(project, name, path, partial)
        path = partial
    if not path.is_file():
        raise http.UnreachableError("there is no such file")
    total = path.stat().st_size
    check_room(partial, total)
    if path != partial:
        _copy(path, partial, progress)
    wrong = checksums.differences(checksums.of_file(partial), file)
    if wrong or not total:
        http.forget(partial)  # the user's own file stays where it is
        raise http.UnreachableError(f"not the right file: {'; '.join(wrong) or 'it is empty'}")


def _copy(path: Path, partial: Path, progress: Progress | None) -> None:
    http.forget(partial)
    files.make_folder(partial.parent)
    total, done = path.stat().st_size, 0
    try:
        with path.open("rb") as reader, partial.open("wb") as writer:
            while block := reader.read(checksums.BLOCK):
                writer.write(block)
                done += len(block)
                if progress:
                    progress(partial.name.removesuffix(".part"), done, total)
    except OSError as error:
        raise files.explain(error, partial) from error


def _packs(project: Project, name: str) -> bool:
    """Whether a folder of images may stand in for the archive of a dataset."""
    return getattr(readers.load(dataset_entry(project, name).reader), "FOLDERS", False)


def _pack(project: Project, name: str, folder: Path, partial: Path) -> None:
    """A folder of images as the one archive of a dataset, the same bytes for the same images."""
    http.forget(partial)
    files.make_folder(partial.parent)
    try:
        readers.load(dataset_entry(project, name).reader).pack(folder, partial)
    except OSError as error:
        raise files.explain(error, partial) from error


def _packaged(place: str) -> Path:
    package, _, inside = place.removeprefix("package:").partition("/")
    try:
        return Path(str(resources.files(package).joinpath(inside)))
    except ModuleNotFoundError as error:
        raise http.UnreachableError(f"the Python package '{package}' is not installed") from error


def check_room(path: Path, size: int) -> None:
    """Raise UserError if the disk cannot take `size` more bytes."""
    free = shutil.disk_usage(files.make_folder(path.parent)).free
    if size > free:
        raise UserError(
            f"no space left on the disk that holds {path.parent}: {size / 1e9:.2f} GB needed, "
            f"{free / 1e9:.2f} GB free. Free some and start again."
        )


def _settle(partial: Path, target: Path) -> None:
    """A verified file under its final name, surely on disk."""
    files.make_folder(target.parent)
    try:
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        raise files.explain(error, target) from error
    http.forget(partial)


def _set_aside(
    project: Project,
    name: str,
    path: Path,
    file: DatasetFile,
    origin: str,
    wrong: list[str],
    say: Say | None,
) -> str:
    """Keep a wrong file out of the way, under a name of its own; returns what to report."""
    kept = files.make_folder(aside(project, "wrong", name)) / (
        f"{file.name}.wrong-{checksums.of_file(path).sha256[:12]}"
    )
    path.replace(kept)
    http.forget(path)
    report = f"{origin}: not the right file: {'; '.join(wrong)}; kept aside as {kept}"
    if say:
        say(report)
    return report.removeprefix(f"{origin}: ") if origin.startswith("http") else report


def main(arguments: list[str]) -> int:
    """`python -m ncmc.data.download NAME`. Exit code 0, 1 (cannot be had) or 2 (wrong usage)."""
    if len(arguments) != 1:
        print("usage: python -m ncmc.data.download NAME", file=sys.stderr)
        return 2

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        download(Project.find(), arguments[0], os.environ.get(SOURCE), say=say)
    except UserError as error:
        say(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("stopped; what has come so far is kept and gone on from next time")
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
