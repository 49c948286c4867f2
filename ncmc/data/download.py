"""The archives of a dataset: official address, mirror or path -> data/raw/NAME, all verified.

Also the command of the DVC stage: `python -m ncmc.data.download NAME`.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ncmc.data import checksums, raw, readers
from ncmc.data.checksums import Digest
from ncmc.data.http import Patience, Progress, Transfer, UnreachableError
from ncmc.data.raw import Say
from ncmc.errors import UsageError, UserError, shortened
from ncmc.plan.dataset_entries import PACKAGE, Dataset, DatasetFile, dataset_entry
from ncmc.project import Project
from ncmc.system import files

SOURCE = "NCMC_FROM"  # environment: where the DVC stage takes archives from
PATIENCE = Patience()
WEB = ("http://", "https://")


def download(
    project: Project,
    name: str,
    source: str | Path | None = None,
    *,
    anew: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
) -> dict[str, Digest]:
    """Make data/raw/NAME whole and return the digests of its files.

    `source` replaces the addresses of config/datasets.yaml: a file, a folder that holds the files,
    or an http(s) address of either. Files that are there and right are left alone, unless `anew`;
    then they stay until the new ones are whole.
    Raises UserError that says what failed at which address, and what to do.
    """
    with raw.dataset_lock(project, name, say):
        for file in dataset_entry(project, name).files:
            if anew or raw.faults(project, name, file):
                _One(project, name, file, progress, say).bring(source)
        return raw.verified(project, name)


@dataclass
class _One:
    """One file of a dataset on its way to data/raw."""

    project: Project
    name: str
    file: DatasetFile
    progress: Progress | None
    say: Say | None

    @property
    def entry(self) -> Dataset:
        return dataset_entry(self.project, self.name)

    @property
    def partial(self) -> Path:
        return raw.aside(self.project, "partial", self.name) / f"{self.file.name}.part"

    def bring(self, source: str | Path | None) -> None:
        """From the first place that has it, and under its final name."""
        failures = []
        for place in self._places(source):
            try:
                if place.startswith(WEB):
                    self._from_web(place)
                else:
                    self._from_disk(place)
            except UnreachableError as error:
                failures.append(f"{place}: {error}")
                if self.say:
                    self.say(failures[-1])
            else:
                return self._settle()
        raise UserError(
            f"{self.file.name} of {self.name} could not be fetched. {' | '.join(failures)}. If you "
            f"can get the file in another way, run `ncmc fetch {self.name} --from PATH_OR_ADDRESS`."
        )

    def _places(self, source: str | Path | None) -> list[str]:
        """Where to look for the file, in order: addresses, `package:` paths, paths on this disk."""
        name, file, alone = self.name, self.file, len(self.entry.files) == 1
        if source is None:
            if not file.urls:
                raise UserError(
                    f"{name} has no address to fetch {file.name} from. "
                    f"Run `ncmc fetch {name} --from PATH` with the path of that file or of its folder."
                )
            return list(file.urls)
        place = str(source)
        if place.startswith(WEB):
            is_file = place.rpartition("/")[2] == file.name or (alone and place[-1] != "/")
            return [place if is_file else f"{place.rstrip('/')}/{file.name}"]
        path = on_this_disk(place)
        if path.is_dir() and (files.size(path / file.name) is not None or not self._packs()):
            path /= file.name
        elif path.is_file() and path.name != file.name and not alone:
            names = ", ".join(f.name for f in self.entry.files)
            raise UserError(
                f"{path} is one file, but {name} consists of {names}. "
                "Give the folder that holds them all."
            )
        return [str(path)]

    def _packs(self) -> bool:
        """Whether a folder of images may stand in for the archive."""
        return getattr(readers.load(self.entry.reader), "FOLDERS", False)

    def _from_web(self, url: str) -> None:
        """`url` -> `partial`, verified. A part that was gone on from wrongly costs a second try."""
        size, checked = self.file.size, self.file.checksum is not None
        while True:
            have = (files.size(self.partial) or 0) if checked else 0
            check_room(self.partial, (size or 0) - have)
            Transfer(url, self.partial, size, checked, PATIENCE, self.progress, self.say).run()
            fault = self._fault(self.partial)
            if fault is None:
                return self._examine(self.partial)
            self.partial.unlink()
            if not have:
                raise UnreachableError(f"not the right file: {fault}")

    def _from_disk(self, place: str) -> None:
        """A file or folder on this disk, or a file of an installed package -> `partial`, verified."""
        path = _packaged(place) if place.startswith(PACKAGE) else Path(place)
        if path.is_dir() and self._packs():
            self._examine(path)
            files.make_folder(self.partial.parent)
            try:
                return readers.load(self.entry.reader).pack(path, self.partial)
            except OSError as error:
                raise files.explain(error, self.partial) from error
        if files.size(path) is None:
            raise UnreachableError("there is no such file")
        if fault := self._fault(path):
            raise UnreachableError(f"not the right file: {fault}")
        self._examine(path)
        self._copy(path)

    def _fault(self, path: Path) -> str | None:
        digest = checksums.of_file(path)
        wrong = checksums.differences(digest, self.file)
        return "; ".join(wrong) or (None if digest.size else "it is empty")

    def _examine(self, path: Path) -> None:
        """Refuse somebody's own images that cannot be read before anything is recorded."""
        reader = readers.load(self.entry.reader)
        if self.file.checksum is None and hasattr(reader, "examine"):
            reader.examine(path, self.entry)

    def _copy(self, path: Path) -> None:
        check_room(self.partial, files.size(path) or 0)
        try:
            shutil.copyfile(path, self.partial)
        except OSError as error:
            raise files.explain(error, self.partial) from error

    def _settle(self) -> None:
        """The verified file under its final name, surely on disk."""
        target = raw.folder(self.project, self.name) / self.file.name
        files.make_folder(target.parent)
        try:
            with self.partial.open("rb") as file:
                os.fsync(file.fileno())
            self.partial.replace(target)
        except OSError as error:
            raise files.explain(error, target) from error
        raw.checksum_cache(self.project, self.name).digest(target)


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


def _packaged(place: str) -> Path:
    package, _, inside = place.removeprefix(PACKAGE).partition("/")
    try:
        return Path(str(resources.files(package).joinpath(inside)))
    except ModuleNotFoundError as error:
        raise UnreachableError(f"the Python package '{package}' is not installed") from error


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
