"""One address -> one file on disk: tried again, resumed where it broke, and given up in time."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import requests

from ncmc.data.raw import Say
from ncmc.errors import UserError, shortened
from ncmc.system import files

Progress = Callable[[str, int, int | None], None]  # file name, bytes so far, bytes in all

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


class UnreachableError(Exception):
    """This address will not do; the reason is the message. Another one may."""


@dataclass
class Transfer:
    """`url` -> `partial`, of `size` bytes if that is known.

    Nothing here says that it is the right file: the caller compares checksums.
    """

    url: str
    partial: Path
    size: int | None
    resume: bool  # append to what `partial` holds already
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
                f"not done after {limit / 60:.0f} minutes; the next call resumes"
            ) from error
        finally:
            self._stop.set()

    def _attempts(self) -> None:
        reason = ""
        with requests.Session() as session:
            session.max_redirects = 10
            session.headers.update({"Accept-Encoding": "identity", "User-Agent": "ncmc"})
            for attempt in range(self.patience.attempts):
                if self._stop.wait(self.patience.wait * attempt):
                    return
                if not self.resume:
                    self.partial.unlink(missing_ok=True)
                try:
                    return self._attempt(session)
                except (UnreachableError, UserError):
                    raise
                except Exception as error:  # a stranger's answer can raise anything
                    reason = _plain(error)
                    if self.say:
                        self.say(f"{self.url}: {reason}")
        raise UnreachableError(f"{reason} ({self.patience.attempts} attempts)")

    def _attempt(self, session: requests.Session) -> None:
        have = files.size(self.partial) or 0
        if have == self.size:
            return
        headers = {"Range": f"bytes={have}-"} if have else {}
        silence = self.patience.silence
        with session.get(self.url, headers=headers, stream=True, timeout=silence) as response:
            status = response.status_code
            if status in PASSING:
                raise requests.HTTPError(f"HTTP {status}")
            if status not in (200, 206, 416):
                raise UnreachableError(f"HTTP {status}")
            if have and status != 206:  # the server sends all of it, or has no such part
                self._write(b"", "wb")
            if status == 416:
                raise requests.HTTPError("the server has no such part")
            left = response.raw.length_remaining
            done = have if status == 206 else 0
            total = self.size if left is None else done + left
            # undecoded, as some servers call a .tar.gz gzip-encoded
            while block := response.raw.read1(BLOCK, decode_content=False):
                if self._stop.is_set():  # the file may be another address's by now
                    return
                self._write(block, "ab")
                done += len(block)
                if self.size is not None and done > self.size:
                    raise UnreachableError(f"sends more than the {self.size:,} bytes expected")
                if self.progress:
                    self.progress(self.partial.name.removesuffix(".part"), done, total)

    def _write(self, block: bytes, mode: str) -> None:
        try:
            with self.partial.open(mode) as file:
                file.write(block)
        except OSError as error:
            raise files.explain(error, self.partial) from error


def _plain(error: BaseException) -> str:
    """A network error in a few words: the outermost kind and the innermost reason."""
    kind = type(error).__name__
    while error.__context__ is not None:
        error = error.__context__
    return f"{kind}: {shortened(str(error)) or type(error).__name__}"
