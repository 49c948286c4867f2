# What Snakemake says while it works: the plan, one line a finished job, every error in full. What each
# job said is in logs/. `--printshellcmds` or `--verbose` bring back Snakemake's own words.
import logging
import os
import sys
import threading
import time

from snakemake.logging import get_event, logger
from snakemake_interface_logger_plugins.common import LogEvent

from ncmc.plan.grid_file import tiers
from ncmc.results.wording import plural

UNSAID_EVENTS = {
    LogEvent.JOB_STARTED,
    LogEvent.JOB_FINISHED,
    LogEvent.GROUP_INFO,
}
# The second is said of each run that fails: `update` finds no earlier record to put back.
UNSAID_WORDS = ("Select jobs to execute", "Cannot restore")
SAID_RULES = ("fetch", "figures")  # they take long and say nothing meanwhile
INTERRUPTED = "Terminating processes on user request"  # Snakemake's words at Ctrl-C

started, interrupted = threading.Event(), threading.Event()
untrained = set(jobs.records_of(trainings.runs))
total = len(untrained)
counting = threading.Lock()


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Whether a message of Snakemake's tells more than that it goes on, or than another one."""
    event, text = get_event(record), str(record.msg)
    if text.startswith(INTERRUPTED):
        interrupted.set()
        record.msg = "Stopping: each training saves a checkpoint before it ends."
    if event == LogEvent.JOB_INFO:
        record.event, record.msg = (
            None,
            f"{record.rule_name} {' '.join(record.wildcards.values())} ...",
        )
        return started.is_set() and record.rule_name in SAID_RULES
    if event == LogEvent.PROGRESS:
        tell_runs()  # before the step that trained them
    if event in (LogEvent.ERROR, LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR):
        # an error of the shell is told again, with the log, as that of its job
        return not (interrupted.is_set() or "CalledProcessError" in text)
    return event not in UNSAID_EVENTS and not text.startswith(UNSAID_WORDS)


if not (workflow.output_settings.verbose or workflow.output_settings.printshellcmds):
    logger.addFilter(is_worth_a_line)


def tell_runs() -> None:
    """Says how many runs are trained if that has changed."""
    with counting:
        if trained := {record for record in untrained if os.path.exists(record)}:
            untrained.difference_update(trained)
            logger.info(f"{total - len(untrained)} of {plural(total, 'run')} trained")


def keep_telling() -> None:
    """Says it as soon as it changes: a step may be several runs, and minutes."""
    while untrained:
        time.sleep(max(2, len(untrained) / 100))  # thousands lie on the file system of a cluster
        tell_runs()


def names_for_status() -> list[str]:
    """What `ncmc status` is to be asked of: the tables of the call, or the tier that has them all."""
    asked = set(trainings.tables)
    if targets.PLAN in asked or len(asked) <= 3:
        return [] if targets.PLAN in asked else list(trainings.tables)
    return [tier for tier, names in tiers(project).items() if asked <= set(names)][:1]


onstart:
    started.set()  # not in a dry run
    if trainings.runs:
        try:
            preflight.check_datasets(project, {run.dataset for run in trainings.runs})
        except UserError as error:
            raise WorkflowError(wrapped(str(error))) from None
        words = " ".join(["uv run ncmc status", *names_for_status(), "--watch"])
        logger.info(f"{plural(total, 'run')} to train; with epoch and time left: {words}")
        threading.Thread(target=keep_telling, daemon=True).start()


onerror:
    if interrupted.is_set():
        logger.info("Stopped. What was trained is kept: run the same command to resume.")
        sys.exit(130)
