"""Is this file the one we mean? Sizes and checksums, computed once for a content."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from pydantic import RootModel

from ncmc.errors import UserError
from ncmc.plan.dataset_entries import DatasetFile
from ncmc.system import documents, files
from ncmc.system.documents import Strict

BLOCK = 1 << 20  # bytes read at a time


class Digest(Strict):
    """Size in bytes and checksums (hex) of one file's content."""

    size: int
    md5: str
    sha256: str
    sha1_git: str = ""  # SHA-1 of "blob SIZE", a zero byte and the content


def of_file(path: Path) -> Digest:
    """Size and checksums of a file in one pass. Raises UserError if it cannot be read."""
    size, md5, sha256 = 0, hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with files.open_regular(path) as file:
        blob = hashlib.sha1(b"blob %d\0" % os.fstat(file.fileno()).st_size, usedforsecurity=False)
        while block := file.read(BLOCK):
            size += len(block)
            for sum_ in (md5, sha256, blob):
                sum_.update(block)
    return Digest(
        size=size, md5=md5.hexdigest(), sha256=sha256.hexdigest(), sha1_git=blob.hexdigest()
    )


def differences(found: Digest, wanted: DatasetFile) -> list[str]:
    """What of `found` is not what config/datasets.yaml says, in words; empty if all is well."""
    return [
        f"{key.replace('_', ' ')} is {getattr(found, key)}, expected {getattr(wanted, key)}"
        for key in ("size", "md5", "sha256", "sha1_git")
        if getattr(wanted, key) is not None and getattr(found, key) != getattr(wanted, key)
    ]


def of_folder(digests: dict[str, Digest]) -> str:
    """DVC's name for a folder that holds these files (relative path -> digest): `<md5>.dir`."""
    entries = [{"md5": digests[name].md5, "relpath": name} for name in sorted(digests)]
    listing = json.dumps(entries, sort_keys=True).encode()
    return hashlib.md5(listing, usedforsecurity=False).hexdigest() + ".dir"


class _Hashed(Strict):
    """A file as it was when it was hashed."""

    stamp: tuple[int, int, int]  # size, time of the last change, inode
    digest: Digest


class _CacheFile(RootModel[dict[str, _Hashed]]):
    """The checksums that are kept on disk, by the name of the file."""


class ChecksumCache:
    """Digests of files unchanged (size, time, inode) since they were hashed, kept on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._known = dict(documents.read_json(path, _CacheFile).root)
        except UserError:  # none yet, or damaged: that costs one more hashing, nothing else
            self._known = {}

    def recall(self, path: Path) -> Digest | None:
        """The digest of `path` if it was hashed before and looks unchanged."""
        known = self._known.get(path.name)
        if known is None or not known.digest.sha1_git:  # hashed before 0.3
            return None
        return known.digest if known.stamp == _stamp(path) else None

    def digest(self, path: Path) -> Digest:
        """The digest of `path`, hashed only if it is not known."""
        return self.recall(path) or self.refresh([path])[path.name]

    def refresh(self, paths: Sequence[Path]) -> dict[str, Digest]:
        """Hash `paths` now, whatever is known, and remember it."""
        fresh = {path.name: of_file(path) for path in paths}
        for path in paths:
            if stamp := _stamp(path):
                self._known[path.name] = _Hashed(stamp=stamp, digest=fresh[path.name])
        text = _CacheFile(self._known).model_dump_json(indent=1)
        files.write_atomic(self.path, text + "\n")
        return fresh


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:  # gone, or hidden: nothing is known of it
        return None
    return (status.st_size, status.st_mtime_ns, status.st_ino)


def of_json(value: object) -> str:
    """SHA-256 of a JSON value, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
