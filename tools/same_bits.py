"""Whether two commits give the same numbers, bit for bit, by small runs trained with the code of each.

    python tools/same_bits.py OLD_COMMIT [NEW_COMMIT]

Trains every method, backbone, reader and kind of step whose code differs, at a size of seconds, with
both; compares weights, histories and results, and adds the parts of the code that differ and were
shown to give the same to ncmc/plan/same_bits.json: records of one are then not outdated by the other.
A part that gives other numbers, or of which nothing could be compared, is named and not added.
Commits are compared by the digests that their own code computes, as their records name them.
"""

import argparse
import hashlib
import io
import json
import os
import platform
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
import yaml
from golden_archives import SETS, write_archives

from ncmc.plan import same_bits
from ncmc.system import hardware

ROOT = Path(__file__).resolve().parents[1]
SHORT = "batch_size=16+epochs=3+warmup_epochs=1"
LONG = "digits/tau=0.02/resnet8/CAL/collapse_every=50+epochs=100+test_every=50/seed=3"
RESUMED = f"resumed: {LONG}"  # trained in two parts
VERSION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
COMMAND = "from cli.main import app; app()"
DIGESTS = """
import json, sys
from ncmc.plan.code_digest import code_of
from ncmc.plan.run import parse_run_id
from ncmc.project import Project
project = Project.find()
code = {run: code_of(project, parse_run_id(project, run)) for run in sys.argv[1:]}
print(json.dumps({run: parts.model_dump() for run, parts in code.items() if parts}))
"""
GROUPS = {  # part -> the groups of runs that show it; the loop has paths in all of them
    "method": ("mixed", "clean"),
    "backbone": ("backbones",),
    "data": ("readers", "kinds", "from_files"),
}
Part = tuple[str, str, str]  # name, digest at the old commit, at the new one


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("old", help="a commit")
    parser.add_argument("new", help="another one, by default HEAD", nargs="?", default="HEAD")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        archives = Path(place, "archives")
        write_archives(archives)
        old, new = (
            Tree(Path(place, side), git("rev-parse", f"{commit}^{{commit}}"))
            for side, commit in (("old", chosen.old), ("new", chosen.new))
        )
        for tree in (old, new):
            tree.unpack(archives)
        changed = changed_parts(old, new)
        for tree in (old, new):
            tree.train(archives, {run for run, parts in changed.items() if parts})
        shown = compare(old.outcomes, new.outcomes, changed)
    add(old, new, shown)
    left = set().union(*changed.values()) - shown
    print(f"{len(shown)} changed parts give the same bits, {len(left)} were not shown to.")
    for name, before, after in sorted(left):
        print(f"  {name}: {before} -> {after}")


def git(*arguments: str) -> str:
    line = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()


# --- the code of a commit, and its runs --------------------------------------------------------


@dataclass
class Tree:
    """The files of a commit, in a folder of their own, and what was trained there."""

    folder: Path
    commit: str
    digests: dict[str, dict[str, str]] = field(default_factory=dict)  # run -> part -> digest
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)  # "group: run" -> numbers

    def unpack(self, archives: Path) -> None:
        """The commit's files, with the sets of the golden runs in its configuration."""
        self.folder.mkdir()
        line = ["git", "-C", str(ROOT), "archive", self.commit]
        content = subprocess.run(line, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(self.folder, filter="data")
        path = self.folder / "config" / "datasets.yaml"
        document = yaml.safe_load(path.read_text())
        for name, fields in SETS.items():
            files = sorted(file.name for file in (archives / name).iterdir() if file.is_file())
            entry = {"title": name, "licence": "none", "source": "made", **fields}
            document["datasets"][name] = entry | {"files": [{"name": file} for file in files]}
        path.write_text(yaml.safe_dump(document))
        runs = {run.partition(": ")[2] for run in self.runs()}
        self.digests = json.loads(self.python(DIGESTS, *sorted(runs)))

    def names(self, room: str) -> list[str]:
        """The modules of a room, and of the paper's own part of it, that are not shared by others."""
        folders = (self.folder / "ncmc" / room, self.folder / "papers" / "ncmc" / room)
        stems = sorted(file.stem for folder in folders for file in folder.glob("*.py"))
        return [stem for stem in stems if stem[0] != "_" and stem != "base"]

    def groups(self) -> dict[str, tuple[list[str], list[str]]]:
        """Name -> runs and options of how they are computed."""
        digits = [
            f"digits/tau=0.02/resnet8/{name.upper().replace('_', '-')}/epochs=3+warmup_epochs=1"
            for name in self.names("methods")
        ]
        sets = [f"{name}/tau=0.25/resnet8/CE/{SHORT}/seed=0" for name in SETS if name != "g_lists"]
        options = (
            "split_seed=3+generator=pcg64",
            "imbalance=step+n_max_rule=common",
            "schedule=cosine+drop_last=on+test_every=2+collapse_every=2",
            "augment=none+mixup=off+momentum=0.5+weight_decay=0.01",
        )
        kinds = [f"g_cifar/tau=0.1/resnet8/CAL/{SHORT}+{more}/seed=1" for more in options]
        sets.append("digits/tau=0.25/resnet8/CE/epochs=3+warmup_epochs=1/seed=0")
        lists = ["g_lists/tau=0.25/resnet8/CE/batch_size=4+epochs=3+warmup_epochs=1/seed=0"]
        backbones = [f"g_cifar/tau=0.1/{b}/CE/{SHORT}/seed=0" for b in self.names("backbones")]
        released = f"g_svhn/tau=0.1/resnet8/CE/{SHORT}+svhn_labels=as_released/seed=0"
        groups = {
            "mixed": ([f"{run}/seed=0" for run in digits], []),
            "clean": ([f"{run}+mixup=off/seed=1" for run in digits], []),
            "backbones": (backbones, []),
            "readers": (sets + lists, []),
            "kinds": ([*kinds, released], []),
            "from_files": (sets[:1] + lists, ["-o", "resident_gigabytes=0"]),
            "float32": (sets[:1] + kinds[:1], ["-o", "precision=float32"]),
        }
        return {name: ([*map(in_order, runs)], options) for name, (runs, options) in groups.items()}

    def runs(self) -> list[str]:
        """All of them, each with its group."""
        groups = self.groups().items()
        return [*(f"{group}: {run}" for group, (runs, _) in groups for run in runs), RESUMED]

    def train(self, archives: Path, wanted: set[str]) -> None:
        """Those of the runs that are wanted, each group by its own process.

        What a commit gave is kept in the temporary folder until this script changes.
        """
        kept = Path(tempfile.gettempdir(), f"same_bits-{VERSION}-{self.commit}.json")
        self.outcomes = json.loads(kept.read_text()) if kept.exists() else {}
        wanted = wanted - self.outcomes.keys()
        sets = {run.partition(": ")[2].partition("/")[0] for run in wanted}
        for name in sorted(sets):
            (file, *others) = (archives / name).iterdir() if name in SETS else (None,)
            place = [] if file is None else ["--from", str(archives / name if others else file)]
            self.call("fetch", name, *place)
        for group, (runs, execution) in self.groups().items():
            if chosen := [run for run in runs if f"{group}: {run}" in wanted]:
                results = self.folder / "golden" / group
                results.mkdir(parents=True)
                line = (*chosen, "-o", "threads=1", *execution, "--results", str(results))
                self.call("train", *line)
                self.collect(group, results)
        if RESUMED in wanted:
            self.train_in_two()
        kept.write_text(json.dumps(self.outcomes))

    def train_in_two(self) -> None:
        """A run that is stopped on its way and resumed."""
        results = self.folder / "golden" / "resumed"
        results.mkdir(parents=True)
        line = ["train", LONG, "-o", "threads=1", "--results", str(results)]
        started = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *line],
            cwd=self.folder,
            env=self.environment(),
            stderr=subprocess.DEVNULL,
        )
        while started.poll() is None and not list((self.folder / "ckpt").rglob("progress.json")):
            time.sleep(0.05)
        time.sleep(2)
        started.send_signal(signal.SIGTERM)
        if started.wait() == 128 + signal.SIGTERM and list((self.folder / "ckpt").rglob("*.pt")):
            self.call(*line)
            self.collect("resumed", results)

    def call(self, *arguments: str) -> None:
        """A command of the commit's own `ncmc`; what it says if it fails."""
        print(f"{self.commit[:10]}: ncmc {' '.join(arguments)[:150]}", flush=True)
        self.python(COMMAND, *arguments)

    def python(self, program: str, *arguments: str) -> str:
        """What a program that uses the commit's own code prints; its errors are shown."""
        line = [sys.executable, "-c", program, *arguments]
        done = subprocess.run(
            line, cwd=self.folder, env=self.environment(), capture_output=True, text=True
        )
        if done.returncode:
            print(done.stderr[-2000:], flush=True)
        return done.stdout

    def environment(self) -> dict[str, str]:
        """Where the commit's own code is found, and no other configuration."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("NCMC_")}
        return kept | {"PYTHONPATH": str(self.folder), "NCMC_ROOT": str(self.folder)}

    def collect(self, group: str, results: Path) -> None:
        """The numbers of every run of a group."""
        for path in results.rglob("record.json"):
            run = path.parent.relative_to(results).as_posix()
            self.outcomes[f"{group}: {run}"] = numbers_of(path)


def in_order(run: str) -> str:
    """A run id as records name it: its options by the alphabet."""
    *cell, options, seed = run.split("/")
    return "/".join((*cell, "+".join(sorted(options.split("+"))), seed))


def numbers_of(path: Path) -> dict[str, Any]:
    """What a run gave: its weights by their hash, what its epochs measured, its results."""
    record = json.loads(path.read_text())
    result = {key: record["result"][key] for key in ("per_class", "ece", "confusion")}
    numbers = {"result": result, "split": record["split"]}
    model = path.with_name("model.pt")
    if model.exists():
        state = torch.load(model, map_location="cpu", weights_only=True)["state"]
        digest = hashlib.sha256()
        for name, tensor in sorted(state["model"].items()):
            flat = tensor.contiguous().reshape(-1).view(torch.uint8).numpy()
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode() + flat.tobytes())
        numbers["weights"] = digest.hexdigest()
        numbers["history"] = [dict(flat_numbers(e)) for e in json.loads(state["history"])]
    return numbers


def flat_numbers(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The single numbers of an epoch; matrices are formatted otherwise from version to version."""
    for key, value in entry.items():
        if isinstance(value, dict):
            yield from flat_numbers(value)
        elif not isinstance(value, list):
            yield key, value


# --- comparison --------------------------------------------------------------------------------


def changed_parts(old: Tree, new: Tree) -> dict[str, set[Part]]:
    """For each run of both trees, the parts that it shows and that are not known to be the same."""
    changed = {}
    for run in set(old.runs()) & set(new.runs()):
        a, b = (tree.digests.get(run.partition(": ")[2], {}) for tree in (old, new))
        changed[run] = {
            (part, a[part], b[part])
            for part in a.keys() & b.keys()
            if run.partition(": ")[0] in GROUPS.get(part, (run.partition(": ")[0],))
            and same_bits.version(part, a[part]) != same_bits.version(part, b[part])
        }
    return changed


def compare(
    old: Mapping[str, Any], new: Mapping[str, Any], changed: Mapping[str, set[Part]]
) -> set[Part]:
    """The changed parts that were shown to give the same bits, by the numbers of each run."""
    both = sorted(old.keys() & new.keys())
    differing = {run: differing_keys(old[run], new[run]) for run in both}
    same = [run for run in both if not differing[run]]
    other = [run for run in both if differing[run]]
    for run in other:
        print(f"other numbers: {run} ({', '.join(differing[run])})")
    print(f"{len(same)} runs with the same bits, {len(other)} with others")
    shown = set().union(*(changed[run] for run in same))
    wanted = {run.partition(": ")[0] for run, parts in changed.items() if parts}
    if missing := wanted - {run.partition(": ")[0] for run in same}:
        print(f"nothing compared of: {', '.join(sorted(missing))}")
        shown = {part for part in shown if part[0] != "loop"}  # it has paths that no run has taken
    while unexplained := [changed[run] for run in other if changed[run] <= shown and changed[run]]:
        shown -= set().union(*unexplained)  # a run with other numbers must have a part to blame
    return shown


def differing_keys(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """What of the numbers of two runs differs, where both know it."""
    keys = [key for key in a if key != "history" and a[key] != b.get(key)]
    epochs = zip(a.get("history", ()), b.get("history", ()), strict=True)
    different = any(x[key] != y[key] for x, y in epochs for key in x.keys() & y.keys())
    return [*keys, "history"] if different else keys


def add(old: Tree, new: Tree, shown: set[Part]) -> None:
    """What was shown, as one more entry of the file."""
    if not shown:
        return
    document = json.loads(same_bits.FILE.read_text())
    document["shown"].append(
        {
            "old": old.commit,
            "new": new.commit,
            "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "device": "cpu",
            "processor": f"{hardware.machine()['processor']}, {platform.machine()}",
            "torch": torch.__version__,
            "runs": len(old.outcomes.keys() & new.outcomes.keys()),
            "same": {
                part: {a: b for name, a, b in sorted(shown) if name == part}
                for part in sorted({name for name, _, _ in shown})
            },
        }
    )
    same_bits.FILE.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
