"""What must be said of the records behind a verdict: it does not decide, but it can be why.

Each problem is one sentence that names the cells or runs it is about, each said once a verdict.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ncmc.results import code_versions
from ncmc.results.cells import Cell
from ncmc.results.record import Record
from ncmc.results.wording import plural

MOST_NAMED = 4  # of runs or commits, in a sentence
FRACTION = 1.0  # percent: an accuracy that is no larger may be a share of 1


def problems_in(cells: Iterable[Cell]) -> tuple[str, ...]:
    """The problems of the records of cells that are judged together."""
    distinct = list({cell.spec.run: cell for cell in cells if cell.records}.values())
    records = list({r.run: r for cell in distinct for r in cell.records}.values())
    found = [*_splits(records), *_code(records), *_computed(records)]
    for cell in distinct:
        found += [*_seeds(cell), *_fractions(cell)]
    return tuple(dict.fromkeys(found))


def _splits(records: Sequence[Record]) -> Iterator[str]:
    """Records whose configuration draws the same training images, and which had others."""
    images: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        drawn_as = [record.run.dataset, record.run.tau, record.config.get("split")]
        key = json.dumps(drawn_as, sort_keys=True)
        images[key][record.split.sha256].append(record.run.id)
    for by_hash in images.values():
        if len(by_hash) > 1:
            runs = [ids[0] for ids in by_hash.values()]
            yield (
                f"different training images under one configuration of the split, as in {_some(runs)}: "
                "a difference between them may be one of images."
            )


def _code(records: Sequence[Record]) -> Iterator[str]:
    """Several versions of what their numbers depend on, and uncommitted changes of it."""
    if differing := code_versions.differences(records):
        yield f"the records were made with {', '.join(differing)}."
    dirty = [r.run.id for r in records if r.made.git.dirty]
    if dirty:
        yield (
            f"{len(dirty)} of {plural(len(records), 'record')} were made with uncommitted changes in "
            "the code that they depend on: their commit does not say what was run."
        )


def _computed(records: Sequence[Record]) -> Iterator[str]:
    """Several precisions or kinds of device."""
    ways = sorted(
        {
            f"{session.precision} on {session.device.split(':')[0]}"
            for record in records
            for session in record.made.sessions
        }
    )
    if len(ways) > 1:
        yield f"the records were computed in {len(ways)} ways: {', '.join(ways)}."


def _seeds(cell: Cell) -> Iterator[str]:
    """Seeds that say too much, nothing, or the same as another."""
    label = cell.spec.label
    if cell.extra:
        yield (
            f"{label}: {cell.n + len(cell.extra)} seeds have a record, of which the {cell.planned} that "
            f"are planned count; not used: {', '.join(map(str, cell.extra))}."
        )
    yield from cell.copies
    yield from cell.dead


def _fractions(cell: Cell) -> Iterator[str]:
    """Accuracies that are shares of 1, by what the confusion matrices say."""
    for record in cell.records:
        confusion = record.result.confusion
        images = sum(map(sum, confusion))
        right = sum(row[k] for k, row in enumerate(confusion))
        share, last = right / images if images else 0.0, record.result.accuracy.last
        if last <= FRACTION and abs(share - last) < abs(100 * share - last):
            yield (
                f"{cell.spec.label}: seed {record.run.seed} has the accuracy {last:g} %, its confusion "
                f"matrix {100 * share:.1f} %: a fraction in place of percent."
            )


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
