# What a cluster needs and its profile cannot say.
from snakemake.jobs import Job

# A job that ended with an error of its own would end so again: only one that was stopped from outside (a time
# limit, a node, scancel) is sent again. Snakemake itself counts attempts alone, the same for every job of a rule.
allowed_by_snakemake = Job.restart_times.fget
Job.restart_times = property(
    lambda job: 0 if jobs.failed_by_itself(map(str, job.log)) else allowed_by_snakemake(job)
)

# Without accounting `sacct` tells nothing, for ever; `squeue` then knows finished jobs for a while, within which
# it has to be asked.
if getattr(workflow.executor_settings, "status_command", None) == "sacct":
    if (seconds := preflight.seconds_without_accounting()) is not None:
        workflow.executor_settings.status_command = "squeue"
        asked_after = workflow.executor_settings.init_seconds_before_status_checks
        workflow.executor_settings.init_seconds_before_status_checks = min(asked_after, seconds)
