"""What a call of Snakemake asks for, which of it is missing, and the jobs that train that.

Snakemake makes a missing target, and a missing file that a job needs which it runs anyway. It does not
make a file again that lies between: a record that was deleted, while a page that was made from it is
there (snakemake#1978, #2011, #794). So what is missing is made a target too, and training jobs are made
of that alone: a record that is there is nobody's output, and no job that fails can cost it.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from ncmc import paths
from ncmc.errors import UserError, unknown
from ncmc.forecast import plan_file
from ncmc.forecast.cost import without_record
from ncmc.jobs import RUN, evidence, is_short, records_of, table_pattern
from ncmc.paper import switches
from ncmc.plan.grid_file import NAME, PAPER, RULES, TIERS, table_names, table_names_in
from ncmc.plan.run import Run, parse_run_id, trained_run, trained_runs
from ncmc.project import Project

DEFAULT = "all"
# Targets that are many tables -> the file of tables that has them.
WHOLE = {DEFAULT: PAPER} | {Path(file).stem: file for file in TIERS}
OTHERS = ("board", "theory")  # that are of no table
PLAN = "plan"  # the target that does what `ncmc plan` wrote
TABLE_FILES = (paths.TABLE_CSV, paths.TABLE_JSON, paths.TABLE_MARKDOWN, paths.TABLE_LATEX)
MADE_OF_VERDICTS = (paths.PAGE, paths.FIGURES, paths.FIGURE_LIST)
FILES = (*TABLE_FILES, paths.VERDICTS, *MADE_OF_VERDICTS)  # all that is made of a table
BATCHES = Path(".snakemake/ncmc-batches")
VARIABLE = "NCMC_BATCHES"  # tells a job of a cluster the batches of its launcher

Groups = list[list[Run]]  # each a trained run and the decision rules applied to its model

BATCH = 7  # short runs in one process: to start one takes as long as to train one
MOST_BATCHES = 100  # of all short runs: beyond, batches grow. A cluster's queue is for others too
MOST_JOBS = 500  # of the other runs: beyond, these share jobs


@dataclass(frozen=True)
class Trainings:
    """The training jobs of a call."""

    batches: Mapping[str, list[Run]]  # of several runs, by the end of their rules' names
    alone: list[Run] | None = None  # runs with a job of their own; None: any run
    tables: tuple[str, ...] = ()  # that ask for them; or `plan`

    @property
    def runs(self) -> list[Run]:
        """All runs that are to be trained."""
        return [run for runs in (*self.batches.values(), self.alone or []) for run in runs]


@dataclass
class Missing:
    """What is not there of what targets ask for."""

    of_tables: dict[str, list[Run]] = field(default_factory=dict)  # or of `plan`; each run once
    runs: list[Run] = field(default_factory=list)  # asked for by their records, which may be there
    files: list[str] = field(default_factory=list)  # verdicts of pages and figures that are there


def trainings(project: Project, *, launcher: bool) -> Trainings:
    """The training jobs of the call that reads the Snakefile; what is missing becomes a target of it.

    `launcher`: it is the one that a user makes, and not a job of a cluster. Raises UserError as
    `missing` and `_handed_on` do.
    """
    if not launcher:
        return Trainings(_handed_on(project))
    call = _settings_of_call()
    if call is None:
        return Trainings({})
    found = missing(project, call.targets)
    jobs = batches(project, found.of_tables)
    _hand_on(jobs)
    batched = {run for runs in jobs.values() for run in runs}
    others = (run for runs in (found.runs, *found.of_tables.values()) for run in runs)
    alone = [run for run in others if run not in batched]
    if more := {*found.files, *map(rule_name, jobs), *records_of(alone)}:
        call.targets = {*(call.targets or [DEFAULT]), *more}
    return Trainings(jobs, alone, tuple(found.of_tables))


def rule_name(batch: str) -> str:
    """The rule that trains a batch."""
    return f"train_{batch}"


def missing(project: Project, targets: Iterable[str]) -> Missing:
    """The runs without a record, and the verdicts, that targets of Snakemake need.

    `targets`: names of rules and files, as on the command line; none is `all`. Raises UserError for
    `plan` without a plan, UsageError for a run or table that cannot be.
    """
    _check_names(project, targets)
    found = Missing()
    seen: set[Run] = set()
    for target in sorted(targets) or [DEFAULT]:
        path = os.path.normpath(target)
        if match := re.fullmatch(paths.RUN_RECORD.format(run=f"(?P<run>{RUN})"), path):
            run = parse_run_id(project, match["run"])
            found.runs += dict.fromkeys([*_lacking(project, [run], seen), run])
            continue
        for table, file in _tables(project, target):
            runs = _runs(project, table, with_evidence=file not in TABLE_FILES)
            if runs := _lacking(project, runs, seen):
                found.of_tables[table] = found.of_tables.get(table, []) + runs
            verdicts = project.of_paper(paths.VERDICTS).format(table=table)
            if file in MADE_OF_VERDICTS and not (project.root / verdicts).exists():
                found.files.append(verdicts)
    return found


def tiers_of(project: Project) -> dict[str, list[str]]:
    """The targets of `WHOLE` that the open paper has, with their tables."""
    tables = {target: table_names_in(project, file) for target, file in WHOLE.items()}
    return {target: names for target, names in tables.items() if names or target == DEFAULT}


def _check_names(project: Project, targets: Iterable[str]) -> None:
    """Raises UsageError for a target by name that the open paper does not have."""
    known = {*tiers_of(project), *table_names(project), PLAN, *OTHERS}
    for target in targets:
        if re.fullmatch(NAME, target) and target not in known | RULES:
            raise unknown(f"target of the paper {project.paper}", target, known)


def made_of(project: Project, tables: Iterable[str]) -> list[str]:
    """Everything that is made of tables and figures."""
    return [project.of_paper(file).format(table=name) for name in tables for file in FILES]


def _settings_of_call() -> Any:
    """Snakemake's DAGSettings of the call that reads the Snakefile; None where it plans nothing.

    Snakemake hands them to the workflow after the Snakefile was read; its own frames have them before.
    """
    frame = sys._getframe()
    while frame and type(frame.f_locals.get("dag_settings")).__name__ != "DAGSettings":
        frame = frame.f_back  # type: ignore[assignment]
    return frame.f_locals["dag_settings"] if frame else None


def _hand_on(batches: Mapping[str, list[Run]]) -> None:
    """Tell the jobs of a cluster, which read the Snakefile again, later, what the batches are."""
    body = json.dumps({name: [run.id for run in runs] for name, runs in batches.items()})
    file = BATCHES / f"{sha256(body.encode()).hexdigest()[:16]}.json"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body)
    os.environ[VARIABLE] = str(file)


def _handed_on(project: Project) -> dict[str, list[Run]]:
    """The batches of the launcher of this job. Raises UserError: it was told none."""
    if VARIABLE not in os.environ:
        raise UserError(
            f"this job was not told which runs share jobs: its executor hands on no environment "
            f"variable {VARIABLE}."
        )
    named = json.loads(Path(os.environ[VARIABLE]).read_text())
    return {name: [parse_run_id(project, run) for run in runs] for name, runs in named.items()}


def _tables(project: Project, target: str) -> Iterable[tuple[str, str | None]]:
    """(table, template of the file, None for all of them) that a target asks for."""
    if target in WHOLE:
        return [(name, None) for name in tiers_of(project)[target]]
    if target == PLAN or target in table_names(project):
        return [(target, None)]
    folder, _, file = os.path.normpath(target).rpartition("/")
    table = folder.removeprefix(project.of_paper(paths.RESULTS).format(table=""))
    template = f"{paths.RESULTS}/{file}"
    made = template in FILES and re.fullmatch(table_pattern(table_names(project)), table)
    return [(table, template)] if made else []


def _runs(project: Project, table: str, *, with_evidence: bool) -> list[Run]:
    """The runs of a table, and those of other tables that its checks look at; or those of the plan."""
    if table == PLAN:
        return [parse_run_id(project, run) for run in plan_file.read(project).runs]
    own = switches.table(project, table).runs
    return [*own, *evidence(project, table)] if with_evidence else own


def _lacking(project: Project, runs: Iterable[Run], seen: set[Run]) -> list[Run]:
    """Those of `runs` and of the runs whose models they need that have no record; they are seen then."""
    lacking = without_record(project, (run for run in runs if run not in seen))
    models = without_record(project, trained_runs(project, lacking))
    new = [run for run in dict.fromkeys([*models, *lacking]) if run not in seen]
    seen.update(new)
    return new


# --- batches: short runs share jobs, and others where there are thousands ----------------------


def batches(project: Project, missing: Mapping[str, Iterable[Run]]) -> dict[str, list[Run]]:
    """Name -> the runs that one job trains one after the other, decision rules after their model.

    `missing`: the runs to train, each once, by the table that asks for them. The short ones of a table
    are dealt out evenly, and so are others where a job each would be more than `MOST_JOBS`: planning
    takes as long as there are jobs. A run that is in no batch has a job of its own.
    """
    dealt: dict[str, Groups] = {name: [] for name in missing}
    for short, least, most in ((True, BATCH, MOST_BATCHES), (False, 1, MOST_JOBS)):
        of_tables = {name: _groups(project, runs, short) for name, runs in missing.items()}
        count = sum(map(len, of_tables.values()))
        size = max(least, -(-count // max(1, most - len(missing))))
        if short or count > most:
            for name, groups in of_tables.items():
                dealt[name] += _dealt(groups, -(-len(groups) // size))
    return {
        f"{name}_{number}": runs
        for name, of_table in dealt.items()
        for number, runs in enumerate(of_table, 1)
    }


def _groups(project: Project, runs: Iterable[Run], short: bool) -> Groups:
    """The runs that are short, or those that are not, with the decision rules after their model."""
    groups: dict[Run, list[Run]] = {}
    for run in runs:
        if is_short(project, run) == short:
            source = trained_run(project, run)
            group = groups.setdefault(source, [])
            group.insert(0 if run == source else len(group), run)
    return list(groups.values())


def _dealt(groups: Groups, count: int) -> Groups:
    """`count` batches, of which none has more than one group more than another."""
    return [[run for group in groups[i::count] for run in group] for i in range(count)]
