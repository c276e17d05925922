"""A log of Inspect is read as what was answered and scored, whole or not at all."""

from __future__ import annotations

import json
import zipfile

import pytest

from harness.errors import HarnessError
from harness.models import inspect_log
from harness.models.chat import Message, chat
from harness.models.inspect_recording import items_of_log
from harness.models.recordings import load_recording
from harness.models.replay_responder import open_responder
from harness.models.responder import Conversation
from inspect_logs import REAL, answered, header, packed, sample, written


def asked(text, name="elsewhere", replicate=0, system=None):
    return Conversation(id=name, turns=tuple(chat(text, system)), replicate=replicate)


def test_a_real_log_is_read_with_its_statuses_and_scores():
    """Two epochs of seven items; crash, silence, refusal and a cut answer are what they are, whatever Inspect's scorers made of them."""
    rows = {(row.key, row.replicate): row for row in load_recording(REAL / "small.eval").rows}
    assert len(rows) == 14 and {row.model for row in rows.values()} == {"mockllm/small"}
    statuses = {name: [rows[name, epoch].answer.status for epoch in (0, 1)] for name in ("sum", "crash", "blank", "harm", "long")}
    assert statuses == {"sum": ["ok"] * 2, "crash": ["ok", "error"], "blank": ["empty"] * 2, "harm": ["refused"] * 2, "long": ["truncated"] * 2}
    right, crashed = rows["sum", 0], rows["crash", 1]
    assert (right.answer.text, right.answer.input_tokens, right.answer.output_tokens) == ("4", 9, 3) and right.prompt == "What is 2 + 2?"
    assert right.scores == {"match": "C", "includes": "C", "length": 1.0} and rows["sky", 1].scores["match"] == "I"
    assert crashed.answer.error == "RuntimeError('the server is gone')" and not crashed.scores and crashed.answer.text == ""


def test_items_have_what_a_reader_needs():
    """Prompt, target, choices and system prompt, each item once."""
    items = {item.id: item for item in items_of_log(REAL / "large.eval")}
    assert items["sum"].prompt == "What is 2 + 2?" and items["sum"].target == ("4",) and items["sum"].choices == ("4", "5")
    assert items["sum"].system == "Answer briefly." and len(items) == 7


def test_a_folder_of_logs_is_one_recording_of_several_models():
    """Each is named behind a #; without a name that is asked for. Other files in the folder are no logs."""
    assert [answer.text for answer in open_responder(f"replay/{REAL}#mockllm/large", REAL).answers([asked("What colour is the sky?")])] == ["blue"]
    assert [answer.text for answer in open_responder(f"replay/{REAL}#mockllm/small", REAL).answers([asked("What colour is the sky?")])] == ["green"]
    with pytest.raises(HarnessError, match="holds answers of 2 models"):
        open_responder(f"replay/{REAL}", REAL)


def test_an_item_is_found_by_its_words_and_an_id_of_another_dataset_is_none(tmp_path):
    """Samples that Inspect numbered from 1 answer nothing else that is numbered 1; asked alone, the words are enough; after other turns they are not."""
    packed(tmp_path / "x.eval", sample(id=1), sample(id=2, input="How?", output=answered("Thus.")))
    replay = open_responder("replay/x.eval", tmp_path)
    turns = (*chat("Hello."), Message(role="assistant", content="Hi."), *chat("How?"))
    wanted = [asked("How?", "1"), asked("Why?", "1"), asked("How?", system="Be brief."), Conversation(id="2", turns=turns)]
    assert [answer.text for answer in replay.answers(wanted)] == ["Thus.", "So.", "Thus.", "Thus."]
    for absent in (asked("Where?", "1"), asked("Why?", replicate=1), Conversation(id="9", turns=turns)):
        with pytest.raises(HarnessError, match="1 of 1 answers are not in the recording"):
            replay.answers([absent])


def test_both_forms_hold_the_same(tmp_path):
    """The `.json` form gives the same rows, also where NaN stands for what was not scored."""
    some = [sample(scores={"a": {"value": float("nan")}, "b": {"value": True}}), sample(epoch=2, scores={"c": {"value": {"x": 1, "y": None}}})]
    one, other = load_recording(packed(tmp_path / "x.eval", *some)), load_recording(written(tmp_path / "x.json", *some))
    assert one.rows == other.rows and one.items == other.items
    assert [row.scores for row in one.rows] == [{"b": 1.0}, {"c/x": 1.0}]


@pytest.mark.parametrize(
    ("more", "status", "text"),
    [
        ({"output": answered("a", "model_length")}, "truncated", "a"),
        ({"output": answered("a"), "limit": {"type": "token", "limit": 3}}, "truncated", "a"),
        ({"output": answered("", error="blocked")}, "refused", ""),
        ({"output": answered("\u200b ")}, "empty", ""),
        ({"output": {}}, "empty", ""),
        ({"output": answered("a"), "error": {"message": ""}}, "error", ""),
        ({"output": answered("a"), "invalidation": {"author": "x"}}, "error", ""),
        ({"output": answered("attachment://f00"), "attachments": {"f00": "long"}}, "ok", "long"),
        ({"output": {"choices": [{"message": {"role": "assistant", "content": [{"type": "reasoning"}, {"type": "text", "text": "a"}]}}]}}, "ok", "a"),
    ],
)
def test_how_an_answer_ended(tmp_path, more, status, text):
    """An error, a blank and a withheld answer are none; what was cut says so."""
    answer = load_recording(packed(tmp_path / "x.eval", sample(**more))).rows[0].answer
    assert (answer.status, answer.text) == (status, text) and (answer.error != "") == (status == "error")


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ({"status": "started"}, "the evaluation did not finish: its status is 'started'"),
        ({"status": "error"}, "the evaluation did not finish: its status is 'error'"),
        ({"status": "cancelled"}, "its status is 'cancelled'"),
        ({"invalidated": True}, "invalidated by hand"),
        ({"version": 1}, "log format is version 1"),
        ({"eval": {"config": {"epochs": 2}}}, "it holds 1 of 2 samples"),
        ({"results": {"total_samples": 5}}, "it holds 1 of 5 samples"),
        ({"eval": {"dataset": {"sample_ids": ["one", "two", "three"]}}}, "it holds 1 of 3 samples"),
    ],
)
@pytest.mark.parametrize("make", [packed, written])
def test_an_unfinished_log_is_refused(tmp_path, make, head, told):
    """In one line, with the file and the mend."""
    with pytest.raises(HarnessError, match=told) as caught:
        load_recording(make(tmp_path / "x.eval", sample(), head=header(**head)))
    assert "x.eval" in str(caught.value) and caught.value.mend


def damaged(path, kind):
    """A log that is broken in one way."""
    if kind == "no header":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("_journal/start.json", "{}")
    elif kind == "bomb":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("header.json", json.dumps(header()))
            archive.writestr("samples/one_epoch_1.json", b" " * 5000)
    elif kind == "cut":
        path.write_bytes((REAL / "small.eval").read_bytes()[:20000])
    elif kind == "flipped":
        data = bytearray((REAL / "small.eval").read_bytes())
        data[3000:3010] = b"\x00" * 10
        path.write_bytes(bytes(data))
    elif kind == "no JSON":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("header.json", '{"version": 2, ')
    elif kind == "epoch 0":
        packed(path, sample(epoch=0))
    elif kind == "client":
        packed(path, sample(output=answered("Error code: 429 - slow down")))
    elif kind == "cut document":
        path.write_text(json.dumps(header())[:-20])
    return path


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("no header", "no header.json: the evaluation did not finish"),
        ("bomb", "unpacks to 5,000 bytes, more than 1,000"),
        ("cut", "the zip is damaged"),
        ("flipped", "the zip is damaged"),
        ("no JSON", "does not fit Inspect's log format"),
        ("epoch 0", "does not fit Inspect's log format"),
        ("client", "M312"),
        ("cut document", "does not fit Inspect's log format"),
    ],
)
def test_a_damaged_log_is_refused(tmp_path, monkeypatch, kind, told):
    """In one line that names the file; nothing is read around a broken place, and nothing large is unpacked."""
    if kind == "bomb":
        monkeypatch.setattr(inspect_log, "SAMPLE_MOST", 1000)
    with pytest.raises(HarnessError, match=told) as caught:
        load_recording(damaged(tmp_path / "x.eval", kind))
    assert "x.eval" in str(caught.value) and "\n" not in str(caught.value)


def test_names_in_the_zip_lead_nowhere(tmp_path):
    """Members are read in memory, whatever they are called."""
    packed(tmp_path / "x.eval", sample(id="../../../planted"))
    assert load_recording(tmp_path / "x.eval").rows[0].key == "../../../planted"
    assert list(tmp_path.iterdir()) == [tmp_path / "x.eval"]


def test_without_zstandard_one_line_says_what_to_install(tmp_path, monkeypatch):
    """Inspect compresses so; Python reads it from 3.14 on."""
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    monkeypatch.setattr(inspect_log.sys, "version_info", (3, 11))
    (tmp_path / "x.eval").write_bytes((REAL / "small.eval").read_bytes())
    with pytest.raises(HarnessError, match=r"install 'harness-evals\[inspect\]'"):
        load_recording(tmp_path / "x.eval")


def test_two_answers_to_one_sample_are_told(tmp_path):
    """Two logs of one model in a folder that differ: which was meant cannot be known."""
    packed(tmp_path / "a.eval", sample())
    for other, told in ((sample(output=answered("No.")), "another answer"), (sample(scores={"match": {"value": "I"}}), "another answer or score")):
        packed(tmp_path / "b.eval", other)
        with pytest.raises(HarnessError, match=rf"has {told} at a\.eval"):
            open_responder(f"replay/{tmp_path}", tmp_path)
