"""Archives -> uint8 images and int64 labels on disk, memory-mapped when used. No augmentation.

data/arrays/NAME holds {train,test}_images.npy (N, H, W, C), {train,test}_labels.npy (N,) and
meta.json, which says what they were made from. The folder appears whole or not at all.
"""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from ncmc import paths
from ncmc.data import checksums, dvc_store, raw, readers
from ncmc.data.array_writer import PARTS, Fingerprint, Sink, TreeSummary
from ncmc.data.checksums import Digest
from ncmc.data.raw import Say
from ncmc.errors import UserError, place_in
from ncmc.plan.dataset_entries import Dataset, dataset_entry
from ncmc.project import Project
from ncmc.results.record import digest
from ncmc.system import arrays, documents, files
from ncmc.system.documents import Strict

META = "meta.json"


class Meta(Strict):
    """meta.json: what arrays were made from, and what they hold."""

    identity: dict[str, Any]  # all that decides the arrays
    archives: dict[str, Digest]
    class_names: Annotated[tuple[str, ...], Field(min_length=1)]
    counts: dict[str, tuple[int, ...]]  # part -> images of each class
    origins: dict[str, tuple[tuple[str, int], ...]]  # part -> released parts and their images
    arrays: Annotated[dict[str, Fingerprint], Field(min_length=1)]
    summary: TreeSummary | None = None  # of somebody's own images


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
    summary: TreeSummary  # of somebody's own images; else empty
    notes: tuple[str, ...]  # said wherever a result is shown

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> list[int]:
        return np.bincount(self.labels, minlength=len(self.class_names)).tolist()


def folder(project: Project, name: str) -> Path:
    """data/arrays/NAME."""
    return project.root / paths.ARRAYS.format(dataset=name)


def prepare(project: Project, name: str, *, say: Say = raw.say_nothing) -> Path:
    """Make data/arrays/NAME from the verified archives, unless it is there and made from them.

    Raises UserError if archives are missing, wrong, or do not hold what config/datasets.yaml says.
    """
    entry, target = dataset_entry(project, name), folder(project, name)
    with raw.dataset_lock(project, name, say):
        archives = raw.verified(project, name)
        if dvc_store.recorded(project, name) not in (None, checksums.of_folder(archives)):
            raise UserError(
                f"{name}: the archives in {raw.folder(project, name)} are not those that "
                f"dvc.lock records. Run `ncmc fetch {name}`."
            )
        with suppress(UserError):  # no arrays, or of other archives: they are made below
            if _meta(project, name).archives == archives:
                return target
        say(f"{name}: making arrays from {', '.join(archives)}")
        work = target.with_name(f".{name}.work")  # what is left there is a killed process's
        try:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            _fill(project, work, name, entry, archives)
            shutil.rmtree(target, ignore_errors=True)
            work.replace(target)
        except OSError as error:
            raise files.explain(error, target) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return target


def load(project: Project, name: str, part: str) -> Images:
    """One part of a prepared dataset: images memory-mapped uint8 (N, H, W, C), labels int64 (N,).

    Raises UserError if the set is not there, was made from other archives, or is damaged.
    """
    entry, target = dataset_entry(project, name), folder(project, name)
    meta, module = _meta(project, name), readers.load(entry.reader)
    try:
        labels = _labels(target, name, part, len(meta.class_names))
        origins = meta.origins.get(part, ())
        if getattr(module, "STREAMED", False):
            images = module.images(target, entry, part)
        else:
            shape = (len(labels), entry.image_size, entry.image_size, entry.channels)
            images = arrays.read(target / f"{part}_images.npy", "|u1", shape, mapped=True)
    except UserError as error:
        raise UserError(f"{error} Delete {target} and run `ncmc fetch {name}`.") from error
    summary = meta.summary or TreeSummary(notes=(), faults=())
    return Images(
        name=name,
        part=part,
        images=images,
        labels=labels,
        class_names=meta.class_names,
        origins=origins,
        checksum=digest(meta.identity),
        summary=summary,
        notes=(*entry.notes, *summary.faults),
    )


def verify(project: Project, name: str) -> None:
    """Hash archives and arrays of a dataset, once in a process. Raises UserError for a wrong one."""
    raw.verified(project, name)
    meta = _meta(project, name)
    archive_folder, target = raw.folder(project, name), folder(project, name)
    expected = {archive_folder / file: archive.sha256 for file, archive in meta.archives.items()}
    expected |= {target / file: array.sha256 for file, array in meta.arrays.items()}
    for path, sha256 in expected.items():
        if checksums.of_unchanged(path).sha256 != sha256:
            raise UserError(f"{path} is not as it was made. Delete it and run `ncmc fetch {name}`.")


def _identity(name: str, entry: Dataset, archives: Mapping[str, Digest]) -> dict[str, Any]:
    return {
        "schema": 1,  # the number of this format
        "name": name,
        "reader": entry.reader,
        "reader_options": dict(entry.reader_options),
        "image_size": entry.image_size,
        "channels": entry.channels,
        "source": {file: archive.sha256 for file, archive in archives.items()},
    }


def _meta(project: Project, name: str) -> Meta:
    """meta.json of arrays that are whole, and made as is declared now.

    Raises UserError if they are not. Lengths are compared; hashing the arrays would be too slow.
    """
    entry, target = dataset_entry(project, name), folder(project, name)
    remedy = f"Run `ncmc fetch {name}`."
    if not files.exists(target / META):
        raise UserError(f"{name} is not there ({target} is missing or unfinished). {remedy}")
    try:
        meta = documents.read_json(target / META, Meta)
    except UserError as error:
        raise UserError(f"{error} {remedy}") from error
    archives, recorded = meta.archives, dvc_store.recorded(project, name)
    if (
        set(archives) != {file.name for file in entry.files}
        or any(checksums.differences(archives[file.name], file) for file in entry.files)
        or meta.identity != _identity(name, entry, archives)
        or recorded not in (None, checksums.of_folder(archives))
    ):
        raise UserError(
            f"{target} was made from other archives or options than those of now. {remedy}"
        )
    for file, array in meta.arrays.items():
        if files.size(target / file) != array.size:
            raise UserError(
                f"{target / file} is missing or has another length than when made. {remedy}"
            )
    return meta


def _fill(
    project: Project, work: Path, name: str, entry: Dataset, archives: Mapping[str, Digest]
) -> None:
    module, place = readers.load(entry.reader), raw.folder(project, name)
    try:
        with Sink(work) as sink:
            module.read(place, entry, sink)
            fingerprints = sink.close()
    except Exception as error:  # a damaged or strange file can make a reader raise anything
        if isinstance(error, UserError) or getattr(error, "errno", None) is not None:
            raise
        reason = place_in(Path(str(module.__file__)), error)
        raise UserError(
            f"what lies in {place} is damaged, or not of the format '{entry.reader}' ({reason}). Bring "
            f"the right files: ncmc fetch {name} --from PATH."
        ) from error
    n_classes = len(sink.class_names)
    labels = {part: _labels(work, name, part, n_classes) for part in PARTS}
    counts = {part: np.bincount(labels[part], minlength=n_classes).tolist() for part in PARTS}
    require_declared(name, entry, counts, sink.shape)
    meta = {
        "identity": _identity(name, entry, archives),
        "archives": {file: archive.model_dump() for file, archive in archives.items()},
        "class_names": sink.class_names,
        "counts": counts,
        "origins": sink.origins,
        "arrays": {file: made.model_dump() for file, made in fingerprints.items()},
        "summary": sink.summary.model_dump() if sink.summary else None,
    }
    text = documents.parse(Meta, meta, f"{name}: what was read").model_dump_json(indent=1)
    files.write_atomic(work / META, text + "\n")


def _labels(folder: Path, name: str, part: str, n_classes: int) -> np.ndarray:
    """(N,) int64 from a folder of arrays. Raises UserError if they are no labels of so many classes."""
    path = folder / f"{part}_labels.npy"
    labels = arrays.read(path, "<i8", (None,)) if files.exists(path) else np.zeros(0, np.int64)
    if not len(labels):
        raise UserError(f"{name}: the archive holds no {part} images.")
    if labels.min() < 0 or labels.max() >= n_classes:
        raise UserError(
            f"{name}: {part} labels run from {labels.min()} to {labels.max()}, "
            f"but there are {n_classes} classes."
        )
    return labels


def require_declared(
    name: str, entry: Dataset, counts: dict[str, list[int]], shape: tuple[int, ...] | None = None
) -> None:
    """Raise UserError where the archive does not hold what config/datasets.yaml says.

    `shape`: (H, W, C) of the images; None if they stay in their files, or were compared before.
    """
    pairs = [
        ("channels", entry.channels, shape[2] if shape else entry.channels),
        ("pixels per side", entry.image_size, shape[0] if shape else entry.image_size),
        ("classes", entry.classes, len(counts["train"])),
        ("training images", entry.train_images, sum(counts["train"])),
        ("test images", entry.test_images, sum(counts["test"])),
        ("training images per class", entry.train_counts, tuple(counts["train"])),
    ]
    for what, declared, present in pairs:
        if declared is not None and declared != present:
            raise UserError(
                f"{name}: the archive holds {present} {what}, config/datasets.yaml says {declared}. "
                "Correct the entry, or bring the right archive."
            )
