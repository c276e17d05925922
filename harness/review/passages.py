"""What stands together in a text: the sentences below a heading or below a label that ends in a colon, the names they stand under, and claims made of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from harness.review.claims import Claim, ClaimVerdict, claim
from harness.review.document import plain_text
from harness.review.number import Number
from harness.review.prose import Prose, Sentence, Table

LEAD = r"\s*(?:(?:[-*+]|\d+[.)])\s+)?"  # the mark of a list item that stands in a paragraph
LABEL = re.compile(LEAD + r"(?:\*\*|__)(?P<bold>(?:(?!\*\*|__)[^\n]){2,80}?)\s*:?\s*(?:\*\*|__)\s*(?P<note>\([^()\n]{0,80}\))?\s*:?\s*$")
PLAIN_LABEL = re.compile(LEAD + r"(?P<bold>[A-Z][^.:|\n]{1,60}):\s*$")
# What may stand between the name of a quantity and its value.
JOINT = r"[\s*_`)]*(?:=|:|<|>|≈|~|≤|≥|\bis\b|\bof\b|\bwas\b|,)?[\s*_`(]*$"
P_NAME = re.compile(r"(?:(?<![\w*])p|\bp[\s-]?values?)" + JOINT, re.IGNORECASE)
N_NAME = re.compile(r"(?<![A-Za-z])[nN]" + JOINT)
ALPHA = re.compile(r"(?:α|\balpha|significance level)[\s*:=]*(?:(?:α|alpha)\s*=\s*)?(0?\.\d+)", re.IGNORECASE)
USUAL_ALPHA = 0.05
CLOSED = re.compile(r"<!--\s*/")  # the end of a region that comments mark: what follows stands under no heading within it
LONGEST_SENTENCE = 8_000  # characters; what is longer is no prose
REACH = 40  # characters before a number in which its name stands


@dataclass
class Passage:
    """Sentences under one heading and label. `label` is "" for those before the first; `sentence` is the label's own."""

    section: int
    label: str = ""
    heading: Sentence | None = None
    sentences: list[Sentence] = field(default_factory=list)

    @cached_property
    def text(self) -> str:
        return "\n".join(one.text for one in self.everything)

    @cached_property
    def everything(self) -> list[Sentence]:
        """Its sentences with the label's own; read when all are there."""
        return ([self.heading] if self.heading else []) + self.sentences

    @cached_property
    def blocks(self) -> dict[int, list[Sentence]]:
        """Its sentences by paragraph."""
        found = defaultdict[int, list[Sentence]](list)
        for one in self.everything:
            found[one.block].append(one)
        return found

    @cached_property
    def ps(self) -> list[Number]:
        """The p values it tells."""
        return [p for one in self.everything for p in p_values(one)]

    @cached_property
    def _said(self) -> dict[re.Pattern[str], bool]:
        return {}

    def says(self, pattern: re.Pattern[str]) -> bool:
        """Whether a pattern is anywhere in it; searched once."""
        if pattern not in self._said:
            self._said[pattern] = bool(pattern.search(self.text))
        return self._said[pattern]


def passages(prose: Prose) -> list[Passage]:
    """The passages of a document in order; headings are no sentences of theirs."""
    found: list[Passage] = []
    closed = 0  # the last section that ended before the next heading
    for sentence in prose.sentences:
        if sentence.title or len(sentence.text) > LONGEST_SENTENCE:
            continue
        section = 0 if sentence.section == closed else sentence.section
        closed = sentence.section if CLOSED.search(sentence.text) else closed
        label = LABEL.match(sentence.text) or PLAIN_LABEL.match(sentence.text)
        if label:
            found.append(Passage(section, plain_text(label["bold"]).strip(" :"), sentence))
        elif not found or found[-1].section != section:
            found.append(Passage(section, sentences=[sentence]))
        else:
            found[-1].sentences.append(sentence)
    return found


def scope_key(title: str) -> str:
    """A heading or label as a name: what stands before a colon, bracket or dash, in small letters."""
    words = re.split(r"[:(\[–—]|\s-\s", re.sub(r"^[\s\d.]+(?=\D)", "", title))[0]
    return re.sub(r"[^\w]+", " ", words.casefold()).strip()


def scopes(prose: Prose, passage: Passage) -> list[str]:
    """The names a passage stands under, the outermost first; the title of the document is none."""
    path = prose.path(passage.section)
    return [scope_key(one) for one in (*path[titled(prose) :], *([passage.label] if passage.label else []))]


def titled(prose: Prose) -> bool:
    """Whether the first heading is the title of the document: the only one of its level, and none is higher."""
    levels = [one.level for one in prose.headings[1:]]
    return bool(levels) and levels.count(levels[0]) == 1 and levels[0] == min(levels)


@dataclass
class Outline:
    """A document with what is asked of it again and again: its passages, the section of the highest level above each section, what stands below that."""

    prose: Prose

    @cached_property
    def passages(self) -> list[Passage]:
        return passages(self.prose)

    @cached_property
    def alpha(self) -> float:
        return alpha_of(self.prose)

    @cached_property
    def tops(self) -> list[int]:
        """For each section that of the highest level it lies in, the title of the document left out; 0 for what lies in none."""
        found, top, title = [0], 0, self.prose.headings[1].level if titled(self.prose) else 0
        for index, heading in enumerate(self.prose.headings[1:], start=1):
            if heading.level == title:
                top = 0
            elif top == 0 or heading.level <= self.prose.headings[top].level:
                top = index
            found.append(top)
        return found

    @cached_property
    def sentences(self) -> dict[int, list[Sentence]]:
        """The sentences below each top section, headings too."""
        found = defaultdict[int, list[Sentence]](list)
        for one in self.prose.sentences:
            found[self.tops[one.section]].append(one)
        return found

    @cached_property
    def tables(self) -> dict[int, list[Table]]:
        """The tables below each top section."""
        found = defaultdict[int, list[Table]](list)
        for one in self.prose.tables:
            found[self.tops[one.section]].append(one)
        return found


def alpha_of(prose: Prose) -> float:
    """The level of significance that the text names, or the usual one."""
    for sentence in prose.sentences:
        if found := ALPHA.search(sentence.text):
            return float(found[1])
    return USUAL_ALPHA


def named(sentence: Sentence, name: re.Pattern[str]) -> Iterator[Number]:
    """The numbers of a sentence right before which a name stands (a pattern that ends in `JOINT`)."""
    for number in sentence.numbers:
        if name.search(sentence.text[max(0, number.start - REACH) : number.start]):
            yield number


def p_values(sentence: Sentence) -> list[Number]:
    """The p values of a sentence; a probability is between 0 and 1."""
    return [one for one in named(sentence, P_NAME) if 0 <= one.value <= 1 and not one.unit]


def above(number: Number, alpha: float) -> bool:
    """Whether a p value tells of no significance."""
    return (float(number.value) > alpha and number.marker not in ("<", "≤")) or (number.marker in (">", "≥") and float(number.value) >= alpha)


def claim_at(sentence: Sentence, start: int, end: int, kind: str, verdict: ClaimVerdict, reason: str, address: str = "") -> Claim:
    """A claim of the words between two places of a sentence, cut off at the end of their line."""
    text = sentence.text[start:end].split("\n")[0].rstrip()
    place = sentence.place(start)
    return claim(place.line, place.column, text, kind, verdict, reason, address, length=len(text))


def claim_of(sentence: Sentence, number: Number, kind: str, verdict: ClaimVerdict, reason: str, address: str = "") -> Claim:
    return claim_at(sentence, number.start, number.end, kind, verdict, reason, address)


def where(sentence: Sentence, number: Number | None = None) -> str:
    return f"line {sentence.place(number.start if number else 0).line}"
