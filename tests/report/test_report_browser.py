"""The page of a run in a browser: nothing is wider than the screen or the paper, and nothing leaves the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import CHROMIUM, Browser

WIDEST = "Math.max(...[...document.querySelectorAll('table, figure, pre, dl')].map(one => Math.round(one.getBoundingClientRect().right)))"
OPEN = "document.querySelectorAll('details').forEach(one => one.open = true)"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is not there")
    found = Browser(tmp_path / "profile")
    yield found
    found.close()


def test_nothing_is_wider_than_the_paper(built: Path, browser: Browser) -> None:
    """Printed on A4 with everything unfolded, every table, figure and text ends inside the page."""
    browser.resize(718, 1000)
    browser.open(built / "index.html")
    browser.run(OPEN)
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert browser.run(WIDEST) <= 718


def test_a_phone_shows_the_page_without_a_horizontal_scroll(built: Path, browser: Browser) -> None:
    """Wide tables scroll in their own boxes; claim, verdict, lock and controls are on the first screen."""
    browser.resize(390, 844)
    browser.open(built / "index.html")
    assert browser.run("document.documentElement.scrollWidth") <= 390
    for place in ("h1", ".summary", ".facts", ".controls"):
        assert browser.run(f"document.querySelector({place!r}).getBoundingClientRect().bottom") <= 844, place


def test_the_first_screen_holds_claim_figure_lock_and_controls(built: Path, browser: Browser) -> None:
    """At 1280 x 800 the hero figure begins below the headline facts and lies on the first screen with what comes before it."""
    browser.resize(1280, 800)
    browser.open(built / "index.html")
    assert browser.run("document.querySelector('figure.hero').getBoundingClientRect().top") <= 300
    assert browser.requests and all(address.startswith(("file:", "data:")) for address in browser.requests) and browser.faults == []
