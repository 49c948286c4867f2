# From records to a page: no torch, no GPU, seconds.


rule table:
    input:
        targets.records_of,
    output:
        csv="results/{table}/table.csv",
        json="results/{table}/table.json",
        markdown="results/{table}/table.md",
    log:
        "logs/table/{table}.log",
    localrule: True
    shell:
        "ncmc table {wildcards.table} > {log} 2>&1 || (cat {log} >&2; exit 1)"


rule verify:
    input:
        targets.evidence_of,
        "results/{table}/table.json",
    output:
        "results/{table}/verdicts.json",
    log:
        "logs/verify/{table}.log",
    localrule: True
    shell:
        "ncmc verify {wildcards.table} --no-exit-code > {log} 2>&1 || (cat {log} >&2; exit 1)"


rule report:
    input:
        "results/{table}/table.json",
        "results/{table}/verdicts.json",
    output:
        report(
            "results/{table}/report.html",
            category="Tables and figures",
            labels={"table": "{table}"},
        ),
    log:
        "logs/report/{table}.log",
    localrule: True
    shell:
        "ncmc report {wildcards.table} > {log} 2>&1 || (cat {log} >&2; exit 1)"


# The named targets end by showing their table and verdicts: table1 ... table7, figure1 ..., smoke.
for name in grid.table_names():

    rule:
        name:
            name
        input:
            f"results/{name}/report.html",
            f"results/{name}/verdicts.json",
        log:
            f"logs/show/{name}.log",
        params:
            table=name,
        localrule: True
        shell:
            "ncmc verify {params.table} --show-table --no-exit-code 2> {log}"


rule theory:
    output:
        "results/theory/theory.json",
    log:
        "logs/theory.log",
    shell:
        "ncmc theory --no-exit-code > {log} 2>&1 || (cat {log} >&2; exit 1)"
