"""What a reader sees of a report: the page's tags and text, the clean result's prose and its table of addresses."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

VOID = {"meta", "img", "source", "br", "link", "input", "hr"}


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
    """The text without code blocks and code spans (hashes, ids, commands, raw samples), as it renders."""
    inline = [token for token in parsed(text) if token.type == "inline"]
    return "\n".join("".join(child.content if child.type == "text" else " " for child in token.children) for token in inline)


def unaddressed(text: str, folder: Path) -> list[str]:
    """The digits of the text that stand in nothing that numbers.csv lists; how many rows of a table are shown is no result."""
    rest = re.sub(r"The first \d+ of \d+ rows", " ", prose(text))
    for shown in sorted({" ".join(shown.split()) for shown, _ in table(folder)}, key=len, reverse=True):
        rest = re.sub(rf"(?<![\d.]){re.escape(shown)}(?![\d])", " ", rest)
    return re.findall(r"(?<![A-Za-z\d])[.\d][\d.,]*\d|(?<![A-Za-z\d.])\d", rest)


def table(folder: Path) -> list[tuple[str, str]]:
    """(shown, address) of every number of the report, from numbers.csv."""
    rows = list(csv.reader(io.StringIO((folder / "numbers.csv").read_text())))
    assert rows[0] == ["address", "shown", "value"]
    return [(shown.removeprefix("'"), where) for where, shown, _ in rows[1:]]


def foreign_links(tokens: list[Any]) -> list[str]:
    """Addresses of links that are not the report's own, to its cards and earlier versions."""
    targets = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
    return [target for target in targets if not re.fullmatch(r"cards/[a-z]+\.md|versions/\d+/clean_result\.md", target)]
