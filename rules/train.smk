# One run: training, evaluation and its record in one process, because importing torch costs more than
# evaluating. The checkpoint lies outside the outputs: Snakemake deletes those of a job that fails.


rule train:
    """One run, from its split to its record and model."""
    input:
        split=job.split_of,
    output:
        record="results/runs/{run}/record.json",
        model="results/runs/{run}/model.pt",
    log:
        "logs/train/{run}.log",
    benchmark:
        "logs/train/{run}.tsv"
    threads: job.threads_of
    resources:
        gpu=job.gpus_of,
        mem_mb=job.memory_of,
        runtime=job.minutes_of,
    shell:
        "ncmc train {wildcards.run:q} --force > {log:q} 2>&1 || (tail -n 20 {log:q} >&2; exit 1)"
