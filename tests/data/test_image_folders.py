"""Folders and archives of images as strangers bring them: names, links, hidden files, other kinds."""

import errno
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import here
from projects import ScratchProject, class_folders, tar

from ncmc.data import archives, datasets, fetch, own_dataset, raw
from ncmc.errors import UserError


def unpacked(folder: Path, content: dict[str, bytes]) -> Path:
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def latin1_folder(path: Path) -> Path:
    folder = unpacked(path / "pets", class_folders())
    for part in ("train", "test"):
        (folder / part / "cat").rename(folder / part / "caf\udce9")
    return folder


def latin1_tar(path: Path) -> Path:
    content = {name.replace("cat", "caf\udce9"): data for name, data in class_folders().items()}
    return tar(path / "pets.tar", content, "w")


def latin1_zip(path: Path) -> Path:
    with zipfile.ZipFile(path / "pets.zip", "w") as archive:
        for name, data in class_folders().items():
            archive.writestr(name.replace("cat", "caf#"), data)
    whole = (path / "pets.zip").read_bytes()
    (path / "pets.zip").write_bytes(whole.replace(b"caf#", b"caf\xe9"))
    return path / "pets.zip"


def control_folder(path: Path) -> Path:
    content = {name.replace("cat", "ca\x1bt"): data for name, data in class_folders().items()}
    return unpacked(path / "pets", content)


@pytest.mark.parametrize("make", [latin1_folder, latin1_tar, latin1_zip, control_folder])
def test_a_name_that_is_not_text_is_refused_before_anything_is_written(
    project: ScratchProject, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    project.declare("pets", "imagefolder", {"name": "pets.tar"})
    with pytest.raises(UserError, match=r"caf\\udce9|ca\\x1bt|utf-8") as told:
        fetch.fetch(here(), "pets", make(tmp_path))
    assert str(told.value).isprintable()
    assert not raw.folder(here(), "pets").exists()
    assert not (project.root / "dvc.lock").exists()


def test_a_zip_in_utf8_that_does_not_say_so_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        archive.writestr("caf##.png", b"")
    whole = (tmp_path / "pets.zip").read_bytes()
    (tmp_path / "pets.zip").write_bytes(whole.replace(b"caf##", "café".encode()))
    assert [str(member.name) for member in archives.members(tmp_path / "pets.zip")] == ["café.png"]


@pytest.mark.parametrize("target", ["gone.png", "gone"])
def test_a_link_that_leads_nowhere_is_refused(
    project: ScratchProject, tmp_path: Path, target: str
) -> None:
    folder = unpacked(tmp_path / "pets", class_folders())
    (folder / "train" / target).symlink_to(tmp_path / target)
    (folder / "train" / ".#lock").symlink_to("nobody@host")  # as editors leave
    project.declare("pets", "imagefolder", {"name": "pets.tar"})
    with pytest.raises(UserError, match=f"{target} is neither a file nor a folder"):
        fetch.fetch(here(), "pets", folder)
    (folder / "train" / target).unlink()
    fetch.fetch(here(), "pets", folder)


def test_a_class_folder_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: str) -> Any:
        if path.endswith("train/cat"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scandir(path)

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(UserError, match="cannot read .*train/cat: Permission denied"):
        archives.walk(unpacked(tmp_path / "pets", class_folders()))


def test_a_folder_tells_the_same_as_its_tar(project: ScratchProject, tmp_path: Path) -> None:
    folder = unpacked(
        tmp_path / "pets", class_folders() | {"train/cat/x.heic": b"?", "a.txt": b"?"}
    )
    (folder / "train" / "owl").mkdir()
    for name in ("loose", "packed"):
        project.declare(name, "imagefolder", {"name": f"{name}.tar"})
    fetch.fetch(here(), "loose", folder)
    names, folders = archives.walk(folder)
    archives.pack(folder, [*names, *folders], tmp_path / "p.tar", lambda _: True)
    fetch.fetch(here(), "packed", tmp_path / "p.tar")
    for name in ("loose", "packed"):
        datasets.prepare(here(), name)
    lines = own_dataset.described(here(), "loose")
    assert lines == own_dataset.described(here(), "packed")
    assert "passed over: 1 .heic, 1 .txt" in lines
    assert "folders without an image: train/owl" in lines


def test_hidden_files_of_a_folder_are_told_and_change_nothing(
    project: ScratchProject, tmp_path: Path
) -> None:
    folder = unpacked(tmp_path / "pets", class_folders())
    project.declare("pets", "imagefolder", {"name": "pets.tar"})
    fetch.fetch(here(), "pets", folder)
    first = raw.verified(here(), "pets")
    unpacked(folder, {".DS_Store": b"", "train/cat/._1.png": b"?", "test/.thumbs/1.png": b"?"})
    (folder / "train" / ".#lock").symlink_to("nobody@host")
    said: list[str] = []
    fetch.fetch(here(), "pets", folder, replace=True, say=said.append)
    assert said == [f"{folder}: passed over: 4 hidden"]
    assert raw.verified(here(), "pets") == first


@pytest.mark.parametrize(
    "content",
    [b"7z\xbc\xaf'\x1c\0\4", b"\x93NUMPY\1\0", b"file,label\r\n1.png,cat\r\n", bytes(range(250))],
)
def test_a_file_of_another_kind_is_told_which_kinds_are_read(
    project: ScratchProject, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "pets.any").write_bytes(content)
    project.declare("pets", "imagefolder", {"name": "pets.tar"})
    with pytest.raises(
        UserError, match="not an archive .*; needed is a tar .* unpack it and give the"
    ):
        fetch.fetch(here(), "pets", tmp_path / "pets.any")
    assert not raw.folder(here(), "pets").exists()
