"""The files of this program, by what is in them: to compare an image's with a checkout's.

`python -m ncmc.system.code_files` prints those of the program that runs. Imports nothing of the project.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # a checkout, or the folder of installed packages
PARTS = ("ncmc", "cli")


def digests(root: Path = ROOT) -> dict[str, str]:
    """Every file of the code -> SHA-256."""
    return {  # a wheel has cli/ inside of ncmc/
        path.relative_to(root).as_posix().replace("ncmc/cli/", "cli/"): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for part in PARTS
        for path in sorted((root / part).rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }


def differing(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """The files that are not the same in both."""
    return sorted(name for name in {*here, *there} if here.get(name) != there.get(name))


def words(names: list[str]) -> str:
    """Names of files for a sentence."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


if __name__ == "__main__":
    print(json.dumps(digests()))
