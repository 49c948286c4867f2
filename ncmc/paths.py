"""Where everything lies, as templates relative to the project's root."""

import os
from functools import cache
from pathlib import Path

from ncmc.errors import UsageError

RAW = "data/raw/{dataset}"  # archives as they came; DVC tracks these
ARRAYS = "data/arrays/{dataset}"  # uint8 images and labels made from them
SPLIT = "data/splits/{dataset}/tau={tau}/{split}"  # manifest.json and indices.npz
RUN = "{dataset}/tau={tau}/{backbone}/{method}/{options}/seed={seed}"
RUNS = "results/runs"
CHECKPOINTS = "ckpt"  # outside declared outputs: Snakemake deletes those of a failed job
RESULTS = "results/{table}"


@cache
def root() -> Path:
    """The project's root: $NCMC_ROOT, or the nearest folder upwards that holds config/grid.yaml.

    Raises UsageError if there is none.
    """
    named = os.environ.get("NCMC_ROOT")
    starts = [Path(named)] if named else [Path.cwd(), *Path.cwd().parents]
    for folder in starts:
        if (folder / "config" / "grid.yaml").is_file():
            return folder.resolve()
    raise UsageError(
        f"no ncmc project in {starts[0]} (looked for config/grid.yaml"
        f"{'' if named else ' here and in the folders above'}). "
        "Start ncmc inside its checkout, or set NCMC_ROOT to it."
    )


def config(name: str) -> Path:
    """The path of a configuration file, such as `config("grid.yaml")`."""
    return root() / "config" / name
