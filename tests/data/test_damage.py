"""Files that are damaged, altered or not files at all: one sentence each, no traceback, no waiting."""

import errno
import io
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from conftest import here
from projects import ScratchProject, class_folders, declared, random_images, ready, tar

from ncmc.data import archives, datasets, fetch, raw, splits
from ncmc.data.readers import cifar
from ncmc.data.splits import Split
from ncmc.errors import UsageError, UserError


@pytest.fixture
def pets(project: ScratchProject, tmp_path: Path) -> ScratchProject:
    """A prepared set `pets` of two classes."""
    archive = tar(tmp_path / "pets.tar", class_folders(n_train=20), "w")
    ready(project, "pets", archive, "imagefolder")
    return project


# --- splits -------------------------------------------------------------------------------------


@pytest.fixture
def split(pets: ScratchProject, tmp_path: Path) -> Split:
    """A split of it, saved in tmp_path/split."""
    split = splits.make_split(here(), "pets", 0.5)
    split.save(tmp_path / "split")
    return split


@pytest.mark.parametrize("kind", ["<f8", "<i4", ">i8", "two dimensions", "objects", "labels"])
def test_a_split_of_other_numbers_is_refused(split: Split, tmp_path: Path, kind: str) -> None:
    indices, labels = split.indices, split.labels
    if kind == "two dimensions":
        indices, labels = indices.reshape(2, -1), labels.reshape(2, -1)
    elif kind == "labels":
        labels = 1 - labels
    else:
        indices = indices.astype(object if kind == "objects" else kind)
    np.savez(tmp_path / "split" / "indices.npz", indices=indices, labels=labels)
    with pytest.raises(
        UserError, match=r"indices\.npz(, array 'indices', holds| is not)|another split.*ncmc split"
    ):
        split.check_saved(tmp_path / "split")


@pytest.mark.parametrize(
    "parts", [{"counts": "many"}, {"recipe": {"tau": 7}}, {"data": None}, {"more": 1}]
)
def test_a_manifest_that_says_otherwise_is_refused(
    split: Split, tmp_path: Path, parts: dict[str, object]
) -> None:
    path = tmp_path / "split" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **parts}))
    with pytest.raises(UserError, match="another split than this run draws.*ncmc split"):
        split.check_saved(tmp_path / "split")


@pytest.mark.parametrize("name", ["manifest.json", "indices.npz"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(
    split: Split, tmp_path: Path, name: str
) -> None:
    (tmp_path / "split" / name).unlink()
    os.mkfifo(tmp_path / "split" / name)
    with pytest.raises(UserError, match="not a regular file.*ncmc split"):
        split.check_saved(tmp_path / "split")


# --- arrays -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        {"identity": None},
        {"identity": {}},
        {"archives": []},
        {"archives": {"pets.tar": {"size": "large"}}},
        {"class_names": 7},
        {"class_names": []},
        {"origins": {"train": 1}},
        {"arrays": {"train_images.npy": 3}},
        {"arrays": "all"},
        {"arrays": {}},
        {"counts": None},
    ],
)
def test_a_meta_json_with_parts_of_other_types_is_refused_and_made_again(
    pets: ScratchProject, parts: dict[str, object]
) -> None:
    path = datasets.folder(here(), "pets") / "meta.json"
    before = path.read_text()
    path.write_text(json.dumps({**json.loads(before), **parts}))
    with pytest.raises(UserError, match=r"(meta\.json|made from other).*Run `ncmc fetch pets`"):
        datasets.load(here(), "pets", "train")
    assert fetch.status(here(), "pets")[0] == "fetched"
    datasets.prepare(here(), "pets")
    assert path.read_text() == before


def test_arrays_of_the_right_length_but_another_kind_are_refused(pets: ScratchProject) -> None:
    folder = datasets.folder(here(), "pets")
    path = folder / "train_images.npy"
    content = path.read_bytes()
    for altered in (bytes(128) + content[128:], content.replace(b"|u1", b"|i1", 1)):
        path.write_bytes(altered)
        with pytest.raises(UserError, match=r"train_images\.npy .*Delete .*ncmc fetch pets"):
            datasets.load(here(), "pets", "train")
    path.write_bytes(content)
    path = folder / "train_labels.npy"
    path.write_bytes(path.read_bytes()[:-8] + (9).to_bytes(8, "little"))
    with pytest.raises(UserError, match="labels run from 0 to 9, but there are 2 classes"):
        datasets.load(here(), "pets", "train")


def test_a_meta_json_that_contradicts_itself_is_refused(pets: ScratchProject) -> None:
    path = datasets.folder(here(), "pets") / "meta.json"
    content = json.loads(path.read_text())
    content["identity"]["source"] = {}
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match="ncmc fetch pets"):
        datasets.load(here(), "pets", "train")


def test_a_reader_that_gives_other_channels_than_declared_is_refused(
    project: ScratchProject, tmp_path: Path
) -> None:
    rows = np.hstack([np.zeros((120, 64), int), np.arange(120)[:, None] % 2])
    np.savetxt(tmp_path / "made.csv.gz", rows, fmt="%d", delimiter=",")
    with pytest.raises(UserError, match="holds 1 channels, config/datasets.yaml says 3"):
        ready(project, "made", tmp_path / "made.csv.gz", "digits")


@pytest.mark.parametrize("content", [b"1,2,3\n", b"\x1f\x8b\x08broken", b"", b"a,b\n"])
def test_digits_that_are_not_a_table_are_refused(
    project: ScratchProject, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "made.csv.gz").write_bytes(content or b"\n")
    with pytest.raises(UserError, match="not of the format 'digits'"):
        ready(project, "made", tmp_path / "made.csv.gz", "digits", channels=1)


@pytest.mark.filterwarnings("ignore:loadtxt")
def test_a_disk_that_is_full_is_said_before_a_mapped_page_is_written(
    project: ScratchProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(UserError, match="no space left on the disk"):
        ready(project, "pets", tar(tmp_path / "pets.tar", class_folders(), "w"), "imagefolder")


# --- archives -----------------------------------------------------------------------------------


def zipped(content: dict[str, bytes]) -> bytes:
    """A zip of these files, in memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_zip_with_altered_bytes_is_refused_or_read_as_it_was(tmp_path: Path) -> None:
    """Every byte in turn: of contents, of both lists of names, sizes and check sums."""
    content = {"a/1.png": bytes(range(30)), "b/2.png": b"abc" * 9}
    whole = zipped(content)
    for place in range(len(whole)):
        for change in (0x01, 0xFF):
            altered = whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1 :]
            (tmp_path / "pets.zip").write_bytes(altered)
            try:
                found = {str(m.name): m.read() for m in archives.members(tmp_path / "pets.zip")}
            except UserError:
                continue
            assert set(found.values()) <= set(content.values())


@pytest.mark.parametrize("size", [5, 10**6, 2**32 - 1])
def test_a_zip_whose_sizes_lie_is_refused(tmp_path: Path, size: int) -> None:
    whole = bytearray(zipped({"train/cat/1.png": bytes(range(200))}))
    listed = whole.rindex(b"PK\x01\x02")
    whole[listed + 24 : listed + 28] = size.to_bytes(4, "little")  # its uncompressed size
    (tmp_path / "pets.zip").write_bytes(whole)
    with pytest.raises(UserError, match=r"pets\.zip"):
        [member.read() for member in archives.members(tmp_path / "pets.zip")]


@pytest.mark.parametrize(
    "labels",
    [
        "text",
        [[0], [1, 2]],
        [0, 2**63],
        [0, -1],
        [0, 2],
        None,
        [0],
    ],
)
def test_cifar_labels_that_are_no_labels_are_refused(
    project: ScratchProject, tmp_path: Path, labels: object
) -> None:
    batch = {"data": random_images(2).reshape(2, -1), "labels": labels}
    content = {
        "c/batches.meta": pickle.dumps({"label_names": ["a", "b"]}, 2),
        "c/data_batch_1": pickle.dumps(batch, 2),
    }
    with pytest.raises(UserError, match="not of the format 'cifar'|labels run from"):
        ready(project, "made", tar(tmp_path / "made.tar.gz", content), "cifar")


def test_a_key_of_a_cifar_pickle_may_be_any_bytes() -> None:
    content = pickle.dumps({b"\xff": 1, b"labels": [0]}, 2)
    assert cifar.unpickle(content, Path("c.tar"), "batch") == {"ÿ": 1, "labels": [0]}


@pytest.mark.parametrize("names", [7, None, []])
def test_cifar_names_that_are_no_names_are_refused(
    project: ScratchProject, tmp_path: Path, names: object
) -> None:
    batch = {"data": random_images(2).reshape(2, -1), "labels": [0, 1]}
    content = {
        "c/batches.meta": pickle.dumps({"label_names": names}, 2),
        "c/data_batch_1": pickle.dumps(batch, 2),
    }
    with pytest.raises(UserError, match="not a CIFAR archive|not of the format 'cifar'"):
        ready(project, "made", tar(tmp_path / "made.tar.gz", content), "cifar")


@pytest.mark.parametrize("content", [b"", b"\x89PNG broken", b"P6 0 0 255\n", b"GIF89a" + bytes(7)])
def test_a_bad_image_is_named_at_the_beginning_of_the_message(
    project: ScratchProject, tmp_path: Path, content: bytes
) -> None:
    archive = tar(tmp_path / "pets.tar", {**class_folders(), "train/cat/bad.png": content}, "w")
    with pytest.raises(UserError, match=r"^train/cat/bad\.png in .*pets\.tar cannot be read: "):
        ready(project, "made", archive, "imagefolder")


# --- paths and folders --------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["x" * 20_000, "~nobody-of-this-name/x"])
def test_a_source_that_cannot_be_a_path_is_refused_in_one_line(
    pets: ScratchProject, source: str
) -> None:
    pets.declare("other", "imagefolder", {"name": "other.tar"})
    with pytest.raises(UserError, match="there is no such file|File name too long") as caught:
        fetch.fetch(here(), "other", source)
    assert len(str(caught.value)) < 400


def test_a_name_of_20000_characters_is_shortened(pets: ScratchProject, tmp_path: Path) -> None:
    for source in (None, tmp_path):
        with pytest.raises(UsageError, match=r"unknown dataset 'xxx.*\.\.\.'") as caught:
            fetch.fetch(here(), "x" * 20_000, source)
        assert len(str(caught.value)) < 500


def test_a_pipe_or_a_device_as_source_is_not_waited_for(
    pets: ScratchProject, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.tar")
    pets.declare("other", "imagefolder", {"name": "other.tar"})
    for source in (tmp_path / "pipe.tar", "/dev/zero"):
        with pytest.raises(UserError, match="there is no such file"):
            fetch.fetch(here(), "other", source)


def test_a_file_in_place_of_a_folder_is_named(project: ScratchProject, tmp_path: Path) -> None:
    archive = tar(tmp_path / "pets.tar", class_folders(), "w")
    project.declare("pets", "imagefolder", declared(archive))
    folder = raw.folder(here(), "pets")
    folder.parent.mkdir(parents=True)
    folder.write_text("a file in the way")
    assert fetch.status(here(), "pets")[0] == "missing"
    with pytest.raises(UserError, match="cannot write .*data/raw/pets"):
        fetch.fetch(here(), "pets", archive)


def test_a_folder_that_cannot_be_read_is_named(
    pets: ScratchProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hidden(self: Path, *_: object, **__: object) -> os.stat_result:
        if "data" in self.parts and "pets" in str(self):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(self)

    real = Path.stat
    monkeypatch.setattr(Path, "stat", hidden)
    project = here()
    for ask in (
        lambda: raw.missing(project, "pets"),
        lambda: datasets.load(project, "pets", "train"),
        lambda: datasets.prepare(project, "pets"),
    ):
        with pytest.raises(UserError, match="cannot (read|look for) .*Permission denied"):
            ask()


def test_dvc_that_may_not_write_its_folder_is_said(
    project: ScratchProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dvc.repo import Repo

    def refused(*_: object, **__: object) -> NoReturn:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), ".dvc/tmp")

    archive = tar(tmp_path / "pets.tar", class_folders(), "w")
    project.declare("pets", "imagefolder", declared(archive))
    monkeypatch.setattr(Repo, "__init__", refused)
    with pytest.raises(UserError, match=r"DVC cannot record pets: .*If \.dvc or DVC's cache"):
        fetch.fetch(here(), "pets", archive)
    assert raw.verified(here(), "pets")  # what was fetched is kept


@pytest.mark.parametrize("text", ["[cache\n", "dir = x\n", "\0"])
def test_settings_of_dvc_that_are_damaged_are_named(
    pets: ScratchProject, tmp_path: Path, text: str
) -> None:
    (pets.root / ".dvc" / "config").write_text(text)
    pets.declare("other", "imagefolder", {"name": "other.tar"})
    with pytest.raises(UserError, match=r"DVC cannot record other: .*\.dvc"):
        fetch.fetch(here(), "other", tmp_path / "pets.tar")
