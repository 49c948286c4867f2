"""Standard output and error that never end a command: any character, a full disk, a closed pipe."""

import codecs
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

# What our own words use beyond ASCII, for terminals and files that have no more than that.
PLAIN = {
    "±": "+-",
    "–": "-",
    "−": "-",
    "·": ".",
    "…": ".",
    "✓": "+",
    "✗": "x",
    "█": "#",
    "▏": "|",
    "•": "*",
}


class Watched:
    """A text stream whose failures are kept in `lost` instead of raised.

    A training must not die because nobody reads its log any more; its exit code tells of it.
    """

    def __init__(self, stream: TextIO, lost: OSError | None = None) -> None:
        self._stream = stream
        self._closed = lost  # why nothing that is written arrives
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """Write `text`, or note that it is lost."""
        if self._closed and text:
            self.lost = self._closed
        try:
            return self._stream.write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        """Flush, or note that what was written is lost."""
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """From here on to nowhere: what still stands in buffers would fail again and again."""
        self.lost = self.lost or error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def watched() -> Iterator[tuple[Watched, Watched]]:
    """(standard output, standard error) in whose place these stand for the time of a command."""
    codecs.register_error("ncmc", _in_plain_characters)
    _occupy_closed_descriptors()
    before = sys.stdout, sys.stderr
    out, err = _watched(sys.stdout), _watched(sys.stderr)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
    try:
        yield out, err
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before


def lost_output(out: Watched, err: Watched) -> bool:
    """Whether something that was printed has not arrived; says so where there is a reader."""
    out.flush()
    if out.lost and out.lost.errno != errno.EPIPE:  # `ncmc list | head` wants to hear no more
        print(
            f"ncmc: standard output cannot be written ({out.lost.strerror}): what was printed is lost.",
            file=err,
        )
    err.flush()
    return bool(out.lost or err.lost)


def _occupy_closed_descriptors() -> None:
    """Open nothing under 0, 1 and 2: a file of ours there would get what libraries print."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free


def _watched(stream: TextIO | None) -> Watched:
    if stream is None:  # closed by whoever started us: `ncmc ... >&-`
        return Watched(
            Path(os.devnull).open("w", encoding="utf-8"),
            OSError(errno.EBADF, "it is closed"),
        )
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="ncmc")
    return Watched(stream)


def _in_plain_characters(error: UnicodeError) -> tuple[str, int]:
    """An error handler of `codecs`: our own characters in ASCII, others as `backslashreplace`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    came = error.object[error.start : error.end]
    if any(character not in PLAIN for character in came):
        return cast(tuple[str, int], codecs.backslashreplace_errors(error))
    return "".join(PLAIN[character] for character in came), error.end
