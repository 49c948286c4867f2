"""docs/findings.md says what the published records say: every quotation is a verdict, word for word."""

import json
import re

from conftest import CHECKOUT, here

from ncmc.plan.grid_file import tiers
from ncmc.verdicts.checks_file import all_checks

FINDINGS = CHECKOUT / "docs" / "findings.md"
QUOTE = re.compile(r"^> \*\*(?P<id>[A-Za-z][\w.-]*)\*\* (?P<status>[a-z ]+): (?P<words>.*)$")
ID = re.compile(r"`(L-[A-Z][A-Z_a-z0-9]*|JPEG\d|CALIBRATION[-A-Z]*)`")
# Numbers that no record gives: tau, theta, versions and the paper's own.
STATED = {"0.005", "0.01", "0.02", "0.1", "0.2", "2.5", "72.8", "77.0", "80.6"}


def published() -> dict[str, tuple[str, str]]:
    """Check -> (status, words), of every published tier."""
    found: dict[str, tuple[str, str]] = {}
    for tier in tiers(here()):
        board = CHECKOUT / "results" / "published" / tier / "results" / "board.json"
        if board.exists():
            for entry in json.loads(board.read_text())["entries"]:
                found |= {v["id"]: (v["status"], v["why"]) for v in entry["verdicts"]}
    return found


def lines() -> list[str]:
    return FINDINGS.read_text().splitlines() if FINDINGS.exists() else []


def test_every_quotation_is_a_published_verdict() -> None:
    verdicts = published()
    for line in lines():
        if line.startswith(">"):
            quote = QUOTE.match(line)
            assert quote, f"not `> **ID** status: words`: {line}"
            assert (quote["status"], quote["words"]) == verdicts[quote["id"]], line


def test_every_check_that_is_named_exists() -> None:
    known = {check.id for check in all_checks(here())}
    for line in lines():
        assert set(ID.findall(line)) <= known, line


def test_no_result_stands_outside_a_quotation() -> None:
    for line in lines():
        if not line.startswith(">"):
            assert set(re.findall(r"\d+\.\d+", line)) <= STATED, line


def test_what_the_findings_leave_out_is_not_a_refutation() -> None:
    """A verdict against the paper is quoted, whether we like it or not."""
    text = "\n".join(lines())
    if not text:
        return
    against = {name for name, (status, _) in published().items() if status == "differs"}
    assert {name for name in against if f"**{name}**" not in text} == set()
