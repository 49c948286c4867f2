"""What there is, by name: a method or a backbone is one file, a dataset one entry."""

import importlib
from pathlib import Path
from types import ModuleType

from ncmc.errors import UsageError, unknown
from ncmc.plan import schema

KINDS = ("dataset", "backbone", "method")


def names(kind: str) -> list[str]:
    """The built names of a kind, sorted, without importing any of them."""
    if kind == "dataset":
        return sorted(schema.datasets())
    if kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    folder = Path(__file__).parents[1] / f"{kind}s"
    return sorted(_name(kind, f.stem) for f in folder.glob("*.py") if f.stem[0] != "_")


def canonical(kind: str, name: str, planned: frozenset[str] = frozenset()) -> str:
    """`name` as the catalog spells it (case and `-`/`_` do not matter).

    `planned` names are accepted too: the grid may name what is not built yet.
    Raises UsageError with the allowed names.
    """
    allowed = set(names(kind)) | planned
    for candidate in allowed:
        if _plain(candidate) == _plain(name):
            return candidate
    raise unknown(kind, name, allowed)


def load(kind: str, name: str) -> ModuleType:
    """The module of a backbone or a method.

    Raises UsageError that names the missing file if it is planned but not built.
    """
    stem = name.lower().replace("-", "_")
    file = Path(__file__).parents[1] / f"{kind}s" / f"{stem}.py"
    if not file.is_file():
        raise UsageError(
            f"{kind} '{name}' is not built yet: ncmc/{kind}s/{stem}.py is missing. "
            f"Built: {', '.join(names(kind))}."
        )
    return importlib.import_module(f"ncmc.{kind}s.{stem}")


def _name(kind: str, stem: str) -> str:
    return stem.upper().replace("_", "-") if kind == "method" else stem


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
