"""Whether a text has the parts of a clean result, in their order, and fits an issue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from harness.records import Record
from harness.report.clean_result import MOST, MOST_TLDR
from harness.review.document import Document, Section, line_of, plain_text

TITLE = re.compile(r"\((HIGH|MODERATE|LOW) confidence\)\s*$")
CONFIDENCE = re.compile(r"^\*\*Confidence:\s*(HIGH|MODERATE|LOW)\*\*\s*[-–—]\s*\S", re.MULTILINE)
PARTS = ("Background", "Methodology", "Results", "Next steps")
DETAILS = ("Human summary", "Source issues", "Setup & hyper-parameters", "Runs & full data", "Sample outputs", "Headline numbers", "Artifacts")
ALSO = {"Runs & full data": ("WandB", "Runs"), "Setup & hyper-parameters": ("Setup",)}  # other names that documents use
CAVEATS = "Standing caveats"
TAKEAWAYS = re.compile(r"main takeaways", re.IGNORECASE)
COUNT = re.compile(r"\bN\b\s*[=:]?\s*[\d,]+|\bn\s*=\s*[\d,]+")
EFFECT = re.compile(r"\d")
COMMIT = re.compile(r"\b[0-9a-f]{7,40}\b")


class StructureFinding(Record, frozen=True, kw_only=True):
    """What is wrong with the form of a text, at a line and column from 1."""

    code: str
    line: int
    column: int
    message: str


def finding(code: str, line: int, message: str) -> StructureFinding:
    return StructureFinding(code=f"structure/{code}", line=line, column=1, message=message)


def structure_findings(document: Document) -> list[StructureFinding]:
    """Every deviation from the template, in the order of the lines."""
    found = [*title(document), *summary(document), *details(document), *lengths(document)]
    return sorted(found, key=lambda one: (one.line, one.code))


def title(document: Document) -> Iterator[StructureFinding]:
    first = next((section for section in document.sections if section.level), None)
    if first is None or first.level != 1:
        yield finding("title", first.line if first else 1, "the text does not begin with a title: # the claim (LOW confidence)")
    elif not TITLE.search(first.title):
        yield finding("title", first.line, "the title does not end with (HIGH confidence), (MODERATE confidence) or (LOW confidence)")


def summary(document: Document) -> Iterator[StructureFinding]:
    tldr = document.find(2, "TL;DR")
    if tldr is None:
        yield finding("section-missing", 1, "there is no section ## TL;DR")
        return
    yield from parts(document, tldr, 3, PARTS)
    results = document.find(3, "Results", tldr)
    if results is not None:
        yield from headline(document, results)


def parts(document: Document, inside: Section, level: int, names: tuple[str, ...]) -> Iterator[StructureFinding]:
    """Sections that are missing, empty, or in another order."""
    marks = "#" * level
    found = {name: next((one for other in (name, *ALSO.get(name, ())) if (one := document.find(level, other, inside))), None) for name in names}
    for name, section in found.items():
        if section is None:
            yield finding("section-missing", inside.line, f"there is no section {marks} {name} below {inside.title!r}")
        elif not section.has_text and not any(one.has_text for one in document.below(section)):
            yield finding("section-empty", section.line, f"the section {marks} {name} is empty")
    there = [section for section in found.values() if section is not None]
    for before, after in pairwise(there):
        if before.line > after.line:
            yield finding("section-order", after.line, f"{after.title!r} comes before {before.title!r}; the order is {', '.join(names)}")


def headline(document: Document, results: Section) -> Iterator[StructureFinding]:
    """One figure pinned to a commit, a number with its N, two to five takeaways, one line of confidence as in the title."""
    text = document.text_of(results)
    inline = [token for token in results.tokens if token.type == "inline"]
    images = [child for token in inline for child in token.children or [] if child.type == "image"]
    if len(images) != 1:
        yield finding("figure", results.line, f"Results hold {len(images)} figures; one hero figure is asked for")
    elif not COMMIT.search(text):
        yield finding("figure-commit", results.line, "the hero figure is not pinned to a commit, by its address or in its caption")
    before = text.split("takeaways")[0]
    if not (EFFECT.search(re.sub(r"!\[.*?\]\(.*?\)", "", before)) and COUNT.search(text)):
        yield finding("effect", results.line, "Results state no effect with its N (such as N = 24)")
    yield from takeaways(results)
    yield from confidence(document, results, text)


def takeaways(results: Section) -> Iterator[StructureFinding]:
    place = next((n for n, token in enumerate(results.tokens) if token.type == "inline" and TAKEAWAYS.search(plain_text(token))), None)
    if place is None:
        yield finding("takeaways", results.line, "Results have no **Main takeaways:**")
        return
    start, depth, count = results.tokens[place], 0, 0
    for token in results.tokens[place + 1 :]:
        depth += token.nesting if token.type in ("bullet_list_open", "bullet_list_close", "ordered_list_open", "ordered_list_close") else 0
        count += token.type == "list_item_open" and depth == 1
        if count and depth == 0:
            break
    if not 2 <= count <= 5:
        yield finding("takeaways", line_of(start, results), f"there are {count} takeaways; two to five are asked for")


def confidence(document: Document, results: Section, text: str) -> Iterator[StructureFinding]:
    found = list(CONFIDENCE.finditer(text))
    if len(found) != 1:
        yield finding("confidence", results.line, f"Results have {len(found)} lines **Confidence: LEVEL** - why; one is asked for")
        return
    titled = next((match for section in document.sections if section.level == 1 and (match := TITLE.search(section.title))), None)
    if titled and titled[1] != found[0][1]:
        line = results.line + text[: found[0].start()].count("\n")
        yield finding("confidence", line, f"the confidence is {found[0][1]} here and {titled[1]} in the title")


def details(document: Document) -> Iterator[StructureFinding]:
    report = document.find(1, "Detailed report") or document.find(2, "Detailed report")
    if report is None:
        yield finding("section-missing", 1, "there is no section # Detailed report")
        return
    yield from parts(document, report, report.level + 1, DETAILS)
    if CAVEATS.casefold() not in document.text_of(report).casefold():
        yield finding("section-missing", report.line, f"there are no {CAVEATS} with the headline numbers")


def lengths(document: Document) -> Iterator[StructureFinding]:
    if len(document.text) > MOST:
        yield finding("too-long", 1, f"the text has {len(document.text):,} characters; {MOST:,} fit an issue")
    tldr = document.find(2, "TL;DR")
    size = len(document.text_of(tldr).strip()) if tldr else 0
    if tldr and size > MOST_TLDR:
        yield finding("summary-too-long", tldr.line, f"the TL;DR has {size:,} characters; at most {MOST_TLDR:,} are read")
