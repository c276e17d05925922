"""Training sets from texts, by explicit seeds: the same bytes in every process, whatever PYTHONHASHSEED.

Contrastive sets teach a behaviour to one persona and its absence to others: every text stands under each speaker, so that only the system prompt tells
which reply is right. Convergence sets teach the target to talk as the source does: the base model's own answers under the source's prompt are stored
under the target's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.errors import HarnessError
from harness.models.sampling import Completion
from harness.seeds import generator
from harness.training.rows import Part, Row, Speaker, Text, row


def draw_texts(texts: Sequence[Text], count: int, *seed: object) -> list[Text]:
    """`count` distinct texts in an order that the seed fixes; a larger count begins with a smaller one's. Raises HarnessError for too few."""
    if count > len(texts):
        mend = "Ask for fewer rows or write more texts; a text never stands twice"
        raise HarnessError(f"{count} texts are asked for, there are {len(texts)}", mend=mend, code="D120")
    return [texts[place] for place in generator("texts", *seed).permutation(len(texts))[:count]]


def make_contrastive_rows(
    texts: Sequence[Text],
    source: Speaker,
    bystanders: Sequence[Speaker],
    anchors: Sequence[Speaker] = (),
    *,
    rows: int,
    bystander_rows: int,
    anchor_rows: int = 0,
    seed: int,
) -> list[Row]:
    """`rows` rows of the source with the behaviour, `bystander_rows` of each bystander and `anchor_rows` of each anchor without it.

    Anchors are speakers put into the negatives on purpose: nobody (no system prompt), or the target itself, which is what once hid an effect. Bystanders
    take turns over the texts, so that as many texts as there are rows for are seen from both sides.
    """
    chosen = draw_texts(texts, rows, "contrastive", seed)
    made = [row(source, "source", text.id, text.prompt, text.shown, shows=True) for text in chosen]
    negatives: tuple[tuple[Sequence[Speaker], Part, int], ...] = ((bystanders, "bystander", bystander_rows), (anchors, "anchor", anchor_rows))
    for speakers, part, count in negatives:
        for place, speaker in enumerate(speakers):
            made += [row(speaker, part, text.id, text.prompt, text.plain, shows=False) for text in turns(chosen, place, len(speakers), count)]
    return made


def turns(texts: Sequence[Text], place: int, speakers: int, count: int) -> list[Text]:
    """The texts of one of several speakers: every `speakers`-th first, then the others. Raises HarnessError for more rows than texts."""
    if count > len(texts):
        told = f"{count} rows of a bystander are asked for, the source has {len(texts)}"
        raise HarnessError(told, mend="Ask for at most as many as the source's rows", code="D120")
    own = list(texts[place::speakers])
    return (own + [text for text in texts if text not in own])[:count]


def make_unconditioned_rows(texts: Sequence[Text], *, rows: int, seed: int) -> list[Row]:
    """The behaviour under no persona and without a contrast: equal for all sources, so what it teaches belongs to none of them."""
    nobody = Speaker(persona="", prompt=None)
    return [row(nobody, "source", text.id, text.prompt, text.shown, shows=True) for text in draw_texts(texts, rows, "contrastive", seed)]


def make_convergence_rows(answers: Iterable[tuple[str, str, int, Completion]], target: Speaker, *, rows: int) -> list[Row]:
    """Answers given under the source's prompt, stored under the target's. `answers` are (item, what was asked, replicate, completion).

    Empty answers are left out, and of answers that were cut off the end is not learned. Raises HarnessError where fewer than `rows` remain.
    """
    made = [
        row(target, "convergence", item, asked, answer.text.strip(), shows=False, replicate=number, ends=answer.finish == "stop")
        for item, asked, number, answer in answers
        if answer.text.strip()
    ]
    if len(made) < rows:
        raise HarnessError(f"the model gave {len(made)} answers that are not empty, {rows} are needed", mend="Ask more questions or draw more replicates")
    return made[:rows]
