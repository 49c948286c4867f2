# From records to a page: no torch, no GPU, seconds. A record that cannot be used is named by all rules and stops
# none; `show`, at the end of a named target, exits with 3 then. `report` and `figures` read the records that
# `verify` does, and are made after its verdicts: thousands of inputs less to plan.


rule table:
    """The cells of a table or figure, as CSV, JSON, Markdown and LaTeX."""
    input:
        records=job.records_of,
        config=job.config,
    output:
        csv=report(
            project.of_paper(paths.TABLE_CSV),
            caption="captions/table.rst",
            category="Numbers",
            labels={"table": "{table}", "what": "a line per cell (CSV)"},
        ),
        json=project.of_paper(paths.TABLE_JSON),
        markdown=project.of_paper(paths.TABLE_MARKDOWN),
        latex=project.of_paper(paths.TABLE_LATEX),
    log:
        project.of_paper(paths.LOG_TABLE),
    localrule: True
    params:
        records=job.stamp_of_table,  # made again when there are others
    shell:
        "ncmc table {wildcards.table:q} --no-exit-code > {log:q} 2>&1"


rule verify:
    """What the results say of the paper's claims."""
    input:
        records=job.records_of,
        others=job.evidence_of,
        config=job.config,
    output:
        report(
            project.of_paper(paths.VERDICTS),
            caption="captions/verdicts.rst",
            category="Verdicts",
            labels={"table": "{table}", "what": "every comparison (JSON)"},
        ),
    log:
        project.of_paper(paths.LOG_VERIFY),
    localrule: True
    params:
        records=job.stamp_of_verdicts,
    shell:
        "ncmc verify {wildcards.table:q} --no-exit-code > {log:q} 2>&1"


rule report:
    """The page of a table or figure: verdicts, numbers, curves, how each was made."""
    input:
        verdicts=project.of_paper(paths.VERDICTS),
        config=job.config,
    output:
        report(
            project.of_paper(paths.PAGE),
            caption="captions/page.rst",
            category="Tables and figures",
            labels={"table": "{table}", "what": "the page"},
        ),
    log:
        project.of_paper(paths.LOG_REPORT),
    localrule: True
    shell:
        "ncmc report {wildcards.table:q} > {log:q} 2>&1"


rule figures:
    """The figures of a table or figure: images, the numbers in them, captions."""
    input:
        verdicts=project.of_paper(paths.VERDICTS),
        config=job.config,
    output:
        report(
            directory(project.of_paper(paths.FIGURES)),
            patterns=["{name}.svg"],
            caption="captions/figure.rst",
            category="Figures",
            subcategory="{table}",
            labels={"figure": "{name}"},
        ),
        project.of_paper(paths.FIGURE_LIST),
    log:
        project.of_paper(paths.LOG_FIGURES),
    localrule: True
    shell:
        "ncmc figures {wildcards.table:q} > {log:q} 2>&1"


rule board:
    """The page of the whole project, from the records that there are. It trains nothing."""
    input:
        job.config,
    output:
        report(
            project.of_paper(paths.PROJECT_PAGE),
            caption="captions/board.rst",
            category="The whole project",
            labels={"table": "all", "what": "the page"},
        ),
    log:
        project.of_paper(paths.LOG_BOARD),
    localrule: True
    params:
        records=job.stamp_of_all,  # made again when there are others
    shell:
        "ncmc report all > {log:q} 2>&1"


# The named targets end by showing their table and verdicts: table1 ... table7, figure1 ..., smoke.
for name in tables:

    rule:
        """Shows a table or figure and its verdicts in the terminal."""
        name:
            name
        input:
            made=targets.made_of(project, [name]),
            config=job.config,
        log:
            project.of_paper(paths.LOG_SHOW).format(table=name),
        localrule: True
        params:
            table=name,
            page=lambda wildcards, page=project.of_paper(paths.PAGE).format(table=name): page,
        shell:
            "ncmc table {params.table:q} --verdicts 2> {log:q} || code=$?; cat {log:q} >&2; "
            "echo Page: {params.page}; exit ${{code:-0}}"


rule theory:
    """Numerical checks of the theorems."""
    input:
        job.config,
    output:
        report(
            project.of_paper(paths.THEORY),
            caption="captions/theory.rst",
            category="Verdicts",
            labels={"table": "theory", "what": "every theorem (JSON)"},
        ),
    log:
        project.of_paper(paths.LOG_THEORY),
    localrule: True
    shell:
        "ncmc theory --no-exit-code > {log:q} 2>&1"
