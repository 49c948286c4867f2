"""Which published verdicts changed since a commit, and why: for CHANGELOG.md.

    python tools/verdict_changes.py 97a92e4              # results/published as it was there, against now
    python tools/verdict_changes.py OLD.json NEW.json    # two boards (`ncmc verify all --json`)

One line for each check that has another status, or is new or gone; exit code 1 if there is one. The
reason stands in its sentence of now.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BOARDS = "results/published/*/results/board.json"


def statuses(text: str) -> dict[str, tuple[str, str]]:
    """Check -> its status and sentence, of a board as JSON."""
    board = json.loads(text)
    return {v["id"]: (v["status"], v["why"]) for e in board["entries"] for v in e["verdicts"]}


def changes(
    old: Mapping[str, tuple[str, str]], new: Mapping[str, tuple[str, str]]
) -> Iterator[str]:
    """`L-C4: inconclusive -> holds: CAL is above CE by ...`, for each check that changed."""
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name, ("none", "")), new.get(name, ("none", ""))
        if before[0] != after[0]:
            yield f"{name}: {before[0]} -> {after[0]}: {after[1] or before[1]}"


def at_commit(commit: str, path: str) -> str:
    """A file as a commit has it; an empty board where it has none."""
    shown = subprocess.run(
        ["git", "show", f"{commit}:{path}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return shown.stdout if shown.returncode == 0 else '{"entries": []}'


def main() -> None:
    given = sys.argv[1:]
    if len(given) not in (1, 2):
        sys.exit(__doc__)
    if len(given) == 2:
        boards = [tuple(Path(name).read_text() for name in given)]
    else:
        paths = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob(BOARDS))]
        boards = [(at_commit(given[0], path), (ROOT / path).read_text()) for path in paths]
    lines = [line for old, new in boards for line in changes(statuses(old), statuses(new))]
    print("\n".join(lines) or "no verdict changed")
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
