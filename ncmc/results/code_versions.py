"""Which versions of the code records were made with, and what of it differs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ncmc.plan import same_bits
from ncmc.plan.code_digest import Code, code_of, part_words
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.record import Record


def changes(project: Project, record: Record) -> list[str]:
    """What of the code of a record, or of the model it was made from, changed since, in words.

    Empty where nothing did, or where versions are known to give the same bits.
    """
    changed = []
    for run, code in _named(record):
        now = code_of(project, run)
        if now is None:
            changed.append(f"{part_words('method', run)} is not here any more")
        else:
            changed += change_words(run, code, now, kind_of(record.made.device))
    return list(dict.fromkeys(changed))


def change_words(run: Run, then: Code, now: Code, kind: same_bits.Kind) -> list[str]:
    """Each part of a run's code that gives other bits, as far as is known, in words."""
    return [
        f"torch {then.torch} then, {now.torch} now"
        if part == "torch"
        else f"{part_words(part, run)} changed"
        for part in same_bits.differing(then, now, kind)
    ]


def differences(records: Iterable[Record]) -> list[str]:
    """What differs, and may give other bits, in the code that records were made with, in words."""
    versions: dict[str, set[str]] = defaultdict(set)
    for record in records:
        kind = kind_of(record.made.device)
        for run, code in _named(record):
            for part, digest in code:
                versions[part_words(part, run)].add(same_bits.version(part, digest, kind))
    several = {part: digests for part, digests in versions.items() if len(digests) > 1}
    return [
        f"torch {' and '.join(sorted(digests))}"
        if part == "torch"
        else f"{len(digests)} versions of {part}"
        for part, digests in several.items()
    ]


def kind_of(device: str) -> same_bits.Kind:
    """The kind of a device, by its name."""
    return "cpu" if device == "cpu" else "gpu"


def _named(record: Record) -> Iterator[tuple[Run, Code]]:
    """Each version of the code that a record names, with the run that it is the code of."""
    model = record.run
    if record.model_of and (names := record.model_of.run.split("/"))[3:]:
        model = replace(model, method=names[3])
    sessions = [(model, session.code) for session in record.made.sessions if session.code]
    yield from dict.fromkeys([(record.run, record.made.code), *sessions])
