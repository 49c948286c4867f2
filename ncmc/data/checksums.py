"""Is this file the one we mean? Sizes and checksums."""

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path

from ncmc.plan.dataset_entries import DatasetFile
from ncmc.system import files
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


def of_unchanged(path: Path) -> Digest:
    """`of_file`, once in a process while size, time and inode of the file stay the same."""
    status = path.stat()
    return _of_unchanged(path, status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=256)
def _of_unchanged(path: Path, *_: int) -> Digest:
    return of_file(path)


def differences(digest: Digest, file: DatasetFile) -> list[str]:
    """What of `digest` is not what config/datasets.yaml says, in words; empty if all is well."""
    return [
        f"{key.replace('_', ' ')} is {getattr(digest, key)}, expected {getattr(file, key)}"
        for key in ("size", "md5", "sha256", "sha1_git")
        if getattr(file, key) is not None and getattr(digest, key) != getattr(file, key)
    ]


def of_folder(digests: dict[str, Digest]) -> str:
    """DVC's name for a folder that holds these files (relative path -> digest): `<md5>.dir`."""
    entries = [{"md5": digests[name].md5, "relpath": name} for name in sorted(digests)]
    listing = json.dumps(entries, sort_keys=True).encode()
    return hashlib.md5(listing, usedforsecurity=False).hexdigest() + ".dir"
