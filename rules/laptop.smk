# The laptop tier: every table and figure of config/laptop.yaml (docs/laptop.md).


rule laptop:
    """What two CPU cores can say of the claims in an afternoon, on real images."""
    input:
        jobs.pages_of(table_names_in(project, LAPTOP)),
        jobs.figures_of(table_names_in(project, LAPTOP)),
    localrule: True
