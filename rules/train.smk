# From a split to records: training and evaluation in one process, because importing torch costs more than
# evaluating. Short runs of a table share jobs, and others in a grid of thousands (ncmc/targets.py).
# Jobs are made for records that are missing, and those are targets (ncmc/targets.py). A record that is there
# is a file like any other: nothing here costs hours twice, and a split that is made later than its record,
# or a comment in config/, is no reason to train again. To train again: ncmc train RUN --force.
# `update`: a record that another launcher makes in the meantime is not deleted before the job; `ncmc train` then
# has nothing to do.
# Model and checkpoint lie outside the outputs: Snakemake deletes those of a job that fails. A record lost in
# this way is made again from its model in a moment, so that a batch that is killed costs no more than the
# steps since the last checkpoint.
# `--wait`: a job of a launcher that was killed may still train the run. Each attempt has a log; how the
# last one ended says whether another would help (rules/cluster.smk).


rule train:
    """One run, from its split to its record and model."""
    input:
        data=ancient(lambda wildcards: job.data_of(job.runs_of(wildcards))),
        model=lambda wildcards: job.models_of(job.runs_of(wildcards)),
    output:
        update(paths.RUN_RECORD),
    log:
        paths.LOG_TRAIN,
    benchmark:
        paths.TIME_TRAIN
    wildcard_constraints:
        run=jobs.pattern_of(trainings.alone),
    threads: lambda wildcards: job.threads_of(job.runs_of(wildcards))
    resources:
        gpu=lambda wildcards: job.gpus_of(job.runs_of(wildcards)),
        mem_mb=lambda wildcards: job.memory_of(job.runs_of(wildcards)),
        runtime=lambda wildcards: job.minutes_of(job.runs_of(wildcards)),
    shell:
        jobs.train_command("{wildcards.run:q}")


for name, runs in trainings.batches.items():

    rule:
        """Several runs, from their splits to their records and models."""
        name:
            targets.rule_name(name)
        input:
            data=ancient(lambda wildcards, runs=runs: job.data_of(runs)),
            model=job.models_of(runs),
        output:
            update(jobs.records_of(runs)),
        log:
            paths.LOG_TRAIN.format(run=name),
        benchmark:
            paths.TIME_TRAIN.format(run=name)
        threads: job.threads_of(runs)
        resources:
            gpu=job.gpus_of(runs),
            mem_mb=job.memory_of(runs),
            runtime=job.minutes_of(runs),
        params:
            runs=[run.id for run in runs],  # a shell command is worked out later, with the last `runs`
        shell:
            jobs.train_command("{params.runs:q}")
