"""The archives of a dataset: official address, mirror or path -> data/raw/NAME, all verified.

Also the command of the DVC stage: `python -m ncmc.data.download NAME`.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import requests

from ncmc.data import checksums, raw, readers
from ncmc.data.checksums import Digest
from ncmc.data.raw import Say
from ncmc.errors import UserError, shortened
from ncmc.plan.dataset_entries import PACKAGE, DatasetFile, dataset_entry
from ncmc.project import Project
from ncmc.system import files

Progress = Callable[[str, int, int | None], None]  # file name, bytes so far, bytes in all

WEB = ("http://", "https://")
BLOCK = 1 << 18  # bytes asked of the socket at a time
PASSING = (408, 425, 429, 500, 502, 503, 504)  # HTTP statuses after which it is tried again


@dataclass(frozen=True)
class Patience:
    """How long an address is tried. Times in seconds."""

    attempts: int = 6
    wait: float = 1.0  # before the second attempt, and as much longer before each later one
    silence: float = 30.0  # without a byte
    whole: float = 600.0  # for a file, whatever comes of it, and...
    rate: float = 50_000.0  # ...a second more for so many bytes of it


PATIENCE = Patience()


class UnreachableError(Exception):
    """This address will not do; the reason is the message. Another one may."""


def download(
    project: Project,
    name: str,
    source: str | Path | None = None,
    *,
    anew: bool = False,
    progress: Progress | None = None,
    say: Say = raw.say_nothing,
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
    say: Say

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
                self.say(failures[-1])
            else:
                with files.atomic_path(raw.folder(self.project, self.name) / self.file.name) as new:
                    self.partial.replace(new)
                return
        why = f"{' | '.join(failures)}." if failures else f"It has no address. {self.entry.get}"
        raise UserError(
            f"{self.file.name} of {self.name} could not be fetched. {why.strip()} If you have the file "
            f"or its folder, or another address, run `ncmc fetch {self.name} --from PATH_OR_ADDRESS`."
        )

    def _place(self, source: str) -> str:
        """The file itself, where `source` may be the folder that holds it."""
        name, alone = self.file.name, len(self.entry.files) == 1
        if source.startswith(WEB):
            is_file = source.rpartition("/")[2] == name or (alone and source[-1] != "/")
            return source if is_file else f"{source.rstrip('/')}/{name}"
        path = local_path(source)
        if path.is_dir():
            return str(path if self._packs(path) else path / name)
        return str(path)

    def _packs(self, path: Path) -> bool:
        """Whether a folder of images stands in for the archive."""
        packs = hasattr(self.reader, "pack") and path.is_dir()
        return packs and not (path / self.file.name).is_file()

    def _from_web(self, url: str) -> None:
        """`url` -> `partial`, verified, within a limit. A proxy is taken from HTTPS_PROXY and the like.

        Raises UnreachableError with the reason, UserError for a full disk or an unwritable folder.
        """
        files.make_folder(self.partial.parent)
        limit, reason = PATIENCE.whole + (self.file.size or 0) / PATIENCE.rate, ""
        deadline = time.monotonic() + limit
        with requests.Session() as session:
            session.max_redirects = 10
            session.headers.update({"Accept-Encoding": "identity", "User-Agent": "ncmc"})
            for attempt in range(PATIENCE.attempts):
                time.sleep(PATIENCE.wait * attempt)
                if self.file.checksum is None:  # nothing could tell that the parts belong together
                    self.partial.unlink(missing_ok=True)
                resumed = self.partial.exists()
                try:
                    if not self._transfer(session, url, deadline):
                        reason = f"not done after {limit / 60:.0f} minutes; the next call resumes"
                        raise UnreachableError(reason)
                except (UnreachableError, UserError):
                    raise
                except Exception as error:  # a stranger's answer can raise anything
                    reason = _plain(error)
                    self.say(f"{url}: {reason}")
                    continue
                try:
                    return self._verify(self.partial)
                except UnreachableError as error:
                    self.partial.unlink()
                    if not resumed:
                        raise
                    reason = str(error)  # a part that was continued wrongly: all of it once more
        raise UnreachableError(f"{reason} ({PATIENCE.attempts} attempts)")

    def _transfer(self, session: requests.Session, url: str, deadline: float) -> bool:
        """The rest of `partial`; whether it came before the deadline."""
        done, expected = files.size(self.partial) or 0, self.file.size
        if done == expected:
            return True
        headers = {"Range": f"bytes={done}-"} if done else {}
        with session.get(url, headers=headers, stream=True, timeout=PATIENCE.silence) as response:
            status = response.status_code
            if status in PASSING:
                raise requests.HTTPError(f"HTTP {status}")
            if status not in (200, 206, 416):
                raise UnreachableError(f"HTTP {status}")
            if status != 206:  # the server sends all of it, or has no such part
                done = 0
                self._write(b"", "wb")
            if status == 416:
                raise requests.HTTPError("the server has no such part")
            left = response.raw.length_remaining
            total = expected if left is None else done + left
            # undecoded, as some servers call a .tar.gz gzip-encoded
            while block := response.raw.read1(BLOCK, decode_content=False):
                self._write(block, "ab")
                done += len(block)
                if expected is not None and done > expected:
                    raise UnreachableError(f"sends more than the {expected:,} bytes expected")
                if self.progress:
                    self.progress(self.file.name, done, total)
                if time.monotonic() > deadline:
                    return False
        return True

    def _write(self, block: bytes, mode: str) -> None:
        try:
            with self.partial.open(mode) as file:
                file.write(block)
        except OSError as error:
            raise files.explain(error, self.partial) from error

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


def local_path(source: str | Path) -> Path:
    """The path that a user gave. Raises UserError if it cannot be one."""
    path = Path(os.path.expanduser(source))  # noqa: PTH111 - pathlib's raises for ~nobody
    files.size(path)  # a name that is too long, a folder that may not be read
    return path


def _packaged(place: str) -> Path:
    package, _, inside = place.removeprefix(PACKAGE).partition("/")
    spec = find_spec(package)  # without importing it
    if spec is None or not spec.submodule_search_locations:
        raise UnreachableError(f"the Python package '{package}' is not installed")
    return Path(spec.submodule_search_locations[0], inside)


def _plain(error: BaseException) -> str:
    """A network error in a few words: the outermost kind and the innermost reason."""
    kind = type(error).__name__
    while error.__context__ is not None:
        error = error.__context__
    return f"{kind}: {shortened(str(error)) or type(error).__name__}"


if __name__ == "__main__":
    try:
        download(Project.find(), sys.argv[1], say=lambda line: print(line, file=sys.stderr))
    except UserError as error:
        raise SystemExit(f"error: {error}") from None
