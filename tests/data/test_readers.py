"""Readers against torchvision's own on archives in the official formats."""

import io
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import here
from PIL import Image
from projects import (
    ScratchProject,
    cifar_archive,
    class_folders,
    labels_of,
    random_images,
    ready,
    svhn_file,
    tar,
)

from ncmc.data import archives, datasets, fetch, image_tree, readers
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.system import documents


def test_digits_are_scikit_learns_with_the_last_fifty_of_each_class_for_the_test(
    project: ScratchProject,
) -> None:
    from sklearn.datasets import load_digits

    official = load_digits()
    entry = documents.load_yaml(Path(__file__).parents[2] / "config" / "datasets.yaml")
    project.entries = entry["datasets"]
    project.declare("unused", "digits")
    fetch.fetch(here(), "digits")
    datasets.prepare(here(), "digits")
    train, test = datasets.load(here(), "digits", "train"), datasets.load(here(), "digits", "test")
    assert test.counts == [50] * 10
    assert train.images.shape == (1297, 8, 8, 1)
    for k in range(10):
        mine = official.images[official.target == k]
        both = np.concatenate([train.images[train.labels == k], test.images[test.labels == k]])
        assert np.array_equal(both[..., 0], np.rint(mine * 255 / 16))
    assert any("our own choice" in note for note in train.notes)
    assert dataset_entry(here(), "digits").train_counts == tuple(train.counts)


def test_cifar_is_read_as_torchvision_reads_it(
    project: ScratchProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.datasets import CIFAR10

    images, labels = random_images(60), labels_of(60)
    batches = [(images[i : i + 10], labels[i : i + 10]) for i in range(0, 50, 10)]
    archive = cifar_archive(tmp_path / "c.tar.gz", batches, (images[50:], labels[50:]))
    train, test = ready(project, "made", archive, "cifar", classes=10, train_images=50)
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    monkeypatch.setattr(CIFAR10, "_check_integrity", lambda self: True)
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": None})
    for part, ours in ((True, train), (False, test)):
        theirs = CIFAR10(str(tmp_path), train=part)
        assert np.array_equal(ours.images, theirs.data)
        assert ours.labels.tolist() == theirs.targets
    assert train.images.dtype == np.uint8
    assert train.labels.dtype == np.int64
    assert isinstance(train.images, np.memmap)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_cifar100_takes_fine_labels_at_every_pickle_protocol(
    project: ScratchProject, tmp_path: Path, protocol: int
) -> None:
    images, fine = random_images(20), labels_of(20)
    rows = np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(20, -1)
    batch = {"data": rows, "fine_labels": fine.tolist(), "coarse_labels": [0] * 20}
    content = {
        "cifar-100-python/meta": pickle.dumps({"fine_label_names": list("abcdefghij")}, protocol),
        "cifar-100-python/train": pickle.dumps(batch, protocol),
        "cifar-100-python/test": pickle.dumps(batch, protocol),
        "cifar-100-python/file.txt~": b"",
    }
    train, _ = ready(project, "made", tar(tmp_path / "c.tar.gz", content), "cifar")
    assert np.array_equal(train.images, images)
    assert train.labels.tolist() == fine.tolist()


def test_batches_are_read_in_order_of_their_number(project: ScratchProject, tmp_path: Path) -> None:
    images, labels = random_images(110), labels_of(110)
    batches = [(images[i : i + 10], labels[i : i + 10]) for i in range(0, 100, 10)]
    batches.append((images[100:], labels[100:]))
    archive = cifar_archive(tmp_path / "c.tar.gz", batches, (images[:10], labels[:10]))
    train, _ = ready(project, "made", archive, "cifar")
    assert np.array_equal(train.labels, labels)


def test_svhn_is_read_as_torchvision_reads_it_part_after_part(
    project: ScratchProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.datasets import SVHN

    sizes = {"train": 30, "extra": 50, "test": 20}
    for seed, (part, n) in enumerate(sizes.items()):
        name = tmp_path / f"{part}_32x32.mat"
        svhn_file(name, random_images(n, seed=seed), labels_of(n, seed))
    names = [f"{part}_32x32.mat" for part in ("train", "extra", "test")]
    monkeypatch.setattr(readers.load("svhn"), "BATCH", 16)
    train, test = ready(project, "made", tmp_path, "svhn", *names)
    monkeypatch.setattr(SVHN, "_check_integrity", lambda self: True)
    official = {part: SVHN(str(tmp_path), split=part) for part in sizes}
    both = [official[part].data.transpose(0, 2, 3, 1) for part in ("train", "extra")]
    assert np.array_equal(train.images, np.concatenate(both))
    assert train.labels.tolist() == [
        *official["train"].labels.tolist(),
        *official["extra"].labels.tolist(),
    ]
    assert train.origins == (("train", 30), ("extra", 50))
    assert np.array_equal(test.images, official["test"].data.transpose(0, 2, 3, 1))
    assert test.labels.min() == 0


def test_stl10_is_read_as_torchvision_reads_it(
    project: ScratchProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.datasets import STL10

    rng = np.random.default_rng(0)
    content = {"stl10_binary/class_names.txt": "\n".join("abcdefghij").encode()}
    for part, n in (("test", 10), ("unlabeled", 2), ("train", 20)):
        content[f"stl10_binary/{part}_X.bin"] = rng.bytes(n * 3 * 96 * 96)
        if part != "unlabeled":
            content[f"stl10_binary/{part}_y.bin"] = (labels_of(n) + 1).astype(np.uint8).tobytes()
    content["stl10_binary/fold_indices.txt"] = b""
    archive = tar(tmp_path / "stl.tar.gz", content)
    train, test = ready(project, "made", archive, "stl10", image_size=96)
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    monkeypatch.setattr(STL10, "_check_integrity", lambda self: True)
    for part, ours in (("train", train), ("test", test)):
        theirs = STL10(str(tmp_path), split=part)
        assert np.array_equal(ours.images, theirs.data.transpose(0, 2, 3, 1))
        assert np.array_equal(ours.labels, theirs.labels)


def test_imagefolder_is_read_as_torchvision_reads_it(
    project: ScratchProject, tmp_path: Path
) -> None:
    from torchvision.datasets import ImageFolder

    archive = tar(tmp_path / "pets.tar.xz", class_folders(), "w:xz")
    train, test = ready(project, "made", archive, "imagefolder")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    for part, ours in (("train", train), ("test", test)):
        theirs = ImageFolder(str(tmp_path / part))
        assert np.array_equal(ours.images, np.stack([np.asarray(image) for image, _ in theirs]))
        assert ours.labels.tolist() == theirs.targets
        assert list(ours.class_names) == theirs.classes


def test_a_zip_is_read_like_a_tar(project: ScratchProject, tmp_path: Path) -> None:
    content = class_folders()
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    zipped, _ = ready(project, "one", tmp_path / "pets.zip", "imagefolder")
    tarred, _ = ready(project, "two", tar(tmp_path / "pets.tar", content, "w"), "imagefolder")
    assert np.array_equal(zipped.images, tarred.images)


def python2_batch(images: np.ndarray, labels: np.ndarray) -> bytes:
    """A batch as Python 2 pickled the released ones: the array's bytes are a plain `str`."""
    rows = np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(len(images), -1)
    data = rows.tobytes()
    head = b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
    shape = b"K" + bytes([len(rows)]) + b"M" + rows.shape[1].to_bytes(2, "little") + b"\x86"
    version = b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    kind = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R" + version
    array = b"K\x00\x85U\x01b\x87R(K\x01" + shape + kind + b"\x89T"
    tail = b"tbU\x06labels](" + b"".join(b"K" + bytes([k]) for k in labels) + b"eu."
    return head + array + len(data).to_bytes(4, "little") + data + tail


def test_pickles_of_python_2_are_read_as_the_released_ones_are(
    project: ScratchProject, tmp_path: Path
) -> None:
    images, labels = random_images(20), labels_of(20)
    batch = python2_batch(images, labels)
    official = pickle.loads(batch, encoding="latin1")
    assert official["data"].shape == (20, 3072)
    content = {
        "cifar-10-batches-py/batches.meta": pickle.dumps({"label_names": list("abcdefghij")}, 2),
        "cifar-10-batches-py/data_batch_1": batch,
        "cifar-10-batches-py/test_batch": batch,
    }
    train, _ = ready(project, "made", tar(tmp_path / "c.tar.gz", content), "cifar")
    assert np.array_equal(train.images, images)
    assert train.labels.tolist() == labels.tolist()


# --- real images, where the checkout has them beside it -------------------------------------------

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the JPEG copies of CIFAR-10 are not here")
def test_the_jpeg_copies_are_cifar10_in_its_own_order() -> None:
    entry = dataset_entry(here(), "cifar10_jpeg")
    path = SHARED / entry.files[0].name
    content = {member.name: member.read() for member in archives.members(path)}
    found = image_tree.layout(content, str(path))
    assert found.class_names == CLASSES  # also the order of CIFAR-10's own label names
    assert (len(found.train), len(found.test)) == (50_000, 10_000)
    sample = np.load(SHARED / "cifar10-sample.npz")
    batch, labels = sample["train_images"][:1017], sample["train_labels"][:1017]
    for k in range(10):
        own = [content[name] for name, label in found.train if label == k]
        for data, original in zip(own, batch[labels == k], strict=False):
            copy = np.asarray(Image.open(io.BytesIO(data))).astype(int)
            assert np.abs(copy - original).mean() < 20  # 40 to 80 for another image
