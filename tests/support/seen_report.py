"""What a reader sees of a report: the page's tags and text, the clean result's prose and its table of addresses."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Seen(HTMLParser):
    """Tags, attributes, numbers and text of a page; complains about tags that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.data: list[dict[str, str]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "data":
            self.data.append({name: value or "" for name, value in attrs})
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(text: str) -> list[Any]:
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)


def prose(text: str) -> str:
    """The text without code blocks and code spans (hashes, ids, commands, raw samples) and without the address table, as it renders."""
    body = text.partition("## Where each number is")[0]
    inline = [token for token in parsed(body) if token.type == "inline"]
    return "\n".join("".join(child.content if child.type == "text" else " " for child in token.children) for token in inline)


def table(text: str) -> list[tuple[str, str]]:
    tokens = [token for token in parsed(text.partition("## Where each number is")[2]) if token.type == "inline"]
    cells = ["".join(child.content for child in token.children) for token in tokens]
    start = cells.index("address in `results.json`".replace("`", "")) + 1
    return list(zip(cells[start::2], cells[start + 1 :: 2], strict=True))
