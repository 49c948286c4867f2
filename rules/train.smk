# One run: training, evaluation and its record in one process, because importing torch costs more than
# evaluating. Nothing here costs hours twice: a record that is there and fits its configuration is kept
# (`update`: Snakemake would delete it before the job; `ncmc train` then has nothing to do), and a split
# that is made later than its record, or a comment in config/, is no reason to train again (`ancient`).
# To train again: ncmc train RUN --force. Model and checkpoint lie outside the outputs: Snakemake deletes
# those of a job that fails.


rule train:
    """One run, from its split to its record and model."""
    input:
        data=ancient(job.data_of),
        config=ancient(job.config["train"]),
    output:
        update(paths.RUN_RECORD),
    log:
        paths.LOG_TRAIN,
    benchmark:
        paths.TIME_TRAIN
    threads: job.threads_of
    resources:
        gpu=job.gpus_of,
        mem_mb=job.memory_of,
        runtime=job.minutes_of,
    shell:
        "ncmc train {wildcards.run:q} > {log:q} 2>&1"
