"""Downloads from a server on this machine, with the faults that the internet has."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import filelock
import numpy as np
import pytest
from conftest import here
from projects import HASTE, ScratchProject, declared
from servers import (
    Behaviour,
    Handler,
    Server,
    chunked,
    dripping,
    first,
    gone_after,
    labelled_gzip,
    redirect,
    serving,
    silent,
    status,
    well,
    without_ranges,
)

from ncmc.data import checksums, download, raw
from ncmc.errors import UserError
from ncmc.plan.dataset_entries import dataset_entries

CONTENT = np.random.default_rng(0).bytes(300_000)


@pytest.fixture
def web() -> Iterator[Server]:
    """The internet."""
    with serving() as server:
        yield server


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A file with CONTENT; its checksums are what the tests declare."""
    path = tmp_path / "set.bin"
    path.write_bytes(CONTENT)
    return path


def one_byte_a_connection(handler: Handler, content: bytes) -> None:
    """A server that ends each connection after one new byte."""
    gone_after(1)(handler, content)


def declare(project: ScratchProject, archive: Path, *urls: str, **fields: Any) -> None:
    """The data set `made` with one file."""
    project.declare("made", "digits", declared(archive, *urls, **fields))


def arrived() -> bytes:
    """What lies under the final name."""
    return (raw.folder(here(), "made") / "set.bin").read_bytes()


def test_a_file_comes_whole_with_progress(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    declare(project, archive, web.offer("/set.bin", CONTENT))
    seen: list[tuple[str, int, int | None]] = []
    found = download.download(here(), "made", progress=lambda *event: seen.append(event))
    assert arrived() == CONTENT
    assert found["set.bin"] == checksums.of_file(archive)
    assert seen[-1] == ("set.bin", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_a_file_that_is_there_is_not_asked_for_again(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    declare(project, archive, web.offer("/set.bin", CONTENT))
    download.download(here(), "made")
    download.download(here(), "made")
    assert len(web.requests) == 1


@pytest.mark.parametrize("behaviour", [without_ranges, chunked, labelled_gzip])
def test_odd_servers_do(
    project: ScratchProject, web: Server, archive: Path, behaviour: Behaviour
) -> None:
    declare(project, archive, web.offer("/set.bin", CONTENT, behaviour))
    download.download(here(), "made")
    assert arrived() == CONTENT


def test_a_redirect_is_followed(project: ScratchProject, web: Server, archive: Path) -> None:
    url = web.offer("/old", b"", redirect(web.offer("/new", CONTENT)))
    declare(project, archive, url)
    download.download(here(), "made")
    assert arrived() == CONTENT


def test_a_server_gone_in_the_middle_is_asked_for_the_rest(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    fault = first(2, then=well)(gone_after(100_000))
    declare(project, archive, web.offer("/set.bin", CONTENT, fault))
    download.download(here(), "made")
    assert arrived() == CONTENT
    assert [r for _, r in web.requests] == [None, "bytes=100000-", "bytes=200000-"]


def test_a_server_gone_for_good_leaves_a_part_that_the_next_call_goes_on_from(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    def refuse(handler: Handler, content: bytes) -> None:
        handler.connection.close()

    fault = first(1, then=refuse)(gone_after(100_000))
    declare(project, archive, web.offer("/set.bin", CONTENT, fault))
    with pytest.raises(UserError, match="--from"):
        download.download(here(), "made")
    assert not (raw.folder(here(), "made") / "set.bin").exists()
    web.requests.clear()
    web.behaviours["/set.bin"] = well
    download.download(here(), "made")
    assert arrived() == CONTENT
    assert web.requests == [("/set.bin", "bytes=100000-")]


def test_a_part_of_the_wrong_content_costs_a_second_download_only(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    declare(project, archive, web.offer("/set.bin", CONTENT))
    partial = raw.aside(here(), "partial", "made") / "set.bin.part"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(bytes(1000))
    download.download(here(), "made")
    assert arrived() == CONTENT
    assert [r for _, r in web.requests] == ["bytes=1000-", None]


def test_a_part_is_dropped_where_a_server_sends_all_of_it_again(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    declare(project, archive, web.offer("/set.bin", CONTENT, without_ranges))
    partial = raw.aside(here(), "partial", "made") / "set.bin.part"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(CONTENT[:1000])
    download.download(here(), "made")
    assert arrived() == CONTENT
    assert [r for _, r in web.requests] == ["bytes=1000-"]


def test_a_complete_part_is_used_without_another_byte(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    declare(project, archive, web.offer("/set.bin", CONTENT))
    partial = raw.aside(here(), "partial", "made") / "set.bin.part"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(CONTENT)
    download.download(here(), "made")
    assert arrived() == CONTENT


@pytest.mark.parametrize("behaviour", [well, chunked])
def test_a_body_longer_than_declared_is_cut_short(
    project: ScratchProject, web: Server, archive: Path, behaviour: Behaviour
) -> None:
    declare(project, archive, web.offer("/set.bin", CONTENT * 3, behaviour))
    with pytest.raises(UserError, match="more than the 300,000 bytes"):
        download.download(here(), "made")
    assert not (raw.folder(here(), "made") / "set.bin").exists()


def test_one_flipped_byte_is_seen_and_reported(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    flipped = CONTENT[:1000] + bytes([CONTENT[1000] ^ 1]) + CONTENT[1001:]
    declare(project, archive, web.offer("/set.bin", flipped))
    said: list[str] = []
    with pytest.raises(UserError, match="not the right file: md5 is .* sha256 is"):
        download.download(here(), "made", say=said.append)
    assert "not the right file" in said[0]
    assert not (raw.folder(here(), "made") / "set.bin").exists()
    web.offer("/set.bin", CONTENT)
    download.download(here(), "made")
    assert arrived() == CONTENT


def test_a_file_that_rots_on_disk_is_seen_and_replaced(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    declare(project, archive, web.offer("/set.bin", CONTENT))
    download.download(here(), "made")
    path = raw.folder(here(), "made") / "set.bin"
    path.write_bytes(bytes(len(CONTENT)))
    with pytest.raises(UserError, match="not the right file"):
        raw.verified(here(), "made")
    download.download(here(), "made")
    assert arrived() == CONTENT


def test_a_bad_mirror_is_passed_over(project: ScratchProject, web: Server, archive: Path) -> None:
    good = web.offer("/good", CONTENT)
    bad = [
        web.offer("/loop", b"", redirect("/loop")),
        web.address + "/missing",
        web.offer("/forbidden", b"", status(403)),
        web.offer("/wrong", bytes(len(CONTENT))),
        web.offer("/dead", b"", status(503)),
        "http://127.0.0.1:9/nobody",
        "ftp://127.0.0.1/old",
    ]
    declare(project, archive, *bad, good)
    said: list[str] = []
    download.download(here(), "made", say=said.append)
    assert arrived() == CONTENT
    text = "\n".join(said)
    for reason in (
        "Exceeded 10 redirects",
        "HTTP 404",
        "HTTP 403",
        "not the right file",
        "HTTP 503",
    ):
        assert reason in text


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (redirect("/set.bin"), "Exceeded 10 redirects"),
        (status(404), "HTTP 404"),
        (status(503, Retry_After="99999999"), r"HTTP 503 \(3 attempts\)"),
        (silent, r"ReadTimeoutError.* \(3 attempts\)"),
        (dripping(20), "not done after 0 minutes; the next call resumes"),
        (one_byte_a_connection, r"4997 more expected\) \(3 attempts\)"),
    ],
)
def test_every_address_and_its_fault_are_named(
    project: ScratchProject,
    web: Server,
    archive: Path,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: Behaviour,
    reason: str,
) -> None:
    monkeypatch.setattr(download, "PATIENCE", replace(HASTE, whole=2.5))
    url = web.offer("/set.bin", CONTENT[:5000], behaviour)
    declare(project, archive, url, size=None)
    started = time.monotonic()
    with pytest.raises(UserError, match=reason) as caught:
        download.download(here(), "made")
    assert url in str(caught.value)
    assert "--from" in str(caught.value)
    assert time.monotonic() - started < 10


def length(text: bytes) -> Behaviour:
    """A server that sends all, and says that it is so long."""

    def behave(handler: Handler, content: bytes) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: " + text + b"\r\n\r\n" + content)
        handler.close_connection = True

    return behave


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (b"299999", pytest.raises(UserError, match="size is 299999, expected 300000")),
        (b"300001", nullcontext()),
    ],
)
def test_the_checksum_decides_where_a_length_lies(
    project: ScratchProject,
    web: Server,
    archive: Path,
    text: bytes,
    outcome: AbstractContextManager[object],
) -> None:
    declare(project, archive, web.offer("/set.bin", CONTENT, length(text)))
    with outcome:
        download.download(here(), "made")


def test_the_words_of_a_server_are_not_repeated(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    def rude(handler: Handler, content: bytes) -> None:
        handler.wfile.write(b"HTTP/1.1 404 \x1b[2JGone\r\nContent-Length: 0\r\n\r\n")

    declare(project, archive, web.offer("/set.bin", CONTENT, rude))
    with pytest.raises(UserError, match="HTTP 404") as caught:
        download.download(here(), "made")
    assert str(caught.value).isprintable()


def test_a_slow_drip_is_gone_on_from_elsewhere(
    project: ScratchProject, web: Server, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PATIENCE", replace(HASTE, whole=1, rate=1e9))
    drip = web.offer("/drip", CONTENT, dripping(20, quick=200_000))
    declare(project, archive, drip, web.offer("/good", CONTENT))
    download.download(here(), "made")
    assert arrived() == CONTENT
    path, asked = web.requests[-1]
    assert path == "/good"
    assert asked is not None
    assert int(asked.removeprefix("bytes=").rstrip("-")) > 200_000 - (1 << 16)  # a read short


def test_a_server_that_is_busy_is_asked_again(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    fault = first(1, then=well)(status(429))
    declare(project, archive, web.offer("/set.bin", CONTENT, fault))
    download.download(here(), "made")
    assert arrived() == CONTENT


def test_a_file_without_checksum_is_not_gone_on_from_another_address(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    partial = raw.aside(here(), "partial", "made") / "set.bin.part"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"another file's beginning")
    url = web.offer("/set.bin", CONTENT)
    declare(project, archive, url, md5=None, sha256=None, size=None)
    download.download(here(), "made")
    assert arrived() == CONTENT


def test_a_proxy_is_used(
    project: ScratchProject, web: Server, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.offer("/set.bin", CONTENT)
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("http_proxy", web.address)
    declare(project, archive, "http://data.example/set.bin")
    download.download(here(), "made")
    assert arrived() == CONTENT
    assert web.proxied == ["http://data.example/set.bin"]


def test_a_dead_proxy_is_named(
    project: ScratchProject, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    declare(project, archive, "http://data.example/set.bin")
    with pytest.raises(UserError, match="ProxyError: .*refused"):
        download.download(here(), "made")


# --- --from -------------------------------------------------------------------------------------


def test_a_path_a_folder_or_an_address_may_stand_in(
    project: ScratchProject, web: Server, archive: Path, tmp_path: Path
) -> None:
    other = tmp_path / "renamed.bin"
    other.write_bytes(CONTENT)
    web.offer("/mirror/set.bin", CONTENT)
    web.offer("/any", CONTENT)
    declare(project, archive)
    for source in (
        archive,
        str(archive.parent),
        other,
        web.address + "/mirror/set.bin",
        web.address + "/mirror/",
        web.address + "/any",
    ):
        download.download(here(), "made", source)
        assert arrived() == CONTENT
        (raw.folder(here(), "made") / "set.bin").unlink()
    assert other.exists()


def test_a_wrong_file_given_by_hand_is_refused_and_left_where_it_is(
    project: ScratchProject, archive: Path, tmp_path: Path
) -> None:
    declare(project, archive)
    wrong = tmp_path / "wrong.bin"
    wrong.write_bytes(b"something else")
    with pytest.raises(UserError, match="size is 14, expected 300000"):
        download.download(here(), "made", wrong)
    assert wrong.read_bytes() == b"something else"
    assert not list(Path(here().root, "data").rglob("set.bin"))


def test_a_set_of_several_files_wants_their_folder(project: ScratchProject, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one", "two")]
    for path in paths:
        path.write_bytes(path.name.encode())
    project.declare("made", "digits", *map(declared, paths))
    with pytest.raises(UserError, match="two of made could not be fetched.* --from"):
        download.download(here(), "made", paths[0])
    assert sorted(download.download(here(), "made", tmp_path)) == ["one", "two"]


def test_a_set_without_address_says_how_to_bring_it(project: ScratchProject, archive: Path) -> None:
    declare(project, archive)
    with pytest.raises(UserError, match="ncmc fetch made --from PATH"):
        download.download(here(), "made")


def test_a_missing_path_and_a_missing_package_are_named(
    project: ScratchProject, archive: Path
) -> None:
    declare(project, archive, "package:no_such_package/file.gz")
    with pytest.raises(UserError, match="'no_such_package' is not installed"):
        download.download(here(), "made")
    with pytest.raises(UserError, match="there is no such file"):
        download.download(here(), "made", "/no/such/file")


def test_a_file_that_the_set_does_not_name_is_reported(
    project: ScratchProject, archive: Path
) -> None:
    declare(project, archive)
    download.download(here(), "made", archive)
    (raw.folder(here(), "made") / "stray.txt").write_text("?")
    with pytest.raises(UserError, match=r"stray\.txt"):
        raw.verified(here(), "made")


@pytest.mark.parametrize("name", ["../set.bin", "a/b", ".hidden", ".."])
def test_a_file_name_that_leads_elsewhere_is_refused(
    project: ScratchProject, archive: Path, name: str
) -> None:
    project.declare("made", "digits", {**declared(archive), "name": name})
    with pytest.raises(UserError, match=r"files\.0\.name' is "):
        download.download(here(), "made", archive)


# --- disk ---------------------------------------------------------------------------------------


def test_a_full_disk_is_said_in_plain_words(
    project: ScratchProject, web: Server, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(project, archive, web.offer("/set.bin", CONTENT))
    real = Path.open

    def full(path: Path, mode: str = "r", *rest: Any, **named: Any) -> IO[Any]:
        if path.name == "set.bin.part" and "b" in mode and mode != "rb":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(UserError, match=r"no space left on the disk that holds .*set\.bin\.part"):
        download.download(here(), "made")


def test_a_folder_that_cannot_be_written_is_named(project: ScratchProject, archive: Path) -> None:
    declare(project, archive)
    (here().root / "data").write_text("a file in the way")
    with pytest.raises(UserError, match="data/raw"):
        download.download(here(), "made", archive)


# --- processes ----------------------------------------------------------------------------------


def test_a_set_that_another_process_works_on_is_waited_for(
    project: ScratchProject, web: Server, archive: Path
) -> None:
    declare(project, archive, web.offer("/set.bin", CONTENT))
    place = raw.aside(here(), "locks", "made")
    place.parent.mkdir(parents=True)
    lock = filelock.FileLock(place)
    lock.acquire()

    def say(line: str) -> None:
        assert line == "another process is working on made; waiting for it"
        assert not web.requests
        lock.release()

    download.download(here(), "made", say=say)
    assert arrived() == CONTENT
    assert not lock.is_locked


# --- the shipped entries ------------------------------------------------------------------------


def test_official_addresses_and_sums_are_torchvisions() -> None:
    from torchvision import datasets as official

    entries = dataset_entries(here())
    for name, kind in (
        ("cifar10", official.CIFAR10),
        ("cifar100", official.CIFAR100),
        ("stl10", official.STL10),
    ):
        (file,) = entries[name].files
        assert (file.name, file.md5) == (kind.filename, kind.tgz_md5)
        assert file.urls[0] == kind.url
    svhn = {f.name: (f.urls[0], f.md5) for f in entries["svhn"].files}
    assert svhn == {name: (url, md5) for url, name, md5 in official.SVHN.split_list.values()}
