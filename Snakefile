# The whole re-run as a table of contents. What is trained: config/grid.yaml. How: config/train.yaml.
#   snakemake --cores all smoke       bundled images, about a minute, no download
#   snakemake -n all                  what the paper's whole grid would take
#   snakemake --cores all table2      one table of the paper
from ncmc import grid, paths, targets


configfile: "config/workflow.yaml"


container: config["container"]


wildcard_constraints:
    dataset=r"[a-z0-9_]+",
    tau=r"[0-9.e-]+",
    split=r"[^/]+",
    run=r"[^/]+/tau=[^/]+/[^/]+/[^/]+/[^/]+/seed=[0-9]+",
    table="|".join(grid.table_names()),


localrules:
    all,
    theory,
    smoke,


include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/report.smk"


rule all:
    input:
        targets.reports(grid.table_names("paper")),
    default_target: True
