# Bytes from outside, and which of them a run trains on.


# Before anything of the paper's grid is fetched or trained: can this machine do it?
rule preflight:
    output:
        temp("results/.preflight"),
    log:
        "logs/preflight.log",
    params:
        insist="--insist" if config["insist"] else "",
    localrule: True
    shell:
        "ncmc doctor --gate {params.insist} > {output} 2> {log} || (cat {log} >&2; exit 1)"


rule fetch:
    input:
        targets.gate_of,
    output:
        "data/arrays/{dataset}/meta.json",
    log:
        "logs/fetch/{dataset}.log",
    resources:
        dvc=1,
    localrule: True
    shell:
        "ncmc fetch {wildcards.dataset} > {log} 2>&1 || (cat {log} >&2; exit 1)"


rule split:
    input:
        "data/arrays/{dataset}/meta.json",
    output:
        "data/splits/{dataset}/tau={tau}/{split}/manifest.json",
        "data/splits/{dataset}/tau={tau}/{split}/indices.npz",
    log:
        "logs/split/{dataset}/tau={tau}/{split}.log",
    params:
        options=targets.split_options,
    localrule: True
    shell:
        "ncmc split {wildcards.dataset} --tau {wildcards.tau} {params.options} > {log} 2>&1"
