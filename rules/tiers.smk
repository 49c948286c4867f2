# What trains for hours or days on a processor: every table and figure of one file of config/ (docs/plan.md).
for file in TIERS:

    rule:
        """Every table and figure of a file of config/."""
        name:
            file.removesuffix(".yaml")
        input:
            targets.made_of(project, table_names_in(project, file)),
        localrule: True
