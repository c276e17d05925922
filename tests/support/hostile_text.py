"""Hostile text wherever text is free, and that none of it becomes markup."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from sample_cells import HOSTILE
from seen_report import Seen, foreign_links

CHOSEN_FROM_A_LIST = ("kind", "verdict", "level", "direction", "schema", "path", "sha256")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")


def spoiled(value: Any, key: str = "") -> Any:
    """The same tree with hostile text wherever text is free, and hostile keys in the facts."""
    if isinstance(value, dict):
        return {(f"{name}{HOSTILE}" if key in ("facts", "params", "by") else name): spoiled(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [spoiled(item, key if isinstance(item, str) else "") for item in value]
    return HOSTILE if isinstance(value, str) and key not in CHOSEN_FROM_A_LIST else value


def assert_stays_text(folder: Path, images: int) -> None:
    """No markup, handler or control character comes out of the texts of a run; the page has its own images and no others. For sections of domains."""
    raw, text = (folder / "index.html").read_text(), (folder / "clean_result.md").read_text()
    page = Seen(raw)
    assert page.open == [] and "script" not in page.tags and page.tags.count("img") == images
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    flat = [child for token in tokens for child in [token, *(token.children or [])]]
    assert not [token.content for token in flat if token.type in ("html_block", "html_inline")] and foreign_links(flat) == []
    assert not CONTROL.search(raw + text)
