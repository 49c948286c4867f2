"""One address -> one file on disk, over HTTP: resumed, retried, and given up with a reason."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3

from ncmc.errors import UserError
from ncmc.system import documents, files
from ncmc.system.documents import Strict

Progress = Callable[[str, int, int | None], None]  # file name, bytes so far, bytes in all
Say = Callable[[str], None]  # one line for the user

BLOCK = 1 << 18  # bytes asked of the socket at a time
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})  # HTTP statuses that pass


@dataclass(frozen=True)
class Patience:
    """How long a download is tried. Times in seconds."""

    attempts: int = 5  # in a row without a new byte, at one address
    wait: float = 1.0  # before the second attempt; doubled each time
    longest_wait: float = 30.0
    connect: float = 15.0
    silence: float = 30.0  # without a byte
    slowest: float = 1024.0  # bytes a second, averaged over `window`
    window: float = 30.0


PATIENCE = Patience()


class UnreachableError(Exception):
    """This address will not do; the reason is the message. Another one may."""


class _Note(Strict):
    """Beside a partial file: where it comes from, and what proves the rest is of the same file."""

    url: str
    validator: str | None  # a strong ETag, or the date of the last change


class _RetryError(Exception):
    """This attempt failed in a way that may pass."""

    def __init__(self, reason: str, wait: float | None = None, slow: bool = False) -> None:
        super().__init__(reason)
        self.wait = wait  # seconds, if the server asked for a pause
        self.slow = slow  # bytes came, but too slowly


def fetch(
    url: str,
    partial: Path,
    *,
    size: int | None = None,
    checked: bool = False,
    patience: Patience = PATIENCE,
    progress: Progress | None = None,
    say: Say | None = None,
) -> None:
    """Bring what `url` holds into `partial`, resuming after the bytes that are there already.

    `size`: bytes expected; an address that offers another number is given up. `checked`: the caller
    compares a checksum afterwards, so it may resume after bytes that
    another address sent.
    Raises UnreachableError with the reason, UserError for a full disk or an unwritable folder.
    A proxy is taken from the usual variables (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).
    """
    fruitless = 0
    wait = patience.wait
    with requests.Session() as session:
        session.max_redirects = 10
        while True:
            before = _size(partial)
            try:
                _Attempt(session, url, partial, size, checked, patience, progress).run()
                return
            except _RetryError as again:
                advanced = _size(partial) > before and not again.slow
                fruitless, wait = (1, patience.wait) if advanced else (fruitless + 1, wait)
                if fruitless >= patience.attempts:
                    raise UnreachableError(f"{again} ({fruitless} attempts)") from again
                pause = min(again.wait or wait, patience.longest_wait)
                if say:
                    say(f"{url}: {again}; trying again in {pause:g} s")
                time.sleep(pause)
                wait *= 2


@dataclass
class _Attempt:
    session: requests.Session
    url: str
    partial: Path
    size: int | None
    checked: bool
    patience: Patience
    progress: Progress | None

    def run(self) -> None:
        have, validator = self._resumable()
        headers = {"Accept-Encoding": "identity", "User-Agent": "ncmc"}
        if have:
            headers["Range"] = f"bytes={have}-"
            if validator:
                headers["If-Range"] = validator
        try:
            with self.session.get(
                self.url,
                headers=headers,
                stream=True,
                timeout=(self.patience.connect, self.patience.silence),
            ) as response:
                start = self._start(response, have)
                if start is not None:
                    self._receive(response, start)
        except requests.TooManyRedirects as error:
            raise UnreachableError("redirects in a circle") from error
        except requests.exceptions.SSLError as error:
            raise UnreachableError(
                f"its certificate is not accepted ({_innermost(error)})"
            ) from error
        except (
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
            requests.exceptions.MissingSchema,
        ) as error:
            raise UnreachableError(f"not an address that can be fetched ({error})") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _RetryError(_plain(error)) from error

    def _resumable(self) -> tuple[int, str | None]:
        """Bytes after which to resume, and what proves that the remote file is unchanged."""
        have = _size(self.partial)
        validator = None
        with suppress(UserError):  # no note, or a damaged one: nothing is proved
            note = documents.read_json(_note(self.partial), _Note)
            validator = note.validator if note.url == self.url else None
        too_long = self.size is not None and have > self.size
        if have and (too_long or not (validator or self.checked)):
            self.partial.unlink()
            have = 0
        return have, validator

    def _start(self, response: requests.Response, have: int) -> int | None:
        """The offset that the body starts at; None if the file is complete already."""
        status = response.status_code
        if status == 416 and have:
            if have == (self.size or _total(response)):
                return None
            self.partial.unlink(missing_ok=True)
            raise _RetryError("the server has no such part; starting from the beginning")
        if status in RETRIED:
            raise _RetryError(f"HTTP {status} {response.reason}", _retry_after(response))
        if status not in (200, 206):
            raise UnreachableError(f"HTTP {status} {response.reason}")
        start = have if status == 206 else 0
        if status == 206 and _range_start(response) != have:
            self.partial.unlink(missing_ok=True)
            raise _RetryError("the server sent another part than asked for")
        length = response.headers.get("Content-Length", "")
        if self.size is not None and length.isdigit() and start + int(length) != self.size:
            raise UnreachableError(f"offers {start + int(length):,} bytes, expected {self.size:,}")
        return start

    def _receive(self, response: requests.Response, start: int) -> None:
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdigit() else self.size
        self._write_note(response)
        done = start
        since, then = time.monotonic(), start
        with _Writing(self.partial), self.partial.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            # raw and undecoded: some servers label .tar.gz files "Content-Encoding: gzip";
            # read1 returns what has come, so that a trickle is seen as one
            while block := response.raw.read1(BLOCK, decode_content=False):
                file.write(block)
                done += len(block)
                if self.size is not None and done > self.size:
                    file.truncate(0)
                    raise UnreachableError(f"sends more than the {self.size:,} bytes expected")
                if self.progress:
                    self.progress(self.partial.name.removesuffix(".part"), done, total)
                if (elapsed := time.monotonic() - since) >= self.patience.window:
                    if (done - then) / elapsed < self.patience.slowest:
                        raise _RetryError(
                            f"only {(done - then) / elapsed:.0f} bytes a second", slow=True
                        )
                    since, then = time.monotonic(), done
        if total is not None and done != total:
            raise _RetryError(f"the connection ended after {done:,} of {total:,} bytes")

    def _write_note(self, response: requests.Response) -> None:
        etag = response.headers.get("ETag", "")
        strong = etag if etag and not etag.startswith("W/") else None
        validator = strong or response.headers.get("Last-Modified")
        note = _Note(url=self.url, validator=validator)
        files.write_atomic(_note(self.partial), note.model_dump_json() + "\n")


class _Writing:
    """Errors of the disk as UserError; those of the network go through."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        files.make_folder(self.path.parent)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        network = (requests.RequestException, urllib3.exceptions.HTTPError)
        if isinstance(error, OSError) and not isinstance(error, network):
            if isinstance(error, ConnectionError | TimeoutError):
                raise _RetryError(_plain(error)) from error
            raise files.explain(error, self.path) from error


def forget(partial: Path) -> None:
    """Remove a partial file and what is noted about it."""
    partial.unlink(missing_ok=True)
    _note(partial).unlink(missing_ok=True)


def _note(partial: Path) -> Path:
    return partial.with_name(partial.name + ".json")


def _size(path: Path) -> int:
    return files.size(path) or 0


def _total(response: requests.Response) -> int | None:
    """N of `Content-Range: bytes */N`."""
    last = response.headers.get("Content-Range", "").rpartition("/")[2]
    return int(last) if last.isdigit() else None


def _range_start(response: requests.Response) -> int | None:
    """N of `Content-Range: bytes N-M/T`."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else None


def _retry_after(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None


def _innermost(error: BaseException) -> str:
    while error.__context__ is not None:
        error = error.__context__
    return str(error) or type(error).__name__


def _plain(error: BaseException) -> str:
    """A network error in a few words."""
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy does not answer ({_innermost(error)})"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return "no answer in time"
    return f"the connection failed ({_innermost(error)})"
