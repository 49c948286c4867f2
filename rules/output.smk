# What Snakemake says while it works: the plan, one line a finished job, every error in full. What each
# job said is in logs/. `--printshellcmds` or `--verbose` bring back Snakemake's own words.
import logging

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
