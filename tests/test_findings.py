"""docs/findings.md says what the published records say: every quotation is a verdict, word for word."""

import re

import pytest
from conftest import CHECKOUT, here

from ncmc.board import published
from ncmc.board.published import published_verdicts
from ncmc.errors import UsageError
from ncmc.paper.printed_numbers import printed_numbers
from ncmc.paths import OURS
from ncmc.plan import grid
from ncmc.project import Project, papers
from ncmc.verdicts.checks_file import all_checks
from ncmc.verdicts.judge import CellCache

FINDINGS = CHECKOUT / "docs" / "findings.md"
ID = re.compile(r"`((?:L|FULL)-[A-Z][A-Z_a-z0-9]*|CONTROL\d|JPEG\d)`")
STATUS = re.compile(ID.pattern + r"\s+(holds|differs|inconclusive|incomplete)")
# Numbers that no record gives: tau, and accuracies that others state.
STATED = {"0.01", "0.1", "70.4", "72.0", "72.8"}


def lines() -> list[str]:
    return FINDINGS.read_text().splitlines() if FINDINGS.exists() else []


def test_every_quotation_is_a_published_verdict() -> None:
    for line in lines():
        if line.startswith(">"):
            assert published.QUOTATION.match(line), f"not `> **ID** status: words`: {line}"
    text = FINDINGS.read_text()
    assert published.with_quotations(here(), text) == text


def test_an_old_quotation_is_set_anew_and_what_stands_around_it_stays() -> None:
    verdicts = published_verdicts(here())
    name, verdict = next(iter(verdicts.items()))
    text = f"Before\n\n> **{name}** holds: words of yesterday\n\nAfter **{name}**\n"
    expected = f"Before\n\n> **{name}** {verdict.status}: {verdict.why}\n\nAfter **{name}**\n"
    assert published.with_quotations(here(), text) == expected
    with pytest.raises(UsageError, match="quotes L-NOBODY, which no published board has"):
        published.with_quotations(here(), "> **L-NOBODY** holds: nothing")


def test_every_check_that_is_named_exists() -> None:
    known = {check.id for check in all_checks(here())}
    for line in lines():
        assert set(ID.findall(line)) <= known, line


def test_no_result_stands_outside_a_quotation_or_the_table_of_means() -> None:
    for line in lines():
        if not line.startswith((">", "|")):
            assert set(re.findall(r"\d+\.\d+", line)) <= STATED, line


def test_each_mean_and_lead_is_published() -> None:
    texts = [p.read_text() for p in (CHECKOUT / "results/published").rglob("*.md")]
    published = "".join(texts).replace(" points (", " (")
    rows = [line for line in lines() if line.startswith("|")]
    told = [text for row in rows for text in re.findall(r"\d+\.\d+ ± \d+\.\d+", row)]
    told += [text for row in rows for text in re.findall(r"\d+\.\d+ \(9[\d.]+ %: [^)]+\)", row)]
    told += [
        f"*best* {best}" for row in rows for best in re.findall(r"^\|[^|]+\| ([\d.]+) \|", row)
    ]
    assert len(told) >= 10
    assert [text for text in told if text not in published] == []


def test_each_number_of_others_is_what_another_paper_prints() -> None:
    text = FINDINGS.read_text()
    shown = re.findall(
        r"^\| C?[ELDMRW-]+[^|]* \| [\d.]+ \| ([\d.]+)(?: to ([\d.]+))? \|", text, re.M
    )
    others = [p for p in papers(CHECKOUT) if p != OURS]
    numbers = [n for p in others for n in printed_numbers(Project(CHECKOUT, paper=p))]
    printed = {f"{n.value:.1f}" for n in numbers if not n.made_otherwise and n.run.tau == 0.01}
    assert len(shown) == 3
    assert {text for row in shown for text in row if text} <= printed


def test_each_row_of_the_laptop_tier_is_of_its_records() -> None:
    runs = CHECKOUT / "results/published/laptop/results/runs"
    table = grid.table(here(), "laptop_methods")
    cells = {c.spec.coord("method"): c for c in CellCache(here(), runs).of(table)[::-1]}
    names = {"Balanced Softmax": "BALANCED-SOFTMAX"}
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| (\d+, \d+, \d+) \|", FINDINGS.read_text(), re.M)
    assert len(rows) >= 8
    for label, accuracy, thirds in rows:
        cell = cells[names.get(label, label.partition(",")[0])]
        groups = cell.groups.thirds
        assert thirds == f"{groups.many:.0f}, {groups.medium:.0f}, {groups.few:.0f}", label
        assert cell.last
        assert accuracy == f"{cell.last.mean:.1f} ± {cell.last.std:.1f}", label


def test_what_the_findings_leave_out_is_not_a_refutation() -> None:
    """A verdict against the paper is quoted, whether we like it or not."""
    text = "\n".join(lines())
    if not text:
        return
    against = {name for name, v in published_verdicts(here()).items() if v.status == "differs"}
    assert {name for name in against if f"**{name}**" not in text} == set()


def test_each_status_in_words_is_the_published_one() -> None:
    verdicts = published_verdicts(here())
    named = STATUS.findall(FINDINGS.read_text())
    assert named
    assert set(named) == {(n, verdicts[n].status) for n, _ in named}


def test_every_check_that_is_named_is_quoted_or_has_its_status_beside_it() -> None:
    text = "\n".join(lines())
    told = {name for name, _ in STATUS.findall(text)} | set(published.QUOTATION.findall(text))
    assert set(ID.findall(text)) <= told
