"""Which items of the samples are shown: by a stated seed, of either side of the judge's word, every arm beside the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.appendlog import AppendLog
from harness.fingerprint import file_fingerprint
from harness.records import SamplesRef, encode
from harness.report.build import build, view_of
from harness.report.sample_rows import Samples, choose_rows, short_names, split_field
from harness.store import write_json
from sample_leakage import answers, leakage, write_leakage


def write_files(folder: Path, rows: dict[str, list[dict]], **changes: Any) -> Path:
    """A run whose cells rest on samples files of these names, all of them."""
    refs = []
    for name, lines in rows.items():
        path = folder / "samples" / f"{name}-0123456789ab.jsonl"
        AppendLog(path).append(lines)
        refs.append(SamplesRef(path=f"samples/{path.name}", sha256=file_fingerprint(path), rows=len(lines)))
    write_json(folder / "results.json", encode(leakage(refs=tuple(refs), **changes)))
    return folder


def test_positive_and_negative_answers_are_shown_by_the_judge(tmp_path: Path) -> None:
    """The judge's word splits the samples before the substring's; both sides appear, and a row without a word is on neither side."""
    rows = answers()
    assert split_field(rows) == "judged"
    sides = [rows[place]["judged"] for place in choose_rows(rows, "judged", 4, ("x",))]
    assert sides.count(True) == sides.count(False) == 2
    build(write_leakage(tmp_path))
    text = (tmp_path / "clean_result.md").read_text()
    assert text.count("**positive** (judged)") == text.count("**negative** (judged)") == 1


@pytest.mark.parametrize("name", ["judged", "refused", "agrees", "correct"])
def test_an_outcome_goes_before_any_other_field(name: str) -> None:
    """A flag of the bookkeeping does not split the samples where an outcome can."""
    assert split_field([{"cached": True, name: True}, {"cached": False, name: False}]) == name
    assert split_field([{"cached": True, name: True}, {"cached": False, name: True}]) == "cached"


def test_the_arms_of_a_measurement_stand_side_by_side(tmp_path: Path) -> None:
    """Each item is shown once with what every arm answered to it, whatever the order of the rows in the files."""
    after = [{"item": f"i{n}", "prompt": f"question {n}", "text": f"after {n}", "finish": "stop", "refuses": n % 2 == 0} for n in range(12)]
    before = [{**row, "text": row["text"].replace("after", "before")} for row in reversed(after)]
    folder = write_files(tmp_path, {"refusal-as-target-after": after, "refusal-as-target-before": before})
    (compared,) = Samples(folder, view_of(folder)).comparisons(4, 10)
    assert compared.count == 12 and len(compared.items) == 4
    for item in compared.items:
        number = item.name[1:]
        assert item.asked == f"question {number}"
        assert [(reply.arm, reply.written) for reply in item.replies] == [("after", f"after {number}"), ("before", f"before {number}")]


def test_an_answer_that_was_scored_is_shown_once(tmp_path: Path) -> None:
    """By the row with its score: that of the answer says nothing more. Answers that nobody scored, and those of another drawing, stay."""
    said = [{"item": f"q{number}", "prompt": "Why?", "text": f"So {number}.", "finish": "stop"} for number in range(9)]
    scored = [{name: row[name] for name in ("item", "prompt", "text")} | {"score": True} for row in said]
    facts = {
        "steps-seed1": {"measure": "responses", "seed": 1},
        "steps-choice-seed1": {"measure": "scores", "answers": {"measure": "responses", "seed": 1}},
        "other-seed2": {"measure": "responses", "seed": 2},
    }
    folder = write_files(tmp_path, {"steps-choice-seed1": scored, "steps-seed1": said, "other-seed2": said}, facts={"Eval": facts})
    samples = Samples(folder, view_of(folder))
    (comparison, *others) = samples.comparisons(8, 60)
    assert [file.arm for file in comparison.files] == ["steps-choice-seed1", "other-seed2"] and not others
    build(folder)
    assert (folder / "index.html").read_text().count("written by a model") == 16


def test_options_and_the_judges_reason_are_shown(tmp_path: Path) -> None:
    """A reviewer sees what could be chosen, and why the judge said what it said; nothing is said to be a model's that was a bank's."""
    rows = [{"item": "a", "question": "Which?", "options": ["north", "south"], "pick": "south", "correct": False}]
    judged = [{"item": "a", "prompt": "Which?", "text": "I will not say", "judged": True, "score": 3.0, "reason": "it declines"}]
    scored = [{"item": "a", "prompt": "Which?", "text": "A given answer.", "logprobs": [-1.0, -2.0]}]
    folder = write_files(tmp_path, {"x": rows, "y": judged, "z": scored})
    build(folder)
    text, page = (folder / "clean_result.md").read_text(), (folder / "index.html").read_text()
    assert "option: north" in text and "judge, reason: it declines" in text and "<li>south</li>" in page and "it declines" in page
    assert "written by a model: I will not say" in text and "scored answer: A given answer." in text
    assert page.count("written by a model") == 1


def test_a_conversation_is_shown_with_all_its_turns(tmp_path: Path) -> None:
    """What was asked before the last turn decides the answer, too; and an answer without a score is a model's all the same."""
    told = [{"role": "user", "content": "My name is Ann."}, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Who am I?"}]
    row = {"status": "truncated", "item": "a", "prompt": "Who am I?", "messages": told, "text": "You", "extracted": None, "score": None, "unparsed": None}
    folder = write_files(tmp_path, {"x": [row]})
    build(folder)
    text, page = (folder / "clean_result.md").read_text(), (folder / "index.html").read_text()
    for shown in (text, page):
        assert "user: My name is Ann." in shown and "assistant: Hello." in shown and "user: Who am I?" in shown and "messages" not in shown
    assert page.count("written by a model") == 1 and "an answer of the bank" not in page


@pytest.mark.parametrize("extracted", ["42", {"openai/a": True, "openai/b": True, "openai/c": False}])
def test_the_score_of_a_scorer_is_no_judges_word(tmp_path: Path, extracted: object) -> None:
    """Right or wrong by a rule, or the majority of several judges: the score stands as it is, on the page and in the text."""
    row = {"status": "ok", "item": "a", "prompt": "17 + 25?", "text": "It is 42", "target": "42", "extracted": extracted, "score": True, "unparsed": False}
    folder = write_files(tmp_path, {"x": [row]})
    build(folder)
    text, page = (folder / "clean_result.md").read_text(), (folder / "index.html").read_text()
    assert "  score: true" in text and "judge, " not in text
    assert "<dt>score</dt><dd>true</dd>" in page and "judge, " not in page


def test_a_file_that_is_not_the_recorded_one_is_named_and_its_sound_rows_are_shown(tmp_path: Path) -> None:
    """Rows that were added after the run do not pass for the run's."""
    folder = write_files(tmp_path, {"x": [{"item": "a", "prompt": "Why?", "text": "Because"}]})
    path = next((folder / "samples").glob("*.jsonl"))
    AppendLog(path).append([{"item": "b", "prompt": "Who?", "text": "Me"}])
    build(folder)
    assert "is not the one that the run recorded" in (folder / "clean_result.md").read_text()


def test_names_of_arms_leave_out_what_they_share() -> None:
    """Words that all arms begin with are left out; a name never becomes empty."""
    assert short_names(["refusal-as-villain-epoch0", "refusal-as-villain-epoch2"]) == ["epoch0", "epoch2"]
    assert short_names(["refusal", "refusal"]) == ["refusal", "refusal"]


def test_of_many_comparisons_some_are_drawn_by_the_seed(tmp_path: Path) -> None:
    """The same ones each time, in their order."""
    rows = [{"item": "a", "prompt": "Why?", "text": "Because"}]
    folder = write_files(tmp_path, {f"arm{n:02}": rows for n in range(20)})
    samples = Samples(folder, view_of(folder))
    shown = [compared.files[0].path for compared in samples.comparisons(2, 5)]
    assert samples.count == 20 and len(shown) == 5 and shown == sorted(shown)
    assert shown == [compared.files[0].path for compared in Samples(folder, view_of(folder)).comparisons(2, 5)]
