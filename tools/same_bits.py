"""Whether two commits give the same numbers, bit for bit, by small runs trained with the code of each.

    python tools/same_bits.py OLD_COMMIT [NEW_COMMIT]

Trains every method, backbone, reader and kind of step at a size of seconds with both, compares weights,
histories and results, and adds the parts of the code that differ and were shown to give the same to
ncmc/plan/same_bits.json: records of one are then not outdated by the other. A part that gives other
numbers, or of which nothing could be compared, is named and not added.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import pickle
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

import numpy as np
import scipy.io
import torch
import yaml
from PIL import Image

from ncmc.plan import catalog, code_digest, same_bits
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.record import load_record
from ncmc.system import hardware

ROOT = Path(__file__).resolve().parents[1]
SETS = {  # name -> the fields of its entry in config/datasets.yaml
    "g_cifar": {"reader": "cifar", "recipe": "small"},
    "g_binary": {"reader": "cifar_binary", "recipe": "small"},
    "g_svhn": {"reader": "svhn", "recipe": "plain"},
    "g_stl": {"reader": "stl10", "recipe": "plain"},
    "g_folder": {"reader": "imagefolder", "recipe": "small"},
    "g_lists": {
        "reader": "imagenet_lt",
        "recipe": "imagenet",
        "image_size": 24,
        "split": {"imbalance": "given"},
    },
}
SHORT = "batch_size=16+epochs=3+warmup_epochs=1"
LONG = "digits/tau=0.02/resnet8/CAL/collapse_every=50+epochs=100+test_every=50/seed=3"
VERSION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
COMMAND = (sys.executable, "-c", "from cli.main import app; app()")
Pair = tuple[str, str, str]  # part, digest at the old commit, at the new one


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
            tree.unpack()
        if changed := differing_parts(old, new):
            for tree in (old, new):
                tree.train(archives)
            shown = compare(old, new)
            add(old, new, shown, len(old.outcomes.keys() & new.outcomes.keys()))
            left = {(part, *pair) for part, pair in changed} - shown
            print(f"{len(shown)} changed parts give the same bits, {len(left)} were not shown to:")
            for part, before, after in sorted(left):
                print(f"  {part}: {before} -> {after}")
        else:
            print("every part is known to give the same bits; nothing was trained")
        add_parts_of_commit(old)


def git(*arguments: str) -> str:
    line = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()


# --- training ----------------------------------------------------------------------------------


@dataclass
class Tree:
    """The files of a commit, in a folder of their own, and what was trained there."""

    folder: Path
    commit: str
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)  # run -> numbers

    def unpack(self) -> None:
        """The commit's files."""
        self.folder.mkdir()
        line = ["git", "-C", str(ROOT), "archive", self.commit]
        content = subprocess.run(line, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(self.folder, filter="data")

    def names(self, room: str) -> list[str]:
        """The modules of a room that are not shared by others."""
        stems = (file.stem for file in sorted((self.folder / "ncmc" / room).glob("*.py")))
        return [stem for stem in stems if stem[0] != "_" and stem != "base"]

    def train(self, archives: Path) -> None:
        """All runs, each group by its own process; what they gave is kept until this script changes."""
        kept = Path(tempfile.gettempdir(), f"same_bits-{VERSION}-{self.commit}.json")
        if kept.exists():
            self.outcomes = json.loads(kept.read_text())
            return
        path = self.folder / "config" / "datasets.yaml"
        document = yaml.safe_load(path.read_text())
        for name, fields in SETS.items():
            files = sorted(file.name for file in (archives / name).iterdir() if file.is_file())
            entry = {"title": name, "licence": "none", "source": "made", **fields}
            document["datasets"][name] = entry | {"files": [{"name": file} for file in files]}
        path.write_text(yaml.safe_dump(document))
        self.call("fetch", "digits")
        for name in SETS:
            if (self.folder / f"ncmc/data/readers/{SETS[name]['reader']}.py").exists():
                (file, *others) = (archives / name).iterdir()
                self.call("fetch", name, "--from", str(archives / name if others else file))
        for group, (runs, execution) in self.groups().items():
            results = self.folder / "golden" / group
            results.mkdir(parents=True)
            self.call("train", *runs, "-o", "threads=1", *execution, "--results", str(results))
            self.collect(group, results)
        self.train_in_two()
        kept.write_text(json.dumps(self.outcomes))

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
            "schedule=cosine+drop_last=true+test_every=2+collapse_every=2",
            "augment=none+mixup=false+momentum=0.5+weight_decay=0.01",
        )
        kinds = [f"g_cifar/tau=0.1/resnet8/CAL/{SHORT}+{more}/seed=1" for more in options]
        lists = ["g_lists/tau=0.25/resnet8/CE/batch_size=4+epochs=3+warmup_epochs=1/seed=0"]
        return {
            "mixed": ([f"{run}/seed=0" for run in digits], []),
            "clean": ([f"{run}+mixup=false/seed=1" for run in digits], []),
            "backbones": (
                [f"g_cifar/tau=0.1/{b}/CE/{SHORT}/seed=0" for b in self.names("backbones")],
                [],
            ),
            "readers": (sets + lists, []),
            "kinds": (
                [*kinds, f"g_svhn/tau=0.1/resnet8/CE/{SHORT}+svhn_labels=as_released/seed=0"],
                [],
            ),
            "from_files": (sets[:1] + lists, ["-o", "resident_gigabytes=0"]),
            "float32": (sets[:1] + kinds[:1], ["-o", "precision=float32"]),
        }

    def train_in_two(self) -> None:
        """A run that is stopped on its way and resumed."""
        results = self.folder / "golden" / "resumed"
        results.mkdir()
        line = [*COMMAND, "train", LONG, "-o", "threads=1", "--results", str(results)]
        started = subprocess.Popen(
            line, cwd=self.folder, env=self.environment(), stderr=subprocess.DEVNULL
        )
        while started.poll() is None and not list((self.folder / "ckpt").rglob("progress.json")):
            time.sleep(0.05)
        time.sleep(2)
        started.send_signal(signal.SIGTERM)
        if started.wait() == 128 + signal.SIGTERM and list((self.folder / "ckpt").rglob("*.pt")):
            self.call(*line[len(COMMAND) :])
            self.collect("resumed", results)

    def call(self, *arguments: str) -> None:
        """A command of the commit's own `ncmc`."""
        print(f"{self.commit[:10]}: ncmc {shorter(' '.join(arguments))}", flush=True)
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            told = [line for line in done.stderr.splitlines() if line.startswith("ncmc:")]
            print("\n".join(told or [done.stderr[-2000:]]), flush=True)

    def environment(self) -> dict[str, str]:
        """Where the commit's own code is found, and no other configuration."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("NCMC_")}
        return kept | {"PYTHONPATH": str(self.folder), "NCMC_ROOT": str(self.folder)}

    def collect(self, group: str, results: Path) -> None:
        """The numbers of every run of a group."""
        for path in results.rglob("record.json"):
            run = path.parent.relative_to(results).as_posix()
            self.outcomes[f"{group}: {run}"] = numbers_of(path)


def shorter(text: str) -> str:
    return text if len(text) < 150 else f"{text[:150]} ..."


def numbers_of(path: Path) -> dict[str, Any]:
    """What a run gave: its weights by their hash, what its epochs measured, its results."""
    record = json.loads(path.read_text())
    result = {key: record["result"][key] for key in ("per_class", "ece", "confusion")}
    numbers = {"result": result, "split": record["split"], "config": record["config"]}
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


def parts_of(tree: Tree, run: str) -> dict[str, str]:
    """The digest of each part of the code that a run of a tree depends on."""
    dataset, tau, backbone, method, *_ = run.partition(": ")[2].split("/")
    reader = SETS.get(dataset, {"reader": "digits"})["reader"]
    return digests(tree, Run(dataset, float(tau[4:]), backbone, method), str(reader))


def digests(tree: Tree, run: Run, reader: str) -> dict[str, str]:
    """The digests of the parts that a tree has a file for."""
    before, catalog.PACKAGE = catalog.PACKAGE, tree.folder / "ncmc"
    try:
        roots = code_digest.roots(run, reader)
        project = Project(tree.folder)
        found = {
            part: code_digest.part_code(project, part, root)[0] for part, root in roots.items()
        }
        return {part: digest for part, digest in found.items() if digest}
    finally:
        catalog.PACKAGE = before


def differing_parts(old: Tree, new: Tree) -> set[tuple[str, tuple[str, str]]]:
    """The parts of any run of both trees that are not known to give the same bits."""
    runs = {f"{group}: {run}" for group, (runs, _) in old.groups().items() for run in runs}
    pairs = {pair for run in runs for pair in changed_parts(old, new, run)}
    return {(part, (a, b)) for part, a, b in pairs}


def changed_parts(old: Tree, new: Tree, run: str) -> set[Pair]:
    a, b = parts_of(old, run), parts_of(new, run)
    return {
        (part, a[part], b[part])
        for part in a.keys() & b.keys()
        if same_bits.version(part, a[part]) != same_bits.version(part, b[part])
    }


def compare(old: Tree, new: Tree) -> set[Pair]:
    """The changed parts that were shown to give the same bits."""
    both = sorted(old.outcomes.keys() & new.outcomes.keys())
    same, other = [], []
    for run in both:
        a, b = old.outcomes[run], new.outcomes[run]
        if equal(a, b):
            same.append(run)
        elif configured_alike(a["config"], b["config"]):
            other.append(run)
            print(f"other numbers: {run} ({', '.join(differing_keys(a, b))})")
        else:
            print(f"configured otherwise, not compared: {run}")
    print(f"{len(same)} runs with the same bits, {len(other)} with others")
    shown = {pair for run in same for pair in changed_parts(old, new, run)}
    missing = old.groups().keys() | {"resumed"}
    missing -= {run.partition(":")[0] for run in same}
    if missing:  # the loop has paths that no run has taken
        print(f"nothing compared of: {', '.join(sorted(missing))}")
        shown = {pair for pair in shown if pair[0] != "loop"}
    while True:  # a run with other numbers must have a part to blame
        unexplained = [
            pairs for run in other if (pairs := changed_parts(old, new, run)) and pairs <= shown
        ]
        if not unexplained:
            return shown
        shown -= set().union(*unexplained)


def equal(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return not differing_keys(a, b)


def differing_keys(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    return [key for key in a if key not in ("config", "history") and a[key] != b.get(key)] + [
        "history"
        for x, y in zip(a.get("history", ()), b.get("history", ()), strict=True)
        if any(x[key] != y[key] for key in x.keys() & y.keys())
    ]


def configured_alike(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether two configurations say the same of all that both know."""
    return all(
        configured_alike(a[key], b[key]) if isinstance(a[key], dict) else a[key] == b[key]
        for key in a.keys() & b.keys()
        if key != "files"
    )


# --- the file ----------------------------------------------------------------------------------


def add(old: Tree, new: Tree, shown: set[Pair], runs: int) -> None:
    """What was shown, as one more entry."""
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
            "runs": runs,
            "same": {
                part: {a: b for name, a, b in sorted(shown) if name == part}
                for part in sorted({pair[0] for pair in shown})
            },
        }
    )
    write(document)


def add_parts_of_commit(tree: Tree) -> None:
    """The parts of a commit, for the records here that were made there before records named them."""
    document = json.loads(same_bits.FILE.read_text())
    known = document["commits"].get(tree.commit, {})
    for path in sorted((ROOT / "results").rglob("record.json")):
        record = load_record(path)
        made = record.made
        if made.git.commit != tree.commit or not isinstance(made.code, str):
            continue
        runs = [record.run]
        if record.model_of:
            method = record.model_of.run.split("/")[3]
            runs.append(Run(record.run.dataset, record.run.tau, record.run.backbone, method))
        reader = str(record.config["data"]["reader"])
        for run in runs:
            roots = code_digest.roots(run, reader)
            for part, digest in digests(tree, run, reader).items():
                known.setdefault(part, {})[roots[part]] = digest
    if known:
        document["commits"][tree.commit] = {
            part: dict(sorted(known[part].items())) for part in known
        }
        write(document)


def write(document: Mapping[str, Any]) -> None:
    same_bits.FILE.write_text(json.dumps(document, indent=1) + "\n")


# --- archives ----------------------------------------------------------------------------------


def write_archives(folder: Path) -> None:
    """A small archive in the format of each reader, below the name of its set."""
    for name in SETS:
        (folder / name).mkdir(parents=True)
    images, labels = pictures(180), np.arange(180) % 10
    rows = images.transpose(0, 3, 1, 2).reshape(180, -1)  # channels first

    batch = {"data": rows, "labels": labels.tolist()}
    test = {"data": rows[:40], "labels": labels[:40].tolist()}
    names = {"label_names": [f"class{k}" for k in range(10)]}
    content = {"batches.meta": names, "data_batch_1": batch, "test_batch": test}
    write_tar(
        folder / "g_cifar" / "c.tar.gz",
        {f"cifar-10-batches-py/{file}": pickle.dumps(value, 2) for file, value in content.items()},
    )

    for i in range(6):
        part = slice(30 * i, 30 * (i + 1))
        file = f"data_batch_{i + 1}.bin" if i < 5 else "test_batch.bin"
        both = np.hstack([labels[part, None].astype(np.uint8), rows[part]])
        (folder / "g_binary" / file).write_bytes(both.tobytes())

    for origin, n in (("train", 120), ("extra", 60), ("test", 40)):
        arrays = {
            "X": images[:n].transpose(1, 2, 3, 0),
            "y": np.where(labels[:n], labels[:n], 10)[:, None],
        }
        arrays["y"] = arrays["y"].astype(np.uint8)
        scipy.io.savemat(folder / "g_svhn" / f"{origin}_32x32.mat", arrays)

    large = pictures(100, 96).transpose(0, 3, 2, 1)  # column by column
    binary = {"class_names.txt": "\n".join(f"class{k}" for k in range(10)).encode()}
    for origin, part in (("train", slice(0, 80)), ("test", slice(80, 100))):
        binary[f"{origin}_X.bin"] = np.ascontiguousarray(large[part]).tobytes()
        binary[f"{origin}_y.bin"] = (labels[part] + 1).astype(np.uint8).tobytes()
    write_tar(
        folder / "g_stl" / "stl10_binary.tar.gz",
        {f"stl10_binary/{file}": value for file, value in binary.items()},
    )

    write_tar(
        folder / "g_folder" / "pets.tar.gz",
        {
            f"{'train' if i < 90 else 'test'}/class{i % 3}/{i}.png": encoded(images[i], "png")
            for i in range(120)
        },
    )
    write_lists(folder / "g_lists", pictures(40, 64))


def write_lists(folder: Path, images: np.ndarray) -> None:
    """ImageNet-LT's lists, and the files that they name."""
    lines: dict[str, list[str]] = {"train": [], "test": []}
    wanted = [
        (part, k, i)
        for k in range(3)
        for part, n in (("train", 8 >> k), ("val", 4))
        for i in range(n)
    ]
    for image, (part, k, i) in zip(images, wanted, strict=False):
        file = f"{part}/n{k:08}/n{k:08}_{i}.JPEG"
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(encoded(image, "jpeg"))
        lines["train" if part == "train" else "test"].append(f"{file} {k}")
    for part, listed in lines.items():
        (folder / f"ImageNet_LT_{part}.txt").write_text("\n".join(listed) + "\n")


def pictures(n: int, size: int = 32) -> np.ndarray:
    """(n, size, size, 3) uint8, of ten kinds in turn: a colour of its own below the noise."""
    rng = np.random.default_rng(n + size)
    noise = rng.integers(0, 128, (n, size, size, 3))
    colours = rng.integers(0, 128, (10, 1, 1, 3))
    return (noise + colours[np.arange(n) % 10]).astype(np.uint8)


def encoded(image: np.ndarray, kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind)
    return buffer.getvalue()


def write_tar(path: Path, content: Mapping[str, bytes]) -> None:
    """A tar of these files, the same bytes each time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    path.write_bytes(gzip.compress(buffer.getvalue(), mtime=0))


if __name__ == "__main__":
    main()
