"""Chromium without a window, and what it finds on a page of ours."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)
QUIET = (  # as root it has no sandbox; nothing of its own may reach for the network
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
NARROW = {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; none is downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


VISIBLE = """elements => elements.filter(e =>
  e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length).length"""


class Visit:
    """A page opened in a context of its own, with what it asked for and complained of.

    The context of the visit before is closed: dozens of open pages slow the browser down.
    """

    def __init__(self, browser: Any, file: Path, address: str = "", **context: Any) -> None:
        for before in browser.contexts:
            before.close()
        self.context = browser.new_context(**{"viewport": DESK} | context)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(file.as_uri() + address)

    def visible(self, selector: str) -> int:
        """How many elements can be seen."""
        return int(self.page.locator(selector).evaluate_all(VISIBLE))


# [contrast, words] of each text that can be seen, but for pictures, which are tested by themselves.
CONTRASTS = """() => {
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number);
    const scale = text.startsWith("color(") ? 255 : 1;
    return {rgb: n.slice(0, 3).map(v => v * scale), a: n.length > 3 ? n[3] : 1}; };
  const over = (top, under) => top.rgb.map((v, i) => v * top.a + under[i] * (1 - top.a));
  const light = rgb => { const c = rgb.map(v => v / 255).map(
      v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; };
  const behind = element => { if (!element) return [255, 255, 255];
    const own = parse(getComputedStyle(element).backgroundColor);
    return own.a === 1 ? own.rgb : over(own, behind(element.parentElement)); };
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!words || !element.checkVisibility() || element.closest("figure svg, script, .hidden")) continue;
    const back = behind(element), ink = over(parse(getComputedStyle(element).color), back);
    const [a, b] = [light(back), light(ink)].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), words.slice(0, 60)]);
  }
  return found; }"""
