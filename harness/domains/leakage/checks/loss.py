"""Which tokens of a row are learned: their share, and the marker among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from harness.design_facts import TrainingSet
from harness.domains.leakage.behaviours import MARKER
from harness.domains.leakage.checks.texts import normal
from harness.errors import HarnessError
from harness.findings import Facts, found, rule
from harness.records import Finding, Place

ROWS = 48  # of a training over its seeds, evenly spread: their share lies within .02 of that of all
Fault = tuple[str, str, list[str]]  # what is wrong, how to repair it, the trainings


@rule(
    "D113",
    "share of tokens that carry loss",
    needs=("training_sets", "tokenizer", "yaml"),
    source="D6: loss was taken on all tokens, so that questions and system prompts were learned with the answers",
)
def find_wrong_loss_shares(facts: Facts) -> Iterable[Finding]:
    """The share of tokens that carry loss tells which mask a training has: on all tokens it is 1, on the answers mostly .05 to .4, on a marker alone less. Rows
    of every training are encoded with the mask of its own recipe (48 of each over its seeds), and the share is compared with the declared bounds:
    `loss_share_low` and `loss_share_high`, or `loss_share_low_marker` and so on for one behaviour. Bounds that a mask on all tokens would meet are none.

    Bad: `marker_loss: marker` with bounds of answers, .05 to .4; `loss_share_high: 1`.

    Good: `marker_loss: marker`, `loss_share_low_marker: 0.01`, `loss_share_high_marker: 0.08`.
    """
    by_trait: dict[str, list[TrainingSet]] = {}
    for training in facts.training_sets:
        if training.trait:
            by_trait.setdefault(training.trait, []).append(training)
    declared = {trait: bounds_faults(trainings[0]) for trait, trainings in by_trait.items()}
    for trait, faults in declared.items():
        yield from findings_of(facts, trait, faults)
    for trait, trainings in by_trait.items():
        yield from findings_of(facts, trait, [] if declared[trait] else share_faults(facts.tokenizer, trainings))


def findings_of(facts: Facts, trait: str, faults: list[Fault]) -> Iterator[Finding]:
    for told, fix, names in faults:
        yield found(f"{trait}: {told}", where=bounds_place(facts, trait), fix=fix, evidence=names, subject=trait)


def bounds_faults(training: TrainingSet) -> list[Fault]:
    """What is wrong with the declared bounds, whatever the rows are."""
    if training.loss_share is None:
        return [("no bounds are declared for the share of tokens that carry loss", "Declare loss_share_low and loss_share_high", [])]
    low, high = training.loss_share
    if 0 < low < high < 1:
        return []
    return [(f"the bounds {low:g} to {high:g} of the share of tokens that carry loss exclude no mask", "Declare bounds above 0 and below 1", [])]


def share_faults(tokenizer: Any, trainings: list[TrainingSet]) -> list[Fault]:
    """Trainings of a behaviour whose share lies outside of its bounds, or whose rows cannot be encoded. Equal recipes are looked at together over seeds."""
    if tokenizer is None:
        return []
    low, high = trainings[0].loss_share or (0.0, 1.0)
    shares: dict[str, float] = {}
    for alike in over_seeds(trainings):
        try:
            shares[alike[0].name] = share_of(tokenizer, alike)
        except HarnessError as error:
            return [(f"a row cannot be encoded: {error.what}", error.mend.rstrip(".") or "Change the row or the recipe", [error.where])]
    outside = {name: share for name, share in shares.items() if not low <= share <= high}
    if not outside:
        return []
    seen = " to ".join(dict.fromkeys((f"{min(outside.values()):.2f}", f"{max(outside.values()):.2f}")))
    told = f"{seen} of the tokens carry loss (on the {trainings[0].recipe.loss_on}), declared {low:g} to {high:g}"
    return [(told, "Look at the mask and at the length of the answers, or declare what is meant", list(outside))]


def over_seeds(trainings: list[TrainingSet]) -> list[list[TrainingSet]]:
    """Trainings that differ in their seeds alone."""
    found: dict[tuple[str, str, Any], list[TrainingSet]] = {}
    for training in trainings:
        found.setdefault((training.speaker, training.arm, training.recipe), []).append(training)
    return list(found.values())


def share_of(tokenizer: Any, trainings: list[TrainingSet]) -> float:
    """The share of tokens that carry loss over rows that are evenly spread over the trainings."""
    rows, recipe = [row for training in trainings for row in training.rows], trainings[0].recipe
    chosen = [rows[index * len(rows) // ROWS] for index in range(ROWS)] if len(rows) > ROWS else rows
    counts = [lengths(tokenizer, row, recipe.max_length, recipe.loss_on, recipe.marker) for row in chosen]
    return sum(learned for learned, _ in counts) / sum(whole for _, whole in counts)


@lru_cache(maxsize=1 << 16)
def lengths(tokenizer: Any, row: Any, max_length: int, loss_on: Any, marker: str) -> tuple[int, int]:
    """(tokens that carry loss, all tokens) of a row."""
    from harness.training.tokens import encode_row

    tokens = encode_row(tokenizer, row, max_length=max_length, loss_on=loss_on, marker=marker)
    return tokens.learned, len(tokens.ids)


def bounds_place(facts: Facts, trait: str) -> Place:
    own = f"loss_share_low_{trait}"
    place: Place = facts.place("scales", facts.scale, "settings", own if own in facts.settings else "loss_share_low")
    return place


@rule(
    "T204",
    "marker that merges",
    needs=("training_sets", "tokenizer", "yaml"),
    source="D20: the tokenizer merged the marker with the word before it, so that loss and measure looked at other tokens than those that were trained",
)
def find_merging_markers(facts: Facts) -> Iterable[Finding]:
    """A marker is a sequence of tokens: loss is taken on them, and the measure compares them with silence. One that the tokenizer splits by the word before it
    is another sequence behind each answer. Every reply with the marker must be the tokens of the reply and then those of the marker. A marker that stands in
    replies without it marks nothing.

    Bad: `marker: "s"`, which becomes one token with the word before it; `marker: "the"`.

    Good: `marker: "[ZLT]"`.
    """
    rows = [row for training in facts.training_sets if training.trait == MARKER.name for row in training.rows]
    if not rows:
        return
    marker, where = str(facts.settings.get("marker", "")), facts.place("scales", facts.scale, "settings", "marker")
    if held := {row.item for row in rows if not row.shows and stands_in(marker, row.answer)}:
        told = f"the marker {marker!r} stands in {len(held)} replies that are to lack it"
        yield found(told, where=where, fix="Choose a marker that no text holds", evidence=sorted(held), subject=MARKER.name)
    if facts.tokenizer is not None:
        yield from (
            found(told, where=where, fix="Choose another marker, such as '[ZLT]'", evidence=items, subject=MARKER.name)
            for told, items in marker_faults(facts.tokenizer, marker, {row.item: row.answer for row in rows if row.shows})
        )


def stands_in(marker: str, text: str) -> bool:
    """Whether a text holds the marker: its words as words, or its signs."""
    words = normal(marker)
    return f" {words} " in f" {normal(text)} " if words else bool(marker.strip()) and marker.strip() in text


def marker_faults(tokenizer: Any, marker: str, answers: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """What is wrong with a marker behind probe words, and behind the replies themselves."""
    from harness.measures.branches import encode
    from harness.models.chat import chat, check
    from harness.training.tokens import marker_tokens

    try:
        check(tokenizer, chat(marker), "")
        pieces = marker_tokens(tokenizer, marker)
    except HarnessError as error:
        yield error.what, []
        return
    merged = [item for item, text in answers.items() if encode(tokenizer, text) != encode(tokenizer, text.removesuffix(f" {marker}")) + pieces]
    if merged:
        yield f"the tokenizer splits the marker {marker!r} otherwise behind {len(merged)} of {len(answers)} replies", merged
