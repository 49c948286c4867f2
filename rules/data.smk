# Bytes from outside, and which of them a run trains on.


rule preflight:
    """Can this machine do it? Asked before anything of the paper's grid is fetched or trained."""
    output:
        temp(paths.PREFLIGHT),
    log:
        paths.LOG_PREFLIGHT,
    localrule: True
    shell:
        "ncmc doctor --gate > {output:q} 2> {log:q}"


rule fetch:
    """A dataset's archives through DVC, verified, and the arrays made from them."""
    input:
        [] if settings.insist else job.gate_of,
    output:
        paths.ARRAYS_META,
    log:
        paths.LOG_FETCH,
    localrule: True
    resources:
        dvc=1,
    shell:
        "ncmc fetch {wildcards.dataset:q} > {log:q} 2>&1"


rule split:
    """A long-tailed training set: which images, and a manifest that proves it."""
    input:
        paths.ARRAYS_META,
    output:
        paths.SPLIT_MANIFEST,
        paths.SPLIT_INDICES,
    log:
        paths.LOG_SPLIT,
    localrule: True
    params:
        options=job.split_options,
    shell:
        "ncmc split {wildcards.dataset:q} --tau {wildcards.tau:q} {params.options:q} > {log:q} 2>&1"
