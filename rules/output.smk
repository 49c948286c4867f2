# What Snakemake says while it works: the plan, one line a finished job, every error in full. What each
# job said is in logs/. `--printshellcmds` or `--verbose` bring back Snakemake's own words.
import logging
import os
import threading
import time

from snakemake.logging import get_event, logger
from snakemake_interface_logger_plugins.common import LogEvent

UNSAID_EVENTS = {
    LogEvent.JOB_INFO,
    LogEvent.JOB_STARTED,
    LogEvent.JOB_FINISHED,
    LogEvent.GROUP_INFO,
}
# The second is said of each run that fails: `update` finds no earlier record to put back.
UNSAID_WORDS = ("Select jobs to execute", "Cannot restore")


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Whether a message of Snakemake's tells more than that it goes on."""
    return get_event(record) not in UNSAID_EVENTS and not str(record.msg).startswith(UNSAID_WORDS)


if not (workflow.output_settings.verbose or workflow.output_settings.printshellcmds):
    logger.addFilter(is_worth_a_line)


def tell_runs() -> None:
    """Says how many runs are trained whenever that changes: a step may be several runs, and minutes."""
    waiting = set(jobs.records_of(trainings.runs))
    total = len(waiting)
    while waiting:
        time.sleep(max(2, total / 100))  # thousands lie on the file system of a cluster
        if trained := {record for record in waiting if os.path.exists(record)}:
            waiting -= trained
            logger.info(f"{total - len(waiting)} of {total} runs trained")


onstart:
    if trainings.runs:
        few = (
            trainings.tables
            if len(trainings.tables) <= 3 and targets.PLAN not in trainings.tables
            else ()
        )
        words = " ".join(["uv run ncmc status", *few, "--watch"])
        logger.info(
            f"{len(trainings.runs)} runs to train; each with its epoch and time left: {words}"
        )
        threading.Thread(target=tell_runs, daemon=True).start()
