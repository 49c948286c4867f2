"""docs/findings.md says what the published records say: every quotation is a verdict, word for word."""

import json
import re

import pytest
from conftest import CHECKOUT, here

from ncmc.errors import UsageError
from ncmc.report import findings
from ncmc.report.findings import published_verdicts
from ncmc.verdicts.checks_file import all_checks

FINDINGS = CHECKOUT / "docs" / "findings.md"
LAPTOP = CHECKOUT / "results" / "published" / "laptop" / "results"
ID = re.compile(r"`(L-[A-Z][A-Z_a-z0-9]*|CONTROL\d|JPEG\d|CALIBRATION[-A-Z]*)`")
STATUS = re.compile(ID.pattern + r"\s+(holds|differs|inconclusive|incomplete)")
# Numbers that no record gives: tau, and accuracies that others state.
STATED = {"0.01", "0.1", "70.4", "72.0", "72.8"}


def lines() -> list[str]:
    return FINDINGS.read_text().splitlines() if FINDINGS.exists() else []


def test_every_quotation_is_a_published_verdict() -> None:
    for line in lines():
        if line.startswith(">"):
            assert findings.QUOTATION.match(line), f"not `> **ID** status: words`: {line}"
    text = FINDINGS.read_text()
    assert findings.quoted(text, published_verdicts(here())) == text


def test_an_old_quotation_is_set_anew_and_what_stands_around_it_stays() -> None:
    verdicts = published_verdicts(here())
    name, verdict = next(iter(verdicts.items()))
    text = f"Before\n\n> **{name}** holds: words of yesterday\n\nAfter **{name}**\n"
    expected = f"Before\n\n> **{name}** {verdict.status}: {verdict.why}\n\nAfter **{name}**\n"
    assert findings.quoted(text, verdicts) == expected
    with pytest.raises(UsageError, match="quotes L-NOBODY, which no published board has"):
        findings.quoted("> **L-NOBODY** holds: nothing", verdicts)


def test_every_check_that_is_named_exists() -> None:
    known = {check.id for check in all_checks(here())}
    for line in lines():
        assert set(ID.findall(line)) <= known, line


def test_the_means_are_those_of_the_published_tables() -> None:
    """Row by row: a method's mean accuracy after some epochs, with Mixup or without."""
    columns = [("12", True), ("40", True), ("120", True), ("40", False)]
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in lines() if line.startswith("|")]
    told = {
        (method, *column): mean
        for method, *means in rows[2:]
        for column, mean in zip(columns, means, strict=True)
        if mean
    }
    assert told == {key: f"{mean:.1f}" for key, mean in published_means().items()}


def published_means() -> dict[tuple[str, str, bool], float]:
    """(method, epochs, Mixup) -> percent after the last epoch, at tau 0.01."""
    found: dict[tuple[str, str, bool], float] = {}
    for name in ("laptop_budget", "laptop_batch_scaling", "laptop_methods", "laptop_mixup"):
        cells = json.loads((LAPTOP / name / "table.json").read_text())["cells"]
        for cell in cells:
            coords, options = dict(cell["coords"]), cell["options"]
            if coords["tau"] == "0.01" and options.get("theta", 0.2) == 0.2:
                key = coords["method"], str(options.get("epochs", 40)), options.get("mixup", True)
                assert found.setdefault(key, cell["last"]["mean"]) == cell["last"]["mean"], key
    return found


def test_no_result_stands_outside_a_quotation_or_the_table_of_means() -> None:
    for line in lines():
        if not line.startswith((">", "|")):
            assert set(re.findall(r"\d+\.\d+", line)) <= STATED, line


def test_what_the_findings_leave_out_is_not_a_refutation() -> None:
    """A verdict against the paper is quoted, whether we like it or not."""
    text = "\n".join(lines())
    if not text:
        return
    against = {name for name, v in published_verdicts(here()).items() if v.status == "differs"}
    assert {name for name in against if f"**{name}**" not in text} == set()


@pytest.mark.parametrize("page", ["README.md", "docs/findings.md"])
def test_each_status_in_words_is_the_published_one(page: str) -> None:
    verdicts = published_verdicts(here())
    named = STATUS.findall((CHECKOUT / page).read_text())
    assert named
    assert set(named) == {(n, verdicts[n].status) for n, _ in named}


def test_every_check_that_is_named_is_quoted_or_has_its_status_beside_it() -> None:
    text = "\n".join(lines())
    told = {name for name, _ in STATUS.findall(text)} | set(findings.QUOTATION.findall(text))
    assert set(ID.findall(text)) <= told
