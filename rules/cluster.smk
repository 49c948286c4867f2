# What a cluster needs and its profile cannot say.
import sys

from snakemake.jobs import Job

# A job that ended with an error of its own would end so again: only one that was stopped from outside (a time
# limit, a node, scancel) is sent again, as often for each of its runs as one alone.
runs_of_job = {targets.rule_name(name): len(runs) for name, runs in trainings.batches.items()}
Job.restart_times = property(
    lambda job: (
        0
        if jobs.failed_by_itself(map(str, job.log))
        else job.rule.restart_times * runs_of_job.get(job.rule.name, 1)
    )
)

# Without accounting `sacct` tells nothing, for ever; `squeue` then knows finished jobs for a while, within which
# it has to be asked. Loaded wherever it is installed; elsewhere there is no Slurm.
slurm = sys.modules.get("snakemake_executor_plugin_slurm")
seconds = preflight.seconds_without_accounting() if slurm else None


def by_queue(executor) -> str:
    """The program that the plugin asks, and before that: how soon it asks the next time."""
    asked = executor.workflow.executor_settings
    first = asked.init_seconds_before_status_checks
    asked.init_seconds_before_status_checks = min(first, seconds)
    later = executor.next_seconds_between_status_checks
    executor.next_seconds_between_status_checks = min(later, seconds)
    return "squeue"


if seconds is not None:
    slurm.Executor.get_status_command = by_queue
