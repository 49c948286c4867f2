"""`ncmc fetch`: a dataset's archives, from DVC's cache if it has them, else from outside."""

from dataclasses import dataclass
from pathlib import Path

from ncmc import config, digests, download, store
from ncmc.digests import Digest
from ncmc.errors import UserError
from ncmc.transfer import Progress, Say


@dataclass(frozen=True)
class Fetched:
    """What `fetch` did."""

    name: str
    folder: Path
    how: str  # "already here", "from the cache", "fetched"
    digests: dict[str, Digest]


def fetch(
    name: str,
    source: str | Path | None = None,
    *,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Fetched:
    """Make data/raw/NAME whole, verified and recorded in dvc.lock.

    A set that is there already, or in DVC's cache, touches no network. `source`: a file, folder or
    http(s) address to use instead of the official ones.
    Raises UserError with what failed and what to do; the next call goes on from there.
    """
    with download.alone(name, say):
        how = "already here"
        if download.missing(name):
            how = "from the cache" if _from_cache(name, say) else "fetched"
        found = download.download(name, source, progress=progress, say=say)
        _compare_with_lock(name, found)
        if how == "fetched" or store.recorded(name) is None:
            store.commit(name)
            found = download.verified(name)  # committing may have put a link in the file's place
        return Fetched(name, download.folder(name), how, found)


def _from_cache(name: str, say: Say | None) -> bool:
    if store.recorded(name) is None or not store.checkout(name):
        return False
    found = download.memory(name).refresh(
        path for path in download.folder(name).iterdir() if path.is_file()
    )
    wrong = [f.name for f in config.dataset(name).files if digests.differences(found[f.name], f)]
    return not wrong


def _compare_with_lock(name: str, found: dict[str, Digest]) -> None:
    held, came = store.recorded(name), digests.of_folder(found)
    if held is not None and held != came:
        raise UserError(f"{name}: what came ({came}) is not what dvc.lock records ({held}).")
