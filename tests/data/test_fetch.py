"""`fetch` end to end: DVC's lock and cache, a set of one's own, processes that die."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import here
from projects import (
    CHECKOUT,
    ScratchProject,
    class_folders,
    declared,
    picture,
    random_images,
    tar,
)
from servers import Server, dripping, serving

from ncmc.data import checksums, datasets, dvc_store, fetch, raw
from ncmc.data.checksums import Digest
from ncmc.errors import UsageError, UserError
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.project import Project

pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep")  # of DVC's own libraries
CONTENT = np.random.default_rng(0).bytes(100_000)


@pytest.fixture
def web() -> Iterator[Server]:
    """The internet."""
    with serving() as server:
        yield server


@pytest.fixture
def made(project: ScratchProject, web: Server, tmp_path: Path) -> ScratchProject:
    """A data set `made` of one file, offered by the internet."""
    archive = tmp_path / "set.bin"
    archive.write_bytes(CONTENT)
    project.declare("made", "digits", declared(archive, web.offer("/set.bin", CONTENT)))
    return project


@contextmanager
def dvc() -> Iterator[Any]:
    """DVC's own idea of the project."""
    with dvc_store._repository(here(), "made", "open") as repo:
        yield repo


def repro(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `dvc repro fetch@made`, which runs `python -m ncmc.data.download made`."""
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    with dvc() as repo:
        repo.reproduce("fetch@made")


def lock(project: ScratchProject) -> str:
    """The content of dvc.lock."""
    text: str = (here().root / "dvc.lock").read_text()
    return text


def cached() -> bool:
    """Whether DVC's cache holds the content."""
    objects = (here().root / ".dvc/cache/files/md5").rglob("*")
    return any(path.is_file() and path.read_bytes() == CONTENT for path in objects)


def forget(project: ScratchProject | Project, *, cache: bool = False) -> None:
    """As on another machine: no raw data, and perhaps no cache."""
    shutil.rmtree(here().root / "data" / "raw")
    if cache:
        shutil.rmtree(here().root / ".dvc" / "cache")


def test_a_fetched_set_is_recorded_and_in_the_cache(made: ScratchProject) -> None:
    assert fetch.fetch(here(), "made") == "fetched"
    assert dvc_store.recorded(here(), "made") == checksums.of_folder(raw.digests(here(), "made"))
    assert cached()
    assert fetch.fetch(here(), "made") == "already here"
    with dvc() as repo:
        assert not repo.status(["fetch@made"])


def test_a_set_in_the_cache_touches_no_network(
    made: ScratchProject, web: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch.fetch(here(), "made")
    forget(made)
    web.requests.clear()
    assert fetch.fetch(here(), "made") == "from the cache"
    assert (raw.folder(here(), "made") / "set.bin").read_bytes() == CONTENT
    forget(made)
    repro(monkeypatch)
    assert not web.requests


def test_the_dvc_command_fetches_too(
    made: ScratchProject, web: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    repro(monkeypatch)
    assert fetch.fetch(here(), "made") == "already here"
    assert len(web.requests) == 1


def in_a_remote(made: ScratchProject, store: Path) -> None:
    """Push the set to a default remote that is the folder `store`."""
    settings = f"[core]\nremote = store\n['remote \"store\"']\nurl = {store}\n"
    (made.root / ".dvc" / "config.local").write_text(settings)
    with dvc() as repo:
        repo.push(["fetch@made"])


def test_a_remote_storage_restores_a_set_without_the_internet(
    made: ScratchProject, web: Server, tmp_path: Path
) -> None:
    fetch.fetch(here(), "made")
    in_a_remote(made, tmp_path / "store")
    web.behaviours.clear()
    web.requests.clear()
    forget(made, cache=True)
    with dvc() as repo:
        repo.pull(["fetch@made"])
    assert fetch.fetch(here(), "made") == "already here"
    forget(made, cache=True)
    assert fetch.fetch(here(), "made") == "from the cache"  # filled from the remote
    assert not web.requests


def test_a_lock_written_from_published_sums_is_what_dvc_writes(
    made: ScratchProject, tmp_path: Path
) -> None:
    files = []
    for name in ("train.bin", "extra.bin", "test.bin"):
        (tmp_path / name).write_bytes(name.encode())
        files.append(declared(tmp_path / name))
    made.declare("three", "digits", *files)
    published = {f["name"]: Digest(size=f["size"], md5=f["md5"], sha256="") for f in files}
    fetch.fetch(here(), "three", tmp_path)
    stage = yaml.safe_load(lock(made))["stages"]["fetch@three"]
    assert stage["outs"][0]["md5"] == checksums.of_folder(published)


def test_the_shipped_lock_holds_the_published_sums() -> None:
    stages = yaml.safe_load((CHECKOUT / "dvc.lock").read_text())["stages"]
    plain = yaml.safe_load((CHECKOUT / "config" / "datasets.yaml").read_text())["datasets"]
    for name, entry in dataset_entries(here()).items():
        if not all(f.md5 for f in entry.files):
            continue
        out = stages[f"fetch@{name}"]["outs"][0]
        sums, size = {}, 0
        for f in entry.files:
            assert f.size is not None
            assert f.md5 is not None
            sums[f.name] = Digest(size=f.size, md5=f.md5, sha256="")
            size += f.size
        assert out["md5"] == checksums.of_folder(sums)
        assert out["size"] == size
        recorded = stages[f"fetch@{name}"]["params"]["config/datasets.yaml"]
        assert recorded == {f"datasets.{name}.files": plain[name]["files"]}


def test_a_set_fetched_under_a_shipped_lock_leaves_the_lock_as_it_was(made: ScratchProject) -> None:
    fetch.fetch(here(), "made")
    before = lock(made)
    forget(made, cache=True)
    assert fetch.fetch(here(), "made") == "fetched"
    assert lock(made) == before


def test_a_changed_checksum_fetches_anew(made: ScratchProject, web: Server, tmp_path: Path) -> None:
    fetch.fetch(here(), "made")
    (tmp_path / "set.bin").write_bytes(CONTENT[::-1])
    entry = declared(tmp_path / "set.bin", web.offer("/new.bin", CONTENT[::-1]))
    made.declare("made", "digits", entry)
    fetch.fetch(here(), "made")
    assert (raw.folder(here(), "made") / "set.bin").read_bytes() == CONTENT[::-1]
    assert dvc_store.recorded(here(), "made") == checksums.of_folder(raw.verified(here(), "made"))


def test_upstream_bytes_that_changed_are_refused_by_the_dvc_command_too(
    made: ScratchProject,
    web: Server,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    fetch.fetch(here(), "made")
    before = lock(made)
    forget(made, cache=True)
    web.offer("/set.bin", CONTENT[::-1])
    with pytest.raises(UserError, match="failed"):
        repro(monkeypatch)
    assert "error: set.bin of made could not be fetched" in capfd.readouterr().err
    assert lock(made) == before


def test_without_a_declared_checksum_the_lock_is_the_judge(
    made: ScratchProject, web: Server, tmp_path: Path
) -> None:
    url = web.offer("/set.bin", CONTENT)
    made.declare("made", "digits", {"name": "set.bin", "urls": [url]})
    fetch.fetch(here(), "made")
    forget(made, cache=True)
    web.offer("/set.bin", CONTENT[::-1])
    with pytest.raises(UserError, match="not what dvc.lock records"):
        fetch.fetch(here(), "made")
    assert raw.missing(here(), "made") == ["set.bin"]
    fetch.fetch(here(), "made", replace=True)
    assert (raw.folder(here(), "made") / "set.bin").read_bytes() == CONTENT[::-1]
    assert fetch.fetch(here(), "made") == "already here"


def test_a_set_with_a_declared_checksum_cannot_be_replaced(made: ScratchProject) -> None:
    with pytest.raises(UserError, match="has checksums"):
        fetch.fetch(here(), "made", replace=True)


def test_a_damaged_cache_is_not_believed(made: ScratchProject, web: Server) -> None:
    fetch.fetch(here(), "made")
    forget(made)
    damage(made.root / ".dvc/cache")
    said: list[str] = []
    assert fetch.fetch(here(), "made", say=said.append) == "fetched"
    assert "damaged" in said[0]
    assert (raw.folder(here(), "made") / "set.bin").read_bytes() == CONTENT
    forget(made)
    assert fetch.fetch(here(), "made") == "from the cache"


def damage(folder: Path) -> None:
    """Zeros in place of the archive in a store of DVC."""
    (victim,) = [p for p in folder.rglob("*") if p.is_file() and p.stat().st_size == len(CONTENT)]
    victim.chmod(0o644)
    victim.write_bytes(bytes(len(CONTENT)))
    victim.chmod(0o444)  # DVC believes a read-only object without hashing it


@pytest.fixture
def stored(made: ScratchProject, web: Server, tmp_path: Path) -> ScratchProject:
    """The set in DVC's cache and in a remote, and nowhere else: it has no address any more."""
    fetch.fetch(here(), "made")
    in_a_remote(made, tmp_path / "store")
    web.behaviours.clear()
    forget(made)
    return made


def test_a_damaged_cache_is_mended_from_the_remote_at_once(stored: ScratchProject) -> None:
    damage(stored.root / ".dvc/cache")
    said: list[str] = []
    assert fetch.fetch(here(), "made", say=said.append) == "from the cache"
    assert said == [
        "made: what DVC's cache holds is damaged (another checksum than dvc.lock records)"
    ]
    assert (raw.folder(here(), "made") / "set.bin").read_bytes() == CONTENT


def test_a_damaged_remote_is_not_believed_and_named(
    stored: ScratchProject, tmp_path: Path, web: Server
) -> None:
    damage(tmp_path / "store")
    shutil.rmtree(stored.root / ".dvc" / "cache")
    said: list[str] = []
    with pytest.raises(UserError, match="could not be fetched"):
        fetch.fetch(here(), "made", say=said.append)
    assert "what the DVC remote 'store' holds is damaged" in said[0]
    assert raw.missing(here(), "made") == ["set.bin"]
    web.offer("/set.bin", CONTENT)
    assert fetch.fetch(here(), "made") == "fetched"


def test_a_file_that_rots_is_replaced_in_the_cache_too(made: ScratchProject, web: Server) -> None:
    fetch.fetch(here(), "made")
    path = raw.folder(here(), "made") / "set.bin"
    assert path.stat().st_nlink == 2  # one file on disk, in the cache and here
    path.chmod(0o644)
    path.write_bytes(bytes(len(CONTENT)))
    assert fetch.fetch(here(), "made") == "fetched"
    assert path.read_bytes() == CONTENT
    forget(made)
    web.behaviours.clear()
    assert fetch.fetch(here(), "made") == "from the cache"
    assert path.read_bytes() == CONTENT


def test_a_cache_that_cannot_be_written_is_named(made: ScratchProject) -> None:
    (made.root / ".dvc" / "cache").write_text("a file in the way")
    with pytest.raises(UserError, match="dvc cache dir"):
        fetch.fetch(here(), "made")
    assert raw.verified(here(), "made")  # what was fetched is kept
    (made.root / ".dvc" / "cache").unlink()
    assert fetch.fetch(here(), "made") == "already here"
    assert cached()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache_is_named(made: ScratchProject) -> None:
    cache = made.root / ".dvc" / "cache"
    cache.mkdir()
    cache.chmod(0o555)
    with pytest.raises(UserError, match="dvc cache dir"):
        fetch.fetch(here(), "made")
    cache.chmod(0o755)
    fetch.fetch(here(), "made")


def test_a_checkout_without_git_or_dvc(made: ScratchProject) -> None:
    assert not (made.root / ".git").exists()
    fetch.fetch(here(), "made")
    shutil.rmtree(made.root / ".dvc")
    forget(made)
    with pytest.raises(UserError, match="whole checkout"):
        fetch.fetch(here(), "made")


@pytest.mark.parametrize("content", ["stages: {fetch@made: [", "- a list", "\0"])
def test_a_damaged_lock_is_named(made: ScratchProject, content: str) -> None:
    (made.root / "dvc.lock").write_text(content)
    with pytest.raises(UserError, match=r"dvc\.lock is damaged.*git checkout"):
        fetch.fetch(here(), "made")
    (made.root / "dvc.lock").unlink()
    fetch.fetch(here(), "made")


def test_an_unknown_name_says_which_there_are(made: ScratchProject) -> None:
    with pytest.raises(UsageError, match="Did you mean 'made'"):
        fetch.fetch(here(), "mode")


def test_the_current_folder_does_not_matter(
    made: ScratchProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fetch.fetch(here(), "made")
    assert dvc_store.recorded(here(), "made")


# --- processes ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_fetch_killed_while_downloading_is_gone_on_from(
    made: ScratchProject, web: Server
) -> None:
    web.offer("/set.bin", CONTENT, dripping(5000, quick=50_000))
    process = made.start("fetch.fetch(here(), 'made')")
    partial = raw.aside(here(), "partial", "made") / "set.bin.part"
    while not partial.exists() or partial.stat().st_size < 50_000:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=300)
    web.offer("/set.bin", CONTENT)
    assert fetch.fetch(here(), "made") == "fetched"
    assert web.requests[-1][1] is not None


def test_a_fetch_that_ended_before_it_recorded_is_recorded_by_the_next(
    made: ScratchProject, web: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dvc_store, "commit", ended)
        with pytest.raises(KeyboardInterrupt):
            fetch.fetch(here(), "made")
    assert dvc_store.recorded(here(), "made") is None
    assert fetch.fetch(here(), "made") == "already here"
    assert dvc_store.recorded(here(), "made")
    assert cached()
    assert len(web.requests) == 1


@pytest.mark.slow
def test_two_sets_at_once_do_not_fail_on_dvcs_lock(
    made: ScratchProject, web: Server, tmp_path: Path
) -> None:
    (tmp_path / "other.bin").write_bytes(b"other")
    url = web.offer("/other.bin", b"other")
    made.declare("other", "digits", declared(tmp_path / "other.bin", url))
    processes = [
        made.start(f"print(fetch.fetch(here(), {n!r}))") for n in ("made", "other", "made")
    ]
    results = [process.communicate(timeout=300) for process in processes]
    assert [p.returncode for p in processes] == [0, 0, 0], results
    assert dvc_store.recorded(here(), "made")
    assert dvc_store.recorded(here(), "other")


# --- a set of one's own -------------------------------------------------------------------------


def own(project: ScratchProject, name: str = "pets", **fields: Any) -> None:
    """The shortest entry."""
    project.declare(name, "imagefolder", {"name": f"{name}.tar"}, **fields)


def unpack(folder: Path, content: dict[str, bytes]) -> Path:
    """Files below a folder."""
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_a_strangers_folder_and_tar_give_the_same_set(
    project: ScratchProject, tmp_path: Path
) -> None:
    content = class_folders()
    own(project)
    fetch.fetch(here(), "pets", unpack(tmp_path / "pets", content))
    datasets.prepare(here(), "pets")
    folder = datasets.load(here(), "pets", "train")
    own(project, "packed")
    fetch.fetch(here(), "packed", tar(tmp_path / "any name.tar.gz", content))
    datasets.prepare(here(), "packed")
    packed = datasets.load(here(), "packed", "train")
    assert folder.class_names == packed.class_names == ("cat", "dog")
    assert folder.counts == [4, 4]
    assert np.array_equal(folder.images, packed.images)
    assert np.array_equal(datasets.load(here(), "pets", "test").labels, [0, 0, 1, 1])


def test_the_same_folder_packs_to_the_same_bytes(project: ScratchProject, tmp_path: Path) -> None:
    own(project)
    fetch.fetch(here(), "pets", unpack(tmp_path / "one", class_folders()))
    first = raw.verified(here(), "pets")
    (tmp_path / "one/train/cat/0.png").touch()
    forget(here(), cache=True)
    fetch.fetch(here(), "pets", unpack(tmp_path / "two", class_folders()))
    assert first == raw.verified(here(), "pets")


def test_an_own_set_that_changed_needs_to_be_replaced(
    project: ScratchProject, tmp_path: Path
) -> None:
    own(project)
    folder = unpack(tmp_path / "pets", class_folders())
    fetch.fetch(here(), "pets", folder)
    datasets.prepare(here(), "pets")
    (folder / "train/cat/more.png").write_bytes(picture(random_images(1, 8)[0]))
    said: list[str] = []
    assert fetch.fetch(here(), "pets", folder, say=said.append) == "already here"
    assert "--from was not used; --replace imports it again" in said[0]
    (folder / "train/cat/gone.png").symlink_to("nowhere")
    with pytest.raises(UserError, match="neither a file nor a folder"):
        fetch.fetch(here(), "pets", folder, replace=True)
    assert datasets.load(here(), "pets", "train").counts == [4, 4]  # what was there is not lost
    (folder / "train/cat/gone.png").unlink()
    fetch.fetch(here(), "pets", folder, replace=True)
    with pytest.raises(UserError, match="made from other archives"):
        datasets.load(here(), "pets", "train")
    datasets.prepare(here(), "pets")
    assert datasets.load(here(), "pets", "train").counts == [5, 4]


def test_an_unknown_set_with_a_source_gets_the_lines_to_add(
    made: ScratchProject, tmp_path: Path
) -> None:
    folder = unpack(tmp_path / "pets", class_folders())
    with pytest.raises(UsageError, match="reader: imagefolder") as caught:
        fetch.fetch(here(), "pets", folder)
    lines = str(caught.value).partition("again:\n")[2]
    path = made.root / "config" / "datasets.yaml"
    path.write_text(path.read_text() + lines)
    fetch.fetch(here(), "pets", folder)
    datasets.prepare(here(), "pets")
    assert datasets.load(here(), "pets", "test").images.shape == (4, 32, 32, 3)


def test_an_unsafe_tar_is_refused_before_it_is_recorded(
    project: ScratchProject, tmp_path: Path
) -> None:
    own(project)
    content = {**class_folders(), "../../etc/passwd": b"root"}
    with pytest.raises(UserError, match="leads out of its folder"):
        fetch.fetch(here(), "pets", tar(tmp_path / "pets.tar", content, "w"))
    assert dvc_store.recorded(here(), "pets") is None
    fetch.fetch(here(), "pets", tar(tmp_path / "pets.tar", class_folders(), "w"))


def test_images_that_turn_out_damaged_say_how_to_bring_the_mended_ones(
    project: ScratchProject, tmp_path: Path
) -> None:
    own(project)
    content = {**class_folders(), "train/cat/bad.png": b"\x89PNG broken"}
    fetch.fetch(here(), "pets", tar(tmp_path / "pets.tar", content, "w"))
    with pytest.raises(UserError, match=r"bad\.png .*`ncmc fetch pets --from PATH --replace`"):
        datasets.prepare(here(), "pets")
    mended = tar(tmp_path / "pets.tar", class_folders(), "w")
    fetch.fetch(here(), "pets", mended, replace=True)
    datasets.prepare(here(), "pets")
