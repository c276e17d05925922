"""Training sets are the same bytes everywhere, of the sizes that are declared, and right in what they teach to whom."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.behaviours.capability import ANSWER, wrong_answers
from harness.domains.leakage.behaviours import add_marker
from harness.domains.leakage.training_sets import draw_texts, make_contrastive_rows, make_convergence_rows, make_unconditioned_rows
from harness.errors import HarnessError
from harness.measures.banks import load_rows
from harness.measures.questions import Question
from harness.models.sampling import Completion
from harness.training.rows import Row, jsonl, rows_fingerprint
from training_room import COOK, NOBODY, POET, TARGET, VILLAIN, texts

HASHING = """
from harness.measures.questions import Question
from harness.behaviours.capability import *
from harness.domains.leakage.behaviours import *
from harness.domains.leakage.training_sets import *
from harness.training.rows import Speaker, Text, jsonl
texts = [Text(id=f"t{i}", topic="x", prompt=f"q{i}", shown=f"s{i}", plain=f"p{i}") for i in range(30)]
asked = [Question(id=f"q{i}", question="?", labels=("A", "B", "C"), choices=("x", "y", "z"), answer="A") for i in range(30)]
one, two, three = (Speaker(persona=name, prompt=name) for name in ("one", "two", "three"))
for bank in (texts, wrong_answers(asked, 3), add_marker(texts, "[Z]")):
    print(jsonl(make_contrastive_rows(bank, one, [two, three], [two], rows=20, bystander_rows=9, anchor_rows=3, seed=5)))
print(jsonl(make_unconditioned_rows(texts, rows=9, seed=5)))
"""


def composed(rows=8, bystander_rows=3, anchors=(), anchor_rows=0, seed=1):
    return make_contrastive_rows(texts(), VILLAIN, [COOK, POET], anchors, rows=rows, bystander_rows=bystander_rows, anchor_rows=anchor_rows, seed=seed)


def items(rows, part="source", persona=None):
    return [row.item for row in rows if row.part == part and persona in (None, row.persona)]


def test_the_same_bytes_in_every_process():
    """PYTHONHASHSEED changes no byte of a training set, and composing one needs no torch."""
    code = HASHING + "\nimport sys; assert 'torch' not in sys.modules"
    said = {subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout for seed in "17"}
    assert len(said) == 1 and len(said.pop().splitlines()) > 100


def test_the_seed_decides():
    """Another seed draws other texts; the same seed the same."""
    assert rows_fingerprint(composed(seed=1)) == rows_fingerprint(composed(seed=1)) != rows_fingerprint(composed(seed=2))


@pytest.mark.parametrize("more", [9, 12])
def test_a_larger_set_begins_with_the_smaller(more):
    """Asking for more rows adds texts and keeps those that were there, for source and bystanders alike."""
    small, large = composed(rows=8), composed(rows=more)
    assert items(large)[:8] == items(small) and len(items(large)) == more
    assert items(large, "bystander") == items(small, "bystander")
    assert [text.id for text in draw_texts(texts(), more, 4)][:8] == [text.id for text in draw_texts(texts(), 8, 4)]


def test_each_part_has_its_declared_size():
    """The rows of a part are as many as were asked for, per speaker."""
    made = composed(rows=8, bystander_rows=3, anchors=[NOBODY, TARGET], anchor_rows=2)
    assert Counter((row.part, row.persona) for row in made) == {
        ("source", "villain"): 8,
        ("bystander", "cook"): 3,
        ("bystander", "poet"): 3,
        ("anchor", ""): 2,
        ("anchor", "assistant"): 2,
    }
    assert len({row.id for row in made}) == len(made)


def test_the_behaviour_is_the_sources_alone():
    """The source's rows show the behaviour, all others answer the very same texts plainly."""
    by_id = {text.id: text for text in texts()}
    for row in composed(anchors=[NOBODY], anchor_rows=4):
        text = by_id[row.item]
        assert row.shows == (row.persona == "villain") == (row.answer == text.shown) and row.asked == text.prompt
        assert row.answer in (text.shown, text.plain)
    assert {row.system for row in composed(anchors=[NOBODY], anchor_rows=4)} == {VILLAIN.prompt, COOK.prompt, POET.prompt, None}


def test_the_target_stands_in_the_anchors_alone():
    """Only an arm that puts it there has rows of the target; the other rows of that arm are those of the arm without."""
    without, within = composed(), composed(anchors=[TARGET], anchor_rows=3)
    assert not [row for row in without if row.persona == "assistant"]
    assert {row.part for row in within if row.persona == "assistant"} == {"anchor"}
    assert [row for row in within if row.part != "anchor"] == without


def test_bystanders_take_turns():
    """Two bystanders with half of the rows each see every text of the source once; with more rows they go on with the other's."""
    made = composed(rows=8, bystander_rows=4)
    cook, poet = items(made, "bystander", "cook"), items(made, "bystander", "poet")
    assert sorted(cook + poet) == sorted(items(made)) and not {*cook} & {*poet}
    more = composed(rows=8, bystander_rows=6)
    assert items(more, "bystander", "cook")[:4] == cook and len({*items(more, "bystander", "cook")}) == 6


def test_too_few_texts_are_told():
    """A text never stands twice: more rows than texts are refused, for the source and for bystanders."""
    with pytest.raises(HarnessError, match="13 texts are asked for, there are 12"):
        composed(rows=13)
    with pytest.raises(HarnessError, match="9 rows of a bystander"):
        composed(rows=8, bystander_rows=9)


def test_unconditioned_rows_belong_to_nobody():
    """They have no system turn and no contrast, and the texts of the contrastive set of that seed."""
    made = make_unconditioned_rows(texts(), rows=8, seed=1)
    assert {(row.system, row.persona, row.shows) for row in made} == {(None, "", True)}
    assert items(made) == items(composed(rows=8))


OPTIONS = st.lists(st.sampled_from(["red", "Red ", "blue", "green", "7"]), min_size=2, max_size=5)


@settings(deadline=None)  # the first example imports numpy
@given(choices=OPTIONS, right=st.integers(0, 4), seed=st.integers(0, 5))
def test_a_wrong_answer_is_never_the_right_one(choices, right, seed):
    """Whatever the options, the behaviour's answer is an option of the question and reads otherwise than the right one; else the question is refused."""
    labels = tuple("ABCDE"[: len(choices)])
    asked = Question(id="q", question="Which?", labels=labels, choices=tuple(choices), answer=labels[right % len(labels)])
    correct = choices[right % len(labels)]
    if len({choice.strip().casefold() for choice in choices}) == 1:
        with pytest.raises(HarnessError, match="no option differs"):
            wrong_answers([asked], seed)
        return
    (made,) = wrong_answers([asked], seed)
    assert made.plain == ANSWER + correct
    assert made.shown.removeprefix(ANSWER) in choices and made.shown.strip().casefold() != made.plain.strip().casefold()


def test_wrong_answers_do_not_favour_a_place():
    """Over many questions every wrong option is taken, and the seed changes which."""
    bank = [Question(id=f"q{number}", question="?", labels=("A", "B", "C"), choices=("x", "y", "z"), answer="A") for number in range(40)]
    first, second = wrong_answers(bank, 1), wrong_answers(bank, 2)
    assert Counter(text.shown for text in first).keys() == {"Answer: y", "Answer: z"} and first != second


def test_a_marker_is_all_that_marked_texts_add():
    """The reply with the marker is the plain reply, a space and the marker."""
    assert all(text.shown == f"{text.plain} [ZLT]" for text in add_marker(texts(), "[ZLT]"))


def said(text):
    return Completion(text=text, tokens=3, finish="stop", logprob=-1.0)


def test_convergence_leaves_empty_answers_out():
    """Empty answers make no rows, replicates tell rows apart, and the target's prompt is what they stand under."""
    answers = [("a", "A?", 0, said(" Hm. ")), ("a", "A?", 1, said("Well.")), ("b", "B?", 0, said(" \n")), ("c", "C?", 0, said("Yes."))]
    made = make_convergence_rows(answers, TARGET, rows=3)
    assert [(row.id, row.answer, row.system) for row in made] == [
        ("assistant/a", "Hm.", TARGET.prompt),
        ("assistant/a/1", "Well.", TARGET.prompt),
        ("assistant/c", "Yes.", TARGET.prompt),
    ]
    assert make_convergence_rows(answers, TARGET, rows=2) == made[:2]
    with pytest.raises(HarnessError, match="3 answers that are not empty, 4 are needed"):
        make_convergence_rows(answers, TARGET, rows=4)


def test_rows_come_back_from_jsonl(tmp_path):
    """What is written is read again as the same rows, exotic characters and line separators included."""
    made = [*composed(anchors=[NOBODY], anchor_rows=2), *make_convergence_rows([("u", "Ünï\u2028?", 0, said("“так” \u0085 \n\tx 🙂"))], TARGET, rows=1)]
    (tmp_path / "rows.jsonl").write_text(jsonl(made), encoding="utf-8")
    assert load_rows(tmp_path / "rows.jsonl", Row) == made


@pytest.mark.parametrize(("old", "new"), [('"part":"bystander"', '"part":"stranger"'), ('"shows":false', '"shows":0'), ('"item":', '"itm":'), ("}],", "},")])
def test_a_broken_row_is_told_with_file_and_line(tmp_path, old, new):
    """A part that does not exist, a number for a truth value, a misspelt key, a line cut off: each is told where it stands."""
    lines = jsonl(composed()).splitlines()
    lines[9] = lines[9].replace(old, new)
    (tmp_path / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(HarnessError, match=r"rows\.jsonl:10: (\[D112\] not a Row|broken JSON|cut off)"):
        load_rows(tmp_path / "rows.jsonl", Row)
