"""A Markdown document as a reviewer walks through it: sections by heading, with their lines, paragraphs, lists, images and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from harness.errors import HarnessError
from harness.textfile import read_text

MOST_BYTES = 20_000_000


@dataclass(kw_only=True)
class Section:
    """A heading (level 0: what stands before the first) with the tokens below it, up to the next heading of any level. Lines count from 1."""

    level: int
    title: str
    line: int
    tokens: list[Token] = field(default_factory=list)

    @property
    def has_text(self) -> bool:
        return any(token.type in ("inline", "fence", "code_block") and token.content.strip() for token in self.tokens)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line that states something by name: a table row or `**Name:** value`."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Document:
    """The text with its sections in order."""

    text: str
    sections: tuple[Section, ...]

    def find(self, level: int, title: str, inside: Section | None = None) -> Section | None:
        """The first section of a level whose title is, or begins with, the words; below `inside`, where that is given."""
        places = self.below(inside) if inside else self.sections
        return next((section for section in places if section.level == level and is_named(section.title, title)), None)

    def below(self, section: Section) -> list[Section]:
        """The sections below one, up to the next of its level or a higher one."""
        rest = self.sections[self.sections.index(section) + 1 :]
        end = next((place for place, other in enumerate(rest) if other.level <= section.level), len(rest))
        return list(rest[:end])

    def text_of(self, section: Section) -> str:
        """The source of a section with all below it, from its heading."""
        rest = self.sections[self.sections.index(section) + 1 :]
        end = next((other.line for other in rest if other.level <= section.level), None)
        lines = self.text.split("\n")
        return "\n".join(lines[section.line - 1 : None if end is None else end - 1])


def is_named(title: str, words: str) -> bool:
    plain = " ".join(title.strip("*_ ").casefold().replace("and", "&").split())
    return plain.startswith(" ".join(words.casefold().replace("and", "&").split()))


def read_document(path: Path) -> Document:
    """A file as a document. Raises HarnessError where it is no text or larger than 20 MB."""
    return parse_document(read_text(path, MOST_BYTES))


def parse_document(text: str) -> Document:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        tokens = MarkdownIt("commonmark", {"maxNesting": 50}).enable("table").parse(text)
    except RecursionError as error:
        raise HarnessError("is nested too deeply to be read", mend="Review the text without its nested parts") from error
    sections = [Section(level=0, title="", line=1)]
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            line = (token.map or [0])[0] + 1
            sections.append(Section(level=int(token.tag[1:]), title=plain_text(tokens[place + 1]), line=line))
        elif not token.type.startswith("heading") and not (place and tokens[place - 1].type == "heading_open"):
            sections[-1].tokens.append(token)
    return Document(text=text, sections=tuple(sections))


def plain_text(token: Token) -> str:
    """The words of an inline token, without its marks."""
    return "".join(child.content if child.type in ("text", "code_inline") else " " for child in token.children or []).strip()


def line_of(token: Token, section: Section) -> int:
    return token.map[0] + 1 if token.map else section.line


def rows_of(section: Section) -> Iterator[Row]:
    """Table rows (all cells but the last name the value) and lines such as `**Seed:** 42`."""
    cells: list[str] | None = None
    line = section.line
    for token in section.tokens:
        if token.type == "tr_open":
            cells, line = [], line_of(token, section)
        elif token.type == "tr_close" and cells is not None:
            yield from row_of(cells, line) if len(cells) > 1 else ()
            cells = None
        elif token.type == "inline" and cells is not None:
            cells.append(plain_text(token))
        elif token.type == "inline":
            yield from stated(token, line_of(token, section))


def row_of(cells: list[str], line: int) -> Iterator[Row]:
    """A table of two columns has name and value; one of more has group, name, value."""
    names = cells[:1] if len(cells) == 2 else cells[:2]
    yield Row(name=" ".join(names), value=cells[len(names)] if len(cells) > len(names) else "", line=line)


def stated(token: Token, line: int) -> Iterator[Row]:
    """`**Name:** value` or `Name: value`, one a line."""
    for offset, text in enumerate(plain_lines(token)):
        name, mark, value = text.partition(":")
        if mark and len(name) <= 60:
            yield Row(name=name, value=value, line=line + offset)


def plain_lines(token: Token) -> list[str]:
    lines = [""]
    for child in token.children or []:
        if child.type in ("softbreak", "hardbreak"):
            lines.append("")
        elif child.type in ("text", "code_inline"):
            lines[-1] += child.content
    return lines
