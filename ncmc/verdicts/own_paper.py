"""The contract of a paper's folder: what is wrong in its files, and which of them would give more."""

import re
from collections import Counter

from ncmc.errors import CheckResult, UsageError, UserError, examine, listed
from ncmc.paper import claims, errata, own_numbers, paper_file, printed_numbers
from ncmc.paths import OURS
from ncmc.plan import grid
from ncmc.plan.grid_file import FILES as GRIDS
from ncmc.plan.grid_file import PAPER, table_names, tiers
from ncmc.project import REGISTER, Project
from ncmc.system import documents, files
from ncmc.verdicts import checks_file

GIVES = {  # a file that may be missing -> what it would give
    claims.FILE: "what the paper states in words, so that `ncmc verify claims` says what holds",
    checks_file.FILE: "how claims are read so that a program can judge them",
    printed_numbers.FILE: "the numbers that the paper prints, compared with ours cell by cell",
    errata.FILE: "errors found in the paper, on its pages",
    "smoke.yaml": "tables of the same form at another scale, as papers/ncmc has for a laptop",
}
FORMS_WORDS = re.compile(r'"(<[^"\n]*>)"')
NEEDED = 1  # without tables nothing else can be looked at


def check(project: Project) -> list[CheckResult]:
    """What holds of the open paper's folder, and what is wrong with it, file by file."""
    return examine(project, CHECKS, NEEDED, project.config(""))


def missing(project: Project) -> list[str]:
    """What the folder does not have, and which numbers look wrong, a line each."""
    lines = [
        f"no {name}: {gives}"
        for name, gives in GIVES.items()
        if not files.exists(project.config(name))
    ]
    known = {*GIVES, *GRIDS, paper_file.FILE, own_numbers.FILE, REGISTER}
    lines += [
        f"{path.name} is read by nothing: is it another file's name, misspelt?"
        for path in sorted(project.config(paper_file.FILE).parent.glob("*.[yc]*"))
        if path.name not in known
    ]
    try:
        unchecked = checks_file.unchecked_claims(project)
        printed = printed_numbers.printed_numbers(project)
    except UserError:  # said by its check
        return lines
    if doubts := printed_numbers.doubts(project, printed):
        lines += [*doubts, printed_numbers.ENTERED]
    return lines + [f"claim {name} has no check in {checks_file.FILE}" for name in unchecked]


def _is_filled_in(project: Project) -> None:
    """The form's words to be replaced stand in angle brackets."""
    paper_file.paper(project)
    written = sorted(project.config(paper_file.FILE).parent.glob("*.yaml"))
    own = [(path.name, FORMS_WORDS.findall(documents.read_text(path))) for path in written]
    if left := [f"{name}: {words}" for name, found in own for words in found]:
        raise UsageError(f"still the form's: {listed(left)}. Write the paper's own.")


def _has_tables(project: Project) -> None:
    if not tiers(project)["paper"]:
        raise UsageError(f"{project.config(PAPER)} has no table; needed: an entry below `tables:`.")
    for name in table_names(project):
        grid.table(project, name)


def _has_known_claims(project: Project) -> None:
    """Also ids and tables of one name, which `ncmc explain` could not tell apart."""
    names = [*claims.claims(project), *table_names(project)]
    names += [number.id for number in printed_numbers.printed_numbers(project)]
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise UsageError(
            f"{project.config('')}: {listed(twice)} names two of its claims, printed numbers and "
            "tables: give each a name of its own."
        )


def _has_checks_that_fit(project: Project) -> None:
    for name in table_names(project):
        checks_file.checks_of(project, name)


def _has_numbers_of_its_cells(project: Project) -> None:
    tables = [grid.table(project, name) for name in table_names(project)]
    cells = {table.name: {spec.run for spec in table.cells} for table in tables}
    for number in printed_numbers.printed_numbers(project):
        of = cells[number.table] if number.table else set().union(*cells.values())
        if number.run not in of:
            path = project.config(printed_numbers.FILE)
            raise UsageError(
                f"{path}: {number.id} is of {number.run.configuration}, no cell of "
                f"{number.table or 'any table'}: it is compared with nothing. Write its dataset, tau, "
                "backbone, method and options as the cell has them (`ncmc list runs TABLE`)."
            )


def _has_readable_rest(project: Project) -> None:
    for read in (errata.errata, own_numbers.own_numbers):
        read(project)
    if project.paper != OURS and files.exists(
        path := project.config(paper_file.FILE).with_name(REGISTER)
    ):
        raise UsageError(
            f"{path} is not read: a run that two papers share is made under one register. Add the open "
            f"point to {project.config(REGISTER)}."
        )


CHECKS = {
    "its tables can be planned: names, options and axes are known": _has_tables,
    f"{paper_file.FILE} says which paper it is, and nothing is left of the form": _is_filled_in,
    "its claims have an id of their own and a table or figure": _has_known_claims,
    "its checks fit cells of its tables": _has_checks_that_fit,
    "its printed numbers are of cells of its tables": _has_numbers_of_its_cells,
    "its other files can be read": _has_readable_rest,
}
