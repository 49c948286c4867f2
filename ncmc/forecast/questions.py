"""What runs can decide: the checks of a claim and the printed numbers, each with its cells."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from ncmc.errors import UsageError, unknown
from ncmc.paper import switches
from ncmc.paper.claims import shown_claims
from ncmc.paper.printed_numbers import Number, numbers_of
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.verdicts import cell_selection
from ncmc.verdicts.cell_selection import Place
from ncmc.verdicts.check import Check, Untestable
from ncmc.verdicts.checks_file import FILE as CHECKS
from ncmc.verdicts.checks_file import checks_of

ALL = "all"  # in place of a name: every table and figure of the paper


@dataclass(frozen=True)
class Question:
    """A check, or a printed number, that the runs of some cells decide."""

    table: Table  # that it belongs to
    places: tuple[Place, ...]  # the cells that decide it, in other tables too
    check: Check | None = None
    number: Number | None = None

    @property
    def id(self) -> str:
        """Of the check or the number."""
        entry = self.check or self.number
        assert entry is not None
        return entry.id

    @property
    def subject(self) -> str:
        """The id of its entry on the board: the paper's claim, where it belongs to one."""
        return (self.check and self.check.claim) or self.id

    @property
    def says(self) -> str:
        """It in words."""
        if self.check:
            return self.check.says
        assert self.number is not None
        return f"the paper's {self.number.value:g} ({self.number.where})"

    @property
    def runs(self) -> list[Run]:
        """The runs that decide it, with the seeds that their tables plan first."""
        every = (run for spec, table in self.places for run in spec.runs(table.seeds))
        return list(dict.fromkeys(every))


def decides(project: Project, name: str) -> list[Question]:
    """What a table, a figure, a claim, a check, a printed number or `all` can decide.

    Raises UsageError for a name that there is not.
    """
    if name == ALL:
        return [q for table in table_names(project, "paper") for q in _of_table(project, table)]
    if switches.plain_name(name) in table_names(project):
        return _of_table(project, name)
    every = [q for table in table_names(project) for q in _of_table(project, table)]
    if chosen := [q for q in every if name in (q.subject, q.id)]:
        return chosen
    if name in shown_claims(project):
        raise UsageError(
            f"no check in {project.config(CHECKS)} reads {name}: nothing decides it yet."
        )
    known = {word for q in every for word in (q.subject, q.id)}
    raise unknown("table, claim or check", name, {ALL, *table_names(project), *known})


def runs_of(questions: Iterable[Question]) -> list[Run]:
    """The runs that decide questions, each once."""
    return list(dict.fromkeys(run for question in questions for run in question.runs))


def _of_table(project: Project, name: str) -> list[Question]:
    """The printed numbers of a table, then its checks."""
    table = switches.table(project, name)
    numbers = [
        Question(table, ((spec, table),), number=number)
        for number, spec in numbers_of(project, table)
        if not spec.split_per_seed  # which tests no printed number
    ]
    checks = [
        Question(table, _places(project, check), check=check) for check in checks_of(project, name)
    ]
    return [*numbers, *checks]


def _places(project: Project, check: Check) -> tuple[Place, ...]:
    """The cells that decide a check; a cell without a partner decides nothing."""
    if isinstance(check, Untestable):
        return ()
    return tuple(dict.fromkeys(chain(*cell_selection.comparisons(project, check))))
