"""Is this file the one we mean? Sizes and checksums, computed once for a content."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from ncmc.errors import UserError
from ncmc.plan.dataset_entries import DatasetFile
from ncmc.system import files

BLOCK = 1 << 20  # bytes read at a time


@dataclass(frozen=True)
class Digest:
    """Size in bytes and checksums (hex) of one file's content."""

    size: int
    md5: str
    sha256: str


def of_file(path: Path) -> Digest:
    """Size, MD5 and SHA-256 of a file in one pass. Raises UserError if it cannot be read."""
    size, md5, sha256 = 0, hashlib.md5(usedforsecurity=False), hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                size += len(block)
                md5.update(block)
                sha256.update(block)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from error
    return Digest(size, md5.hexdigest(), sha256.hexdigest())


def differences(found: Digest, wanted: DatasetFile) -> list[str]:
    """What of `found` is not what config/datasets.yaml says, in words; empty if all is well."""
    return [
        f"{key} is {getattr(found, key)}, expected {getattr(wanted, key)}"
        for key in ("size", "md5", "sha256")
        if getattr(wanted, key) is not None and getattr(found, key) != getattr(wanted, key)
    ]


def of_folder(digests: dict[str, Digest]) -> str:
    """DVC's name for a folder that holds these files (relative path -> digest): `<md5>.dir`."""
    entries = [{"md5": digests[name].md5, "relpath": name} for name in sorted(digests)]
    listing = json.dumps(entries, sort_keys=True).encode()
    return hashlib.md5(listing, usedforsecurity=False).hexdigest() + ".dir"


class Memory:
    """Digests of files unchanged (size, time, inode) since they were hashed, kept on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._known = json.loads(path.read_text())
        except (OSError, ValueError):  # a lost memory costs one more hashing, nothing else
            self._known = {}
        if not isinstance(self._known, dict):
            self._known = {}

    def recall(self, path: Path) -> Digest | None:
        """The digest of `path` if it was hashed before and looks unchanged."""
        known = self._known.get(path.name)
        try:
            if known and known["stamp"] == _stamp(path):
                return Digest(**known["digest"])
        except (OSError, KeyError, TypeError):
            return None
        return None

    def digest(self, path: Path) -> Digest:
        """The digest of `path`, hashed only if it is not known."""
        return self.recall(path) or self.refresh([path])[path.name]

    def refresh(self, paths: Iterable[Path]) -> dict[str, Digest]:
        """Hash `paths` now, whatever is known, and remember it."""
        fresh = {path.name: of_file(path) for path in paths}
        for path in paths:
            digest = asdict(fresh[path.name])
            self._known[path.name] = {"stamp": _stamp(path), "digest": digest}
        files.write_atomic(self.path, json.dumps(self._known, indent=1) + "\n")
        return fresh


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def of_json(value: object) -> str:
    """SHA-256 of a JSON value, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
