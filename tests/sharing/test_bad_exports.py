"""What is no export of ours, or was altered, is refused before anything is written."""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from calls import ncmc
from made_results import fill, project_at, repacked, smoke_runs, unpacked

from ncmc.project import Project
from ncmc.sharing.export import export

Content = dict[str, bytes | None]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of two records."""
    root = tmp_path_factory.mktemp("packed")
    project = project_at(root / "project")
    fill(project, smoke_runs(project)[:2])
    export(project, ["smoke"], root / "good.zip")
    unpacked(root / "good.zip", root / "folder")
    return root / "good.zip"


def members(packed: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(packed) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def manifest_of(packed: Path) -> Any:
    return json.loads(members(packed)["manifest.json"])


def record_in(packed: Path) -> str:
    return next(name for name in members(packed) if name.endswith("record.json"))


def as_json(body: Any) -> bytes:
    return json.dumps(body).encode()


def listed_as(packed: Path, name: str, data: bytes) -> Content:
    """A member that the manifest vouches for."""
    manifest = manifest_of(packed)
    manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    return {name: data, "manifest.json": as_json(manifest)}


def altered_record(packed: Path) -> Content:
    """A record edited by hand, with its checksum in the manifest made again."""
    name = record_in(packed)
    record = json.loads(members(packed)[name])
    record["result"]["accuracy"] |= {"last": 99.0, "best": 99.5}
    return listed_as(packed, name, as_json(record))


def other_manifest(packed: Path, **changes: Any) -> Content:
    return {"manifest.json": as_json(manifest_of(packed) | changes)}


BAD: dict[str, tuple[Callable[[Path], Content], str]] = {
    "a changed record": (lambda p: {record_in(p): b"{}"}, "was changed after it was packed"),
    "a changed configuration": (
        lambda p: {"papers/ncmc/grid.yaml": b"tables: {}"},
        "was changed after it was packed",
    ),
    "a record edited by hand": (altered_record, "its digest does not match"),
    "no manifest": (lambda p: {"manifest.json": None}, "is not an export of ncmc"),
    "another project's manifest": (
        lambda p: {"manifest.json": b'{"name": "a web app", "icons": []}'},
        "is not an export of ncmc",
    ),
    "a manifest that is no JSON": (lambda p: {"manifest.json": b"{"}, "is not valid JSON"),
    "a manifest that is a list": (lambda p: {"manifest.json": b"[]"}, "is not an export of ncmc"),
    "a later format": (lambda p: other_manifest(p, schema=9), "'schema' is 9"),
    "a missing member": (lambda p: {record_in(p): None}, "is not whole"),
    "a size below nothing": (
        lambda p: other_manifest(
            p, files={name: e | {"size": -1} for name, e in manifest_of(p)["files"].items()}
        ),
        "greater than or equal to 0",
    ),
}
HOSTILE_NAMES = (
    "../evil.json",
    "/etc/passwd",
    "results/runs/../../evil/record.json",
    "results/runs/a/b/c/d/e/../record.json",
    "config/../Snakefile",
    "results\\\\runs\\\\evil",
    "C:/evil",
    "config/.hidden",
    "results/smoke/report.html\n",
)


def refused(path: Path, project: Path, words: str, code: int = 3) -> None:
    """The import says why, without a traceback, and nothing is written."""
    done = ncmc("import", path)
    assert done.exit_code == code, done.output
    assert words in done.stderr.replace("\n", " ")
    assert len(done.stderr) < 1000
    assert not (project / "results").exists()


@pytest.mark.parametrize("what", BAD)
def test_a_bad_export_is_refused_whole(
    packed: Path, configured: Path, tmp_path: Path, what: str
) -> None:
    changes, words = BAD[what]
    refused(repacked(packed, tmp_path / "bad.zip", changes(packed)), configured, words)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_that_leads_elsewhere_is_refused(
    packed: Path, configured: Path, tmp_path: Path, name: str
) -> None:
    changes = listed_as(packed, name, b"x")
    refused(repacked(packed, tmp_path / "bad.zip", changes), configured, "lists an impossible name")


def test_a_record_below_another_runs_name_is_refused(
    packed: Path, configured: Path, tmp_path: Path
) -> None:
    name, data = record_in(packed), members(packed)[record_in(packed)]
    moved = name.replace("seed=0", "seed=7")
    manifest = manifest_of(packed)
    manifest["files"][moved] = manifest["files"].pop(name)
    changes: Content = {name: None, moved: data, "manifest.json": as_json(manifest)}
    refused(repacked(packed, tmp_path / "bad.zip", changes), configured, "is the record of")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_half_an_archive_is_refused(
    packed: Path, configured: Path, tmp_path: Path, share: float
) -> None:
    data = packed.read_bytes()
    (tmp_path / "half.zip").write_bytes(data[: int(share * len(data))])
    refused(
        tmp_path / "half.zip",
        configured,
        "is damaged, cut short or encrypted",
    )


def test_every_altered_byte_of_a_sample_is_noticed_or_harmless(
    packed: Path, configured: Path, tmp_path: Path
) -> None:
    good = packed.read_bytes()
    for place in range(40, len(good), len(good) // 40):
        data = bytearray(good)
        data[place] ^= 0x55
        (tmp_path / "bad.zip").write_bytes(data)
        done = ncmc("import", tmp_path / "bad.zip", "--dry-run")
        assert done.exit_code in (0, 3), done.output
        assert done.exit_code == 3 or "2 new records" in done.stdout


def test_what_is_not_listed_is_not_read(packed: Path, configured: Path, tmp_path: Path) -> None:
    more: Content = {"config/bomb.yaml": bytes(200_000_000), "results/smoke/virus.sh": b"x"}
    done = ncmc("import", repacked(packed, tmp_path / "more.zip", more))
    assert done.exit_code == 0
    assert {path.name for path in (configured / "results").rglob("*.*") if path.is_file()} == {
        "record.json"
    }
    assert not (configured / "config/bomb.yaml").exists()


def test_a_member_that_is_larger_than_it_says_is_not_unpacked_further(
    packed: Path, configured: Path, tmp_path: Path
) -> None:
    data = bytes(1_000_000)
    changes = listed_as(packed, "config/more.yaml", data)
    manifest = json.loads(changes["manifest.json"] or b"")
    manifest["files"]["config/more.yaml"]["size"] = 10
    changes["manifest.json"] = as_json(manifest)
    bad = repacked(packed, tmp_path / "bad.zip", changes)
    refused(bad, configured, "config/more.yaml is larger than 10 bytes")


def test_links_twice_named_and_encrypted_members_are_refused(
    packed: Path, configured: Path, tmp_path: Path
) -> None:
    linked, twice = tmp_path / "linked.zip", tmp_path / "twice.zip"
    with zipfile.ZipFile(linked, "w") as archive:
        entry = zipfile.ZipInfo("manifest.json")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    refused(linked, configured, "is not valid JSON")
    with zipfile.ZipFile(twice, "w") as archive:
        archive.writestr("manifest.json", members(packed)["manifest.json"])
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("manifest.json", b"{}")
    refused(twice, configured, "is not an export of ncmc")
    data = bytearray(packed.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "secret.zip").write_bytes(data)
    refused(tmp_path / "secret.zip", configured, "encrypted")


def test_a_folder_is_read_as_warily_as_a_file(
    packed: Path, configured: Path, tmp_path: Path
) -> None:
    folder = packed.parent / "folder"
    assert "2 new records" in ncmc("import", folder, "--dry-run").stdout
    link = folder / record_in(packed)
    link.rename(tmp_path / "kept.json")
    link.symlink_to("/etc/hostname")
    refused(folder, configured, "was changed after it was packed")
    link.unlink()
    os.mkfifo(link)
    refused(folder, configured, "is not a regular file")
    link.unlink()
    (tmp_path / "kept.json").rename(link)
    (folder / "manifest.json").rename(tmp_path / "kept")
    os.mkfifo(folder / "manifest.json")
    refused(folder, configured, "is not a regular file")
    (folder / "manifest.json").unlink()
    (tmp_path / "kept").rename(folder / "manifest.json")
    refused(tmp_path, configured, "is not an export of ncmc")
    refused(tmp_path / "nowhere", configured, "does not exist", code=2)


def test_the_good_export_is_taken(packed: Path, configured: Path) -> None:
    assert ncmc("import", packed).exit_code == 0
    assert len(list((Project(configured).root / "results").rglob("record.json"))) == 2
