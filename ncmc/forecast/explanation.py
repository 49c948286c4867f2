"""One claim, number or check in full: how it is read, which runs decide it, what was found."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import JsonValue

from ncmc.board.entries import board_of
from ncmc.board.sentences import stages, whole_sentence
from ncmc.errors import UsageError
from ncmc.forecast.cost import Estimate, estimate, without_record
from ncmc.forecast.questions import ALL, Question, decides, runs_of
from ncmc.paper import switches
from ncmc.paper.claims import claims
from ncmc.plan.grid_file import table_names
from ncmc.project import Project
from ncmc.results.curves import sample_of
from ncmc.results.wording import make_command, signed
from ncmc.system.documents import Strict
from ncmc.verdicts.check import Pairs
from ncmc.verdicts.contrasts import contrast
from ncmc.verdicts.judge import CellCache, verdicts_by_id
from ncmc.verdicts.verdict import Finding, Outcome, Status, Verdict

NOT_READING = {"id", "table", "kind", "claim", "says", "source"}  # keys told elsewhere


class Clause(Strict):
    """A check of a claim, or a printed number: how it is read, and what was found."""

    means: str  # the kind of check in one sentence
    reading: Mapping[str, JsonValue]  # the keys of the check as papers/NAME/checks.yaml has them
    verdict: Verdict
    # for each finding of a comparison: `+10.2 points with 2 of 3 seeds` where runs are missing, else ""
    so_far: tuple[str, ...] = ()

    @property
    def recorded(self) -> bool:
        """Whether any run of it has a record."""
        return any(
            f.status not in ("incomplete", "not testable") or f.numbers.get("n")
            for f in self.verdict.findings
        )


class Explanation(Strict):
    """All that is to be said of one entry of the board."""

    id: str
    says: str
    where: str
    status: Status
    outcome: Outcome  # the status in the words of its scale
    sentence: str
    clauses: tuple[Clause, ...]
    runs: tuple[str, ...]  # ids of the runs that decide it
    missing: tuple[str, ...]  # those without a record
    cost_of_missing: Estimate  # guessed
    commands: tuple[str, ...]  # that make what is missing
    problems: tuple[str, ...]


def unrecorded(finding: Finding) -> bool:
    """Whether no run of a setting has a record."""
    return finding.status == "incomplete" and not finding.numbers.get("n")


def explain(project: Project, name: str, results: Path | None = None) -> Explanation:
    """What is to be said of a claim, a printed number or a check by id.

    Raises UsageError for an unknown id, and UserError as the reading of cells does.
    """
    _require_entry(project, name)
    questions = decides(project, name)
    cells = CellCache(project, results)
    judged = verdicts_by_id((question.table for question in questions), cells)
    verdicts = [judged[question.id] for question in questions]
    clauses = [_clause(q, v, cells) for q, v in zip(questions, verdicts, strict=True)]
    clauses.sort(key=lambda clause: not clause.recorded)  # what there is something to say of first
    entries = board_of(project, verdicts).entries
    entry = entries[0]
    whole = name == entry.id
    claim = claims(project).get(verdicts[0].claim or "")
    runs = runs_of(questions)
    missing = without_record(project, runs, results)
    tables = dict.fromkeys(question.table.name for question in questions) if missing else ()
    return Explanation(
        id=name,
        says=entry.says if whole else verdicts[0].says,
        where=claim.where if claim else "",  # a number says its place itself
        status=entry.status,
        outcome=entry.outcome,
        sentence="\n".join(whole_sentence(stages(e.verdicts), "\n") for e in entries),
        clauses=tuple(clauses),
        runs=tuple(run.id for run in runs),
        missing=tuple(run.id for run in missing),
        cost_of_missing=estimate(project, missing),
        commands=tuple(make_command(name, project.paper) for name in tables),
        problems=tuple(dict.fromkeys(told for found in entries for told in found.problems)),
    )


def _require_entry(project: Project, name: str) -> None:
    """Raises UsageError for what is known, but no claim, number or check."""
    if name in (ALL, "claims") or switches.plain_name(name) in table_names(project):
        raise UsageError(
            f"'{name}' is not a claim, a printed number or a check. `ncmc verify {name}` lists "
            "theirs; then `ncmc explain ID`."
        )
    claim = claims(project).get(name)
    if claim and not claim.shown_in:
        raise UsageError(
            f"{name} is a theorem ({claim.where}): no run decides it. `ncmc theory` checks it."
        )


def _clause(question: Question, verdict: Verdict, cells: CellCache) -> Clause:
    check = question.check
    if check is None:
        means = "ours is compared with the printed number, both with their spread"
        return Clause(means=means, reading={}, verdict=verdict)
    given = check.model_dump(mode="json", exclude=NOT_READING)
    reading = {key: value for key, value in given.items() if value not in (None, {}, "")}
    return Clause(
        means=" ".join((type(check).__doc__ or "").partition("\n\n")[0].split()).rstrip("."),
        reading=reading,
        verdict=verdict,
        so_far=tuple(_so_far(check, verdict, cells)) if isinstance(check, Pairs) else (),
    )


def _so_far(check: Pairs, verdict: Verdict, cells: CellCache) -> Iterator[str]:
    """For each setting the difference so far, where runs of it are missing; else nothing."""
    pairs = cells.compared(check)
    if len(pairs) != len(verdict.findings):
        return
    for (better, than), finding in zip(pairs, verdict.findings, strict=True):
        measured = all(sample_of(cell, check.measured) for cell in (better, than))
        if finding.status != "incomplete" or not measured:
            yield ""
            continue
        gain = contrast([(1.0, better), (-1.0, than)], check.measured)
        yield f"{signed(gain.difference.mean, 1 if gain.unit else 4)}{gain.unit} with {gain.seeds}"
