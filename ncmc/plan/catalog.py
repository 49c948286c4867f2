"""The backbones and methods that there are: each is one file, found by listing, without importing.

Ours lie in ncmc/methods and ncmc/backbones, those that belong to a paper or a lab in its folder:
papers/NAME/methods and papers/NAME/backbones of the same checkout. All papers have one catalog,
because a run's id holds a method's name alone. Of two files with one name the first is meant, and
the paper whose file the second is cannot be planned (`check_files`).
"""

import ast
import importlib
import re
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from ncmc import paths
from ncmc.errors import UsageError, UserError, unknown

KINDS = ("backbone", "method")
PACKAGE = Path(__file__).parents[1]


def folders(kind: str) -> tuple[Path, ...]:
    """Where the files of a kind lie: in the package, and in papers/ beside it (in a wheel: in it)."""
    return _folders_of(kind, PACKAGE)


@lru_cache(maxsize=16)
def _folders_of(kind: str, package: Path) -> tuple[Path, ...]:
    """The same, listed once per process: each run of a plan asks."""
    papers = paths.PAPER.format(paper=f"*/{kind}s")
    others = (folder for place in (package.parent, package) for folder in place.glob(papers))
    ours_first = sorted(others, key=lambda folder: (folder.parent.name != paths.OURS, folder))
    return package / f"{kind}s", *ours_first


def names(kind: str) -> list[str]:
    """The names of a kind ("backbone" or "method"), sorted: those that have a file."""
    places = tuple((folder, folder.stat().st_mtime_ns) for folder in folders(kind))
    return list(_names_in(kind, places))


@lru_cache(maxsize=16)
def _names_in(kind: str, places: tuple[tuple[Path, int], ...]) -> tuple[str, ...]:
    """The names that have a file in folders. Kept until one changes: each run of a plan asks."""
    stems = {file.stem for folder, _ in places for file in folder.glob("*.py")} - {"base"}
    return tuple(sorted(_name(kind, stem) for stem in stems if stem[0] != "_"))


def files_of_paper(paper: str) -> list[tuple[str, Path]]:
    """The files of a paper's backbones and methods, each with its kind."""
    own = ((kind, f) for kind in KINDS for f in folders(kind)[1:] if f.parent.name == paper)
    return [(kind, file) for kind, folder in own for file in sorted(folder.glob("*.py"))]


def check_files(paper: str) -> None:
    """Raises UsageError for a file of a paper's methods or backbones that can mean no run."""
    for kind, file in files_of_paper(paper):
        first = file_of(kind, file.stem)
        if first != file:
            raise UsageError(
                f"{first} and {file} have one name, and a run's id holds the name alone: choose "
                "another one for the second."
            )
        parse(file)


def parse(file: Path) -> ast.Module:
    """The syntax tree of a Python file. Raises UserError."""
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}.") from error
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{file} is not valid Python: {error}.") from error


def canonical(kind: str, name: str, allowed: list[str] | None = None) -> str:
    """`name` as the catalog spells it (case and `-`/`_` do not matter).

    `allowed`: the names that there are, by default `names(kind)`. Raises UsageError with them.
    """
    known = names(kind) if allowed is None else allowed
    for candidate in known:
        if _plain(candidate) == _plain(str(name)):
            return candidate
    raise unknown(kind, name, known)


def load(kind: str, name: str) -> ModuleType:
    """The module of a backbone or a method. Raises UsageError for one that has no file."""
    file = file_of(kind, name)
    if not file.is_file():
        raise unknown(kind, name, names(kind))
    package = importlib.import_module(f"ncmc.{kind}s")
    more = [str(folder) for folder in folders(kind) if str(folder) not in package.__path__]
    package.__path__ = [*package.__path__, *more]  # a paper's file is a module of the same package
    return importlib.import_module(f"ncmc.{kind}s.{file.stem}")


def summary(kind: str, name: str) -> str:
    """The first line of what a backbone's or a method's file says of itself, without its name."""
    module = ast.Module(_statements(file_of(kind, name)), [])
    first_line = (ast.get_docstring(module) or "").partition("\n")[0]
    return first_line.partition(": ")[2] or first_line


def file_of(kind: str, name: str) -> Path:
    """Where the code of a backbone or a method stands, or would stand."""
    return place_of(f"ncmc.{kind}s.{_plain(name)}").with_suffix(".py")


def place_of(module: str) -> Path:
    """Where a module of ncmc lies, without its ending; one of a method may lie in a paper's folder."""
    _, *parts = module.split(".")
    own = PACKAGE.joinpath(*parts)
    if len(parts) != 2 or parts[0][:-1] not in KINDS or own.with_suffix(".py").is_file():
        return own
    others = (folder / parts[1] for folder in folders(parts[0][:-1]))
    return next((place for place in others if place.with_suffix(".py").is_file()), own)


def option_names(backbone: str, method: str) -> frozenset[str] | None:
    """The options that a backbone and a method take, read from their files without running them.

    None where they cannot be told: a name without a file, or code that is written another way.
    """
    of_backbone, of_method = own_options("backbone", backbone), own_options("method", method)
    return None if of_backbone is None or of_method is None else of_backbone | of_method


def own_options(kind: str, name: str) -> frozenset[str] | None:
    """The options that one backbone or one method takes; None where they cannot be told."""
    options = _options(kind, name)
    return None if options is None else frozenset(options)


def default_options(kind: str, name: str) -> dict[str, object]:
    """The options whose default is written as a constant, with it.

    Without those that a method sets itself, by `replace(options, ...)`.
    """
    return dict(_default_options(kind, name, _state(file_of(kind, name))))


@lru_cache(maxsize=64)
def _default_options(kind: str, name: str, state: object) -> dict[str, object]:
    """The same, kept until the `state` of the file changes: each record asks."""
    classes = _classes_of(name)[0] if kind == "method" else []
    replaced = {
        keyword.arg
        for node in classes
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("replace")
        for keyword in call.keywords
    }
    return {
        key: value.value
        for key, value in (_options(kind, name) or {}).items()
        if isinstance(value, ast.Constant) and key not in replaced
    }


def has_stages(method: str) -> bool:
    """Whether the training that a method's records come from may have several stages."""
    name = trained_as(method) or method
    return _has_stages(name, _state(file_of("method", name)))


@lru_cache(maxsize=64)
def _has_stages(name: str, state: object) -> bool:
    classes, complete = _classes_of(name)
    return not complete or any(re.search(r"\bstages\b.* = ", ast.unparse(c)) for c in classes)


def trained_as(method: str) -> str | None:
    """The method whose trained model this one applies another decision rule to; None: it trains.

    Read from its file (`trained_as = "CE"` in its class) without running it.
    """
    value = _constant(method, "trained_as")
    return value if isinstance(value, str) else None


def scores_are_cosines(method: str) -> bool:
    """Whether a method says so (`scores_are_cosines = True` in its class), read without running it."""
    return _constant(method, "scores_are_cosines") is True


def _options(kind: str, name: str) -> dict[str, ast.expr | None] | None:
    """Option -> its default as it is written, None without one; None where they cannot be told."""
    if kind == "backbone":
        builders = [n for n in _statements(file_of(kind, name)) if isinstance(n, ast.FunctionDef)]
        for node in (n.args for n in builders if n.name == "build"):
            return dict(zip((a.arg for a in node.kwonlyargs), node.kw_defaults, strict=True))
        return None
    classes, complete = _classes_of(name)
    fields = {
        field.target.id: field.value
        for node in reversed(classes)
        for inner in node.body
        if isinstance(inner, ast.ClassDef) and inner.name == "Options"
        for field in inner.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }
    return fields if complete else None


def _constant(method: str, attribute: str) -> object:
    """What the class of a method, or else the first of its bases that says so, sets; None without."""
    for node in _classes_of(method)[0]:
        for line in node.body:
            if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == attribute:
                return line.value.value if isinstance(line.value, ast.Constant) else None
    return None


def _classes_of(method: str) -> tuple[list[ast.ClassDef], bool]:
    """The class of a method and its first bases, up to `Method`; whether they reach it."""
    file = file_of("method", method)
    return _kept_classes(method, file, _state(file))


@lru_cache(maxsize=64)
def _kept_classes(method: str, file: Path, state: object) -> tuple[list[ast.ClassDef], bool]:
    """The same, kept until the `state` of its file changes: each recipe asks several times."""
    place: tuple[Path, str] | None = file, method.replace("-", "_")
    classes: list[ast.ClassDef] = []
    while place:
        file, name = place
        statements = _statements(file)
        node = next((n for n in statements if isinstance(n, ast.ClassDef) and n.name == name), None)
        if node is None or node in classes:
            break
        classes.append(node)
        base = ast.unparse(node.bases[0]) if node.bases else ""
        if base == "Method":
            return classes, True
        here = any(isinstance(n, ast.ClassDef) and n.name == base for n in statements)
        place = (file, base) if here else _imported_from(statements, base)
    return classes, False


def _imported_from(statements: list[ast.stmt], base: str) -> tuple[Path, str] | None:
    """The file and class of a base class such as `MultiCenter` or `ce.CE`."""
    first, _, last = base.rpartition(".")
    for node in statements:
        if not isinstance(node, ast.ImportFrom) or not str(node.module).startswith("ncmc."):
            continue
        names = {alias.asname or alias.name: alias.name for alias in node.names}
        if first in names:  # from ncmc.methods import ce
            return place_of(f"{node.module}.{names[first]}").with_suffix(".py"), last
        if not first and last in names:  # from ncmc.methods._fixed_frame import MultiCenter
            return place_of(str(node.module)).with_suffix(".py"), names[last]
    return None


def _statements(file: Path) -> list[ast.stmt]:
    return _parsed(file, _state(file))


@lru_cache(maxsize=256)
def _parsed(file: Path, state: object) -> list[ast.stmt]:
    """The statements of a module. Kept: a recipe's rules ask for every model's options."""
    try:
        return parse(file).body
    except UserError:  # said where the file is used
        return []


def _state(file: Path) -> object:
    """What tells a file from a later one."""
    try:
        status = file.stat()
    except OSError:
        return None
    return file, status.st_mtime_ns, status.st_size


def _name(kind: str, stem: str) -> str:
    return stem.upper().replace("_", "-") if kind == "method" else stem


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
