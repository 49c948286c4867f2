"""Archives -> uint8 images and int64 labels on disk, memory-mapped when used. No augmentation.

data/arrays/NAME holds {train,test}_images.npy (N, H, W, C), {train,test}_labels.npy (N,) and
meta.json, which says what they were made from. The folder appears whole or not at all.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ncmc import paths
from ncmc.data import checksums, download, dvc_store, readers
from ncmc.data.array_writer import PARTS, Sink, fingerprint
from ncmc.data.checksums import Digest
from ncmc.data.http import Say
from ncmc.errors import UserError, unknown
from ncmc.plan.dataset_entries import Dataset, dataset_entry
from ncmc.project import Project
from ncmc.system import files

SCHEMA = 1


@dataclass(frozen=True)
class Images:
    """One part of a dataset."""

    name: str
    part: str  # train or test
    images: Any  # uint8 (N, H, W, C): memory-mapped, or read from image files when indexed
    labels: np.ndarray  # int64 (N,)
    class_names: tuple[str, ...]
    origins: tuple[tuple[str, int], ...]  # released parts it is put together from, in order
    checksum: str  # SHA-256 of what decides the content: archives, reader, options
    notes: tuple[str, ...]  # said wherever a result is shown

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> list[int]:
        """Images of each class."""
        return np.bincount(self.labels, minlength=len(self.class_names)).tolist()


def folder(project: Project, name: str) -> Path:
    """data/arrays/NAME."""
    return project.root / paths.ARRAYS.format(dataset=name)


def prepare(project: Project, name: str, *, say: Say | None = None) -> Path:
    """Make data/arrays/NAME from the verified archives, unless it is there and made from them.

    Raises UserError if archives are missing, wrong, or do not hold what config/datasets.yaml says.
    """
    entry = dataset_entry(project, name)
    with download.alone(project, name, say):
        found = download.verified(project, name)
        source = {file: digest.sha256 for file, digest in found.items()}
        archives = {file: asdict(digest) for file, digest in found.items()}
        held = dvc_store.recorded(project, name)
        if held is not None and held != checksums.of_folder(found):
            raise UserError(
                f"{name}: the archives in {download.folder(project, name)} are not those that dvc.lock "
                f"records. Run `ncmc fetch {name}`."
            )
        wanted = _identity(name, entry, source)
        target = folder(project, name)
        meta = _read_meta(target)
        current = meta.get("identity") == wanted and not _stale(project, name, entry, meta)
        if current and not _damaged(target):
            return target
        if say:
            say(f"{name}: making arrays from {', '.join(source)}")
        # the caller is the only one at work here: what is left is a killed process's
        work, old = (target.with_name(f".{name}.{kind}") for kind in ("work", "old"))
        try:
            for left in (work, old):
                shutil.rmtree(left, ignore_errors=True)
            work.mkdir(parents=True)
            _fill(project, work, name, entry, {"identity": wanted, "archives": archives})
            if target.exists():
                target.replace(old)
            work.replace(target)
        except OSError as error:
            raise files.explain(error, target) from error
        finally:
            for left in (work, old):
                shutil.rmtree(left, ignore_errors=True)
        return target


def load(project: Project, name: str, part: str) -> Images:
    """One part of a prepared dataset: images memory-mapped uint8 (N, H, W, C), labels int64 (N,).

    Raises UserError if the set is not there, was made from other archives, or is damaged.
    """
    if part not in PARTS:
        raise unknown("part", part, PARTS)
    entry = dataset_entry(project, name)
    target = folder(project, name)
    meta = _read_meta(target)
    remedy = f"Run `ncmc fetch {name}`."
    if not meta:
        raise UserError(f"{name} is not there ({target} is missing). {remedy}")
    if _stale(project, name, entry, meta):
        raise UserError(
            f"{target} was made from other archives or options than those of now. {remedy}"
        )
    if damaged := _damaged(target):
        raise UserError(f"{damaged} is missing or has another length than when made. {remedy}")
    module = readers.load(entry.reader)
    labels = np.load(target / f"{part}_labels.npy")
    if getattr(module, "STREAMED", False):
        images = module.images(target, entry, part)
    else:
        images = np.load(target / f"{part}_images.npy", mmap_mode="r")
    return Images(
        name=name,
        part=part,
        images=images,
        labels=labels,
        class_names=tuple(meta["class_names"]),
        origins=tuple((origin, n) for origin, n in meta["origins"][part]),
        checksum=checksum(meta["identity"]),
        notes=entry.notes,
    )


def checksum(identity: Mapping[str, Any]) -> str:
    """One SHA-256 for what a prepared dataset was made from."""
    return checksums.of_json(identity)


def verify(project: Project, name: str) -> None:
    """Hash archives and arrays of a dataset anew. Raises UserError for the first wrong one."""
    download.verified(project, name, fresh=True)
    target = folder(project, name)
    for file, known in _read_meta(target).get("arrays", {}).items():
        if not (target / file).is_file() or fingerprint(target / file) != known:
            raise UserError(
                f"{target / file} is not as it was made. "
                f"Delete {target} and run `ncmc fetch {name}`."
            )


def _identity(name: str, entry: Dataset, source: Mapping[str, str]) -> dict[str, Any]:
    """All that decides the arrays."""
    return {
        "schema": SCHEMA,
        "name": name,
        "reader": entry.reader,
        "reader_options": dict(entry.reader_options),
        "image_size": entry.image_size,
        "channels": entry.channels,
        "source": dict(source),  # archive -> SHA-256
    }


def _stale(project: Project, name: str, entry: Dataset, meta: Mapping[str, Any]) -> bool:
    """Whether arrays were made from other bytes, or in another way, than is declared now."""
    made = {file: Digest(**digest) for file, digest in meta.get("archives", {}).items()}
    if set(made) != {f.name for f in entry.files}:
        return True
    if any(checksums.differences(made[f.name], f) for f in entry.files):
        return True
    identity = _identity(name, entry, meta["identity"]["source"])
    return identity != meta["identity"] or dvc_store.recorded(project, name) not in (
        None,
        checksums.of_folder(made),
    )


def _read_meta(target: Path) -> dict[str, Any]:
    try:
        return json.loads((target / "meta.json").read_text())
    except (OSError, ValueError):
        return {}


def _damaged(target: Path) -> Path | None:
    """The first array that is missing or of another length than recorded (not hashed: too slow)."""
    for file, known in _read_meta(target).get("arrays", {}).items():
        path = target / file
        if not path.is_file() or path.stat().st_size != known["size"]:
            return path
    return None


def _fill(
    project: Project, work: Path, name: str, entry: Dataset, made_from: dict[str, Any]
) -> None:
    sink = Sink(work)
    readers.load(entry.reader).read(download.folder(project, name), entry, sink)
    arrays = sink.close()
    counts = {part: _counts(work, part, sink.class_names, name) for part in PARTS}
    _compare(name, entry, counts)
    meta = {
        **made_from,
        "class_names": sink.class_names,
        "counts": counts,
        "origins": sink.origins,
        "arrays": arrays,
    }
    files.write_atomic(work / "meta.json", json.dumps(meta, indent=1) + "\n")


def _counts(work: Path, part: str, class_names: list[str], name: str) -> list[int]:
    path = work / f"{part}_labels.npy"
    labels = np.load(path) if path.is_file() else np.zeros(0, np.int64)
    if not len(labels):
        raise UserError(f"{name}: the archive holds no {part} images.")
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise UserError(
            f"{name}: {part} labels run from {labels.min()} to {labels.max()}, "
            f"but there are {len(class_names)} classes."
        )
    return np.bincount(labels, minlength=len(class_names)).tolist()


def _compare(name: str, entry: Dataset, counts: dict[str, list[int]]) -> None:
    """Raise UserError where the archive does not hold what config/datasets.yaml says."""
    pairs = [
        ("classes", entry.classes, len(counts["train"])),
        ("training images", entry.train_images, sum(counts["train"])),
        ("test images", entry.test_images, sum(counts["test"])),
        ("training images a class", entry.train_counts, tuple(counts["train"])),
    ]
    for what, wanted, found in pairs:
        if wanted is not None and wanted != found:
            raise UserError(
                f"{name}: the archive holds {found} {what}, config/datasets.yaml says {wanted}. "
                "Correct the entry, or bring the right archive."
            )
