"""`ncmc theory`: the paper's theorems, checked numerically."""

from typing import Annotated

import typer

from cli.options import Folder, Json, results_folder, say_on_stderr

EPILOG = "Example: `ncmc theory T2 T8`."


def theory(
    names: Annotated[
        list[str] | None, typer.Argument(help="Claims, T1 to T9; by default all.")
    ] = None,
    out: Folder = None,
    exit_code: Annotated[
        bool, typer.Option(help="Tell the verdict by the exit code; without, it is 0.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Check the paper's theorems numerically: about a minute on one core."""
    from cli.show.verdicts import print_theory
    from ncmc.project import Project
    from ncmc.theory import checks, pages

    project = Project.find()
    verdicts = [checks.check(project, name) for name in names or checks.names(project)]
    pages.write(verdicts, results_folder(project, "theory", out))
    if not verdicts:
        say_on_stderr("config/paper/claims.yaml states no theorem: nothing to check.")
    print_theory(verdicts, as_json)
    if exit_code and any(v.status != "holds" for v in verdicts):
        raise typer.Exit(1 if any(v.status == "differs" for v in verdicts) else 3)
