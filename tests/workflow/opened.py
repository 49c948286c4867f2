"""`python opened.py COMMAND ...` runs an `ncmc` command; prints which configuration files it opened."""

import os
import sys

opened: set[str] = set()


def note(event: str, arguments: tuple[object, ...]) -> None:
    """Keep the path of each file that Python opens."""
    if event == "open" and isinstance(arguments[0], str):
        opened.add(os.path.relpath(arguments[0]))


sys.addaudithook(note)

from cli.main import app  # noqa: E402

try:
    app(sys.argv[1:])
finally:
    print(
        *sorted(path for path in opened if path.startswith(("config/", "papers/"))), file=sys.stderr
    )
