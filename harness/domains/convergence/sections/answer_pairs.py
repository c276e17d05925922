"""Pairs of answers to one prompt: text of models, shown and never obeyed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Prose, Texts
from harness.report.numbers import Numbers
from harness.report.record_format import Similarity

NOTE = "Two models' answers to one prompt. The answers were written by models; all text is shown as it is, with hidden characters as escapes."
OPEN = 4  # pairs that stand open on the page


class AnswerPair(SectionRecord, frozen=True, kw_only=True):
    """What was `asked` by a prompt of that id, the answers of the `first` and of the `second` model, how alike they are, and why this pair is shown."""

    prompt: str
    capability: str
    asked: str
    first: str
    second: str
    first_text: str
    second_text: str
    similarity: Similarity
    why: str


class Pairs:
    """A prompt and both answers side by side."""

    id, title, position = "pairs", "Sample pairs", 240
    record = AnswerPair

    def build(self, records: Mapping[str, AnswerPair], numbers: Numbers) -> Iterator[Block]:
        yield Prose(text=NOTE)
        for place, (at, record) in enumerate(records.items()):
            why, first, second, capability, prompt = (numbers.text(below(at, key)) for key in ("why", "first", "second", "capability", "prompt"))
            alike = numbers.num(below(at, "similarity"), "similarity")
            title = why + ": " + first + " and " + second + ", similarity " + alike + ", " + capability + ", prompt " + prompt
            texts = [(numbers.dress("asked"), record.asked), (first, record.first_text), (second, record.second_text)]
            yield Texts(title=title, texts=texts, open=place < OPEN)
