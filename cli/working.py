"""A command that takes a while says so: a moving sign on a terminal, a line in a log."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say on standard error what is being done, as long as it is. Print nothing meanwhile."""
    from cli.show.grids import console, literal

    out = console(stderr=True)
    if not out.is_terminal:
        print(f"ncmc: {what} ...", file=sys.stderr, flush=True)
        yield
        return
    from rich.live import Live
    from rich.spinner import Spinner

    # Standard output may be a pipe, so it is left as it is.
    with Live(
        Spinner("dots", text=literal(f"{what} ...")),
        console=out,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield
