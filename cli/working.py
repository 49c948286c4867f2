"""A command that takes a while says what it does: a moving sign on a terminal, lines in a log."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Say on standard error what is being done, as long as it is. Print nothing meanwhile.

    Gives a function to say what is being done now, and how far it is.
    """
    from cli.show.grids import console, literal

    out = console(stderr=True)
    if not out.is_terminal:

        def line(now: str) -> None:
            print(f"ncmc: {now} ...", file=sys.stderr, flush=True)

        line(what)
        yield line
        return
    from rich.live import Live
    from rich.spinner import Spinner

    sign = Spinner("dots", text=literal(f"{what} ..."))
    # Standard output may be a pipe, so it is left as it is.
    with Live(sign, console=out, transient=True, redirect_stdout=False, redirect_stderr=False):
        yield lambda now: sign.update(text=literal(f"{now} ..."))
