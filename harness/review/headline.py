"""What the Results of a TL;DR hold: one figure pinned to a commit, an effect with its N, takeaways, a confidence with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.plaintext import count_of
from harness.review.blanks import is_blank
from harness.review.document import Document, Section, image_addresses, plain_text
from harness.review.findings import Finding, finding

LEVELS = "HIGH|MODERATE|LOW"
TITLE = re.compile(rf"(.*?)\s*\(({LEVELS}) confidence\)$")
CONFIDENCE = re.compile(rf"(?:\*\*|__)Confidence: ({LEVELS})(?:\*\*|__)[ \t]*(?:[-–—]+[ \t]*(\S.*))?")
LIKE_CONFIDENCE = re.compile(r"[*_]*Confidence\b[*_]*\s*:", re.IGNORECASE)
TAKEAWAYS = re.compile(r"(?:\*\*|__)main takeaways:?(?:\*\*|__):?", re.IGNORECASE)
LONGEST = 10_000  # characters of a line
LISTS = ("bullet_list_open", "bullet_list_close", "ordered_list_open", "ordered_list_close")
IMAGE = re.compile(r"!\[[^\[\]]*\]\([^()]*\)")
CODE = re.compile(r"`[^`\n]*`")
# Sizes of samples: `N = 24`, `n=8`, `12 of 80`, `500 prompts`.
THINGS = "question|prompt|request|statement|item|sample|completion|answer|response|run|document|pair|row"
SIZE = re.compile(
    rf"\bn\s*[=≈:]?\s*\d[\d,.]{{0,12}}|\b\d[\d,]{{0,12}}\s*(?:/|of)\s*\d[\d,]{{0,12}}|\b\d[\d,]{{0,12}}[ -](?:\w+ )?(?:{THINGS})s?\b", re.IGNORECASE
)
OF = re.compile(r"\d\s*(?:/|of)\s*\d", re.IGNORECASE)
EFFECT = re.compile(r"(?<![\w.])(?:[-+−±]\s?\d|\d[\d,]{0,12}(?:\.\d{1,12})?\s*(?:%|pp\b|points?\b|pts?\b|percent)|\d*\.\d)")
HEX = r"(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f]|\d{40})[0-9a-f]{7,40}"
PINNED = re.compile(rf"(?:[/@=])({HEX})(?=[/?#&]|$)")
NAMED_COMMIT = re.compile(r"\bcommit(?:ted)?\b\W{0,4}(?:at\W{0,3})?[0-9a-f]{7,40}\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a paragraph or list item, as it stands in the source."""

    text: str
    number: int


def result_findings(document: Document, results: Section, title: str) -> Iterator[Finding]:
    """One figure, a number with its N, the takeaways, and one line of confidence, of the level in the title."""
    lines = lines_of(results)
    at = next((place for place, line in enumerate(lines) if TAKEAWAYS.match(line.text)), None)
    last = next((place for place, line in enumerate(lines) if CONFIDENCE.match(line.text)), len(lines))
    shown = lines[: last if at is None else at]
    yield from figure_findings(document, results, shown)
    yield from effect_findings(document, results, shown)
    yield from takeaway_findings(document, results, None if at is None else lines[at])
    yield from confidence_findings(document, results, lines, title)


def at_line(document: Document, code: str, line: int, message: str) -> Finding:
    return finding(f"structure/{code}", line, document.column(line), message)


def lines_of(section: Section) -> list[Line]:
    """The lines of its paragraphs and lists; those of tables, code and HTML are none."""
    return [
        Line(text=text.strip()[:LONGEST], number=token.map[0] + 1 + offset)
        for token in section.blocks
        if token.type == "inline" and token.map
        for offset, text in enumerate(token.content.split("\n"))
    ]


def figure_findings(document: Document, results: Section, shown: list[Line]) -> Iterator[Finding]:
    addresses = image_addresses(results)
    if len(addresses) != 1:
        yield at_line(document, "figure", results.line, f"Results have {count_of(len(addresses), 'image', 'images')}; one hero figure is asked for")
    elif not is_pinned(addresses[0]) and not any(NAMED_COMMIT.search(plain_text(line.text)) for line in shown):
        line = next((line.number for line in shown if "![" in line.text), results.line)
        yield at_line(document, "figure-commit", line, "the hero figure is not pinned to a commit, by its address or by a caption that names one")


def is_pinned(address: str) -> bool:
    return not address.startswith("data:") and PINNED.search(address) is not None


def effect_findings(document: Document, results: Section, shown: list[Line]) -> Iterator[Finding]:
    """A number with a unit or a sign, in words outside code and pictures, and how many it rests on."""
    words = [plain_text(IMAGE.sub("", line.text)) for line in shown]
    prose = [plain_text(CODE.sub("", IMAGE.sub("", line.text))) for line in shown]
    effect = any(EFFECT.search(SIZE.sub("", text)) or OF.search(text) for text in prose)
    sized = any(SIZE.search(text) for text in words)
    lacking = [what for what, there in (("a number (%, pp, points, an effect)", effect), ("its N", sized)) if not there]
    if lacking:
        line = next((line.number for line, text in zip(shown, prose, strict=True) if text), results.line)
        yield at_line(document, "effect", line, f"the sentences above the takeaways do not state {' and '.join(lacking)}")


def takeaway_findings(document: Document, results: Section, label: Line | None) -> Iterator[Finding]:
    if label is None:
        yield at_line(document, "takeaways", results.line, "Results have no `**Main takeaways:**`")
        return
    count = items_below(results, label.number)
    if not 2 <= count <= 5:
        yield at_line(document, "takeaways", label.number, f"there are {count_of(count, 'takeaway', 'takeaways')}; 2 to 5 bullets are asked for")


def items_below(section: Section, line: int) -> int:
    """The outermost items of the first list below a line."""
    start = next((place for place, token in enumerate(section.blocks) if token.map and token.map[0] + 1 > line), len(section.blocks))
    depth = count = 0
    for token in section.blocks[start:]:
        depth += token.nesting if token.type in LISTS else 0
        count += token.type == "list_item_open" and depth == 1
        if count and depth == 0:
            break
    return count


def confidence_findings(document: Document, results: Section, lines: list[Line], title: str) -> Iterator[Finding]:
    found = [(line.number, match) for line in lines if (match := CONFIDENCE.match(line.text))]
    if len(found) != 1:
        place = found[1][0] if found else next((line.number for line in lines if LIKE_CONFIDENCE.match(line.text)), results.line)
        count = count_of(len(found), "line", "lines")
        yield at_line(document, "confidence", place, f"Results have {count} of the form `**Confidence: LEVEL** - why`; one is asked for")
        return
    (place, match), titled = found[0], TITLE.match(title)
    if match[2] is None or is_blank(match[2]):
        yield at_line(document, "confidence", place, "the confidence has no reason: `**Confidence: LEVEL** - why`")
    if titled and titled[2] != match[1]:
        yield at_line(document, "confidence", place, f"the confidence is {match[1]} here and {titled[2]} in the title")
