# Bytes from outside, and which of them a run trains on.


rule preflight:
    """Can this machine do it? Asked before anything of the paper's grid is fetched or trained."""
    output:
        temp("results/.preflight"),
    log:
        "logs/preflight.log",
    localrule: True
    params:
        insist=["--insist"] if settings.insist else [],
    shell:
        "ncmc doctor --gate {params.insist:q} > {output:q} 2> {log:q} || (cat {log:q} >&2; exit 1)"


rule fetch:
    """A dataset's archives through DVC, verified, and the arrays made from them."""
    input:
        job.gate_of,
    output:
        "data/arrays/{dataset}/meta.json",
    log:
        "logs/fetch/{dataset}.log",
    localrule: True
    resources:
        dvc=1,
    shell:
        "ncmc fetch {wildcards.dataset:q} > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"


rule split:
    """A long-tailed training set: which images, and a manifest that proves it."""
    input:
        "data/arrays/{dataset}/meta.json",
    output:
        "data/splits/{dataset}/tau={tau}/{split}/manifest.json",
        "data/splits/{dataset}/tau={tau}/{split}/indices.npz",
    log:
        "logs/split/{dataset}/tau={tau}/{split}.log",
    localrule: True
    params:
        options=job.split_options,
    shell:
        "ncmc split {wildcards.dataset:q} --tau {wildcards.tau:q} {params.options:q}"
        " > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"
