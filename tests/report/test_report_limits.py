"""A report can be sent: a clean result fits an issue, a page a mail, whatever the run holds."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from harness.records import Claim, Deviation, Event, Input, Parent, Promise
from harness.report.build import build, view_of
from harness.report.card import card
from harness.report.clean_result import MOST as MOST_TEXT
from harness.report.clean_result import MOST_TLDR
from harness.report.numbers_csv import numbers_csv
from harness.report.page import MOST as MOST_PAGE
from harness.report.page import page
from harness.report.sample_rows import Samples
from sample_leakage import write_leakage
from sample_run import results

LONG = "a statement that never comes to its end " * 60


def tldr(folder: Path) -> str:
    text = (folder / "clean_result.md").read_text()
    return text[text.index("## TL;DR") : text.index("# Detailed report")]


def test_a_large_run_fits(tmp_path: Path) -> None:
    """Six hundred cells with samples: 60,000 characters, 2 MB, and the text says where the rest is."""
    folder = write_leakage(tmp_path, 10, 4, 15)
    build(folder)
    assert len((folder / "clean_result.md").read_text()) <= MOST_TEXT
    assert (folder / "index.html").stat().st_size <= MOST_PAGE
    assert "`numbers.csv` has every number" in (folder / "clean_result.md").read_text()


def test_thousands_of_cells_fit(built: Path) -> None:
    """Further pages of the hero figure are embedded as far as there is room; each of the others is a link to its file."""
    view = view_of(built)
    drawn = {path.name: path.read_bytes() for path in (built / "figures").iterdir()}
    drawn |= {f"hero-{number}.{kind}": bytes([number]) * 40_000 for number in range(2, 100) for kind in ("svg", "png")}
    text, _ = page(view, card(view), Samples(built, view), drawn)
    linked = [int(number) for number in re.findall(r'href="figures/hero-(\d+).svg"', text)]
    assert len(text.encode()) <= MOST_PAGE
    assert 10 < linked[0] < 30 and linked == list(range(linked[0], 100))
    assert text.count("Forest plot of further cells") == linked[0] - 2


def test_a_page_that_cannot_be_small_is_told(new_run: Callable[..., Path]) -> None:
    """Where texts alone are larger than the bound, the report is made and a note says how large the page is."""
    found = build(new_run(caveats=tuple(f"{place} {LONG}" for place in range(1000))))
    assert found.page.stat().st_size > MOST_PAGE
    assert any(re.match(r"index.html has \d\.\d MB, more than 2 MB", note) for note in found.notes)


def test_endless_texts_fit(new_run: Callable[..., Path]) -> None:
    """Whatever people declare, the summary has at most 2,500 characters in the template's order, and keeps its five parts."""
    endless = {"statement": LONG, "rule": LONG, "reason": LONG}
    known = [msgspec.structs.replace(results().hypotheses[place % 2], id=f"H{place}", primary=place == 1, **endless) for place in range(60)]
    deviations = tuple(Deviation(what=f"{LONG}{place}", promised=LONG, found=LONG) for place in range(100))
    folder = new_run(
        question=LONG,
        title=LONG[:300],
        claim=Claim(population=LONG[:120], sampled_from=LONG[:300]),
        parents=tuple(Parent(statement=LONG) for _ in range(30)),
        hypotheses=tuple(known),
        promise=Promise(sha256="b" * 64, locked=True, deviations=deviations),
        inputs=tuple(Input(path=f"{place}{LONG[:200]}", sha256="c" * 64, lines=3) for place in range(200)),
        caveats=tuple(f"{place} {LONG}" for place in range(100)),
        design={"matched": [LONG] * 20, "confounded": [LONG] * 20, "next_steps": [LONG] * 20},
    )
    build(folder)
    assert len((folder / "clean_result.md").read_text()) <= MOST_TEXT and len(tldr(folder)) <= MOST_TLDR
    places = [
        tldr(folder).index(part) for part in ("### Background", "### Methodology", "### Results", "**Main takeaways:**", "**Confidence: ", "### Next steps")
    ]
    assert places == sorted(places)


def test_a_text_that_is_cut_says_so(new_run: Callable[..., Path]) -> None:
    """Where even the shortest form is too long, here by warnings that are never left out, the last line above the seal points to the page."""
    folder = new_run(sections={f"unknown-{place}": {"record": {}} for place in range(700)})
    build(folder)
    text = (folder / "clean_result.md").read_text()
    assert len(text) <= MOST_TEXT
    assert text.split("\n\n")[-2].strip() == "(cut here: `index.html` has the rest)"


def test_the_summary_names_model_data_n_and_what_is_matched(new_run: Callable[..., Path]) -> None:
    """A reader of the summary alone knows what was measured on what, and what the design cannot separate."""
    folder = new_run(design={"matched": ["the same items"], "confounded": ["length of the prompt"]})
    build(folder)
    method = tldr(folder).partition("### Methodology")[2].partition("### Results")[0]
    for part in ("SmolLM2-135M-Instruct", "questions.jsonl", "N = 80 questions", "Matched: the same items", "Confounded: length of the prompt"):
        assert part in method, part


def test_a_long_timeline_keeps_its_ends(new_run: Callable[..., Path]) -> None:
    """Of hundreds of events the first and the last are in the clean result, and all are in the page."""
    folder = new_run()
    from harness.appendlog import AppendLog

    events = [Event(event="report", time=f"2026-01-01T00:{place // 60:02}:{place % 60:02}Z", note=f"event {place}") for place in range(300)]
    AppendLog(folder / "history.jsonl").append([msgspec.to_builtins(event) for event in events])
    build(folder)
    text, page = (folder / "clean_result.md").read_text(), (folder / "index.html").read_text()
    assert "event 0 " in text and "event 299 " in text and "event 150 " not in text and "event 150<" in page


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "\t=1"])
def test_no_text_is_a_formula_to_a_spreadsheet(text: str) -> None:
    """What a spreadsheet would execute gets an apostrophe in front; numbers with a sign stay numbers."""
    from harness.report.numbers import Used

    tree = {"reason": text, "value": 5}
    rows = list(csv.reader(io.StringIO(numbers_csv([Used(shown=text, address="reason"), Used(shown="+5.0 pp", address="value")], tree))))
    assert not any(cell.lstrip("\t")[:1] in ("=", "@") or (cell[:1] == "+" and not cell[1:2].isdigit()) for row in rows for cell in row)
    assert ["value", "+5.0 pp", "5"] in rows


def test_cards_of_several_parts_are_linked_files(tmp_path: Path) -> None:
    """The card of each training has its own part of a file; the clean result shows what they share and links the rest."""
    folder = write_leakage(tmp_path)
    build(folder)
    text = (folder / "clean_result.md").read_text()
    for path in (folder / "cards").iterdir():
        assert f"](cards/{path.name})" in text and path.read_text().count("\n## ") > 1
