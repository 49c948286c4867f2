# What `ncmc plan` wrote last, carried out: the runs of one step, then the plan of the next, by what these
# runs have shown. The same command again goes on with that, until nothing is open or the budget is spent.


rule plan:
    """The runs of the plan's next step; then the step after it, planned and shown."""
    input:
        job.planned,
    log:
        project.of_paper(paths.LOG_PLAN),
    localrule: True
    shell:
        "ncmc plan --next 2> {log:q}"
