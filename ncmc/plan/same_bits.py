"""Versions of the code that are known to give the same numbers, bit for bit: same_bits.json.

`tools/same_bits.py` writes it, from small runs that it trains with the code of two commits.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from ncmc.plan.code_digest import ROOMS, Code
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = Path(__file__).with_name("same_bits.json")
Kind = Literal["cpu", "gpu"]


class Shown(Strict):
    """Two commits whose runs gave the same bits, and the parts of their code that this is shown of."""

    old: str
    new: str
    at: str  # UTC, ISO 8601
    device: Kind
    processor: str
    torch: str
    runs: int
    same: Mapping[str, Mapping[str, str]]  # part -> old digest -> new digest


class SameBits(Strict):
    """All that is known."""

    shown: tuple[Shown, ...]


def differing(then: Code, now: Code, kind: Kind = "cpu") -> list[str]:
    """The parts of two versions of the code that are not known to give the same bits.

    `kind` of device: what was shown on one says nothing of another.
    """
    return [
        part
        for part in Code.model_fields
        if version(part, getattr(then, part), kind) != version(part, getattr(now, part), kind)
    ]


def version(part: str, digest: str, kind: Kind = "cpu") -> str:
    """The digest that stands for all that give the same bits as this one."""
    return _versions(kind).get((part, digest), digest) if part in ROOMS else digest


@cache
def read(path: Path) -> SameBits:
    """The file. Raises UserError if it is not valid."""
    return documents.read_json(path, SameBits)


@cache
def _versions(kind: Kind) -> dict[tuple[str, str], str]:
    classes: dict[tuple[str, str], set[str]] = {}
    for shown in read(FILE).shown:
        for part, pairs in shown.same.items() if shown.device == kind else ():
            for pair in pairs.items():
                whole = set(pair).union(*(classes.get((part, digest), ()) for digest in pair))
                classes |= {(part, digest): whole for digest in whole}
    return {key: min(whole) for key, whole in classes.items()}
