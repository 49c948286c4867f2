"""Standard output and error: what is printed cannot steer a terminal, or end a command.

Everything that any module prints passes through here: control characters and their like arrive
escaped, whatever name of a stranger they stood in, and a full disk or a closed pipe raises nothing.
"""

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

from ncmc.errors import printable, wrapped
from ncmc.paths import OURS, PAPER_VARIABLE, commands_of_paper

AT_END: list[Callable[[], None]] = []  # remarks on a command, made when it ends


class Watched:
    """A text stream whose failures are kept in `lost` instead of raised.

    A training must not die because nobody reads its log any more; its exit code tells of it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """Write `text`, or note that it is lost."""
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
        """From here on to nowhere: what still stands in buffers would fail again and again.

        A reader who went away (`ncmc list | head`, a launcher that stopped listening) lost nothing.
        """
        if error.errno != errno.EPIPE:
            self.lost = self.lost or error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Printable:
    """A text stream that nothing printed can steer; Rich's own colours pass it by.

    `cli.show.grids.console` is a Rich console whose texts are printable too.
    """

    def __init__(self, stream: Watched) -> None:
        self.rich_proxied_file = stream  # where Rich asks whether it may write itself

    def write(self, text: str) -> int:
        """Write `text`, with what is not printable escaped."""
        self.rich_proxied_file.write(printable(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


@contextmanager
def watched() -> Iterator[tuple[Watched, Watched]]:
    """(standard output, standard error) in whose place these stand for the time of a command."""
    before = sys.stdout, sys.stderr
    out, err = _watched(sys.stdout), _watched(sys.stderr)
    sys.stdout, sys.stderr = cast(TextIO, Printable(out)), cast(TextIO, Printable(err))
    try:
        yield out, err
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before


def say_on_stderr(text: str) -> None:
    """An error, or a remark beside the output of a command; commands in it ask the open paper."""
    asked = commands_of_paper(text, os.environ.get(PAPER_VARIABLE) or OURS)
    print(wrapped(f"ncmc: {asked}"), file=sys.stderr)


def lost_output(out: Watched, err: Watched) -> bool:
    """Whether something that was printed has not arrived; says so where there is a reader."""
    out.flush()
    if out.lost:
        print(
            f"ncmc: standard output cannot be written ({out.lost.strerror}): what was printed is lost.",
            file=err,
        )
    err.flush()
    return bool(out.lost or err.lost)


def _watched(stream: TextIO | None) -> Watched:
    if stream is None:  # closed by whoever started us, who wants to hear nothing: `ncmc ... 2>&-`
        return Watched(Path(os.devnull).open("w", encoding="utf-8"))
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return Watched(stream)
