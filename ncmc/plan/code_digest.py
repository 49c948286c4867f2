"""The code that a run's numbers depend on, in parts, each by a digest of what it does.

Digests are of syntax trees: comments, docstrings, layout, annotations of arguments and what an error
says do not count, nor does the version of Python that reads the files.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from ncmc import paths
from ncmc.plan import catalog
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.run import Run
from ncmc.project import Project, read_once
from ncmc.system import hardware
from ncmc.system.documents import Strict

# The parts of a run's code, and the rooms into which the imports of each are followed.
ROOMS = {
    "loop": (
        *("ncmc.training", "ncmc.formulas"),
        *("ncmc.results.history", "ncmc.results.class_groups"),  # how a record rounds and groups
        "ncmc.plan.learning_rate",
    ),
    "method": ("ncmc.methods", "ncmc.formulas"),
    "backbone": ("ncmc.backbones", "ncmc.formulas"),
    "data": ("ncmc.data", "ncmc.plan.class_counts", "ncmc.system.arrays"),
}
# Where following ends: modules that fetch, write, check or say, and decide no number.
SEAMS = {
    "ncmc.data.checksums",
    "ncmc.data.dvc_store",
    "ncmc.data.raw",
    "ncmc.training.failures",
    "ncmc.training.progress_file",
}
LENGTH = 16  # hexadecimal digits of a digest
IGNORED = ("ctx", "kind", "type_comment")  # follow from the rest, or only say how it is written


class Code(Strict):
    """What a run's numbers depend on beside its configuration: its parts by digest, and torch."""

    loop: str  # how it is trained, or how a decision rule is applied, and what is measured
    method: str
    backbone: str
    data: str  # the reader of its dataset, and how training images are drawn
    torch: str  # version

    @property
    def digests(self) -> str:
        """Those of its parts, joined."""
        return ".".join(digest for part, digest in self if part != "torch")


def code_of(project: Project, run: Run) -> Code | None:
    """The code that a run would be made with now; None if a part of it has no file.

    Raises UserError for a file that is not valid Python.
    """
    reader = dataset_entry(project, run.dataset).reader
    parts = {part: part_code(project, part, root) for part, root in roots(run, reader).items()}
    digests = {part: digest for part, (digest, _) in parts.items() if digest}
    if len(digests) < len(ROOMS):
        return None
    version = hardware.packages()["torch"].partition("+")[0]  # without its build: cpu, cu130
    return Code(**digests, torch=version)


def files_of(project: Project, run: Run) -> tuple[Path, ...]:
    """The files that `code_of` reads."""
    reader = dataset_entry(project, run.dataset).reader
    parts = [part_code(project, part, root)[1] for part, root in roots(run, reader).items()]
    return tuple(sorted({file for files in parts for file in files}))


def part_words(part: str, run: Run) -> str:
    """A part of a run's code, for a sentence."""
    is_rule = catalog.trained_as(run.method) is not None
    return {
        "loop": "the application of decision rules" if is_rule else "the training loop",
        "method": f"the code of {run.method}",
        "backbone": f"the code of {run.backbone}",
        "data": f"the reader or the splits of {run.dataset}",
    }.get(part, part)


def roots(run: Run, reader: str) -> dict[str, str]:
    """The module that each part of a run's code starts from."""
    is_rule = catalog.trained_as(run.method) is not None
    return {
        "loop": f"ncmc.training.{'decision_rule' if is_rule else 'train'}",
        "method": f"ncmc.methods.{catalog.file_of('method', run.method).stem}",
        "backbone": f"ncmc.backbones.{catalog.file_of('backbone', run.backbone).stem}",
        "data": f"ncmc.data.readers.{reader}",
    }


@read_once
def part_code(project: Project, part: str, root: str) -> tuple[str | None, tuple[Path, ...]]:
    """The digest of a part that starts from a module, and its files; None if that has no file."""
    splits = ("ncmc.data.splits",) if part == "data" else ()
    pending = [file for module in (root, *splits) for file in _files_of(module, ROOMS[part])]
    if not catalog.place_of(root).with_suffix(".py").is_file():
        return None, ()
    digests: dict[Path, str] = {}
    while pending:
        file = pending.pop()
        if file not in digests:
            status = file.stat()
            digests[file], modules = _read(file, (status.st_mtime_ns, status.st_size))
            pending += [f for module in modules for f in _files_of(module, ROOMS[part])]
    names = {file: name_of(file) for file in sorted(digests, key=lambda file: Path(name_of(file)))}
    text = "".join(f"{name}\n{digests[file]}\n" for file, name in names.items())
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH], tuple(names)


@lru_cache(maxsize=512)
def _read(file: Path, state: tuple[int, int]) -> tuple[str, tuple[str, ...]]:
    """The digest of a file, and the modules that it imports, anywhere in it. Kept until it changes."""
    tree = catalog.parse(file)
    digest = digest_of(tree)
    place = Path(name_of(file)).parent.parts
    package = ["ncmc", *(place[-1:] if place[:1] == ("papers",) else place)]
    return digest, tuple(_imported(tree, package))


def digest_of(tree: ast.Module) -> str:
    """A digest of what a module does."""
    return hashlib.sha256(_plain(tree).encode()).hexdigest()


def _imported(tree: ast.Module, package: list[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (module, *(f"{module}.{alias.name}" for alias in node.names))


def _files_of(module: str, rooms: tuple[str, ...]) -> Iterator[Path]:
    """The files that importing a module of `rooms` runs: packages on the way, and its own."""
    if not _lies_in(module, rooms) or _lies_in(module, SEAMS):
        return
    parts = module.split(".")
    for end in range(len(parts), 1, -1):
        place = catalog.place_of(".".join(parts[:end]))
        yield from (f for f in (place / "__init__.py", place.with_suffix(".py")) if f.is_file())


def _lies_in(module: str, others: Iterable[str]) -> bool:
    """Whether a module, or the module of a name that is imported, is one of others or inside it."""
    return any(f"{module}.".startswith(f"{other}.") for other in others)


def name_of(file: Path) -> str:
    """What a file is called in a digest: `methods/ce.py`, or `papers/NAME/methods/own.py`.

    Files of our paper are named as if they lay in ncmc: there they lay when the first records were made.
    """
    own = file.is_relative_to(catalog.PACKAGE)
    name = file.relative_to(catalog.PACKAGE if own else catalog.PACKAGE.parent).as_posix()
    return name.removeprefix(f"{paths.PAPER.format(paper=paths.OURS)}/")


def _plain(value: object) -> str:
    """A syntax tree as text, without what decides no number and without fields that are empty."""
    if isinstance(value, list):
        return f"[{', '.join(map(_plain, value))}]"
    if not isinstance(value, ast.AST):
        return repr(value)
    fields = dict(ast.iter_fields(value))
    if isinstance(value, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        fields["body"] = value.body[1:] if ast.get_docstring(value, clean=False) else value.body
    if isinstance(value, ast.FunctionDef | ast.AsyncFunctionDef | ast.arg):
        fields |= {"returns": None, "annotation": None}
    elif isinstance(value, ast.Raise):
        error = value.exc.func if isinstance(value.exc, ast.Call) else value.exc
        fields = {"exc": error}
    parts = [
        f"{name}={_plain(entry)}"
        for name, entry in fields.items()
        if name not in IGNORED and entry is not None and entry != []
    ]
    return f"{type(value).__name__}({', '.join(parts)})"
