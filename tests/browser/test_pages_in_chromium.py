"""The pages as a reader sees them: driven in Chromium without a window."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fakes
import pytest
from chromium import CHROMIUM, CONTRASTS, DESK, NARROW, PHONE, Visit, chromium
from conftest import here
from filelock import FileLock

from ncmc.page import project_page, table_page
from ncmc.plan import grid

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]
pytest.importorskip("playwright")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """report.html of the project and smoke/report.html, of records that nobody trained.

    They take longer to make than to look at, so that the processes of one call of pytest share them.
    """
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent  # of all processes
    folder, made = place / "pages", place / "pages.made"
    with FileLock(place / "pages.lock"):
        if not made.exists():
            _make_pages(folder)
            made.touch()
    return folder


def _make_pages(folder: Path) -> None:
    smoke, table6, budget = (grid.table(here(), n) for n in ("smoke", "table6", "laptop_budget"))
    fakes.smoke(folder / "runs", smoke)
    fakes.fill(folder / "runs", fakes.spec_of(smoke, "AL"), [88.0, 89.0, 88.5, 88.2, 88.4])
    for place, spec in enumerate(table6.cells):
        fakes.fill(folder / "runs", spec, [50.0 + place, 51.0, 52.0])
    for spec in budget.cells:
        last = {"CAL": 61.0, "CE": 50.0}.get(spec.run.method, 60.5)
        step = 0.4 if spec.run.method == "CAL" else 0.5  # seeds of a difference differ
        fakes.fill(folder / "runs", spec, [last, last + step, last + 3 * step])
    project_page.report(here(), folder / "runs", folder)
    table_page.report(here(), "smoke", folder / "runs", folder / "smoke")


@pytest.fixture(scope="session", params=["report.html", "smoke/report.html"])
def file(folder: Path, request: pytest.FixtureRequest) -> Path:
    return folder / str(request.param)


@pytest.fixture(scope="session")
def project(folder: Path) -> Path:
    return folder / "report.html"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


def test_the_first_200_pixels_say_how_cal_does_and_the_picture_follows(
    browser: Any, project: Path
) -> None:
    visit = Visit(browser, project)
    first = visit.page.locator(".answers li").all()
    assert len(first) == 5
    for line in first:
        box = line.bounding_box()
        assert box["y"] + box["height"] <= 200
    words = visit.page.inner_text(".answers")
    assert re.search(r"✓\s+above\s+cross-entropy \(CE\): \+\d+\.\d points", words)
    assert visit.page.locator("header figure svg").bounding_box()["y"] < 300


def test_a_page_is_no_longer_than_a_reader_scrolls(browser: Any, project: Path) -> None:
    for viewport, height in ((DESK, 13_000), (PHONE, 17_500)):
        visit = Visit(browser, project, viewport=viewport)
        assert visit.page.evaluate("document.documentElement.scrollHeight") < height


def test_a_phone_shows_every_claim_and_interval_whole_in_short_rows(
    browser: Any, project: Path
) -> None:
    visit = Visit(browser, project, viewport=NARROW)
    cut = "[...document.querySelectorAll('.claims p')].filter(p => p.scrollHeight > p.clientHeight + 1)"
    assert visit.page.evaluate(f"{cut}.length") == 0
    assert visit.visible(".ranked .ends") > 1
    high = visit.page.evaluate(
        "[...document.querySelectorAll('tr')].filter(row => row.checkVisibility())"
        ".map(row => [row.getBoundingClientRect().height, row.textContent.slice(0, 60)])"
    )
    assert len(high) > 20
    assert [row for row in high if row[0] > 120] == []


@pytest.mark.parametrize("width", [NARROW["width"], 768])
def test_neither_page_nor_picture_nor_ranking_scrolls_sideways(
    browser: Any, project: Path, width: int
) -> None:
    visit = Visit(browser, project, viewport={"width": width, "height": 900})
    wide = "e => [e.className, e.scrollWidth > e.clientWidth]"
    looked = visit.page.locator("html, header figure .scroll, .scroll:has(.ranked)")
    found = looked.evaluate_all(f"all => all.map({wide})")
    assert len(found) > 2
    assert [name for name, scrolls in found if scrolls] == []


def test_nothing_leaves_the_page_and_nothing_is_complained_of(browser: Any, file: Path) -> None:
    visit = Visit(browser, file)
    visit.page.click("a[data-opens]")
    visit.page.keyboard.press("Escape")
    assert [url for url in visit.requests if not url.startswith("data:")] == [file.as_uri()]
    assert visit.complaints == []


def test_a_filter_hides_what_does_not_fit_and_is_kept_in_the_address(
    browser: Any, project: Path
) -> None:
    visit = Visit(browser, project)
    all_cells = visit.visible("tr[data-row]")
    visit.page.click(".filters summary")
    visit.page.click("button[data-axis=method][data-value=CE]")
    visit.page.click("button[data-axis=dataset][data-value=digits]")
    assert visit.visible("tr[data-row]") == 1
    assert all_cells > 20
    count = visit.page.inner_text("#shown-count")
    assert re.fullmatch(r"Shown: \d+ of \d+ claims, 1 of \d+ cells", count)
    pressed = visit.page.query_selector("button[data-value=CE]")
    assert pressed.get_attribute("aria-pressed") == "true"
    address = visit.page.evaluate("location.hash")
    assert address == "#method=CE&dataset=digits"
    again = Visit(browser, project, address)
    assert again.visible("tr[data-row]") == 1
    again.page.click("text=Show all")
    assert again.visible("tr[data-row]") == all_cells
    assert again.page.evaluate("location.hash") == ""


def test_the_board_is_filtered_by_verdict(browser: Any, project: Path) -> None:
    visit = Visit(browser, project, "#verdict=differs")
    assert 0 < visit.visible("li[data-row]") < 10
    rows = visit.page.locator("li[data-row]:visible").all_inner_texts()
    assert all("✗" in words for words in rows)


def test_a_cell_opens_by_the_keyboard_and_escape_closes_it(browser: Any, file: Path) -> None:
    visit = Visit(browser, file)
    link = visit.page.locator("a[data-opens]:visible").first
    link.focus()
    visit.page.keyboard.press("Enter")
    dialog = visit.page.locator("dialog[open]")
    words = dialog.inner_text()
    for said in (
        "To make it again",
        "ncmc train",
        "Runs",
        "Configuration",
        "Assumptions",
        "ababab",
    ):
        assert said in words, said
    names = [f.get_attribute("aria-label") for f in dialog.locator("figure").all()]
    assert len(names) in (3, 4)  # a run that is tested once has no curve of its accuracy
    assert any(name.startswith("Training loss over the epochs. seed 0: ") for name in names)
    assert dialog.locator("table.confusion tbody tr").count() == fakes.CLASSES
    key = link.get_attribute("data-opens")
    assert visit.page.evaluate("location.hash") == f"#cell={key}"
    visit.page.keyboard.press("Escape")
    assert visit.page.locator("dialog[open]").count() == 0
    assert visit.page.evaluate("document.activeElement.dataset.opens") == key
    assert visit.page.evaluate("location.hash") == ""
    card = visit.page.locator(f"details#{key}")
    assert "ncmc train" in (card.locator(".body").text_content() or "")  # it went back


def test_two_cells_stand_side_by_side(browser: Any, project: Path) -> None:
    visit = Visit(browser, project)
    visit.page.locator("section[aria-labelledby=t-smoke] a[data-opens]").first.click()
    other = visit.page.locator("dialog select option:not([hidden])", has_text="digits").first
    visit.page.select_option("dialog select", other.get_attribute("value"))
    words = visit.page.inner_text("dialog .compared")
    assert "What differs" in words
    assert visit.page.locator("dialog .compared polyline.cell0").count() >= 2
    assert visit.page.locator("dialog .compared polyline.cell1").count() >= 2
    assert visit.page.locator("dialog .compared rect.bar1").count() == fakes.CLASSES
    assert not visit.page.locator("dialog .opened .body").is_visible()
    visit.page.select_option("dialog select", "")
    assert visit.page.locator("dialog .opened .body").is_visible()
    visit.page.keyboard.press("Escape")
    assert visit.complaints == []


def test_a_curve_says_its_values_under_the_pointer_and_by_arrow_keys(
    browser: Any, project: Path
) -> None:
    visit = Visit(browser, project)
    visit.page.locator("a[data-opens]:visible").first.click()
    curve = visit.page.locator("dialog figure[tabindex]").first
    box = curve.locator("svg").bounding_box()
    visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    said = curve.locator("output").inner_text()
    found = re.match(r"Epoch (\d+): seed 0 \d+(\.\d+)?; seed 1 ", said)
    assert found
    curve.focus()
    visit.page.keyboard.press("ArrowRight")
    assert f"Epoch {int(found[1]) + 1}: " in curve.locator("output").inner_text()


def test_the_address_of_a_cell_opens_it(browser: Any, project: Path) -> None:
    first = Visit(browser, project).page.get_attribute("a[data-opens]", "data-opens")
    visit = Visit(browser, project, f"#dataset=digits&cell={first}")
    assert visit.page.locator("dialog[open] figure").count() >= 3
    assert visit.complaints == []


@pytest.mark.parametrize("address", ["#cell=nothing", "#verdict=", "#a=b&method", "#%=&cell=v-S3"])
def test_an_address_that_means_nothing_does_no_harm(
    browser: Any, project: Path, address: str
) -> None:
    visit = Visit(browser, project, address)
    assert visit.complaints == []
    assert visit.visible("tr[data-row]") > 20


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_what_is_behind_it(
    browser: Any, file: Path, scheme: str
) -> None:
    visit = Visit(browser, file, color_scheme=scheme)
    if visit.page.query_selector(".filters"):
        visit.page.click(".filters summary")
        visit.page.locator(".filters button[data-axis=verdict]").first.click()
    faint = [found for found in visit.page.evaluate(CONTRASTS) if found[0] < 4.5]
    visit.page.locator("a[data-opens]:visible").first.click()
    faint += [found for found in visit.page.evaluate(CONTRASTS) if found[0] < 4.5]
    assert faint == []
    paper = visit.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (paper == "rgb(22, 24, 27)") == (scheme == "dark")


def test_a_phone_scrolls_tables_and_not_the_page(browser: Any, file: Path) -> None:
    visit = Visit(browser, file, viewport=PHONE)
    width = "document.documentElement.scrollWidth"
    assert visit.page.evaluate(width) == PHONE["width"]
    visit.page.evaluate(
        "document.querySelectorAll('main details').forEach(d => { d.open = true; })"
    )
    assert visit.page.evaluate(width) == PHONE["width"]
    visit.page.evaluate("document.querySelector('a[data-opens]').click()")
    box = visit.page.locator("dialog[open]").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    inner = visit.page.locator("dialog[open]").evaluate("d => [d.scrollWidth, d.clientWidth]")
    assert inner[0] == inner[1]


def test_without_a_script_the_page_says_the_same(browser: Any, file: Path) -> None:
    visit = Visit(browser, file, java_script_enabled=False)
    assert visit.visible(".filters") == 0
    link = visit.page.locator("a[data-opens]:visible").first
    link.click()
    card = visit.page.locator(f"details#{link.get_attribute('data-opens')}")
    card.locator("summary").click()
    assert "ncmc train" in card.inner_text()


def test_paper_gets_no_controls_and_dark_ink(browser: Any, file: Path) -> None:
    visit = Visit(browser, file, color_scheme="dark")
    visit.page.emulate_media(media="print")
    assert visit.visible("button, nav, .filters") == 0
    assert visit.page.evaluate("getComputedStyle(document.documentElement).color") == "rgb(0, 0, 0)"
    held = visit.page.evaluate(
        "[...document.querySelectorAll('.status')].map(s => getComputedStyle(s).color)"
    )
    assert "rgb(26, 112, 72)" in held  # the green of a light page
    visit.page.set_viewport_size({"width": 703, "height": 990})  # A4 without its margins
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 703
    folded = ".empty:not([open])"
    assert visit.visible(f"{folded} > summary") == visit.page.locator(folded).count()
    assert visit.visible(f"{folded} > ul") == 0


def test_a_screen_reader_finds_its_way(browser: Any, file: Path) -> None:
    visit = Visit(browser, file)
    for landmark in ("header", "main", "footer", "nav[aria-label]", "search[aria-label]"):
        assert visit.page.locator(landmark).count() >= 1, landmark
    assert visit.page.locator("#shown-count[aria-live=polite]").count() == 1
    assert visit.page.locator("th:not([scope])").count() == 0
    bare = (
        "tables => tables.filter(t => !t.caption && !t.closest('[aria-label],[aria-labelledby]'))"
    )
    assert visit.page.locator("table").evaluate_all(f"t => ({bare})(t).length") == 0
    visit.page.keyboard.press("Tab")
    outline = visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
