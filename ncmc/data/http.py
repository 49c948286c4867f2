"""One address -> one file on disk: tried again, gone on from where it broke, and given up in time."""

import re
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from ncmc.data.raw import Say
from ncmc.errors import shortened
from ncmc.system import files

Progress = Callable[[str, int, int | None], None]  # file name, bytes so far, bytes in all

BLOCK = 1 << 18  # bytes asked of the socket at a time
RETRIED = (408, 425, 429, 500, 502, 503, 504)  # HTTP statuses that pass


@dataclass(frozen=True)
class Patience:
    """How long an address is tried. Times in seconds."""

    attempts: int = 10  # at a body that breaks
    retries: int = 4  # where no answer comes, or one that says "later"
    wait: float = 1.0  # before the second attempt, and as much longer before each later one
    silence: float = 30.0  # without a byte
    whole: float = 600.0  # for a file, whatever comes of it, and...
    rate: float = 50_000.0  # ...a second more for so many bytes of it


class UnreachableError(Exception):
    """This address will not do; the reason is the message. Another one may."""


class _BrokenError(Exception):
    """The connection ended too early, or the server sent another part than asked for."""


@dataclass
class Transfer:
    """`url` -> `partial`, of `size` bytes if that is known."""

    url: str
    partial: Path
    size: int | None
    checked: bool  # the caller compares a checksum: what is there already may be gone on from
    patience: Patience
    progress: Progress | None = None
    say: Say | None = None

    def run(self) -> None:
        """Bring it. A proxy is taken from the usual variables (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).

        Raises UnreachableError with the reason, UserError for a full disk or an unwritable folder.
        """
        files.make_folder(self.partial.parent)
        limit = self.patience.whole + (self.size or 0) / self.patience.rate
        self._stop, work = Event(), Future[None]()

        def attempts() -> None:
            try:
                self._attempts()
                work.set_result(None)
            except BaseException as error:
                work.set_exception(error)

        # on a thread: a server can send one header, or one chunk's length, byte by byte for ever
        Thread(target=attempts, daemon=True).start()
        try:
            work.result(limit)
        except TimeoutError as error:
            raise UnreachableError(
                f"not done after {limit / 60:.0f} minutes; the next call goes on from there"
            ) from error
        finally:
            self._stop.set()

    def _attempts(self) -> None:
        fault: _BrokenError | None = None
        with _session(self.patience) as session:
            for attempt in range(self.patience.attempts):
                if self._stop.wait(self.patience.wait * attempt):
                    return
                try:
                    return self._attempt(session)
                except _BrokenError as error:
                    fault = error
                    if self.say:
                        self.say(f"{self.url}: {error}")
        raise UnreachableError(f"{fault} ({self.patience.attempts} attempts)")

    def _attempt(self, session: requests.Session) -> None:
        have = (files.size(self.partial) or 0) if self.checked else 0
        if have == self.size:
            return
        headers = {"Range": f"bytes={have}-"} if have else None
        try:
            response = session.get(
                self.url, headers=headers, stream=True, timeout=self.patience.silence
            )
        except Exception as error:  # a stranger's answer can raise anything
            raise UnreachableError(_plain(error)) from error
        with response:
            start = self._start(response, have)
            length = _number(r"(\d{1,18})", response.headers.get("Content-Length", ""))
            total = self.size if length is None else start + length
            if self.size is not None and total != self.size:
                raise UnreachableError(f"offers {total:,} bytes, expected {self.size:,}")
            done = self._receive(response, start, total)
        if total is not None and done != total:
            raise _BrokenError(f"the connection ended after {done:,} of {total:,} bytes")

    def _start(self, response: requests.Response, have: int) -> int:
        """The offset that the body starts at."""
        status = response.status_code
        part = _number(r"bytes (\d{1,18})-.*", response.headers.get("Content-Range", ""))
        if status == 200:
            return 0
        if status == 206 and part == have:
            return have
        if status in (206, 416):
            self.partial.unlink(missing_ok=True)
            raise _BrokenError("the server has no such part")
        raise UnreachableError(f"HTTP {status}")

    def _receive(self, response: requests.Response, start: int, total: int | None) -> int:
        """Write the body from `start` on; returns how many bytes there are then."""
        done, block = start, self._next(response)
        try:
            with self.partial.open("r+b" if start else "wb") as file:
                file.seek(start)
                file.truncate()
                while block:
                    file.write(block)
                    done += len(block)
                    if total is not None and done > total:
                        file.truncate(0)
                        raise UnreachableError(f"sends more than the {total:,} bytes expected")
                    if self.progress:
                        self.progress(self.partial.name.removesuffix(".part"), done, total)
                    block = self._next(response)
        except OSError as error:
            raise files.explain(error, self.partial) from error
        return done

    def _next(self, response: requests.Response) -> bytes:
        """What has come of the body; undecoded, as some servers call a .tar.gz gzip-encoded."""
        try:
            block: bytes = response.raw.read1(BLOCK, decode_content=False)
        except Exception as error:  # as many kinds as there are faults
            raise _BrokenError(_plain(error)) from error
        if self._stop.is_set():
            raise _BrokenError("given up")  # the file may be another address's by now
        return block


def _session(patience: Patience) -> requests.Session:
    session = requests.Session()
    session.max_redirects = 10
    session.headers.update({"Accept-Encoding": "identity", "User-Agent": "ncmc"})
    retry = Retry(
        patience.retries,
        backoff_factor=patience.wait,
        status_forcelist=RETRIED,
        raise_on_status=False,
        respect_retry_after_header=False,  # it may ask for years
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _number(pattern: str, value: str) -> int | None:
    found = re.fullmatch(pattern, value, re.ASCII)
    return int(found[1]) if found else None


def _plain(error: BaseException) -> str:
    """A network error in a few words: the outermost kind and the innermost reason."""
    kind = type(error).__name__
    while error.__context__ is not None:
        error = error.__context__
    return f"{kind}: {shortened(str(error)) or type(error).__name__}"
