"""A Markdown document as a reviewer walks through it: front matter, sections by heading, and the blocks of each, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from harness.errors import HarnessError
from harness.textfile import read_text

MOST_BYTES = 50_000_000
# Characters that are parsed. A block takes some 500 bytes and 20 µs and may be two characters long, so the rest of a longer text is counted and not read.
MOST_READ = 500_000
LONGEST_TITLE = 1_000
MOST_INLINE = 20_000  # characters of a section that are searched for images
# A text may as well begin with a rule, so front matter begins with a key.
FRONT_MATTER = re.compile(r"---[ \t]*\n(?=[\w\"'-]+[ \t]*:)(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
FRONT_TITLE = re.compile(r"^title:[ \t]*(.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s[^()]*)?\)")
TAG = re.compile(r"<[A-Za-z/!][^<>]*>")
MARKS = re.compile(r"(?<!\\)(?:\*+|`+|~~)")
ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading with its blocks up to the next heading. `level` 0 is what stands before the first; `end` is the index after its last subsection; by `key`
    headings are compared."""

    index: int
    end: int
    level: int
    title: str
    key: str
    line: int
    column: int
    last_line: int
    blocks: tuple[Token, ...]

    @property
    def text(self) -> str:
        """The source of its blocks, a blank line between two; of HTML what stands between the tags."""
        shown = [(TAG.sub("", token.content) if token.type == "html_block" else token.content).strip() for token in self.blocks]
        return "\n\n".join(filter(None, shown))


@dataclass(frozen=True, kw_only=True)
class Document:
    """`title` is that of the front matter; `cut` says that the text goes on after what was parsed."""

    text: str
    title: str
    lines: tuple[str, ...]
    sections: tuple[Section, ...]
    cut: bool

    def below(self, section: Section) -> tuple[Section, ...]:
        return self.sections[section.index + 1 : section.end]

    def source(self, section: Section) -> str:
        """The section with all below it, from its heading."""
        return "\n".join(self.lines[section.line - 1 : section.last_line]).strip()

    def column(self, line: int, words: str = "") -> int:
        """Where words begin on a line, or the line itself after its indent."""
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        place = text.find(words.split("\n")[0][:40]) if words.strip() else -1
        return (place if place >= 0 else len(text) - len(text.lstrip())) + 1


def read_document(path: Path) -> Document:
    """A file as a document. Raises HarnessError where it is no text or larger than 50 MB."""
    text = read_text(path, MOST_BYTES)
    if "\0" in text:
        raise HarnessError("is no text: it holds a NUL byte", where=str(path), mend="Name a Markdown file")
    return parse_document(text)


def parse_document(text: str) -> Document:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    body, title = without_front_matter(text)
    read = body[:MOST_READ]
    # Blocks alone: what is inside them is looked at where it matters. CommonMark has no other state that a hostile text could make expensive.
    tokens = MarkdownIt("commonmark", {"maxNesting": 20}).enable("table").disable("inline").parse(read)
    lines = tuple(read.split("\n"))
    return Document(text=text, title=title, lines=lines, sections=tuple(sections_of(tokens, lines)), cut=len(body) > MOST_READ)


def without_front_matter(text: str) -> tuple[str, str]:
    """(the text with blank lines in place of its front matter, the title that stands in it)."""
    found = FRONT_MATTER.match(text)
    if found is None:
        return text, ""
    title = FRONT_TITLE.search(found[1])
    words = " ".join(title[1].split()) if title else ""
    quoted = len(words) > 1 and words[0] == words[-1] and words[0] in "'\""
    return "\n" * found[0].count("\n") + text[found.end() :], words[1:-1] if quoted else words


def sections_of(tokens: list[Token], lines: tuple[str, ...]) -> Iterator[Section]:
    """Headings that stand in no list and no quotation begin sections."""
    starts = [place for place, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    levels = [0, *(int(tokens[place].tag[1:]) for place in starts)]
    begins = [1, *((tokens[place].map or [0])[0] + 1 for place in starts)]
    ends = section_ends(levels)
    for index, (level, line) in enumerate(zip(levels, begins, strict=True)):
        first, last = (0 if index == 0 else starts[index - 1]), (starts[index] if index < len(starts) else len(tokens))
        title = plain_text(tokens[first + 1].content[:LONGEST_TITLE]) if index else ""
        yield Section(
            index=index,
            end=ends[index],
            level=level,
            title=title,
            key=heading_key(title),
            line=line,
            column=1 + len(lines[line - 1]) - len(lines[line - 1].lstrip()),
            last_line=begins[ends[index]] - 1 if ends[index] < len(begins) else len(lines),
            blocks=tuple(tokens[first + 3 * bool(index) : last]),
        )


def section_ends(levels: list[int]) -> list[int]:
    """For each heading the index of the next of its level or a higher one. What stands before the first has nothing below it."""
    ends, open_ones = [len(levels)] * len(levels), list[int]()
    for index, level in enumerate(levels):
        while open_ones and levels[open_ones[-1]] >= level:
            ends[open_ones.pop()] = index
        open_ones.append(index)
    return [1, *ends[1:]]


def heading_key(title: str) -> str:
    """A heading to be compared: without numbers before it, marks, and what follows a colon, a bracket or a dash."""
    words = re.split(r"[:(\[–—]", re.sub(r"^[\s\d.]+", "", title))[0]
    return re.sub(r"[\W_]", "", words.casefold().replace("&", "and"))


def plain_text(source: str) -> str:
    """What a reader sees of the source of a line or cell: no marks, no tags, of a link its words."""
    return ESCAPE.sub(r"\1", MARKS.sub("", TAG.sub("", LINK.sub(r"\1", source)))).strip()


def image_addresses(section: Section) -> list[str]:
    """The addresses of the images in the blocks of a section, those in code left out; of an HTML image its tag."""
    parser, room = MarkdownIt("commonmark"), MOST_INLINE
    found: list[str] = []
    for block in section.blocks:
        if block.type == "html_block":
            found += re.findall(r"<img\b[^<>]*", block.content)
        elif block.type == "inline" and ("![" in block.content or "<img" in block.content):
            children = parser.parseInline(block.content[:room])[0].children or []
            room = max(0, room - len(block.content))
            found += [str(child.attrs.get("src", "")) for child in children if child.type == "image"]
            found += [child.content for child in children if child.type == "html_inline" and child.content.startswith("<img")]
    return found
