# From records to a page: no torch, no GPU, seconds.


rule table:
    """The cells of a table or figure, as CSV, JSON and Markdown."""
    input:
        job.records_of,
    output:
        csv="results/{table}/table.csv",
        json="results/{table}/table.json",
        markdown="results/{table}/table.md",
    log:
        "logs/table/{table}.log",
    localrule: True
    shell:
        "ncmc table {wildcards.table:q} > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"


rule verify:
    """What the results say of the paper's claims."""
    input:
        job.evidence_of,
        "results/{table}/table.json",
    output:
        "results/{table}/verdicts.json",
    log:
        "logs/verify/{table}.log",
    localrule: True
    shell:
        "ncmc verify {wildcards.table:q} --no-exit-code > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"


rule report:
    """The page of a table or figure: verdicts, numbers, curves, how each was made."""
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
        "ncmc report {wildcards.table:q} > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"


# The named targets end by showing their table and verdicts: table1 ... table7, figure1 ..., smoke.
for name in tables:

    rule:
        """Shows a table or figure and its verdicts in the terminal."""
        name:
            name
        input:
            f"results/{name}/report.html",
            f"results/{name}/verdicts.json",
        log:
            f"logs/show/{name}.log",
        localrule: True
        params:
            table=name,
        shell:
            "ncmc verify {params.table:q} --show-table --no-exit-code 2> {log:q}"


rule theory:
    """Numerical checks of the theorems."""
    output:
        "results/theory/theory.json",
    log:
        "logs/theory.log",
    shell:
        "ncmc theory --no-exit-code > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"
