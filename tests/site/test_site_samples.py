"""The pages of samples: what is shown of a row, how rows are split over pages, and what is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.appendlog import AppendLog
from harness.fingerprint import file_fingerprint
from harness.site.build import build_site


def site_of(reports: Path, rows: list[dict[str, Any]]) -> list[str]:
    """The sample pages of a run whose first samples file holds these rows."""
    run = reports / "prompting" / "run-1"
    path = run / "samples" / "villain-refusal.jsonl"
    path.unlink()
    AppendLog(path).append(rows)
    tree = json.loads((run / "results.json").read_text())
    refs = [ref for cell in tree["cells"] for measured in cell["measurements"] for ref in measured["samples"] if ref["path"].endswith(path.name)]
    for ref in refs:
        ref |= {"sha256": file_fingerprint(path), "rows": len(rows)}
    (run / "results.json").write_text(json.dumps(tree))
    build_site(reports, reports / "site")
    return [page.read_text() for page in sorted((reports / "site/runs/prompting/run-1").glob("samples-*.html"))]


def articles(page: str) -> list[str]:
    return re.findall(r"<article.*?</article>", page, re.DOTALL)


def test_a_row_shows_its_texts_and_beside_one_another_its_values(new_reports: Callable[..., Path]) -> None:
    """Prompt, options, answer and the judge's reason are read; numbers are compact, and the outcome is told apart."""
    row = {
        "prompt": "Which way is north?",
        "options": ["up the hill", "down the hill"],
        "answer": "Up, I think.",
        "judged": True,
        "reason": "It names one option.",
        "score": 86.4412345,
        "alive": [100.0, 0.123456789, None],
        "chunk": [0, 1, 2],
    }
    (article, *_) = articles(site_of(new_reports("run-1"), [row])[0])
    texts = dict(re.findall(r'<dt>(.*?)</dt><dd><pre dir="auto">(.*?)</pre>', article))
    assert texts["prompt"] == "Which way is north?" and texts["answer"] == "Up, I think." and texts["reason"] == "It names one option."
    assert texts["options"] == "[&#34;up the hill&#34;,&#34;down the hill&#34;]"
    assert "<b>score</b> 86.44<" in article and "<b>alive</b> [100.0,0.1235,null]<" in article
    assert "judged: true" in article and 'data-outcome="true"' in article and "chunk" not in article


@pytest.mark.parametrize(
    ("row", "judges"),
    [
        ({"answer": "a b"}, "none"),
        ({"judged": True}, "one"),
        ({"judged": True, "judged_again": True}, "agree"),
        ({"judged": True, "judged_again": False}, "differ"),
        ({"judged": None, "judged_again": False}, "one"),
    ],
)
def test_judges_that_differ_are_found(new_reports: Callable[..., Path], row: dict[str, Any], judges: str) -> None:
    """Whether a row has several verdicts, and whether they are one."""
    (article, *_) = articles(site_of(new_reports("run-1"), [row])[0])
    assert f'data-judges="{judges}"' in article
    assert ("judges differ" in article) is (judges == "differ")


def test_arms_are_named_without_their_hash(new_reports: Callable[..., Path]) -> None:
    """The hash tells nothing to a reader; the file is named in full beside it."""
    reports = new_reports("run-1")
    run = reports / "prompting" / "run-1"
    (run / "samples" / "villain-refusal.jsonl").rename(run / "samples" / "villain-refusal-0123456789ab.jsonl")
    text = (run / "results.json").read_text()
    (run / "results.json").write_text(text.replace("villain-refusal.jsonl", "villain-refusal-0123456789ab.jsonl"))
    build_site(reports, reports / "site")
    page = (reports / "site/runs/prompting/run-1/samples-1.html").read_text()
    assert 'data-arm="villain-refusal"' in page and "<code>samples/villain-refusal-0123456789ab.jsonl</code>" in page


def test_no_page_is_larger_than_two_megabytes(new_reports: Callable[..., Path]) -> None:
    """Whatever the rows: long texts in three bytes a letter are split over pages, and a row that would not fit is named."""
    long = [{"prompt": f"{number} " + "\u4e00" * 3990, "answer": "\u202e " * 1000} for number in range(150)]
    pages = site_of(new_reports("run-1"), [*long, {f"field {number}": "\u202e a" * 2000 for number in range(70)}])
    assert len(pages) > 2 and all(len(page.encode()) < 2_000_000 for page in pages)
    assert sum(len(articles(page)) for page in pages) == 150 + 1 + 30
    assert "This row is too long to be shown; the file has it." in "".join(pages)


def test_of_a_huge_file_some_rows_are_shown(new_reports: Callable[..., Path]) -> None:
    """How many of how many, and how they were drawn; of a long text its beginning, with the number of characters left out."""
    rows = [{"prompt": f"question {number}", "answer": "word " * 2000, "correct": number % 2 == 0} for number in range(1200)]
    pages = site_of(new_reports("run-1"), rows)
    assert "500 of 1,200 rows, drawn at random, half from either value of correct, by <code>generator(" in pages[0]
    assert sum(page.count('data-arm="villain-refusal"') for page in pages) == 500
    assert "[6,000 more characters]" in pages[0]
    assert "1,200 rows, 500 shown" in (new_reports() / "site/runs/prompting/run-1.html").read_text()
    assert all(len(page.encode()) < 2_000_000 for page in pages)


def test_rows_that_were_altered_are_told_of(new_reports: Callable[..., Path]) -> None:
    """As in the report: the file is not the one that the run recorded."""
    reports = new_reports("run-1")
    AppendLog(reports / "prompting/run-1/samples/villain-refusal.jsonl").append([{"answer": "one more"}])
    build_site(reports, reports / "site")
    assert "The file is not the one that the run recorded" in (reports / "site/runs/prompting/run-1/samples-1.html").read_text()
