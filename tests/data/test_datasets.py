"""Readers against torchvision's own on archives in the official formats, and archives that lie."""

import gzip
import io
import os
import pickle
import signal
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import here
from PIL import Image
from projects import (
    cifar_archive,
    class_folders,
    declared,
    picture,
    random_images,
    svhn_file,
    tar,
)
from test_download import waiting_for

from ncmc.data import archives, dataset_status, datasets, fetch, raw, readers
from ncmc.data.readers import cifar, imagefolder
from ncmc.errors import UsageError, UserError
from ncmc.plan.dataset_entries import dataset_entries, dataset_entry
from ncmc.system import documents, files


def ready(project, name, source, reader, *names, **fields):
    """Declare, fetch and prepare a set; returns its training and test part."""
    paths = [Path(source) / n for n in names] if names else [Path(source)]
    project.declare(name, reader, *map(declared, paths), **fields)
    fetch.fetch(here(), name, source)
    datasets.prepare(here(), name)
    return datasets.load(here(), name, "train"), datasets.load(here(), name, "test")


def labels_of(n, seed=0):
    """n labels 0..9, each at least once."""
    return np.random.default_rng(seed).permutation(np.arange(n) % 10)


# --- formats ------------------------------------------------------------------------------------


def test_digits_are_scikit_learns_with_the_last_fifty_of_each_class_for_the_test(project):
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


def test_cifar_is_read_as_torchvision_reads_it(project, tmp_path, monkeypatch):
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
def test_cifar100_takes_fine_labels_at_every_pickle_protocol(project, tmp_path, protocol):
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


def test_batches_are_read_in_order_of_their_number(project, tmp_path):
    images, labels = random_images(110), labels_of(110)
    batches = [(images[i : i + 10], labels[i : i + 10]) for i in range(0, 100, 10)]
    batches.append((images[100:], labels[100:]))
    archive = cifar_archive(tmp_path / "c.tar.gz", batches, (images[:10], labels[:10]))
    train, _ = ready(project, "made", archive, "cifar")
    assert np.array_equal(train.labels, labels)


def test_svhn_is_read_as_torchvision_reads_it_part_after_part(project, tmp_path, monkeypatch):
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


def test_stl10_is_read_as_torchvision_reads_it(project, tmp_path, monkeypatch):
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


def test_imagefolder_is_read_as_torchvision_reads_it(project, tmp_path):
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


def test_a_zip_is_read_like_a_tar(project, tmp_path):
    content = class_folders()
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    zipped, _ = ready(project, "one", tmp_path / "pets.zip", "imagefolder")
    tarred, _ = ready(project, "two", tar(tmp_path / "pets.tar", content, "w"), "imagefolder")
    assert np.array_equal(zipped.images, tarred.images)


# --- imagefolder: what a stranger brings --------------------------------------------------------


def test_the_order_within_the_archive_does_not_matter(project, tmp_path):
    content = class_folders()
    backwards = dict(reversed(content.items()))
    one, _ = ready(project, "one", tar(tmp_path / "one.tar", content, "w"), "imagefolder")
    two, _ = ready(project, "two", tar(tmp_path / "two.tar", backwards, "w"), "imagefolder")
    assert np.array_equal(one.images, two.images)


def test_a_set_without_a_test_part_holds_out_the_last_of_each_class(project, tmp_path):
    images = random_images(17, 8)
    content = {f"set/cat/{i:02}.png": picture(images[i]) for i in range(10)}
    content |= {f"set/dog/{i:02}.png": picture(images[10 + i]) for i in range(7)}
    archive = tar(tmp_path / "pets.tar", content, "w")
    train, test = ready(project, "made", archive, "imagefolder")
    assert (train.counts, test.counts) == ([9, 6], [1, 1])
    assert np.array_equal(test.images[0], images[9])
    train, test = ready(project, "more", archive, "imagefolder", reader_options={"test_images": 3})
    assert (train.counts, test.counts) == ([7, 4], [3, 3])


def test_images_of_other_sizes_and_kinds_are_scaled_to_one(project, tmp_path):
    from torchvision.transforms import CenterCrop, Compose, Resize

    tall = random_images(1, 40)[0, :, :21]
    buffer = io.BytesIO()
    Image.fromarray(random_images(1, 30)[0]).convert("P").save(buffer, "gif")
    content = {
        "train/a/tall.png": picture(tall),
        "train/b/palette.gif": buffer.getvalue(),
        "test/a/grey.png": picture(random_images(1, 16)[0, :, :, 0]),
        "test/b/photo.JPG": picture(random_images(1, 64)[0], "jpeg"),
        "README.txt": b"not an image",
        "train/a/.DS_Store": b"",
        "__MACOSX/train/a/._tall.png": b"",
    }
    archive = tar(tmp_path / "mixed.tar", content, "w")
    train, test = ready(project, "made", archive, "imagefolder", image_size=16)
    assert train.images.shape == test.images.shape == (2, 16, 16, 3)
    official = Compose([Resize(16), CenterCrop(16)])(Image.fromarray(tall))
    assert np.array_equal(train.images[0], np.asarray(official))
    grey, _ = ready(project, "grey", archive, "imagefolder", image_size=16, channels=1)
    assert grey.images.shape == (2, 16, 16, 1)
    with pytest.raises(UserError, match="Give image_size"):
        ready(project, "unscaled", archive, "imagefolder")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["notes.txt"], "holds no image files"),
        (["a.png", "cat/b.png"], "lies in no class folder"),
        (["train/a.png", "test/cat/b.png", "train/cat/c.png"], "lies in no class folder"),
        (["train/cat/1.png", "test/dog/1.png"], "do not hold the same classes"),
        (["cat/1.png", "cat/2.png"], "At least 2 classes"),
        (["cat/1.png", "cat/2.png", "dog/1.png"], r"smallest \(dog\)"),
    ],
)
def test_a_folder_of_another_shape_is_told_what_is_expected(names, message):
    with pytest.raises(UserError, match=message):
        imagefolder.layout([archives.PurePosixPath(n) for n in names], "the folder")


def test_a_picture_that_is_none_is_named(project, tmp_path):
    content = {**class_folders(), "train/cat/broken.png": b"\x89PNG broken"}
    archive = tar(tmp_path / "pets.tar", content, "w")
    with pytest.raises(UserError, match=r"train/cat/broken\.png in .* cannot be read"):
        ready(project, "made", archive, "imagefolder")


def test_unknown_reader_options_are_refused(project, tmp_path):
    archive = tar(tmp_path / "pets.tar", class_folders(), "w")
    with pytest.raises(UsageError, match="test_images"):
        ready(project, "made", archive, "imagefolder", reader_options={"tests": 1})


def test_an_unknown_reader_is_refused_before_anything_is_fetched(project, tmp_path):
    project.declare("made", "imagfolder", {"name": "x.tar"})
    with pytest.raises(UsageError, match="Did you mean 'imagefolder'"):
        fetch.fetch(here(), "made", tmp_path)


# --- archives that lie --------------------------------------------------------------------------


def link(kind, target):
    """A tar member that points elsewhere."""
    info = tarfile.TarInfo("train/cat/link.png")
    info.type, info.linkname = kind, target
    return info


def tar_with(path, info):
    """A tar of class folders and one more member without content."""
    tar(path, class_folders(), "w")
    with tarfile.open(path, "a") as archive:
        archive.addfile(info)
    return path


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (tarfile.TarInfo("../outside.png"), "leads out of its folder"),
        (tarfile.TarInfo("train/../../outside.png"), "leads out of its folder"),
        (tarfile.TarInfo("/etc/passwd"), "leads out of its folder"),
        (tarfile.TarInfo("C:\\windows\\x.png"), "leads out of its folder"),
        (tarfile.TarInfo("..\\outside.png"), "leads out of its folder"),
        (link(tarfile.SYMTYPE, "/etc/passwd"), "holds a link"),
        (link(tarfile.LNKTYPE, "../../x"), "holds a link"),
        (link(tarfile.CHRTYPE, ""), "neither a file nor a folder"),
        (link(tarfile.FIFOTYPE, ""), "neither a file nor a folder"),
    ],
)
def test_an_unsafe_member_condemns_the_archive(project, tmp_path, info, message):
    with pytest.raises(UserError, match=message):
        ready(project, "made", tar_with(tmp_path / "bad.tar", info), "imagefolder")
    assert not datasets.folder(here(), "made").exists()
    assert not list(tmp_path.glob("outside*"))


def test_an_unsafe_zip_is_refused(tmp_path):
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../outside.png", b"")
    with pytest.raises(UserError, match="leads out of its folder"):
        list(archives.members(path))


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_bomb_is_not_read(tmp_path, kind):
    path = tmp_path / "bomb"
    size = archives.ROOM + 1
    if kind == "tar":
        tar(path, {"zeros.png": bytes(size)})
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("zeros.png", bytes(size))
    assert path.stat().st_size < size / archives.RATIO
    with pytest.raises(UserError, match="not a plausible archive"):
        list(archives.members(path))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_that_is_a_bomb_is_not_read(project, tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    content = {**class_folders(), "train/cat/big.png": picture(random_images(1, 11)[0])}
    with pytest.raises(UserError, match=r"big\.png in .* cannot be read"):
        ready(project, "made", tar(tmp_path / "p.tar", content, "w"), "imagefolder")


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_an_archive_cut_short_is_refused(project, tmp_path, keep):
    path = tar(tmp_path / "pets.tar.gz", class_folders(n_train=40))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(UserError, match="damaged, or not an archive"):
        ready(project, "made", path, "imagefolder")
    with pytest.raises(UserError, match="Run `ncmc fetch made`"):
        datasets.load(here(), "made", "train")


def test_something_that_is_no_archive_is_refused(project, tmp_path):
    (tmp_path / "page.tar").write_bytes(b"<html>Please log in</html>")
    with pytest.raises(UserError, match="damaged, or not an archive"):
        ready(project, "made", tmp_path / "page.tar", "imagefolder")


class Harmful:
    """Runs a command when it is unpickled, if anything does."""

    def __reduce__(self):
        return (os.system, ("touch harmed",))


@pytest.mark.parametrize(
    "value",
    [Harmful(), {"data": Harmful()}, {"data": np.random.default_rng(0)}, {"x": print}],
)
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_that_would_run_something_is_refused(tmp_path, monkeypatch, value, protocol):
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps(value, protocol)
    with pytest.raises(UserError, match="wants to run"):
        cifar.unpickle(content, Path("archive"), "data_batch_1")
    assert not Path("harmed").exists()


def test_a_pickle_cannot_ask_for_memory_or_codecs():
    giant = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x01\x85U\x01btR."
    coded = b"\x80\x02c_codecs\nencode\n(X\x01\x00\x00\x00aX\x03\x00\x00\x00hextR."
    for content in (giant, coded, b"\x80\x02N.", b"garbage", b""):
        with pytest.raises(UserError):
            cifar.unpickle(content, Path("archive"), "data_batch_1")


def test_a_cifar_archive_with_missing_or_odd_batches_is_refused(project, tmp_path):
    names = pickle.dumps({"label_names": ["a", "b"]}, 2)
    odd = pickle.dumps({"data": np.zeros((2, 7), np.uint8), "labels": [0, 1]}, 2)
    for i, content in enumerate(({"x/batches.meta": names}, {"x/data_batch_1": odd})):
        archive = tar(tmp_path / f"{i}.tar.gz", {**content, "x/readme.html": b""})
        with pytest.raises(UserError, match="CIFAR"):
            ready(project, f"made{i}", archive, "cifar")
    both = {"x/batches.meta": names, "x/data_batch_1": odd}
    with pytest.raises(UserError, match="images and labels"):
        ready(project, "odd", tar(tmp_path / "odd.tar.gz", both), "cifar")


def test_a_damaged_matlab_file_is_refused(project, tmp_path):
    for part in ("train", "extra", "test"):
        (tmp_path / f"{part}_32x32.mat").write_bytes(b"MATLAB 5.0 " + bytes(200))
    names = [f"{part}_32x32.mat" for part in ("train", "extra", "test")]
    with pytest.raises(UserError, match="not one of SVHN's MATLAB files"):
        ready(project, "made", tmp_path, "svhn", *names)


# --- arrays on disk -----------------------------------------------------------------------------


@pytest.fixture
def pets(project, tmp_path):
    """A fetched set, not yet prepared."""
    archive = tar(tmp_path / "pets.tar", class_folders(n_train=20), "w")
    project.declare("pets", "imagefolder", declared(archive))
    fetch.fetch(here(), "pets", archive)
    return project


def test_preparing_twice_makes_the_arrays_once(pets):
    first = datasets.prepare(here(), "pets")
    stamp = (first / "meta.json").stat().st_mtime_ns
    assert (datasets.prepare(here(), "pets") / "meta.json").stat().st_mtime_ns == stamp


def test_an_entry_that_says_otherwise_is_refused(pets):
    for field, value in (
        ("classes", 3),
        ("train_images", 41),
        ("test_images", 5),
        ("train_counts", [21, 19]),
    ):
        file = pets.entries["pets"]["files"][0]
        pets.declare("pets", "imagefolder", file, **{field: value})
        with pytest.raises(UserError, match="config/datasets.yaml says"):
            datasets.prepare(here(), "pets")


def test_other_options_make_other_arrays(pets):
    datasets.prepare(here(), "pets")
    before = datasets.load(here(), "pets", "train").checksum
    pets.declare("pets", "imagefolder", pets.entries["pets"]["files"][0], image_size=4)
    with pytest.raises(UserError, match="other archives or options"):
        datasets.load(here(), "pets", "train")
    datasets.prepare(here(), "pets")
    assert datasets.load(here(), "pets", "train").images.shape == (40, 4, 4, 3)
    assert datasets.load(here(), "pets", "train").checksum != before


def test_a_missing_or_shortened_array_is_seen_and_made_again(pets):
    target = datasets.prepare(here(), "pets")
    path = target / "train_images.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(UserError, match="another length"):
        datasets.load(here(), "pets", "train")
    datasets.prepare(here(), "pets")
    assert path.read_bytes() == whole
    (target / "meta.json").write_text("{")
    with pytest.raises(UserError, match="meta.json is not valid JSON.*ncmc fetch pets"):
        datasets.load(here(), "pets", "train")
    datasets.prepare(here(), "pets")
    datasets.load(here(), "pets", "train")


def test_verify_finds_a_flipped_byte(pets):
    target = datasets.prepare(here(), "pets")
    datasets.verify(here(), "pets")
    path = target / "train_images.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="not as it was made"):
        datasets.verify(here(), "pets")


def test_a_wrong_archive_is_not_prepared(pets):
    path = raw.folder(here(), "pets") / "pets.tar"
    path.unlink()  # it is a link into the cache
    path.write_bytes(b"another archive")
    with pytest.raises(UserError, match="not the right file"):
        datasets.prepare(here(), "pets")


def test_a_process_killed_while_preparing_leaves_nothing_that_counts(pets):
    code = (
        "import time; from ncmc.data.readers import imagefolder\n"
        "imagefolder._check_shape = lambda *_: time.sleep(0.2)\n"
        "datasets.prepare(here(), 'pets')"
    )
    process = pets.start(code)
    work = datasets.folder(here(), "pets").with_name(".pets.work")
    waiting_for(lambda: (work / "train_images.npy").exists())
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    assert work.exists()
    with pytest.raises(UserError, match="is not there"):
        datasets.load(here(), "pets", "train")
    datasets.prepare(here(), "pets")
    assert datasets.load(here(), "pets", "train").counts == [20, 20]
    assert not work.exists()


def test_a_disk_that_fills_up_while_preparing_is_said(pets):
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))\n"
        "from ncmc.errors import UserError\n"
        "try:\n    datasets.prepare(here(), 'pets')\n"
        "except UserError as error:\n    print('UserError', error)\n"
    )
    out, err = pets.start(code).communicate(timeout=30)
    assert out.startswith("UserError cannot write"), err
    assert not datasets.folder(here(), "pets").exists()
    datasets.prepare(here(), "pets")


def test_arrays_that_cannot_be_written_are_named(pets):
    (pets.root / "data" / "arrays").write_text("a file in the way")
    with pytest.raises(UserError, match="data/arrays/pets"):
        datasets.prepare(here(), "pets")


def test_parts_are_train_and_test(pets):
    datasets.prepare(here(), "pets")
    with pytest.raises(UsageError, match="Did you mean 'train'"):
        datasets.load(here(), "pets", "tran")


# --- status -------------------------------------------------------------------------------------


def test_status_tells_each_state(pets, tmp_path):
    def state(fresh=False):
        (found,) = dataset_status.status(here(), ["pets"], fresh=fresh)
        return found

    assert state().state == "verified"
    datasets.prepare(here(), "pets")
    assert state().state == "ready"
    assert state().cached
    assert state().arrays > 40 * 8 * 8 * 3
    path = raw.folder(here(), "pets") / "pets.tar"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    assert state().state == "unverified"
    assert state(fresh=True).state == "ready"
    path.write_bytes(b"wrong")
    assert state(fresh=True).state == "wrong"
    path.unlink()
    found = state()
    assert found.state == "missing"
    assert found.detail == "ncmc fetch pets --from PATH"
    partial = raw.aside(here(), "partial", "pets") / "pets.tar.part"
    partial.write_bytes(b"some")
    assert state().state == "partial"
    assert state().aside == 4


def test_status_covers_every_entry_in_order(pets):
    assert [s.name for s in dataset_status.status(here())] == list(dataset_entries(here()))


def test_errors_of_the_disk_are_said_in_words():
    assert "no space left" in str(files.explain(OSError(28, "x"), Path("a")))


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_a_bit_flipped_in_a_compressed_tar_is_seen_without_a_declared_sum(tmp_path, kind):
    path = tar(tmp_path / "pets", class_folders(n_train=40), f"w:{kind}")
    content = bytearray(path.read_bytes())
    for place in (len(content) // 3, len(content) // 2, len(content) - 5):
        flipped = content.copy()
        flipped[place] ^= 4
        path.write_bytes(flipped)
        with pytest.raises(UserError, match="damaged, or not an archive"):
            [member.read() for member in archives.members(path)]


def test_gzip_files_in_a_row_and_padding_are_one_archive(tmp_path):
    content = class_folders(n_train=40)
    path = tar(tmp_path / "plain", content, "w")
    plain = path.read_bytes()
    parts = (plain[:7000], plain[7000:70_000], plain[70_000:])
    path.write_bytes(b"".join(gzip.compress(part) for part in parts) + bytes(513))
    found = {str(member.name): member.read() for member in archives.members(path)}
    assert found == content
    path.write_bytes(path.read_bytes() + b"something else")
    with pytest.raises(UserError, match="damaged, or not an archive"):
        list(archives.members(path))


def test_an_archive_may_be_left_half_read(tmp_path):
    path = tar(tmp_path / "pets.tar.gz", class_folders(n_train=40))
    wanted = {archives.PurePosixPath("train/cat/3.png")}
    assert len(list(archives.members(path, wanted))) == 4
    next(archives.members(path)).read()


def python2_batch(images, labels):
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


def test_pickles_of_python_2_are_read_as_the_released_ones_are(project, tmp_path):
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


@pytest.mark.skipif(not SHARED.is_dir(), reason="the JPEG copies of CIFAR-10 are not here")
def test_the_jpeg_copies_are_cifar10_in_its_own_order():
    entry = dataset_entry(here(), "cifar10_jpeg")
    path = SHARED / entry.files[0].name
    content = {member.name: member.read() for member in archives.members(path)}
    found = imagefolder.layout(content, str(path))
    assert found.class_names == CLASSES  # also the order of CIFAR-10's own label names
    assert (len(found.train), len(found.test)) == (50_000, 10_000)
    sample = np.load(SHARED / "cifar10-sample.npz")
    batch, labels = sample["train_images"][:1017], sample["train_labels"][:1017]
    for k in range(10):
        own = [content[name] for name, label in found.train if label == k]
        for data, original in zip(own, batch[labels == k], strict=False):
            copy = np.asarray(Image.open(io.BytesIO(data))).astype(int)
            assert np.abs(copy - original).mean() < 20  # 40 to 80 for another image
