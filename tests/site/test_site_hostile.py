"""Runs in which every free text is hostile, and the policy of the pages."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from itertools import product
from pathlib import Path

import pytest

from browser import Browser
from harness.appendlog import AppendLog
from harness.site.build import build_site
from hostile_text import CONTROL, spoiled
from sample_cells import HOSTILE
from seen_report import Seen


@pytest.fixture
def hostile(reports: Path) -> Path:
    """The site of runs whose texts, history and samples' fields are hostile, their names included, with one that cannot be read."""
    for path in reports.rglob("results.json"):
        path.write_text(json.dumps(spoiled(json.loads(path.read_text()))))
        AppendLog(path.parent / "history.jsonl").append(
            [dict.fromkeys(("event", "time", "commit", "author", "note"), HOSTILE), {"event": 3, "note": [HOSTILE]}]
        )
    AppendLog(reports / "leakage/run-3/samples/villain-refusal.jsonl").append(
        [{HOSTILE: HOSTILE, "judged": True, f"judged{HOSTILE}": False, "x" * 99: [HOSTILE]}]
    )
    folder = reports / "x<img src=x onerror=alert(4)>\u202e"
    folder.mkdir()
    (folder / "results.json").write_text(json.dumps({HOSTILE: 1}))
    found = build_site(reports, reports / "site")
    assert (found.runs, len(found.unreadable)) == (3, 1)
    return found.site


def test_no_text_becomes_markup(hostile: Path) -> None:
    """One script, no picture, handler, style or outside link, and no hidden character on any page."""
    pages = sorted(hostile.rglob("*.html"))
    assert len(pages) == 11  # the runs now share an experiment's name
    for path in pages:
        raw = path.read_text()
        page = Seen(raw)
        assert page.open == [] and page.tags.count("script") == 1 and page.tags.count("style") == 1 and "img" not in page.tags
        assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("style", "src")]
        links = [value for name, value in page.attributes if name == "href"]
        assert links and all(re.fullmatch(r"[A-Za-z0-9_./%-]+(#[A-Za-z0-9_.=&%+-]+)?", link) for link in links)
        assert not CONTROL.search(raw)


def test_files_have_plain_names(hostile: Path) -> None:
    """No name of a run or an experiment leads elsewhere or needs care in a shell."""
    assert all(re.fullmatch(r"[a-z0-9_/-]+\.(html|json)", path.relative_to(hostile).as_posix()) for path in hostile.rglob("*") if path.is_file())


def test_a_browser_runs_nothing_of_them(hostile: Path, browser: Browser) -> None:
    """No dialog, no error, no request but for the page; and none is so long that the page has to be moved sideways."""
    for width, path in product((1280, 390), sorted(hostile.rglob("*.html"))):
        browser.resize(width, 844)
        browser.open(path)
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.requests == [path.as_uri()] and browser.faults == []
        assert browser.run("document.querySelectorAll('script, style').length") == 2


def test_the_policy_allows_our_script_and_style_alone(site: Path) -> None:
    """By their hashes; nothing may be loaded, sent or rebased."""
    for path in site.rglob("*.html"):
        raw = path.read_text()
        (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="(.*?)">', raw)
        hashes = {}
        for tag in ("script", "style"):
            (source,) = re.findall(f"<{tag}>(.*?)</{tag}>", raw, re.DOTALL)
            hashes[tag] = f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
        assert policy.replace("&#39;", "'") == (
            f"default-src 'none'; script-src {hashes['script']}; style-src {hashes['style']}; img-src data: 'self'; base-uri 'none'; form-action 'none'"
        )


def test_the_policy_is_in_force(site: Path, browser: Browser) -> None:
    """What got into a page all the same would run nothing and reach nobody."""
    browser.open(site / "index.html")
    bad = '<img src="http://127.0.0.1:9/x" onerror="window.bad = 1"><a id="link" onclick="window.bad = 1">x</a>'
    browser.run(f"document.body.insertAdjacentHTML('beforeend', {json.dumps(bad)}); document.getElementById('link').click()")
    browser.run("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.bad = 1'}))")
    assert browser.run("new Promise(done => setTimeout(() => done(String(window.bad)), 200))") == "undefined"
    assert sum("Content Security Policy" in fault for fault in browser.faults) >= 3
