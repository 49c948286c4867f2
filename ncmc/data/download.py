"""The archives of a dataset: official address, mirror or path -> data/raw/NAME, all verified.

Also the command of the DVC stage: `python -m ncmc.data.download NAME`.
"""

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
from ncmc.plan.dataset_entries import PACKAGE, DatasetFile, dataset_entry
from ncmc.project import Project
from ncmc.system import files

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
                _Delivery(project, name, file, progress, say).bring(source)
        return raw.verified(project, name)


@dataclass
class _Delivery:
    """One file of a dataset on its way to data/raw."""

    project: Project
    name: str
    file: DatasetFile
    progress: Progress | None
    say: Say | None

    def __post_init__(self) -> None:
        self.entry = dataset_entry(self.project, self.name)
        self.reader = readers.load(self.entry.reader)
        self.partial = raw.aside(self.project, "partial", self.name) / f"{self.file.name}.part"

    def bring(self, source: str | Path | None) -> None:
        """From the first place that has it, and under its final name, surely on disk."""
        failures = []
        for place in self.file.urls if source is None else [self._place(str(source))]:
            try:
                (self._from_web if place.startswith(WEB) else self._from_disk)(place)
            except UnreachableError as error:
                failures.append(f"{place}: {error}")
                if self.say:
                    self.say(failures[-1])
            else:
                with files.atomic_path(raw.folder(self.project, self.name) / self.file.name) as new:
                    self.partial.replace(new)
                return
        why = (
            f"{' | '.join(failures)}."
            if failures
            else f"It has no address. {self.entry.get}".strip()
        )
        raise UserError(
            f"{self.file.name} of {self.name} could not be fetched. "
            f"{why} If you have the file or its "
            f"folder, or another address, run `ncmc fetch {self.name} --from PATH_OR_ADDRESS`."
        )

    def _place(self, source: str) -> str:
        """The file itself, where `source` may be the folder that holds it."""
        name, alone = self.file.name, len(self.entry.files) == 1
        if source.startswith(WEB):
            is_file = source.rpartition("/")[2] == name or (alone and source[-1] != "/")
            return source if is_file else f"{source.rstrip('/')}/{name}"
        path = on_this_disk(source)
        if path.is_dir():
            return str(path if self._packs(path) else path / name)
        return str(path)

    def _packs(self, path: Path) -> bool:
        """Whether a folder of images stands in for the archive."""
        packs = getattr(self.reader, "FOLDERS", False)
        return packs and path.is_dir() and not (path / self.file.name).is_file()

    def _from_web(self, url: str) -> None:
        """`url` -> `partial`, verified. A part that was continued wrongly costs a second download."""
        checked = self.file.checksum is not None
        while True:
            resumed = checked and self.partial.exists()
            size = self.file.size
            Transfer(url, self.partial, size, checked, PATIENCE, self.progress, self.say).run()
            try:
                return self._verify(self.partial)
            except UnreachableError:
                self.partial.unlink()
                if not resumed:
                    raise

    def _from_disk(self, place: str) -> None:
        """A file or folder on this disk, or a file of an installed package -> `partial`, verified."""
        path = _packaged(place) if place.startswith(PACKAGE) else Path(place)
        packs = self._packs(path)
        if not packs and files.size(path) is None:
            raise UnreachableError("there is no such file")
        self._verify(path)
        with files.atomic_path(self.partial) as new:
            self.reader.pack(path, new, self.say) if packs else shutil.copyfile(path, new)

    def _verify(self, path: Path) -> None:
        """Raise UnreachableError for another file than the declared one.

        Somebody's own images, where no checksum is declared, raise UserError if they cannot be read.
        """
        if not path.is_dir():
            digest = checksums.of_file(path)
            wrong = checksums.differences(digest, self.file)
            if wrong or not digest.size:
                raise UnreachableError(f"not the right file: {'; '.join(wrong) or 'it is empty'}")
        if self.file.checksum is None and hasattr(self.reader, "examine"):
            self.reader.examine(path, self.entry)


def on_this_disk(source: str | Path) -> Path:
    """The path that a user gave. Raises UserError if it cannot be one."""
    try:
        path = Path(source).expanduser()
        files.size(path)  # a name that is too long, a folder that may not be read
    except (RuntimeError, ValueError) as error:  # ~nobody, a zero byte
        raise UsageError(f"--from is '{shortened(str(source))}': {error}.") from error
    return path


def _packaged(place: str) -> Path:
    package, _, inside = place.removeprefix(PACKAGE).partition("/")
    try:
        return Path(str(resources.files(package).joinpath(inside)))
    except ModuleNotFoundError as error:
        raise UnreachableError(f"the Python package '{package}' is not installed") from error


if __name__ == "__main__":
    try:
        download(Project.find(), sys.argv[1], say=lambda line: print(line, file=sys.stderr))
    except UserError as error:
        raise SystemExit(f"error: {error}") from None
