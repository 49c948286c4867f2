"""Arrays on disk, and what is told of each dataset."""

from pathlib import Path

import pytest
from conftest import here
from projects import (
    ScratchProject,
    class_folders,
    declared,
    tar,
)

from ncmc.data import datasets, fetch, raw
from ncmc.errors import UserError
from ncmc.system import files


@pytest.fixture
def pets(project: ScratchProject, tmp_path: Path) -> ScratchProject:
    """A fetched set, not yet prepared."""
    archive = tar(tmp_path / "pets.tar", class_folders(n_train=20), "w")
    project.declare("pets", "imagefolder", declared(archive))
    fetch.fetch(here(), "pets", archive)
    return project


def test_preparing_twice_makes_the_arrays_once(pets: ScratchProject) -> None:
    first = datasets.prepare(here(), "pets")
    stamp = (first / "meta.json").stat().st_mtime_ns
    assert (datasets.prepare(here(), "pets") / "meta.json").stat().st_mtime_ns == stamp


def test_an_entry_that_says_otherwise_is_refused(pets: ScratchProject) -> None:
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


def test_other_options_make_other_arrays(pets: ScratchProject) -> None:
    datasets.prepare(here(), "pets")
    before = datasets.load(here(), "pets", "train").checksum
    pets.declare("pets", "imagefolder", pets.entries["pets"]["files"][0], image_size=4)
    with pytest.raises(UserError, match="other archives or options"):
        datasets.load(here(), "pets", "train")
    datasets.prepare(here(), "pets")
    assert datasets.load(here(), "pets", "train").images.shape == (40, 4, 4, 3)
    assert datasets.load(here(), "pets", "train").checksum != before


def test_a_missing_or_shortened_array_is_seen_and_made_again(pets: ScratchProject) -> None:
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


def test_verify_finds_a_flipped_byte(pets: ScratchProject) -> None:
    target = datasets.prepare(here(), "pets")
    datasets.verify(here(), "pets")
    path = target / "train_images.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="not as it was made"):
        datasets.verify(here(), "pets")


def test_a_wrong_archive_is_not_prepared(pets: ScratchProject) -> None:
    path = raw.folder(here(), "pets") / "pets.tar"
    path.unlink()  # it is a link into the cache
    path.write_bytes(b"another archive")
    with pytest.raises(UserError, match="not the right file"):
        datasets.prepare(here(), "pets")


def test_a_preparation_that_was_killed_leaves_nothing_that_counts(pets: ScratchProject) -> None:
    work = datasets.folder(here(), "pets").with_name(".pets.work")
    work.mkdir(parents=True)
    (work / "train_images.npy").write_bytes(b"half")
    with pytest.raises(UserError, match="is not there"):
        datasets.load(here(), "pets", "train")
    datasets.prepare(here(), "pets")
    assert datasets.load(here(), "pets", "train").counts == [20, 20]
    assert not work.exists()


def test_arrays_that_cannot_be_written_are_named(pets: ScratchProject) -> None:
    (pets.root / "data" / "arrays").write_text("a file in the way")
    with pytest.raises(UserError, match="data/arrays/pets"):
        datasets.prepare(here(), "pets")


# --- status ---------------------------------------------------------------------------------------


def test_status_tells_each_state(pets: ScratchProject, tmp_path: Path) -> None:
    def state() -> tuple[str, str]:
        return fetch.status(here(), "pets")

    assert state()[0] == "fetched"
    datasets.prepare(here(), "pets")
    assert state() == ("ready", "")
    (raw.folder(here(), "pets") / "pets.tar").unlink()
    assert state() == ("missing", "ncmc fetch pets --from PATH")
    partial = raw.aside(here(), "partial", "pets") / "pets.tar.part"
    partial.write_bytes(b"some")
    assert state()[0] == "partial"
    assert "resume with: ncmc fetch pets" in state()[1]


def test_errors_of_the_disk_are_said_in_words() -> None:
    assert "no space left" in str(files.explain(OSError(28, "x"), Path("a")))
