# The whole re-run as a table of contents. What is trained: config/grid.yaml. How: config/train.yaml.
#   snakemake --cores all smoke       bundled images, about a minute, no download
#   snakemake -n all                  what the paper's whole grid would take
#   snakemake --cores all table2      one table of the paper
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod
from snakemake.utils import min_version

from ncmc import grid, paths, preflight, targets
from ncmc.errors import UserError

min_version("9.27")


configfile: "config/workflow.yaml"


# What is wrong is said here, in one line, before anything is planned.
try:
    settings = preflight.settings(config)
    if DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method:
        preflight.check_container(settings.container)
    tables = grid.table_names()
except UserError as error:
    raise WorkflowError(str(error)) from None


container: settings.container


wildcard_constraints:
    dataset=targets.NAME,
    tau=targets.TAU,
    split=targets.OPTIONS,
    run=targets.RUN,
    table="|".join(tables),


localrules:
    all,
    theory,
    smoke,


include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/report.smk"


rule all:
    """Every table and figure of the paper."""
    default_target: True
    input:
        targets.reports(grid.table_names("paper")),
