# The whole re-run as a table of contents. What is trained: papers/ncmc/grid.yaml. How: config/train.yaml.
#   snakemake --cores all smoke       bundled images, no download
#   snakemake --cores all laptop      half a day on two cores, real images
#   snakemake --cores all full        the paper's schedule on ResNet-32: days without a GPU
#   snakemake -n all                  what the paper's whole grid would take
#   snakemake --cores all table2      one table of the paper
#   snakemake --cores all plan        the next step of what `ncmc plan` planned
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod
from snakemake.utils import min_version

from ncmc import jobs, paths, preflight, targets
from ncmc.errors import UserError, wrapped
from ncmc.plan.grid_file import table_names
from ncmc.project import Project

min_version("9.27")


configfile: paths.WORKFLOW_CONFIG


report: "rules/captions/workflow.rst"


# What is wrong is said here, in one line, before anything is planned.
try:
    settings = preflight.settings(config)
    if DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method:
        preflight.check_container(settings.container)
        preflight.name_image(settings.container)
    project = Project.find()
    tables = table_names(project)
    job = jobs.Jobs(project)
    trainings = targets.trainings(project, launcher=workflow.is_main_process)
    if workflow.is_main_process:
        job.forget_incomplete(tables)
except UserError as error:
    raise WorkflowError(wrapped(str(error))) from None


container: settings.container


wildcard_constraints:
    dataset=jobs.NAME,
    tau=jobs.TAU,
    split=jobs.OPTIONS,
    run=jobs.RUN,
    table=jobs.table_pattern(tables),


include: "rules/output.smk"
include: "rules/cluster.smk"
include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/report.smk"
include: "rules/plan.smk"
include: "rules/tiers.smk"


rule all:
    """Every table and figure of the paper."""
    default_target: True
    input:
        targets.made_of(project, targets.tiers_of(project)[targets.DEFAULT]),
    localrule: True
