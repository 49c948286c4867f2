"""Which versions of the code records were made with, and what of it differs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ncmc.plan import same_bits
from ncmc.plan.code_digest import Code, code_of, part_words, roots
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.record import Record


def changes(project: Project, record: Record) -> list[str]:
    """What of the code of a record, or of the model it was made from, changed since, in words.

    Empty where nothing did, or where versions are known to give the same bits, or nothing is known.
    """
    changed = []
    for run, code in _named(record):
        now = code_of(project, run)
        if code is None:
            commit = record.made.git.commit
            changed.append(
                f"nobody has shown that the code of {f'commit {commit[:10]}' if commit else 'then'} "
                "gives the same bits as that of now"
            )
        elif now is None:
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
    unknown: set[str] = set()
    for record in records:
        kind = kind_of(record.made.device)
        for run, code in _named(record):
            if code is None:
                unknown.add((record.made.git.commit or "unknown")[:10])
                continue
            for part, digest in code:
                versions[part_words(part, run)].add(same_bits.version(part, digest, kind))
    several = {part: digests for part, digests in versions.items() if len(digests) > 1}
    words = [
        f"torch {' and '.join(sorted(digests))}"
        if part == "torch"
        else f"{len(digests)} versions of {part}"
        for part, digests in several.items()
    ]
    if unknown and (versions or len(unknown) > 1):
        words.append(f"code of commit {' and '.join(sorted(unknown))}, which nobody has compared")
    return words


def kind_of(device: str | None) -> same_bits.Kind:
    """The kind of a device, by its name."""
    return "cpu" if device in (None, "cpu") else "gpu"


def code_of_record(record: Record) -> Code | None:
    """The code that a record itself was made with; None if that is not known."""
    code = record.made.code
    return _of_commit(record, record.run) if isinstance(code, str) else code


def _named(record: Record) -> Iterator[tuple[Run, Code | None]]:
    """Each version of the code that a record names, with the run that it is the code of.

    None for one from before records named its parts, whose commit is not in same_bits.json.
    """
    model = record.run
    if record.model_of and (names := record.model_of.run.split("/"))[3:]:
        model = replace(model, method=names[3])
    sessions = [(model, session.code) for session in record.made.sessions]
    for run, code in dict.fromkeys([(record.run, record.made.code), *sessions]):
        if isinstance(code, Code):
            yield run, code
        elif code is not None:
            yield run, _of_commit(record, run)


def _of_commit(record: Record, run: Run) -> Code | None:
    made = record.made
    reader = record.config.get("data", {}).get("reader")
    if made.git.dirty or not isinstance(reader, str):
        return None
    torch = made.packages.get("torch", "").partition("+")[0]
    return same_bits.code_at(made.git.commit, roots(run, reader), torch)
