"""The site in a headless Chromium: search, filters, order, keyboard, narrow windows, no network, no error."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from browser import Browser
from harness.site.build import build_site

SHOWN = "Array.from(document.querySelectorAll('[data-row]')).filter(row => !row.hidden && row.offsetHeight)"
KINDS = ("index.html", "experiments/prompting.html", "runs/prompting/run-2.html", "runs/prompting/run-2/changes.html", "runs/prompting/run-2/samples-1.html")


def shown(browser: Browser) -> list[str]:
    """The texts of the rows that can be seen, in their order."""
    found: list[str] = browser.run(f"{SHOWN}.map(row => row.textContent)")
    return found


def shown_runs(browser: Browser) -> list[str]:
    return [
        next(name for name in ("run-1", "run-2", "run-3") if f"\n{name}" in text or f"Z{name}" in text or name in text.split("superseded")[0])
        for text in shown(browser)
    ]


def at(browser: Browser) -> int:
    """The place of the chosen row among those shown, -1 where none is chosen."""
    place: int = browser.run(f"{SHOWN}.indexOf(document.activeElement)")
    return place


def choose(browser: Browser, name: str, value: str) -> None:
    """What a person does with a menu: the value, then the event."""
    browser.run(f"(() => {{ const menu = document.querySelector('select[name={name}]'); menu.value = {json.dumps(value)};"
                " menu.dispatchEvent(new Event('input', {bubbles: true})) })()")  # fmt: skip


def test_search_narrows_the_rows(site: Path, browser: Browser) -> None:
    """/ goes to the search box; all words must be in a row, in any case; Escape shows everything again."""
    browser.open(site / "index.html")
    assert len(shown(browser)) == 3
    browser.press("/", *"GEMMA doctor")
    assert shown_runs(browser) == ["run-3"]
    assert browser.run("document.querySelector('[data-count]').textContent") == "1"
    assert browser.run("location.hash") == "#q=GEMMA+doctor"
    browser.press(*"x")
    assert shown(browser) == [] and browser.run("document.querySelector('[data-empty]').offsetHeight") > 0
    browser.press("Escape")
    assert len(shown(browser)) == 3 and browser.run("location.hash") == "" and not browser.run("document.querySelector('[data-empty]').offsetHeight")


@pytest.mark.parametrize("page", ["index.html", "experiments/prompting.html", "runs/prompting/run-2/samples-1.html"])
def test_each_filter_narrows_the_rows(site: Path, browser: Browser, page: str) -> None:
    """Every value of every menu shows the rows that have it and no others; the address keeps it."""
    browser.open(site / page)
    menus: dict[str, list[str]] = browser.run(
        "Object.fromEntries(Array.from(document.querySelectorAll('select'), menu => [menu.name, Array.from(menu.options, one => one.value).filter(Boolean)]))"
    )
    assert (
        menus.keys()
        == {
            "index.html": {"experiment", "verdict", "confidence", "scale", "model", "lock", "state"},
            "experiments/prompting.html": {"state"},
            "runs/prompting/run-2/samples-1.html": {"arm", "outcome"},
        }[page]
    )
    total = len(shown(browser))
    for name, values in menus.items():
        for value in values:
            choose(browser, name, value)
            assert browser.run(f"{SHOWN}.every(row => row.dataset[{json.dumps(name)}].split('\\n').includes({json.dumps(value)}))")
            having = browser.run(
                f"Array.from(document.querySelectorAll('[data-row]')).filter(row => row.dataset.{name}.split('\\n').includes({json.dumps(value)})).length"
            )
            assert 0 < len(shown(browser)) == having
            assert browser.run(f"new URLSearchParams(location.hash.slice(1)).get({json.dumps(name)})") == value
        choose(browser, name, "")
        assert len(shown(browser)) == total


def test_a_filtered_view_can_be_linked(site: Path, browser: Browser) -> None:
    """The address alone sets search, filters and order; an unknown value is none; going back to another address follows."""
    browser.open(site / "index.html", "#verdict=supported&q=prompting&sort=started")
    assert shown_runs(browser) == ["run-1", "run-2"]
    assert browser.run("[document.querySelector('select[name=verdict]').value, document.querySelector('[name=q]').value]") == ["supported", "prompting"]
    browser.run("location.hash = '#scale=full&verdict=strange'")
    assert browser.run("new Promise(done => setTimeout(done, 100))") is None
    assert shown_runs(browser) == ["run-3"] and browser.run("document.querySelector('select[name=verdict]').selectedIndex") == 0


def test_a_link_to_samples_shows_one_arm(site: Path, browser: Browser) -> None:
    """From the page of a run."""
    browser.open(site / "runs/prompting/run-2.html")
    link = browser.run("document.querySelectorAll('.files a')[1].getAttribute('href')")
    path, _, fragment = link.partition("#")
    browser.open(site / "runs/prompting" / path, f"#{fragment}")
    assert browser.run(f"Array.from(new Set({SHOWN}.map(row => row.dataset.arm)))") == ["comedian-refusal"] and len(shown(browser)) == 30
    assert browser.run("Array.from(document.querySelectorAll('header.file')).filter(head => head.offsetHeight).length") == 1


def test_a_click_on_a_heading_sorts(site: Path, browser: Browser) -> None:
    """Once up, again down, by time, number or text; the address keeps it and Escape restores the order of the page."""
    browser.open(site / "index.html")
    assert shown_runs(browser) == ["run-3", "run-2", "run-1"]
    browser.run("document.querySelector('th[data-sort=started] button').click()")
    assert shown_runs(browser) == ["run-1", "run-2", "run-3"] and browser.run("location.hash") == "#sort=started"
    browser.run("document.querySelector('th[data-sort=verdict] button').click()")
    assert shown_runs(browser) == ["run-3", "run-2", "run-1"] and browser.run("document.querySelector('[aria-sort]').dataset.sort") == "verdict"
    browser.run("document.querySelector('th[data-sort=verdict] button').click()")
    assert shown_runs(browser) == ["run-2", "run-1", "run-3"] and browser.run("location.hash") == "#sort=-verdict"
    browser.press("Escape")
    assert shown_runs(browser) == ["run-3", "run-2", "run-1"] and browser.run("location.hash") == ""


def test_keys_move_from_row_to_row_and_open_one(site: Path, browser: Browser) -> None:
    """j and k, then the arrow keys; hidden rows are passed over; Enter opens the run."""
    browser.open(site / "index.html")
    browser.press("j")
    assert at(browser) == 0 and browser.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press("j", "ArrowDown", "j")
    assert at(browser) == 2
    browser.press("k", "ArrowUp")
    assert at(browser) == 0
    browser.press("Escape", "/", *"superseded", "ArrowDown")
    assert at(browser) == 0 and shown_runs(browser) == ["run-1"]
    browser.press("Enter")
    browser.run("new Promise(done => setTimeout(done, 500))")
    assert browser.run("location.pathname") == str(site / "runs/prompting/run-1.html")


def test_keys_that_are_typed_are_text(site: Path, browser: Browser) -> None:
    """j, k and / in the search box are letters; Enter goes to the first row and sends nothing."""
    browser.open(site / "index.html")
    browser.press("/", *"jk/")
    assert browser.run("document.querySelector('[name=q]').value") == "jk/"
    browser.press("Escape", *"run", "Enter")
    browser.run("new Promise(done => setTimeout(done, 300))")
    assert at(browser) == 0 and browser.faults == []


@pytest.mark.parametrize("page", KINDS)
def test_a_page_is_quiet_and_fits(site: Path, browser: Browser, page: str) -> None:
    """Nothing is asked for but the page, nothing is said on the console, and at 390 pixels nothing has to be moved sideways."""
    for width, dark in ((1280, False), (390, False), (390, True)):
        browser.resize(width, 844, dark=dark)
        browser.open(site / page)
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.requests == [(site / page).as_uri()] and browser.faults == []
    browser.resize(1280, 800)


def test_without_its_script_all_rows_can_be_read(site: Path, browser: Browser) -> None:
    """And no control is shown that would do nothing."""
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        for page, rows in (("index.html", 3), ("runs/prompting/run-2/samples-1.html", 60)):
            browser.open(site / page)
            assert len(shown(browser)) == rows and browser.run("document.querySelector('form').offsetHeight") == 0
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


MEASURE = """
(word => {
  const box = document.querySelector("[name=q]");
  const start = performance.now();
  box.value = word;
  box.dispatchEvent(new Event("input", {bubbles: true}));
  document.body.offsetHeight;
  return performance.now() - start;
})(%s)
"""


def test_a_thousand_runs_stay_quick(thousand: Path, browser: Browser) -> None:
    """Built within 60 s of one core and again in a few, an index of at most 2 MB, and each letter of a search answered, with the layout, within 100 ms."""
    seconds = []
    for _ in range(2):
        start = time.process_time()
        found = build_site(thousand, thousand / "site")
        seconds.append(time.process_time() - start)
    size = (found.site / "index.html").stat().st_size
    assert found.runs == 1000 and found.written == 11
    browser.open(found.site / "index.html")
    words = ["c", "cl", "claim", "claim 99", "claim 999", "", "experiment_3", "smoke claim 12", ""]
    # the best of three: another process may hold the cores for a moment
    times = {word: min(browser.run(MEASURE % json.dumps(word)) for _ in range(3)) for word in words}
    browser.run(MEASURE % json.dumps("claim 999"))
    assert len(shown(browser)) == 1
    assert seconds[0] < 60 and seconds[1] < 10 and size < 2_000_000 and max(times.values()) < 100, (seconds, size, times)
