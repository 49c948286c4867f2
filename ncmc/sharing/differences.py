"""Where a record comes from, and how two records of one run differ, in words."""

from collections.abc import Iterator

from ncmc.results.configuration import flat
from ncmc.results.record import Record
from ncmc.results.wording import signed
from ncmc.system.documents import Strict

SHORT = 10  # characters of a commit


class Origin(Strict):
    """What tells where a record comes from."""

    accuracy: float  # percent, after the last epoch
    at: str
    commit: str | None
    dirty: bool | None
    processor: str
    device: str | None
    torch: str | None
    code: str | None


def origin_of(record: Record) -> Origin:
    """Where a record comes from."""
    made = record.made
    return Origin(
        accuracy=record.result.accuracy.last,
        at=made.at,
        commit=made.git.commit,
        dirty=made.git.dirty,
        processor=made.hardware.processor,
        device=made.device,
        torch=made.packages.get("torch"),
        code=made.code,
    )


def commit_words(origin: Origin) -> str:
    """A commit, short, and whether there were changes to it."""
    if origin.commit is None:
        return "unknown"
    return origin.commit[:SHORT] + (" with uncommitted changes" if origin.dirty else "")


def differences(ours: Record, theirs: Record) -> Iterator[str]:
    """What differs: the accuracy, then what could be the reason. Ours first."""
    a, b = ours.result.accuracy.last, theirs.result.accuracy.last
    yield f"accuracy {a:.2f} % here, {b:.2f} % there ({signed(b - a)})"
    here, there = origin_of(ours), origin_of(theirs)
    if commit_words(here) != commit_words(there):
        yield f"commit {commit_words(here)} here, {commit_words(there)} there"
    for word, x, y in (
        ("machine", here.processor, there.processor),
        ("device", here.device, there.device),
        ("torch", here.torch, there.torch),
        ("split", ours.split.sha256[:SHORT], theirs.split.sha256[:SHORT]),
        ("schema", ours.schema_version, theirs.schema_version),
    ):
        if x != y:
            yield f"{word} {x or 'unknown'} here, {y or 'unknown'} there"
    if here.code != there.code:
        yield "the code of method or backbone"
    now, then = (dict(flat(record.config)) for record in (ours, theirs))
    for key in sorted(now.keys() | then.keys()):
        if now.get(key, "absent") != then.get(key, "absent"):
            yield f"{key} {now.get(key, 'absent')} here, {then.get(key, 'absent')} there"
