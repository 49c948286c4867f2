"""Assumptions as switches: another reading of an open point, for a run or for a whole table.

`A14=affine` stands for what the register's alternative says to set. A table whose name carries it,
`smoke+A14=affine` (paths.SWITCHED), has the same cells with other runs, wherever the point arises.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ncmc import paths
from ncmc.errors import UsageError, shortened, unknown
from ncmc.paper.assumptions import Alternative, Assumption, assumptions
from ncmc.plan import catalog, grid
from ncmc.plan.dataset_entries import SPLIT_SEED
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.option_text import Value, format_value, parse_options
from ncmc.plan.recipes import owner
from ncmc.plan.run import Run, make_run, resolve_run
from ncmc.project import Project, read_once

# A switch as it stands in the name of a table: a folder, a wildcard and a word of shell lines.
WORD = r"A[0-9]+=[A-Za-z0-9_.=-]+"
NAMES = re.compile(r"(method|backbone) (\S+)")  # how the register says that a name changes
SIGN = paths.SWITCHED.format(table="", switches="")  # between a table and its switches


@dataclass(frozen=True)
class Switch:
    """One alternative of an assumption, and what it sets."""

    entry: Assumption
    value: str
    changes: tuple[tuple[str, Value], ...]  # option, `method` or `backbone` -> value

    def __str__(self) -> str:
        return f"{self.entry.id}={self.value}"

    @property
    def options(self) -> dict[str, Value]:
        """The options that it sets, without names."""
        return {key: value for key, value in self.changes if key not in catalog.KINDS}

    def fits(self, project: Project, run: Run) -> bool:
        """Whether the point arises in `run`, and the run has what the switch sets."""
        model = resolve_run(project, run).model
        options = {key: format_value(value) for key, value in model.items()}
        return self.entry.arises_in(run, options) and all(_has(run, key) for key in self.options)

    def set_in(self, project: Project, run: Run) -> Run:
        """`run` with the alternative; `run` itself where the switch does not fit."""
        if not self.fits(project, run):
            return run
        names = {kind: str(value) for kind, value in self.changes if kind in catalog.KINDS}
        backbone, method = names.get("backbone", run.backbone), names.get("method", run.method)
        options = dict(run.options) | self.options
        return make_run(run.dataset, run.tau, backbone, method, options, run.seed, project=project)


@read_once
def switches(project: Project) -> tuple[Switch, ...]:
    """Every alternative of the register that can be switched for a run, in its order."""
    return tuple(
        Switch(entry, other.value, changes)
        for entry in assumptions(project)
        if not entry.theory
        for other in entry.alternatives
        if (changes := _changes(entry, other))
    )


def parse_switches(project: Project, texts: Iterable[str]) -> list[Switch]:
    """The switches that texts such as `A14=affine` name, in the order in which they apply.

    That is the register's, but a point that arises under another choice alone comes after it.

    Raises UsageError for an unknown id or value, or one that has no switch.
    """
    chosen: dict[str, Switch] = {}
    for text in texts:
        switch = _parse(project, text)
        if switch.entry.id in chosen:
            raise UsageError(f"assumption {switch.entry.id} is switched twice.")
        chosen[switch.entry.id] = switch
    if not chosen:  # the register is not read where nothing is switched
        return []
    ordered = [switch for switch in switches(project) if switch in chosen.values()]
    return sorted(ordered, key=lambda switch: bool(switch.entry.when))


def switched(project: Project, run: Run, chosen: Sequence[Switch]) -> Run:
    """`run` with alternatives. Raises UsageError for a point that does not arise in it."""
    for switch in chosen:
        if not switch.fits(project, run):
            raise UsageError(
                f"{switch}: assumption {switch.entry.id} does not arise in {run.id}"
                f"{_where(switch.entry)}."
            )
        run = switch.set_in(project, run)
    return run


def name_of(table: str, chosen: Sequence[Switch]) -> str:
    """The name of a table with alternatives, such as `smoke+A14=affine`; also its folder's."""
    words = SIGN.join(map(str, chosen))
    return paths.SWITCHED.format(table=table, switches=words) if chosen else table


def beside(name: str, other: str) -> str:
    """Another table under the same alternatives as the table called `name`."""
    return other + name.removeprefix(plain_name(name))


def plain_name(name: str) -> str:
    """The name of a table without its alternatives."""
    return name.partition(SIGN)[0]


def is_switched(name: str) -> bool:
    """Whether the name of a table carries alternatives."""
    return SIGN in name


def switched_cell(project: Project, spec: CellSpec, chosen: Sequence[Switch]) -> CellSpec:
    """A cell with alternatives, where they arise; itself where they change none of its runs."""
    run = spec.run
    for switch in chosen:
        if not (spec.split_per_seed and SPLIT_SEED in switch.options):
            run = switch.set_in(project, run)
    return replace(spec, run=run)


@read_once
def table(project: Project, name: str) -> Table:
    """A table or figure by name; `NAME+A14=affine` is the table NAME with that alternative.

    It has the cells of the plain one, which checks and printed numbers look up as there, and other
    runs where the point arises. Raises UsageError for an unknown name or switch.
    """
    plain = grid.table(project, plain_name(name))
    if not is_switched(name):
        return plain
    chosen = parse_switches(project, name.split(SIGN)[1:])
    cells = tuple(switched_cell(project, spec, chosen) for spec in plain.cells)
    first: dict[Run, CellSpec] = {}
    for spec in cells:
        if (twin := first.setdefault(spec.run, spec)) is not spec:
            raise UsageError(
                f"{name}: two cells become the same run: {twin.label}; {spec.label}. The plain table "
                "compares the alternatives already."
            )
    title = f"{plain.title}, with {', '.join(map(str, chosen))}"
    return replace(plain, name=name, title=title, cells=cells)


def require_effect(project: Project, chosen: Table) -> None:
    """Raises UsageError for a table each of whose runs is that of the plain table."""
    plain = grid.table(project, plain_name(chosen.name))
    if is_switched(chosen.name) and chosen.runs == plain.runs:
        names = chosen.name.split(SIGN)[1:]
        where = "".join(_where(s.entry) for s in parse_switches(project, names)[:1])
        raise UsageError(f"{', '.join(names)} changes no run of {plain.name}{where}.")


def _parse(project: Project, text: str) -> Switch:
    name, _, value = text.partition("=")
    register = {entry.id: entry for entry in assumptions(project)}
    if not value:
        raise UsageError(f"'{shortened(text)}' is not ID=VALUE, such as A14=affine.")
    if name not in register:
        raise UsageError(f"{unknown('assumption', name, register)} See `ncmc list assumptions`.")
    entry = register[name]
    own = {switch.value: switch for switch in switches(project) if switch.entry == entry}
    if value in own:
        return own[value]
    if value == entry.choice and own:
        raise UsageError(f"{text} is the choice already; leave it out. Allowed: {', '.join(own)}.")
    for other in entry.alternatives:
        if other.value == value:
            raise UsageError(f"{text} cannot be switched by --assume, but by hand: {other.switch}.")
    hint = f" -o {entry.option}=VALUE sets another value." if entry.option and not own else ""
    raise UsageError(f"{name}: {unknown('alternative', value, own)}{hint}")


def _changes(entry: Assumption, other: Alternative) -> tuple[tuple[str, Value], ...] | None:
    """What an alternative sets; None where no switch of a run gives it."""
    if not re.fullmatch(WORD, f"{entry.id}={other.value}"):
        return None
    if match := NAMES.fullmatch(other.switch):
        return ((match[1], match[2]),)
    try:
        options = parse_options(other.switch)
    except UsageError:  # words that say what to do
        return None
    if any(owner(key) == "execution" for key in options):  # how a run is computed, not what it is
        return None
    return tuple(options.items())


def _has(run: Run, key: str) -> bool:
    """Whether a run has an option, as far as the files of its model tell."""
    known = catalog.option_names(run.backbone, run.method)
    return owner(key) != "model" or known is None or key in known


def _where(entry: Assumption) -> str:
    """Where a point arises, in words for the end of a sentence."""
    names = ", ".join((*entry.methods, *entry.backbones, *entry.datasets))
    return f" (only with {names})" if names else ""
