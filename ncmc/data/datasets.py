"""Archives -> uint8 images and int64 labels on disk, memory-mapped when used. No augmentation.

data/arrays/NAME holds {train,test}_images.npy (N, H, W, C), {train,test}_labels.npy (N,) and
meta.json, which says what they were made from. The folder appears whole or not at all.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ncmc import paths
from ncmc.data import checksums, dataset_meta, dvc_store, raw, readers
from ncmc.data.array_writer import PARTS, Sink, fingerprint
from ncmc.data.checksums import Digest
from ncmc.data.dataset_meta import Identity, Meta
from ncmc.data.raw import Say
from ncmc.data.tree_summary import TreeSummary
from ncmc.errors import UserError, unknown
from ncmc.plan.dataset_entries import Dataset, dataset_entry
from ncmc.project import Project
from ncmc.system import arrays, documents, files


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
    with raw.dataset_lock(project, name, say):
        found = raw.verified(project, name)
        held = dvc_store.recorded(project, name)
        if held is not None and held != checksums.of_folder(found):
            raise UserError(
                f"{name}: the archives in {raw.folder(project, name)} are not those that "
                f"dvc.lock records. Run `ncmc fetch {name}`."
            )
        identity = _identity(name, entry, {file: d.sha256 for file, d in found.items()})
        target = folder(project, name)
        if _is_current(project, name, entry, target, identity):
            return target
        if say:
            say(f"{name}: making arrays from {', '.join(found)}")
        # the caller is the only one at work here: what is left is a killed process's
        work, old = (target.with_name(f".{name}.{kind}") for kind in ("work", "old"))
        try:
            for left in (work, old):
                shutil.rmtree(left, ignore_errors=True)
            work.mkdir(parents=True)
            try:
                _fill(project, work, name, entry, identity, found)
            except UserError as error:
                if any(f.checksum for f in entry.files):
                    raise
                again = f"Once mended: `ncmc fetch {name} --from PATH --replace`."
                raise type(error)(f"{error} {again}") from error
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
    remedy = f"Run `ncmc fetch {name}`."
    meta = _read_meta(name, target)
    if _stale(project, name, entry, meta):
        raise UserError(
            f"{target} was made from other archives or options than those of now. {remedy}"
        )
    if damaged := _damaged(target, meta):
        raise UserError(f"{damaged} is missing or has another length than when made. {remedy}")
    module = readers.load(entry.reader)
    try:
        labels = arrays.read(target / f"{part}_labels.npy", "<i8", (None,))
        _check_labels(labels, part, len(meta.class_names), name)
        if sum(n for _, n in meta.origins[part]) != len(labels):
            raise UserError(f"{target}/meta.json: origins do not add up to {len(labels)} labels.")
        if getattr(module, "STREAMED", False):
            images = module.images(target, entry, part)
        else:
            shape = (len(labels), entry.image_size, entry.image_size, entry.channels)
            images = arrays.read(target / f"{part}_images.npy", "|u1", shape, mapped=True)
    except UserError as error:
        raise UserError(f"{error} Delete {target} and run `ncmc fetch {name}`.") from error
    return Images(
        name=name,
        part=part,
        images=images,
        labels=labels,
        class_names=meta.class_names,
        origins=meta.origins[part],
        checksum=meta.identity.checksum,
        notes=(*entry.notes, *(meta.summary.faults if meta.summary else ())),
    )


def tree_summary(project: Project, name: str) -> TreeSummary | None:
    """What was understood of somebody's own images. Raises UserError if the arrays are not there."""
    return _read_meta(name, folder(project, name)).summary


def verify(project: Project, name: str) -> None:
    """Hash archives and arrays of a dataset again. Raises UserError for the first wrong one."""
    raw.verified(project, name, fresh=True)
    target = folder(project, name)
    for file, made in _read_meta(name, target).arrays.items():
        if files.size(target / file) is None or fingerprint(target / file) != made:
            raise UserError(
                f"{target / file} is not as it was made. "
                f"Delete {target} and run `ncmc fetch {name}`."
            )


def _identity(name: str, entry: Dataset, source: Mapping[str, str]) -> Identity:
    content = {
        "schema": dataset_meta.SCHEMA,
        "name": name,
        "reader": entry.reader,
        "reader_options": dict(entry.reader_options),
        "image_size": entry.image_size,
        "channels": entry.channels,
        "source": dict(source),
    }
    return documents.parse(Identity, content, f"config/datasets.yaml: {name}")


def _is_current(
    project: Project, name: str, entry: Dataset, target: Path, identity: Identity
) -> bool:
    """Whether the arrays of now are whole and were made from this."""
    try:
        meta = _read_meta(name, target)
    except UserError:
        return False
    same = meta.identity == identity and not _stale(project, name, entry, meta)
    if meta.summary is None and getattr(readers.load(entry.reader), "FOLDERS", False):
        return False  # made before 0.4, which took 16-bit images for 8-bit ones
    return same and not _damaged(target, meta)


def _stale(project: Project, name: str, entry: Dataset, meta: Meta) -> bool:
    """Whether arrays were made from other bytes, or in another way, than is declared now."""
    if set(meta.archives) != {f.name for f in entry.files}:
        return True
    if any(checksums.differences(meta.archives[f.name], f) for f in entry.files):
        return True
    identity = _identity(name, entry, {file: d.sha256 for file, d in meta.archives.items()})
    return identity != meta.identity or dvc_store.recorded(project, name) not in (
        None,
        checksums.of_folder(meta.archives),
    )


def _read_meta(name: str, target: Path) -> Meta:
    if not files.exists(target / dataset_meta.FILE):
        raise UserError(
            f"{name} is not there ({target} is missing or unfinished). Run `ncmc fetch {name}`."
        )
    try:
        return Meta.read(target)
    except UserError as error:
        raise UserError(f"{error} Run `ncmc fetch {name}` to make the arrays again.") from error


def _damaged(target: Path, meta: Meta) -> Path | None:
    """The first array that is missing or of another length than recorded (not hashed: too slow)."""
    for file, made in meta.arrays.items():
        if files.size(target / file) != made.size:
            return target / file
    return None


def _fill(
    project: Project,
    work: Path,
    name: str,
    entry: Dataset,
    identity: Identity,
    archives: dict[str, Digest],
) -> None:
    with Sink(work) as sink:
        readers.load(entry.reader).read(raw.folder(project, name), entry, sink)
        written = sink.close()
    counts = {part: _counts(work, part, sink.class_names, name) for part in PARTS}
    compare(name, entry, counts, _shape(work))
    meta = {
        "identity": identity.model_dump(by_alias=True),
        "archives": {file: digest.model_dump() for file, digest in archives.items()},
        "class_names": sink.class_names,
        "counts": counts,
        "origins": sink.origins,
        "arrays": {file: made.model_dump() for file, made in written.items()},
        "summary": sink.summary.model_dump() if sink.summary else None,
    }
    documents.parse(Meta, meta, f"{name}: what was read").write(work)


def _check_labels(labels: np.ndarray, part: str, classes: int, name: str) -> None:
    if not len(labels):
        raise UserError(f"{name}: the archive holds no {part} images.")
    if labels.min() < 0 or labels.max() >= classes:
        raise UserError(
            f"{name}: {part} labels run from {labels.min()} to {labels.max()}, "
            f"but there are {classes} classes."
        )


def _counts(work: Path, part: str, class_names: list[str], name: str) -> list[int]:
    path = work / f"{part}_labels.npy"
    labels = arrays.read(path, "<i8", (None,)) if files.exists(path) else np.zeros(0, np.int64)
    _check_labels(labels, part, len(class_names), name)
    return np.bincount(labels, minlength=len(class_names)).tolist()


def _shape(work: Path) -> tuple[int | None, ...]:
    """Height, width and channels of the training images, if they are in an array."""
    path = work / "train_images.npy"
    if not path.exists():  # images that stay in their files are read with as many as is declared
        return (None, None, None)
    return arrays.read(path, "|u1", (None,) * 4, mapped=True).shape[1:]


def compare(
    name: str, entry: Dataset, counts: dict[str, list[int]], shape: tuple[int | None, ...]
) -> None:
    """Raise UserError where the archive does not hold what config/datasets.yaml says."""
    pairs = [
        ("channels", entry.channels, shape[2] or entry.channels),
        ("pixels a side", entry.image_size, shape[0] or entry.image_size),
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
