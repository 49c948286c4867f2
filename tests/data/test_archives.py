"""Archives that lie, CIFAR's pickles that would run something, and files cut short."""

import gzip
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import here
from PIL import Image
from projects import (
    ScratchProject,
    TarMode,
    class_folders,
    picture,
    random_images,
    ready,
    tar,
)

from ncmc.data import archives, datasets
from ncmc.data.readers import cifar
from ncmc.errors import UserError


def link(kind: bytes, target: str) -> tarfile.TarInfo:
    """A tar member that points elsewhere."""
    info = tarfile.TarInfo("train/cat/link.png")
    info.type, info.linkname = kind, target
    return info


def tar_with(path: Path, info: tarfile.TarInfo) -> Path:
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
def test_an_unsafe_member_condemns_the_archive(
    project: ScratchProject, tmp_path: Path, info: tarfile.TarInfo, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        ready(project, "made", tar_with(tmp_path / "bad.tar", info), "imagefolder")
    assert not datasets.folder(here(), "made").exists()
    assert not list(tmp_path.glob("outside*"))


def test_an_unsafe_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../outside.png", b"")
    with pytest.raises(UserError, match="leads out of its folder"):
        list(archives.members(path))


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_bomb_is_not_read(tmp_path: Path, kind: str) -> None:
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
def test_a_picture_that_is_a_bomb_is_not_read(
    project: ScratchProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    content = {**class_folders(), "train/cat/big.png": picture(random_images(1, 11)[0])}
    with pytest.raises(UserError, match=r"big\.png in .* cannot be read"):
        ready(project, "made", tar(tmp_path / "p.tar", content, "w"), "imagefolder")


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_an_archive_cut_short_is_refused(
    project: ScratchProject, tmp_path: Path, keep: float
) -> None:
    path = tar(tmp_path / "pets.tar.gz", class_folders(n_train=40))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(UserError, match="damaged, or not an archive"):
        ready(project, "made", path, "imagefolder")
    with pytest.raises(UserError, match="Run `ncmc fetch made`"):
        datasets.load(here(), "made", "train")


COMPRESSED: dict[str, TarMode] = {"gz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}


@pytest.mark.parametrize("kind", COMPRESSED)
def test_a_bit_flipped_in_a_compressed_tar_is_seen_without_a_declared_sum(
    tmp_path: Path, kind: str
) -> None:
    path = tar(tmp_path / "pets", class_folders(n_train=40), COMPRESSED[kind])
    content = bytearray(path.read_bytes())
    for place in (len(content) // 3, len(content) // 2, len(content) - 5):
        flipped = content.copy()
        flipped[place] ^= 4
        path.write_bytes(flipped)
        with pytest.raises(UserError, match="damaged, or not an archive"):
            [member.read() for member in archives.members(path)]


def test_gzip_files_in_a_row_and_padding_are_one_archive(tmp_path: Path) -> None:
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


class Harmful:
    """Runs a command when it is unpickled, if anything does."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return (os.system, ("touch harmed",))


@pytest.mark.parametrize(
    "value",
    [Harmful(), {"data": Harmful()}, {"data": np.random.default_rng(0)}, {"x": print}],
)
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_that_would_run_something_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: object, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps(value, protocol)
    with pytest.raises(UserError, match="wants to run"):
        cifar.unpickle(content, Path("archive"), "data_batch_1")
    assert not Path("harmed").exists()


def test_a_cifar_archive_with_missing_or_odd_batches_is_refused(
    project: ScratchProject, tmp_path: Path
) -> None:
    names = pickle.dumps({"label_names": ["a", "b"]}, 2)
    odd = pickle.dumps({"data": np.zeros((2, 7), np.uint8), "labels": [0, 1]}, 2)
    for i, content in enumerate(({"x/batches.meta": names}, {"x/data_batch_1": odd})):
        archive = tar(tmp_path / f"{i}.tar.gz", {**content, "x/readme.html": b""})
        with pytest.raises(UserError, match="CIFAR|format 'cifar'"):
            ready(project, f"made{i}", archive, "cifar")
    both = {"x/batches.meta": names, "x/data_batch_1": odd}
    with pytest.raises(UserError, match="format 'cifar' .*reshape"):
        ready(project, "odd", tar(tmp_path / "odd.tar.gz", both), "cifar")


def test_a_damaged_matlab_file_is_refused(project: ScratchProject, tmp_path: Path) -> None:
    for part in ("train", "extra", "test"):
        (tmp_path / f"{part}_32x32.mat").write_bytes(b"MATLAB 5.0 " + bytes(200))
    names = [f"{part}_32x32.mat" for part in ("train", "extra", "test")]
    with pytest.raises(UserError, match="not of the format 'svhn'"):
        ready(project, "made", tmp_path, "svhn", *names)
