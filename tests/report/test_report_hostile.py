"""A run in which every free text is hostile: ids, reasons, parameters, units, facts, plan and design."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.errors import HarnessError
from harness.report.build import build
from harness.report.escape import code, fence_text, in_markdown, one_line, visible
from hostile_text import CONTROL, spoiled
from sample_cells import HOSTILE
from seen_report import Seen, foreign_links

PARTS = [*"_*`|<>[]()\\&#. ", "http://", "https://h/", "www.", "a_b"]


@pytest.fixture
def hostile(new_run: Callable[..., Path]) -> Path:
    folder = new_run()
    path = folder / "results.json"
    path.write_text(json.dumps(spoiled(json.loads(path.read_text()))))
    build(folder)
    return folder


def test_the_page_stays_a_page(hostile: Path) -> None:
    """No tag, handler, link or control character comes out of any text of the run."""
    raw = (hostile / "index.html").read_text()
    page = Seen(raw)
    assert page.open == []
    assert "script" not in page.tags
    assert page.tags.count("img") == 1
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert all(value.startswith("#") for name, value in page.attributes if name == "href")
    assert not CONTROL.search(raw)


def test_the_clean_result_stays_markdown(hostile: Path) -> None:
    """Headings, images, links and HTML are those of the template and no others."""
    text = (hostile / "clean_result.md").read_text()
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    flat = [child for token in tokens for child in [token, *(token.children or [])]]
    assert not [token.content for token in flat if token.type in ("html_block", "html_inline")] and foreign_links(flat) == []
    assert [token.attrs["src"] for token in flat if token.type == "image"] == ["figures/hero.png"]
    assert not [token for place, token in enumerate(tokens) if token.type == "heading_open" and tokens[place + 1].content.startswith("I am")]
    assert not CONTROL.search(text)


def test_an_error_about_a_hostile_file_is_one_clean_line(new_run: Callable[..., Path]) -> None:
    """A key with terminal escapes and line breaks reaches the terminal as text."""
    folder = new_run()
    path = folder / "results.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), HOSTILE: 1}))
    with pytest.raises(HarnessError) as caught:
        build(folder)
    assert not CONTROL.search(str(caught.value))
    assert "\n" not in str(caught.value)


@given(
    st.text()
    | st.lists(st.sampled_from(["http://", "https://h/", "www.", "a_b", "_", "*", "`", "|", "<", ">", "[", "]", "(", ")", "\\", "&", "#", ".", " "])).map(
        "".join
    )
)
def test_escaped_text_renders_as_itself(text: str) -> None:
    """Whatever the text, Markdown shows it on one line, with hidden characters visible, and nothing else."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(f"- x {in_markdown(text)}")
    inline = [token for token in tokens if token.type == "inline"]
    assert len(inline) == 1
    shown = "".join(child.content for child in inline[0].children or [])
    assert {child.type for child in inline[0].children or []} <= {"text", "text_special", "code_inline"}
    assert shown.split() == ["x", *one_line(text).split()]


def test_an_address_stands_as_it_is() -> None:
    """GitHub makes links of web addresses in a text, with the escapes inside: they are code, which is no link and has no escapes."""
    told = in_markdown("_asked_ vllm/_m@http://127.0.0.1:80/v1_x?a=<b>&c=%3A. And *www.example.org/_*, too")
    assert told == r"\_asked\_ `vllm/_m@http://127.0.0.1:80/v1_x?a=<b>&c=%3A`. And `*www.example.org/_*`, too"


@given(st.text())
def test_a_fence_holds_any_text(text: str) -> None:
    """One code block comes out, and all of the text is in it."""
    tokens = MarkdownIt().parse(fence_text(text))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == visible(text.replace("\r\n", "\n")) + "\n"


@given(st.text(min_size=1))
def test_a_code_span_holds_any_text(text: str) -> None:
    """One code span comes out of an id, whatever is in it."""
    inline = MarkdownIt().parse(f"x {code(text)} y")[0 + 1]
    assert [child.type for child in inline.children or []] == ["text", "code_inline", "text"]
