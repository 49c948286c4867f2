"""The archives of a dataset: official address, mirror or path -> data/raw/NAME, all verified.

Also the command of the DVC stage: `python -m ncmc.data.download NAME`.
"""

import os
import shutil
import sys
from importlib import resources
from pathlib import Path

from ncmc.data import checksums, http, raw, readers
from ncmc.data.checksums import Digest
from ncmc.data.http import Patience, Progress, Say
from ncmc.errors import UsageError, UserError, shortened
from ncmc.plan.dataset_entries import PACKAGE, DatasetFile, dataset_entry
from ncmc.project import Project
from ncmc.system import files

SOURCE = "NCMC_FROM"  # environment: where the DVC stage takes archives from
PATIENCE = Patience()


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
    with raw.dataset_lock(project, name, say):
        for file in dataset_entry(project, name).files:
            _bring(project, name, file, source, patience or PATIENCE, progress, say)
        return raw.verified(project, name)


def _bring(
    project: Project,
    name: str,
    file: DatasetFile,
    source: str | Path | None,
    patience: Patience,
    progress: Progress | None,
    say: Say | None,
) -> None:
    target = raw.folder(project, name) / file.name
    failures = raw.rejected(project, name, file, say)
    if files.size(target) is not None:
        return
    places = _places(project, name, file, source)
    for place in places:
        partial = raw.aside(project, "partial", name) / f"{file.name}.part"
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
        raw.checksum_cache(project, name).digest(target)
        return
    raise UserError(
        f"{file.name} of {name} could not be fetched. " + " | ".join(failures) + ". "
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
    path = on_this_disk(place)
    if path.is_dir():
        if files.size(path / file.name) is not None or not _packs(project, name):
            path = path / file.name
    elif path.is_file() and path.name != file.name and not alone_in_set:
        names = ", ".join(f.name for f in dataset_entry(project, name).files)
        raise UserError(
            f"{path} is one file, but {name} consists of {names}. "
            "Give the folder that holds them all."
        )
    return [str(path)]


def on_this_disk(source: str | Path) -> Path:
    """The path that a user gave. Raises UsageError if it cannot be one."""
    try:
        path = Path(source).expanduser()
        path.stat()
    except FileNotFoundError:
        return path
    except (OSError, ValueError, RuntimeError) as error:  # too long, a zero byte, ~nobody
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"--from is '{shortened(str(source))}': {reason}.") from error
    return path


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
    resumed = files.size(partial) is not None
    check_room(partial, (file.size or 0) - (files.size(partial) or 0))
    while True:
        http.fetch(
            url,
            partial,
            size=file.size,
            checked=file.checksum is not None,
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
            raw.set_aside(project, name, partial, url, wrong or ["it is empty"], say)
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
    path = _packaged(place) if place.startswith(PACKAGE) else Path(place)
    reader = readers.load(dataset_entry(project, name).reader)
    packed = path.is_dir() and getattr(reader, "FOLDERS", False)
    if files.size(path) is None and not packed:
        raise http.UnreachableError("there is no such file")
    if file.checksum is None and hasattr(reader, "examine"):
        reader.examine(path, dataset_entry(project, name))  # refuse before anything is written
    if packed:
        _pack(project, name, path, partial)
        path = partial
    total = files.size(path) or 0
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
    total, done = files.size(path), 0
    with files.open_regular(path) as reader:
        try:
            with partial.open("wb") as writer:
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


def _pack(project: Project, name: str, images: Path, partial: Path) -> None:
    """A folder of images as the one archive of a dataset, the same bytes for the same images."""
    http.forget(partial)
    files.make_folder(partial.parent)
    try:
        readers.load(dataset_entry(project, name).reader).pack(images, partial)
    except OSError as error:
        raise files.explain(error, partial) from error


def _packaged(place: str) -> Path:
    package, _, inside = place.removeprefix(PACKAGE).partition("/")
    try:
        return Path(str(resources.files(package).joinpath(inside)))
    except ModuleNotFoundError as error:
        raise http.UnreachableError(f"the Python package '{package}' is not installed") from error


def check_room(path: Path, size: int) -> None:
    """Raise UserError if the disk cannot take `size` more bytes."""
    try:
        free = shutil.disk_usage(files.make_folder(path.parent)).free
    except OSError as error:
        raise files.explain(error, path) from error
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
        say("stopped; what has come so far is kept, the next call resumes")
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
