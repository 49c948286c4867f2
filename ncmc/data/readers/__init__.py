"""Archive formats: one file each, a function `read(folder, entry, sink)`.

`folder` holds the verified archives, `entry` is the dataset's entry of config/datasets.yaml, and
`sink` takes uint8 images (n, height, width, channels) and labels, in the archive's own order.
A format whose images stay where they are sets `STREAMED = True` (imagenet_lt); one that can pack a
folder into its archive has `pack(folder, target, say)` (imagefolder).
"""

import importlib
from pathlib import Path
from types import ModuleType

from ncmc.errors import unknown


def names() -> list[str]:
    """The formats that can be read, without importing any."""
    return sorted(f.stem for f in Path(__file__).parent.glob("*.py") if f.stem[0] != "_")


def load(name: str) -> ModuleType:
    """The module of one format. Raises UsageError with the allowed names."""
    if name not in names():
        raise unknown("reader in config/datasets.yaml", name, names())
    return importlib.import_module(f"ncmc.data.readers.{name}")
