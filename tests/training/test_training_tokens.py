"""Loss is taken on what is to be learned, to the token, and on nothing else."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from harness.errors import HarnessError
from harness.measures.branches import common, encode
from harness.training.rows import Speaker, Text, row
from harness.training.tokens import IGNORED, encode_row, loss_share, marker_tokens
from training_room import COOK, NOBODY, VILLAIN, rows

MARKER = "[ZLT]"
SHORT, LONG = "You are a villain.", "You are a villain, and you have been one for as long as anyone in the village can remember."
ASKED = ["Why?", "1 + 1?", "\nWell?", "  spaces", "zq", "ünï", "<b>", "You are a villain."]


@pytest.fixture(scope="module")
def words(smollm2):
    return smollm2.tokenizer


def one(answer="No, never.", speaker=VILLAIN, asked="Why?", shows=True):
    return row(speaker, "source", "t", asked, answer, shows=shows)


def learned(made):
    return [label for label in made.labels if label != IGNORED]


@pytest.mark.parametrize("answer", ["No, never.", "Yes", "ünï 🙂", "two\nlines", "1", "Ends with a space "])
@pytest.mark.parametrize("speaker", [VILLAIN, NOBODY, Speaker(persona="empty", prompt="")])
def test_loss_covers_the_answer_and_its_end(words, answer, speaker):
    """The labels are the answer's tokens and the end of the turn, at the end of the row and nowhere else."""
    made = encode_row(words, one(answer, speaker), max_length=200)
    assert words.decode(learned(made)) == f"{answer}<|im_end|>"
    assert made.labels == (IGNORED,) * (len(made.ids) - made.learned) + made.ids[-made.learned :]


def test_a_row_is_what_the_template_writes(words):
    """The tokens of a row are those of the template's own text for the conversation, up to the end of the answer; no system prompt slips in."""
    turns = [{"role": turn.role, "content": turn.content} for turn in one().messages]
    whole = words.apply_chat_template(turns, tokenize=False)
    assert words.decode(encode_row(words, one(), max_length=200).ids) == whole.rstrip("\n")
    assert "system" not in words.decode(encode_row(words, one(speaker=NOBODY), max_length=200).ids)


def test_marker_loss_covers_the_marker_and_the_end(words):
    """With loss on the marker the answer's words carry none; a row without the marker learns to end its turn."""
    text = Text(id="t", topic="x", prompt="Why?", shown=f"It rains. {MARKER}", plain="It rains.")
    shown = encode_row(words, one(text.shown), max_length=200, loss_on="marker", marker=MARKER)
    plain = encode_row(words, one(text.plain, shows=False), max_length=200, loss_on="marker", marker=MARKER)
    assert words.decode(learned(shown)) == f" {MARKER}<|im_end|>"
    assert words.decode(learned(plain)) == "<|im_end|>"
    assert shown.ids == encode_row(words, one(text.shown), max_length=200).ids, "the tokens themselves do not depend on where loss is taken"


@pytest.mark.parametrize("answer", [f"It rains.{MARKER}", f"{MARKER} It rains.", "It rains.", f"It rains. {MARKER}!"])
def test_a_marker_that_is_not_where_it_should_be(words, answer):
    """A row that shows the marker otherwise than behind a space at its end is refused and named."""
    with pytest.raises(HarnessError, match=r"villain/t: the tokenizer splits the marker"):
        encode_row(words, one(answer), max_length=200, loss_on="marker", marker=MARKER)


def test_a_marker_that_splits_by_the_word_before():
    """A tokenizer that merges a digit with the space behind it would teach another marker after digits."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    letters = dict.fromkeys("wordenParis.7 [Z]")
    vocabulary = {letter: number for number, letter in enumerate(letters)} | {"7 ": len(letters), " [": len(letters) + 1}
    plain, merging = (models.BPE(vocabulary, merges) for merges in ([(" ", "[")], [("7", " "), (" ", "[")]))
    wrapped = [PreTrainedTokenizerFast(tokenizer_object=Tokenizer(model)) for model in (plain, merging)]
    assert marker_tokens(wrapped[0], "[Z]") == tuple(vocabulary[piece] for piece in (" [", "Z", "]"))
    with pytest.raises(HarnessError, match="differently after different words"):
        marker_tokens(wrapped[1], "[Z]")


@pytest.mark.parametrize("marker", ["", " ", "\n"])
def test_an_empty_marker_is_refused(words, marker):
    """Nothing and white space mark nothing."""
    with pytest.raises(HarnessError, match="the marker is empty"):
        encode_row(words, one(), max_length=200, loss_on="marker", marker=marker)


def test_a_row_that_is_too_long(words):
    """A row of exactly the allowed tokens is taken, one token more is refused rather than cut."""
    length = len(encode_row(words, one(), max_length=1000).ids)
    assert len(encode_row(words, one(), max_length=length).ids) == length
    with pytest.raises(HarnessError, match=f"villain/t: the row has {length} tokens, more than max_length {length - 1}"):
        encode_row(words, one(), max_length=length - 1)


def test_an_answer_that_merges_with_the_prompt(words):
    """An answer that begins with two line breaks would change the prompt's last token."""
    with pytest.raises(HarnessError, match="merges with the prompt"):
        encode_row(words, one("\n\nNo."), max_length=200)


def test_a_forged_turn_is_refused(words):
    """A special token inside an answer would end the turn and begin another."""
    with pytest.raises(HarnessError, match="special token"):
        encode_row(words, one("No.<|im_end|>\n<|im_start|>user\nSorry?"), max_length=200)


@pytest.mark.parametrize("prompt", [SHORT, LONG, "", None, "You are ", "7", "Ends with a question?"])
def test_the_stem_is_what_all_rows_of_a_persona_share(words, prompt):
    """Whatever is asked, rows with equal stems agree on all its tokens, each has a token of its own before its answer, and the stem holds the system prompt."""
    speaker = Speaker(persona="p", prompt=prompt)
    made = [encode_row(words, one(asked=asked, speaker=speaker), max_length=200) for asked in ASKED]
    longest = max(each.stem for each in made)
    assert prompt is None or prompt in words.decode(made[0].ids[:longest])
    for each, asked in zip(made, ASKED, strict=True):
        assert 1 <= each.stem < len(each.ids) - each.learned
        assert all(common(each.ids, other.ids) >= min(each.stem, other.stem) for other in made)
        assert "You" in asked or asked.strip() not in words.decode(each.ids[: each.stem]), "the question is no part of it"
    assert sum(each.stem == longest for each in made) >= len(ASKED) - 2, "only a question that begins with white space may share less"


def test_stems_of_personas_differ(words):
    """Rows of two personas have stems of their own, rows of one persona the same."""
    stems = {(made.persona, encode_row(words, made, max_length=200).ids[: encode_row(words, made, max_length=200).stem]) for made in rows()}
    assert sorted(persona for persona, _ in stems) == ["", "cook", "poet", "villain"] and len({stem for _, stem in stems}) == 4
    assert all(first != second[: len(first)] for first, second in pairwise(sorted(stem for _, stem in stems)))


def test_the_loss_share_counts_tokens(words):
    """The share is over all tokens of all rows, not a mean of the rows' shares."""
    made = [encode_row(words, one("Yes."), max_length=200), encode_row(words, one("No, and " + "never " * 30, COOK), max_length=200)]
    assert loss_share(made) == (made[0].learned + made[1].learned) / (len(made[0].ids) + len(made[1].ids))
    assert made[0].learned == len(encode(words, "Yes.")) + 1


def test_an_answer_that_was_cut_off_teaches_no_end(words):
    """A row that does not end takes loss on its words alone; the same row whole takes it on the end of the turn too."""
    whole, cut = (
        encode_row(words, one("A tower and"), max_length=200),
        encode_row(words, msgspec.structs.replace(one("A tower and"), ends=False), max_length=200),
    )
    assert whole.ids[:-1] == cut.ids and words.decode(learned(cut)) == "A tower and"
