# What trains for hours or days on a processor: every table and figure of one file of tables (docs/plan.md).
for tier, names in targets.tiers_of(project).items():
    if tier != targets.DEFAULT:

        rule:
            """Every table and figure of a file of tables."""
            name:
                tier
            input:
                targets.made_of(project, names),
            localrule: True
