"""Whether a text has the parts of a clean result, in their order, and fits an issue."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import takewhile

from harness.report.clean_result import MOST, MOST_TLDR
from harness.review.blanks import is_blank
from harness.review.document import MOST_READ, Document, Section, heading_key
from harness.review.findings import Finding, finding
from harness.review.headline import TITLE, lines_of, result_findings

TLDR, REPORT = "TL;DR", "Detailed report"
PARTS = ("Background", "Methodology", "Results", "Next steps")
DETAILS = ("Human summary", "Source issues", "Setup & hyper-parameters", "Runs & full data", "Sample outputs", "Headline numbers", "Artifacts")
# Other headings that documents of this template use.
ALIASES = {
    "Setup & hyper-parameters": ("Setup", "Hyper-parameters"),
    "Runs & full data": ("WandB", "Runs", "Full data"),
    "Source issues": ("Source issue",),
    "Artifacts": ("Artefacts",),
}
CAVEATS = re.compile(r"(?:\*\*|__)\s*standing caveats\b", re.IGNORECASE)


def structure_findings(document: Document) -> list[Finding]:
    """Every deviation from the template. What is missing is one finding, and nothing is asked of its parts."""
    tldr, report = find(document.sections, TLDR, 2), find(document.sections, REPORT, 1)
    found = [*title_findings(document, tldr), *length_findings(document, tldr)]
    found += places(document, [(TLDR, 2, tldr), (REPORT, 1, report)], "the text", 1, 1)
    if tldr:
        found += tldr_findings(document, tldr)
    if report:
        found += report_findings(document, report)
    return found


def find(sections: Sequence[Section], name: str, level: int) -> Section | None:
    """The section of a name, of the level if there is one, else of any."""
    keys = {heading_key(one) for one in (name, *ALIASES.get(name, ()))}
    named = [section for section in sections if section.level and section.key in keys]
    return next((section for section in named if section.level == level), named[0] if named else None)


def claimed_level(document: Document, tldr: Section | None) -> tuple[str, Section | None]:
    """(the title, its heading): that of the first level before the TL;DR, or that of the front matter."""
    for section in document.sections[1:]:
        if section is tldr or section.key == heading_key(REPORT):
            break
        if section.level == 1:
            return section.title, section
    return document.title, None


def title_findings(document: Document, tldr: Section | None) -> Iterator[Finding]:
    title, heading = claimed_level(document, tldr)
    line, column = (heading.line, heading.column) if heading else (1, 1)
    found = TITLE.match(title)
    if not title:
        yield finding("structure/title", line, column, "there is no title: begin with `# the claim (LOW confidence)`")
    elif found is None:
        yield finding("structure/title", line, column, "the title does not end with (HIGH confidence), (MODERATE confidence) or (LOW confidence)")
    elif not found[1].strip():
        yield finding("structure/title", line, column, "the title states a confidence and no claim")


def places(document: Document, named: list[tuple[str, int, Section | None]], inside: str, line: int, column: int) -> Iterator[Finding]:
    """Sections that are missing, of another level, empty or out of order."""
    for name, level, section in named:
        if section is None:
            yield finding("structure/section-missing", line, column, f"there is no section `{'#' * level} {name}` in {inside}")
        elif section.level != level:
            yield finding("structure/section-level", section.line, section.column, f"{name} has a heading of level {section.level}, not {level}")
        elif is_blank("\n".join(one.text for one in (section, *document.below(section)))):
            yield finding("structure/section-empty", section.line, section.column, f"the section {name} holds nothing")
    there = [(name, section) for name, _, section in named if section is not None]
    kept = increasing([section.line for _, section in there])
    for place, (name, section) in enumerate(there):
        if place not in kept:
            order = ", ".join(one for one, _, _ in named)
            yield finding("structure/section-order", section.line, section.column, f"{name} is out of order; the order is {order}")


def increasing(lines: list[int]) -> set[int]:
    """The places of a longest increasing run, so that one section that was moved is one finding."""
    best: list[list[int]] = []
    for place, line in enumerate(lines):
        at = bisect_left([lines[run[-1]] for run in best], line)
        best[at : at + 1] = [[*(best[at - 1] if at else []), place]]
    return set(best[-1]) if best else set()


def within(document: Document, section: Section, level: int, names: Sequence[str]) -> tuple[list[Section], int]:
    """(the sections below one that should be of a level, the level of its parts). A part whose heading is of too high a level is a part all the same."""
    keys = {heading_key(name) for name in names}
    below = list(takewhile(lambda one: one.level > min(section.level, level) or one.key in keys, document.sections[section.index + 1 :]))
    usual = any(found.level == level + 1 for name in names if (found := find(below, name, level + 1)))
    return below, level + 1 if usual else section.level + 1


def tldr_findings(document: Document, tldr: Section) -> Iterator[Finding]:
    below, level = within(document, tldr, 2, PARTS)
    parts = [(name, level, find(below, name, level)) for name in PARTS]
    yield from places(document, parts, TLDR, tldr.line, tldr.column)
    chosen = {section.index for _, _, section in parts if section}
    for section in below if len(chosen) == len(PARTS) else ():  # else it may be one of them by another name
        if section.level == level and section.index not in chosen:
            yield finding("structure/section-extra", section.line, section.column, f"the TL;DR has only {', '.join(PARTS)}; here is {section.title!r}")
    results = find(below, "Results", level)
    if results and not is_blank(results.text):
        yield from result_findings(document, results, claimed_level(document, tldr)[0])


def report_findings(document: Document, report: Section) -> Iterator[Finding]:
    below, level = within(document, report, 1, DETAILS)
    yield from places(document, [(name, level, find(below, name, level)) for name in DETAILS], REPORT, report.line, report.column)
    headline = find(below, "Headline numbers", level)
    if headline and not has_caveats(document, headline):
        yield finding("structure/caveats", headline.line, headline.column, "Headline numbers have no Standing caveats, in bold or as a heading")


def has_caveats(document: Document, headline: Section) -> bool:
    titled = any(section.key == "standingcaveats" and not is_blank(section.text) for section in document.below(headline))
    return titled or any(CAVEATS.match(line.text) for section in (headline, *document.below(headline)) for line in lines_of(section))


def length_findings(document: Document, tldr: Section | None) -> Iterator[Finding]:
    size = len(document.text)
    if size > MOST:
        unread = f", and only the first {MOST_READ:,} were reviewed" if document.cut else ""
        yield finding("structure/too-long", 1, 1, f"the text has {size:,} characters; at most {MOST:,} fit an issue{unread}")
    length = len(document.source(tldr)) if tldr else 0
    if tldr and length > MOST_TLDR:
        yield finding("structure/tldr-too-long", tldr.line, tldr.column, f"the TL;DR has {length:,} characters; at most {MOST_TLDR:,} are asked for")
