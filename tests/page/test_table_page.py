"""The pages."""

import functools
import re
import subprocess
import sys
from pathlib import Path

import fakes
import pytest
from conftest import here
from fakes import read_cells
from parsed_page import Page

from ncmc.board.sentences import Stage
from ncmc.page import table_page
from ncmc.page.templating import after_status
from ncmc.plan import grid
from ncmc.plan.code_digest import code_of
from ncmc.plan.grid import Table
from ncmc.results.provenance import Git
from ncmc.results.record import path_of
from ncmc.results.wording import plus_minus
from ncmc.verdicts import judge
from ncmc.verdicts.verdict import MARKS, Verdict


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, smoke: Table) -> Page:
    """The page of a whole smoke run."""
    folder = tmp_path_factory.mktemp("smoke")
    fakes.smoke(folder / "runs", smoke)
    return Page(table_page.report(here(), "smoke", folder / "runs", folder).read_text())


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without pictures, which take most of the time."""
    monkeypatch.setattr(table_page, "table_figures", lambda project, table, cells: [])


def rendered(name: str, results: Path) -> Page:
    table = grid.table(here(), name)
    text = table_page.render(
        here(), table, read_cells(here(), table, results), judge.verify(name, results)
    )
    return Page(text)


def test_the_page_stands_alone(page: Page) -> None:
    assert not page.all("img")
    for _, attributes in page.elements:
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:,"))


def test_every_link_within_the_page_leads_somewhere(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        href = link["href"]
        assert href is not None
        assert href.removeprefix("#") in ids


def test_a_page_may_run_its_own_script_alone_and_ask_nobody_for_anything(page: Page) -> None:
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}';", policy)
    assert page.all("script") == [{"type": "application/json", "id": "cells-data"}, {}]


def test_the_page_says_that_it_is_of_reduced_scale(page: Page) -> None:
    assert "Reduced scale: digits, resnet8. Not the paper's table." in page.text


def test_a_table_of_the_paper_has_no_banner(tmp_path: Path) -> None:
    assert "Reduced scale" not in rendered("table2", tmp_path).text


def test_the_page_shows_last_with_best_beside_it(page: Page, tmp_path: Path, smoke: Table) -> None:
    fakes.smoke(tmp_path, smoke)
    for cell in read_cells(here(), smoke, tmp_path):
        words = f"{plus_minus(cell.last)} best {plus_minus(cell.best)}"
        assert words in page.text


def test_the_answer_comes_right_after_the_title(page: Page) -> None:
    start = page.text[page.text.index("A re-run of") : page.text.index("runs recorded")]
    assert start.index("CAL minus each other method") < start.index(
        "5 checks of ours: 5 seen at this scale"
    )


def test_what_was_found_stands_behind_its_claim_without_a_click(
    tmp_path: Path, smoke: Table, bare: None
) -> None:
    fakes.smoke(tmp_path, smoke)
    for run, last in zip(fakes.spec_of(smoke, "CAL").runs(5), range(40, 45), strict=True):
        fakes.save(tmp_path, fakes.record(run, float(last)))
    shown = rendered("smoke", tmp_path)
    assert re.search(r"S1 ✗ not seen at this scale .*CAL is below CE by \d+\.\d", shown.text)
    assert "5 checks of ours: 3 not seen at this scale, 2 seen at this scale" in shown.text


def test_the_methods_are_ranked_each_with_cal_minus_it(page: Page, smoke: Table) -> None:
    words = page.text[page.text.index("Methods, ranked") :]
    order = [words.index(f" {name} ") for name in ("1 CAL", "2 AL", "3 CE", "4 SETF")]
    assert order == sorted(order)
    (setf,) = re.findall(r"4 SETF (.*?) 5 CAL, theta = 0", words)
    assert re.fullmatch(r"7\d\.\d ± \d\.\d 5 \+\d\.\d \+\d\.\d to \+\d+\.\d \(95 %\) ✓ above", setf)


def test_a_page_judges_the_records_that_are_there(tmp_path: Path, smoke: Table, bare: None) -> None:
    fakes.smoke(tmp_path / "runs", smoke)
    report = functools.partial(table_page.report, here(), "smoke", tmp_path / "runs", tmp_path)
    assert Page(report().read_text()).text.count("✓ seen at this scale") >= 5
    path_of(here(), fakes.spec_of(smoke, "CAL").runs(5)[0], tmp_path / "runs").unlink()
    assert Page(report().read_text()).text.count("✓ seen at this scale") < 5


def test_what_the_calibration_error_is_of_is_said_where_it_is_shown(page: Page) -> None:
    assert "ECE compares the softmax of a method's own scores" in page.text
    assert "no temperature can be fitted" in page.text
    assert "5.0 cosines" in page.text
    assert "ECE 5.0 %, of cosines without a scale: not comparable with that of other" in page.text


def test_class_groups_are_shown_under_each_definition(page: Page) -> None:
    """CAL's thirds, shots and released groups, as in tests/fakes.py."""
    assert "thirds by images as released ECE" in page.text
    words = page.text.split("many medium few many medium few many medium few")[1].split()
    cal = words.index("CAL")
    values = [float(word) for word in words[cal:] if re.fullmatch(r"\d+\.\d", word)][:9]
    last = values[7]
    offset = [20 - 40 * k / 9 for k in range(10)]  # of the classes, which have 128 to 2 images
    groups = [*(range(4), range(4, 7), range(7, 10)), *(range(1), range(1, 5), range(5, 10))]
    groups += [range(3), range(3, 7), range(7, 10)]
    means = [sum(offset[k] for k in group) / len(group) for group in groups]
    expected = [last + mean * (100 - last) / 20 for mean in means]
    assert values == pytest.approx(expected, abs=0.11)


def test_a_verdict_is_a_word_and_a_mark(page: Page) -> None:
    assert page.text.count("✓ seen at this scale") >= 5
    assert "CAL is above CE" in page.text


def test_the_page_says_how_each_number_was_made(page: Page, smoke: Table) -> None:
    for cell in smoke.cells:
        for run in cell.runs(smoke.seeds):
            assert f"ncmc train {run.id}" in page.text
    for said in ("0123456789ab", "a test, 2 cores, 8.0 GiB", "torch 2.13.0", "ab" * 32, "12 s"):
        assert said in page.text
    assert "357 images, 128 to 2 per class" in page.text


def test_the_page_lists_assumptions_with_their_alternatives(page: Page) -> None:
    assert "mislas: as MiSLAS" in page.text
    assert "generator=pcg64" in page.text


def test_tables_and_pictures_are_accessible(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    for header in page.all("th"):
        assert header["scope"] in ("row", "col", "rowgroup", "colgroup")
    pictures = [div for div in page.all("div") if div.get("role") == "img"]
    assert len(pictures) == len(page.all("figure")) > 3
    assert all("Its numbers are in the tables" in (p["aria-label"] or "") for p in pictures)
    levels = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1


def test_a_page_without_records_says_how_to_get_them(tmp_path: Path) -> None:
    for name in ("smoke", "table2", "figure1", "laptop_methods"):
        empty = rendered(name, tmp_path)
        assert "No run has been recorded yet" in empty.text, name
        assert f"uv run snakemake --cores all {name}" in empty.text
        assert not empty.all("figure")


@pytest.mark.usefixtures("bare")
def test_missing_runs_are_listed(tmp_path: Path, smoke: Table) -> None:
    fakes.smoke(tmp_path, smoke)
    run = smoke.cells[0].runs(5)[2]
    path_of(here(), run, tmp_path).unlink()
    text = rendered("smoke", tmp_path).text
    assert "24 of 25 runs recorded" in text
    assert "1 of 25 planned runs has no record" in text
    assert "4 of 5 seeds" in text


@pytest.mark.slow
@pytest.mark.usefixtures("bare")
def test_missing_runs_of_other_tables_are_listed_too(tmp_path: Path) -> None:
    table = grid.table(here(), "table6")
    for spec in table.cells:
        fakes.fill(tmp_path, spec, [50.0] * table.seeds)
    text = rendered("table6", tmp_path).text
    assert "0 of 45 planned runs have no record, and 9 runs of other tables" in text
    assert "ncmc train cifar10/tau=0.005/resnet50/CAL/f=10+theta=0.2/seed=0" in text


@pytest.mark.usefixtures("bare")
def test_records_from_several_commits_and_machines_are_said(tmp_path: Path, smoke: Table) -> None:
    spec = smoke.cells[0]
    code = code_of(here(), spec.run)
    assert code
    usual = fakes.MADE.model_copy(update={"code": code})
    session = fakes.SESSION.model_copy(update={"dirty": True, "processor": "another"})
    other = fakes.made_on(
        "another",
        code=code.model_copy(update={"torch": "2.12.0"}),
        git=Git(commit="fedcba9876543210" * 3, dirty=False),
        sessions=(session,),
        packages={"torch": "2.12.0"},
    )
    later = usual.model_copy(update={"git": Git(commit="9" * 40, dirty=False)})
    fakes.fill(tmp_path, spec, [80.0, 81.0, 82.0], made=usual)
    fakes.save(tmp_path, fakes.record(spec.runs(4)[3], 80.0, made=later))
    assert "These records were made with" not in rendered("smoke", tmp_path).text
    fakes.save(tmp_path, fakes.record(spec.runs(4)[3], 80.0, made=other))
    text = rendered("smoke", tmp_path).text
    assert "These records were made with torch 2.12.0 and 2.13.0." in text
    assert "made on 2 machines" in text
    assert "made with 2 sets of packages" in text
    assert "fedcba987654, with uncommitted changes (1 of 4 records)" in text


@pytest.mark.usefixtures("bare")
def test_records_made_outside_git_can_be_shown(tmp_path: Path, smoke: Table) -> None:
    spec = smoke.cells[0]
    bare = fakes.MADE.model_copy(update={"git": Git(commit=None, dirty=None)})
    fakes.fill(tmp_path, spec, [80.0], made=bare)
    text = rendered("smoke", tmp_path).text
    assert "no commit known (made outside git)" in text


@pytest.mark.usefixtures("bare")
def test_text_from_records_is_escaped(tmp_path: Path, smoke: Table) -> None:
    spec = smoke.cells[0]
    fakes.fill(tmp_path, spec, [80.0], notes=("<script>alert(1)</script>",))
    shown = rendered("smoke", tmp_path)
    assert len(shown.all("script")) == 2  # the page's own
    assert "<script>alert(1)</script>." in shown.text


@pytest.mark.parametrize("name", ["figure1", "figure6", "figure7"])
def test_a_figure_shows_its_pictures(tmp_path: Path, name: str) -> None:
    table = grid.table(here(), name)
    for spec in table.cells:
        fakes.fill(tmp_path, spec, [50.0] * table.seeds)
    shown = rendered(name, tmp_path)
    assert len(shown.all("figure")) >= (1 if name != "figure1" else 2)
    assert any(mark in shown.text for mark in MARKS.values())


@pytest.mark.usefixtures("bare")
def test_a_page_is_made_without_a_damaged_record_and_names_it(tmp_path: Path, smoke: Table) -> None:
    fakes.smoke(tmp_path / "runs", smoke)
    damaged = path_of(here(), smoke.cells[0].runs(1)[0], tmp_path / "runs")
    damaged.write_text("{")
    text = table_page.report(here(), "smoke", tmp_path / "runs", tmp_path).read_text()
    assert f"{damaged} is not valid JSON" in text
    assert "24 of 25 runs recorded" in text
    assert "4 of 5 seeds" in text


def test_the_same_records_give_the_same_page(tmp_path: Path, smoke: Table) -> None:
    fakes.fill(tmp_path, smoke.cells[3], [80.0, 81.0])
    table = grid.table(here(), "smoke")
    pages = [
        table_page.render(
            here(), table, read_cells(here(), table, tmp_path), judge.verify("smoke", tmp_path)
        )
        for _ in range(2)
    ]
    assert pages[0] == pages[1]


def test_tables_verdicts_and_pages_need_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ncmc.project import Project; "
        "from ncmc.page import table_page as page; folder = Path(sys.argv[1]); "
        "page.report(Project.find(), 'smoke', folder, folder); sys.exit('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == 0


def test_a_status_is_said_once_before_its_line() -> None:
    verdict = Verdict(
        id="L", table="t", kind="greater", claim="C4", says="CAL > CE", why="CAL is above CE by 2.0",
        scale="reduced", epochs=120, backbones=("resnet20",), status="holds",
    )  # fmt: skip
    reduced = Stage((verdict,))
    assert after_status(reduced) == "after 120 epochs of resnet20: CAL is above CE by 2.0."
    paper = verdict.model_copy(update={"scale": "paper"})
    assert after_status(Stage((paper,))) == "CAL is above CE by 2.0."
