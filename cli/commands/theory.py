"""`ncmc theory`: the paper's theorems, checked numerically."""

import json
from typing import Annotated

import typer

from cli.options import Folder, Json, results_folder, say_on_stderr
from ncmc.results.wording import plural

EPILOG = "Example: `ncmc theory T2 T8`."


def theory(
    names: Annotated[
        list[str] | None, typer.Argument(help="Claims, T1 to T9; by default all.")
    ] = None,
    out: Folder = None,
    exit_code: Annotated[
        bool,
        typer.Option(
            help="1 if a statement differs that no erratum names, 3 if one stays open; without, 0."
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Check the paper's theorems numerically: about a minute on one core."""
    from cli.progress import working
    from cli.show.verdicts import print_theory
    from ncmc.project import Project
    from ncmc.system import files
    from ncmc.theory import checks

    project = Project.find()
    wanted = names or checks.names(project)
    if not wanted:
        say_on_stderr("config/paper/claims.yaml states no theorem: nothing to check.")
    verdicts = []
    with working(f"checking {plural(len(wanted), 'theorem')}") as say:
        for number, name in enumerate(wanted, 1):
            say(f"checking {name}, {number} of {len(wanted)}")
            verdicts.append(checks.check(project, name))
    document = {"schema": checks.SCHEMA, "verdicts": [verdict.to_json() for verdict in verdicts]}
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    files.write_atomic(results_folder(project, "theory", out) / "theory.json", text)
    print_theory(verdicts, as_json)
    if exit_code and any(v.unexpected for v in verdicts):
        raise typer.Exit(1 if any(v.status == "differs" for v in verdicts if v.unexpected) else 3)
