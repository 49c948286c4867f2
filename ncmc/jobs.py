"""What the Snakefile asks of a job: its inputs and resources, as functions of its wildcards."""

import hashlib
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ncmc import paths
from ncmc.forecast import plan_file
from ncmc.paper import assumptions, switches
from ncmc.plan import grid, grid_file
from ncmc.plan.dataset_entries import SplitOptions, dataset_entry
from ncmc.plan.option_text import format_value, parse_options
from ncmc.plan.run import Run, parse_run_id, resolve_run, trained_runs
from ncmc.project import Project, read_once
from ncmc.system import documents, files
from ncmc.verdicts import cell_selection
from ncmc.verdicts.checks_file import checks_of

# What each wildcard can be: words of a path that stay in their folder and mean nothing to a shell.
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
TAU = r"[0-9][0-9.e-]*"
OPTIONS = r"[A-Za-z][A-Za-z0-9_.+=-]*"  # f=20+theta=0.2, or default
RUN = paths.RUN.format(
    dataset=NAME, tau=TAU, backbone=NAME, method=NAME, options=OPTIONS, seed="[0-9]+"
)

GIGABYTE = 1000  # MB, Snakemake's unit of memory
TORCH = 4 * GIGABYTE  # memory that a training takes beside its images
COPIES = 3  # of the images in memory, while they are prepared
FILE_THREADS = 8  # of a run that reads and decodes image files beside its GPU
UNKNOWN_SIDE = 224  # pixels, of a dataset that does not state its size
MINUTES = 720  # a time limit for schedulers; a run that meets it resumes from its checkpoint
MINUTES_SHORT = 30

# The shell command of a training job. Snakemake deletes a log before each attempt, and shows it whole
# after an error, so it is a link to a file of this attempt: a line before, and one after an error,
# unless it is stopped from outside (`failed_by_itself`). The launcher is the Snakemake that started the
# shell, without which the training stops.
TRAIN = """
attempt={log:q}.$(date -u +%Y%m%dT%H%M%SZ).$$
ln -sf "$(basename "$attempt")" {log:q}
echo "== $(date -u +%FT%TZ) on $(uname -n)${{SLURM_JOB_ID:+, Slurm job $SLURM_JOB_ID}}" >> "$attempt"
NCMC_LAUNCHER=$PPID ncmc train --wait RUNS >> "$attempt" 2>&1 || {{
    code=$?
    echo "== ncmc train: exit code $code" >> "$attempt"
    exit $code
}}
"""
ENDED = re.compile(r"== ncmc train: exit code (\d+)\s*\Z")
SIGNALS = 128  # exit codes above it: ended by a signal


class Jobs:
    """The jobs of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.config = config_files(project)

    def records_of(self, wildcards: Any) -> list[str]:
        """The records that a table is made of."""
        return records_of(switches.table(self.project, wildcards.table).runs)

    def stamp_of_table(self, wildcards: Any) -> str:
        """Which records a table has, those of later looks too, and of when.

        No inputs, so that none is trained for it. Snakemake itself sees records that are newer than the
        table, but not one that was replaced by an older file.
        """
        table = switches.table(self.project, wildcards.table)
        return self._stamp(records_of((*table.runs, *table.later_runs)))

    def stamp_of_verdicts(self, wildcards: Any) -> str:
        """The same, with the records of other tables that its checks look at.

        A table has its own: a check that fits no cell must not keep its runs from being trained.
        """
        others = records_of(evidence(self.project, wildcards.table))
        return self.stamp_of_table(wildcards) + self._stamp(others)

    def forget_incomplete(self, tables: Iterable[str]) -> None:
        """Delete the lists of figures, of which one is gone: Snakemake makes what has no list again.

        It looks at the folder of a table's figures as a whole, and not into it.
        """
        for table in tables:
            listed = self.project.place(paths.FIGURE_LIST, table=table)
            folder = self.project.place(paths.FIGURES, table=table)
            with suppress(OSError, UnicodeDecodeError):
                if not all((folder / n).is_file() for n in listed.read_text("utf-8").splitlines()):
                    listed.unlink()

    def planned(self, wildcards: Any) -> list[str]:
        """The records of the step that `ncmc plan` wrote last. Raises UserError: there is none."""
        runs = plan_file.read(self.project).runs
        return records_of(parse_run_id(self.project, run) for run in runs)

    def stamp_of_all(self, wildcards: Any) -> str:
        """Which records exist, published ones too, and of when. No inputs: none is trained for it."""
        root = self.project.root
        records = (root / paths.RUNS).parent.rglob(paths.RECORD)
        return self._stamp(path.relative_to(root).as_posix() for path in records)

    def _stamp(self, records: Iterable[str]) -> str:
        """A digest of the names, times and sizes of those records that exist."""
        states = []
        for name in sorted(records):
            with suppress(OSError):
                state = (self.project.root / name).stat()
                states.append((name, state.st_mtime_ns, state.st_size))
        return hashlib.sha256(repr(states).encode()).hexdigest()

    def evidence_of(self, wildcards: Any) -> list[str]:
        """The records of other tables that the checks of a table look at."""
        return records_of(evidence(self.project, wildcards.table))

    def gate_of(self, wildcards: Any) -> list[str]:
        """The check of this machine, for datasets of the paper's grid."""
        return [paths.PREFLIGHT] if wildcards.dataset in _paper_datasets(self.project) else []

    def runs_of(self, wildcards: Any) -> list[Run]:
        """The one run of a job that is named by it."""
        return [parse_run_id(self.project, wildcards.run)]

    def data_of(self, runs: list[Run]) -> list[str]:
        """The images and the splits that a job needs, which trains some runs."""
        split = [Path(file).name for file in (paths.SPLIT_MANIFEST, paths.SPLIT_INDICES)]
        images = {paths.ARRAYS_META.format(dataset=run.dataset) for run in runs}
        return sorted({*images, *(f"{run.split_folder}/{name}" for run in runs for name in split)})

    def models_of(self, runs: list[Run]) -> list[str]:
        """The records of runs outside of `runs` whose models they apply a decision rule to."""
        return records_of(run for run in trained_runs(self.project, runs) if run not in runs)

    def split_options(self, wildcards: Any) -> list[str]:
        """The options of a split as arguments of the command line.

        Raises UsageError for a key that is no option of a split, or a value that it cannot have.
        """
        options = parse_options(wildcards.split)
        start = dataset_entry(self.project, wildcards.dataset).split.model_dump()
        documents.parse(SplitOptions, start | options, f"split '{wildcards.split}'")
        return [
            word
            for key, value in options.items()
            for word in ("-o", f"{key}={format_value(value)}")
        ]

    def threads_of(self, runs: list[Run]) -> int:
        """CPU threads: those of the recipe whatever --cores is, or more where files are decoded."""
        found = (resolve_run(self.project, run) for run in runs)
        return max(
            max(r.execution.threads, FILE_THREADS * (r.recipe.augment == "resized_crop_flip"))
            for r in found
        )

    def gpus_of(self, runs: list[Run]) -> int:
        """GPUs: none for short runs, else 1."""
        return int(not all(is_short(self.project, run) for run in runs))

    def memory_of(self, runs: list[Run]) -> int:
        """Main memory in MB: torch itself, and the images several times over."""
        return max(map(self._memory, {run.cell for run in runs}))

    def minutes_of(self, runs: list[Run]) -> int:
        """A time limit for schedulers; what it cuts off goes on in the next attempt."""
        each = (MINUTES_SHORT if is_short(self.project, run) else MINUTES for run in runs)
        return min(sum(each), MINUTES)

    def _memory(self, run: Run) -> int:
        entry = dataset_entry(self.project, run.dataset)
        limit = resolve_run(self.project, run).execution.resident_gigabytes * GIGABYTE
        pixels = (entry.image_size or UNKNOWN_SIDE) ** 2 * entry.channels
        images = (entry.train_images or 0) + (entry.test_images or 0)
        return int(TORCH + min(COPIES * images * pixels / 1e6, limit))


def config_files(project: Project) -> list[str]:
    """The files that a user may edit: what is shown is made again when one of them changes.

    No data, split or record: a comment must not cost hours, and these say themselves whether they fit
    (an archive by its checksum, a record by the hash of its configuration).
    """
    folders = project.config(grid_file.PAPER).parent, project.root / paths.CONFIG
    found = {path for folder in folders for path in folder.glob("*.[cy]*")}
    found |= {project.config(assumptions.FILE)}
    unread = {project.root / paths.WORKFLOW_CONFIG, project.config("plan.yaml")}  # by any page
    return sorted(
        path.relative_to(project.root).as_posix() for path in found - unread if files.exists(path)
    )


def table_pattern(names: Iterable[str]) -> str:
    """What the wildcard of a table can be: a name, with switched assumptions or without."""
    return rf"(?:{'|'.join(names)})(?:{re.escape(switches.SIGN)}{switches.WORD})*"


@read_once
def evidence(project: Project, table: str) -> tuple[Run, ...]:
    """The runs of other tables that the checks of a table look at."""
    own = set(switches.table(project, table).runs)
    checks = checks_of(project, table)
    read = [run for check in checks for run in cell_selection.runs_of(project, check)]
    return tuple(run for run in dict.fromkeys(read) if run not in own)


def is_short(project: Project, run: Run) -> bool:
    """Whether a run takes seconds or minutes: its dataset comes with an installed package."""
    return dataset_entry(project, run.dataset).is_bundled


@read_once
def _paper_datasets(project: Project) -> set[str]:
    names = grid_file.table_names(project, "paper")
    return {spec.run.dataset for name in names for spec in grid.table(project, name).cells}


def pattern_of(runs: Iterable[Run] | None) -> str:
    """A regular expression of the ids of some runs; None: of all."""
    if runs is None:
        return RUN
    seeds: dict[str, list[str]] = {}
    for run in runs:
        seeds.setdefault(run.configuration, []).append(str(run.seed))
    cells = (f"{re.escape(cell)}/seed=(?:{'|'.join(own)})" for cell, own in seeds.items())
    return f"(?:{'|'.join(cells)})(?![0-9])" if seeds else "(?!)"  # which nothing matches


def train_command(runs: str) -> str:
    """The shell command that trains `runs` (a placeholder) and adds to the log."""
    return TRAIN.replace("RUNS", runs)


def failed_by_itself(logs: Iterable[str]) -> bool:
    """Whether the last attempt of a training job ended with an error, rather than by a signal."""
    for log in logs:
        try:
            end = Path(log).read_bytes()[-200:].decode(errors="replace")
        except OSError:
            continue
        if code := ENDED.search(end):
            return int(code[1]) <= SIGNALS
    return False


def records_of(runs: Iterable[Run]) -> list[str]:
    """The records of runs."""
    return [paths.RUN_RECORD.format(run=run.id) for run in dict.fromkeys(runs)]
