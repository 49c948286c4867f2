"""A digest of the code that makes a method and a backbone: what it does, not how it is written.

Comments, docstrings and layout do not count, nor does the version of Python that reads the files.
"""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

from ncmc.errors import UserError
from ncmc.plan import catalog
from ncmc.project import Project, read_once

ROOMS = ("ncmc.methods", "ncmc.backbones", "ncmc.formulas")  # whose code is followed
IGNORED = ("ctx", "kind", "type_comment")  # follow from the rest, or only say how it is written


@read_once
def code_digest(project: Project, backbone: str, method: str) -> str | None:
    """SHA-256 over the files of a backbone and a method and over what they import from `ROOMS`.

    None if one of the two has no file. Raises UserError for a file that is not valid Python.
    """
    pending = [catalog.file_of("backbone", backbone), catalog.file_of("method", method)]
    if not all(file.is_file() for file in pending):
        return None
    trees: dict[Path, ast.Module] = {}
    while pending:
        file = pending.pop()
        if file not in trees:
            trees[file] = _tree(file)
            pending += _imported(file, trees[file])
    found = hashlib.sha256()
    for file in sorted(trees):
        name = file.relative_to(catalog.PACKAGE).as_posix()
        found.update(f"{name}\n{_plain(trees[file])}\n".encode())
    return found.hexdigest()


def _tree(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}.") from error
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{file} is not valid Python: {error}.") from error


def _imported(file: Path, tree: ast.Module) -> Iterator[Path]:
    """The files of `ROOMS` that a file imports, anywhere in it."""
    package = ["ncmc", *file.relative_to(catalog.PACKAGE).parent.parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            modules = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for module in modules:
            yield from _files_of(module)


def _files_of(module: str) -> Iterator[Path]:
    """The files that importing a module of `ROOMS` runs: packages on the way, and its own."""
    if not any(f"{module}.".startswith(f"{room}.") for room in ROOMS):
        return
    parts = module.split(".")[1:]
    for depth in range(1, len(parts) + 1):
        place = catalog.PACKAGE.joinpath(*parts[:depth])
        yield from (f for f in (place / "__init__.py", place.with_suffix(".py")) if f.is_file())


def _plain(value: object) -> str:
    """A syntax tree as text, without docstrings and without fields that are empty."""
    if isinstance(value, list):
        return f"[{', '.join(_plain(entry) for entry in value)}]"
    if not isinstance(value, ast.AST):
        return repr(value)
    fields = dict(ast.iter_fields(value))
    if isinstance(value, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        fields["body"] = value.body[1:] if ast.get_docstring(value, clean=False) else value.body
    said = [
        f"{name}={_plain(entry)}"
        for name, entry in fields.items()
        if name not in IGNORED and entry is not None and entry != []
    ]
    return f"{type(value).__name__}({', '.join(said)})"
