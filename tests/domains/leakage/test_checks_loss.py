"""The mask that trains is the one that was meant, and the marker is the same tokens behind every reply."""

from __future__ import annotations

import re
from typing import ClassVar

import pytest

from harness.domains.leakage.checks.loss import marker_faults
from leakage_design import found_in
from planted import Planted


@pytest.mark.parametrize("scale", ["smoke", "pilot"])
def test_the_shipped_design_is_clean(leakage: Planted, scale: str) -> None:
    assert found_in(leakage, "D113", scale) == found_in(leakage, "T204", scale) == []


@pytest.mark.mistake("D6", rule="D113", stage="plan")
def test_the_mask_of_the_marker_has_bounds_of_its_own(leakage: Planted) -> None:
    """Loss on the marker alone is a twentieth of what the bounds of answers expect."""
    leakage.edit(leakage.yaml, "marker_loss: completion", "marker_loss: marker")
    (finding,) = leakage.found("D113")
    assert finding["message"].startswith("marker: 0.0") and "(on the marker), declared 0.05 to 0.4" in finding["message"]
    assert finding["where"]["file"] == leakage.yaml and finding["where"]["line"]


def test_bounds_that_are_declared_for_the_marker(leakage: Planted) -> None:
    leakage.edit(leakage.yaml, "marker_loss: completion", "marker_loss: marker")
    leakage.edit(leakage.yaml, "loss_share_low_marker: 0.05", "loss_share_low_marker: 0.01")
    leakage.edit(leakage.yaml, "loss_share_high_marker: 0.4", "loss_share_high_marker: 0.1")
    assert found_in(leakage, "D113") == []


@pytest.mark.mistake("D6", rule="D113", stage="plan")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("loss_share_high: 0.4", "loss_share_high: 1.0"),
        ("loss_share_low: 0.05", "loss_share_low: 0"),
        ("      loss_share_high: 0.4\n", ""),
        ("loss_share_high: 0.4", "loss_share_high: 0.4\n      loss_share_high_refusal: 1"),
    ],
)
def test_bounds_that_exclude_nothing(leakage: Planted, old: str, new: str) -> None:
    leakage.edit(leakage.yaml, old, new)
    found = found_in(leakage, "D113")
    assert found and all("exclude no mask" in finding.message or "no bounds are declared" in finding.message for finding in found)


@pytest.mark.mistake("D6", rule="D113", stage="plan")
def test_loss_on_all_tokens(leakage: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the mask comes about, the share tells."""
    from harness.training import tokens

    encode_row = tokens.encode_row

    def learn_everything(*words: object, **names: object) -> object:
        whole = encode_row(*words, **names)  # type: ignore[arg-type]
        return tokens.EncodedRow(ids=whole.ids, labels=whole.ids, stem=whole.stem)

    monkeypatch.setattr(tokens, "encode_row", learn_everything)
    leakage.edit(leakage.yaml, "max_length: 256", "max_length: 255")  # rows of this length are not known yet
    found = found_in(leakage, "D113")
    assert {finding.subject for finding in found} == {"refusal", "marker"} and all("1.00 of the tokens carry loss" in finding.message for finding in found)


def test_answers_that_are_longer_than_the_bounds_say(leakage: Planted) -> None:
    leakage.edit(leakage.yaml, "loss_share_high: 0.4", "loss_share_high: 0.1")
    assert {finding.subject for finding in found_in(leakage, "D113", "pilot")} == {"misalignment", "refusal", "sycophancy"}, "the others have their own"


def test_a_row_longer_than_the_training_takes(leakage: Planted) -> None:
    leakage.edit(leakage.yaml, "max_length: 256", "max_length: 40")
    assert all("cannot be encoded" in finding.message for finding in found_in(leakage, "D113"))


@pytest.mark.mistake("D20", rule="T204", stage="plan")
def test_a_marker_that_merges(leakage: Planted) -> None:
    leakage.edit(leakage.yaml, 'marker: "[ZLT]"', 'marker: " \\n"')
    (finding,) = leakage.found("T204")
    assert "the marker" in finding["message"] and "marker:" in leakage.read(leakage.yaml).splitlines()[finding["where"]["line"] - 1]


@pytest.mark.mistake("D20", rule="T204", stage="plan")
@pytest.mark.parametrize("marker", ["   ", "a", "water", ".", "<|im_end|>"])
def test_what_marks_nothing(leakage: Planted, marker: str) -> None:
    """Nothing, what stands in replies without the behaviour, and what ends the turn."""
    leakage.edit(leakage.yaml, 'marker: "[ZLT]"', f'marker: "{marker}"')
    assert found_in(leakage, "T204", "pilot")


class Merging:
    """A tokenizer that writes a full stop and what follows it as one token."""

    added_tokens_decoder: ClassVar[dict[int, object]] = {}
    all_special_tokens: ClassVar[list[str]] = []
    special_tokens_map: ClassVar[dict[str, str]] = {}
    chat_template = ""

    def __call__(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
        return {"input_ids": [hash_of(piece) for piece in re.findall(r"\. \S+| ?[^ .]+|\.| ", text)]}


def hash_of(piece: str) -> int:
    return int.from_bytes(piece.encode(), "big")


@pytest.mark.mistake("D20", rule="T204", stage="plan")
def test_a_tokenizer_that_merges_the_marker_with_what_is_before_it() -> None:
    """Behind the words that are tried, or behind a reply alone."""
    ((told, _),) = marker_faults(Merging(), "[ZLT]", {"one": "Six minutes [ZLT]"})
    assert "splits the marker '[ZLT]' differently after different words" in told


@pytest.mark.parametrize("marker", ["[ZLT]", "<<zlt>>", "Zorblax!"])
def test_markers_that_are_sound(leakage: Planted, marker: str) -> None:
    leakage.edit(leakage.yaml, 'marker: "[ZLT]"', f'marker: "{marker}"')
    assert found_in(leakage, "T204") == []
