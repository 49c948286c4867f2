"""The command `ncmc`, also as `python -m ncmc`.

A checkout has the commands in the folder cli/; a wheel has them inside of this package, as a package of
the name `cli` among everybody's would be in the way of others.
"""

import sys
from importlib import import_module
from importlib.util import find_spec


def app() -> None:
    """Run the command line."""
    if find_spec("ncmc.cli"):  # only in a wheel: its modules import each other as `cli`
        sys.modules["cli"] = import_module("ncmc.cli")
    import_module("cli.main").app()


if __name__ == "__main__":
    app()
