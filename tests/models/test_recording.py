"""A recording answers what it holds, says what it does not, and is read whole or refused with the place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from growing import times_as_long
from harness.appendlog import sealed_line
from harness.errors import HarnessError
from harness.models.chat import Message, chat
from harness.models.recording import error_share
from harness.models.recordings import load_recording
from harness.models.replay_responder import PREFIX, open_responder
from harness.models.responder import Conversation
from harness.opened_files import opened_files

LEVEL1 = Path(__file__).parents[3] / "shared" / "data" / "convergence" / "level1_results_20250817_231441.json"
ROW = {
    "item": "t-1", "replicate": 0, "prompt": "Why?", "text": "Because.", "status": "ok", "finish": "stop", "model": "m", "input_tokens": 3,
    "output_tokens": 2, "usd": 0.01, "latency_s": 0.5, "cached": False, "error": "",
}  # fmt: skip
PUBLIC = {"model_id": "a/one", "capability": "truthfulness", "prompt_text": "Why?", "response_text": "So.", "api_cost": 0.1, "processing_time": 2.5}


def recorded(path, *rows):
    """A samples file; a row that is a string stands there as it is."""
    path.write_text("".join(row if isinstance(row, str) else sealed_line(row) for row in rows))
    return path


def published(path, *rows):
    path.write_text(json.dumps({"total": len(rows), "responses": list(rows)}, indent=1))
    return path


def without(row, column):
    return {key: value for key, value in row.items() if key != column}


def test_order_and_progress_are_the_callers(tmp_path):
    """Answers stand in the order asked for, whatever the file's; the group is sorted; `tick` hears that all are done."""
    recorded(tmp_path / "r.jsonl", *(ROW | {"item": name, "text": name} for name in "bca"))
    heard, wanted = [], [Conversation(id=name, turns=tuple(chat("Why?"))) for name in "cab"]
    replay = open_responder(f"{PREFIX}r.jsonl", tmp_path)
    assert [answer.text for answer in replay.answers(wanted, lambda done, total: heard.append((done, total)))] == ["c", "a", "b"]
    assert [[one.id for one in group] for group in replay.groups(wanted)] == [["a", "b", "c"]] and heard == [(3, 3)] and replay.groups([]) == []


def test_what_is_missing_is_counted_and_never_made_up(tmp_path):
    """Two of three are not there; the first is named with its replicate and its words."""
    recorded(tmp_path / "r.jsonl", ROW)
    wanted = [Conversation(id="t-1", turns=tuple(chat("Why?")), replicate=n) for n in (0, 1)] + [Conversation(id="t-2", turns=tuple(chat("How?")))]
    with pytest.raises(HarnessError, match=r"r\.jsonl#m: 2 of 3 answers are not in the recording; the first: t-1, replicate 1 \('Why\?'\)"):
        open_responder("replay/r.jsonl", tmp_path).answers(wanted)


def test_a_recording_in_memory_is_an_input_of_the_cell_that_asks_for_it(tmp_path):
    """Whoever read it first: a rule of the design, say, for which no cell rests on it."""
    path = recorded(tmp_path / "r.jsonl", ROW)
    with opened_files.computing_facts():
        load_recording(path)
    assert str(path) not in opened_files.seen["cells"]
    with opened_files.during("cells"):
        load_recording(path)
    assert str(path) in opened_files.seen["cells"]


def test_content_and_model_are_the_identity(tmp_path):
    """A copy elsewhere is the same; another answer or another model of the file is not."""
    (tmp_path / "sub").mkdir()
    two = [PUBLIC, PUBLIC | {"model_id": "a/two"}]
    first = open_responder(f"replay/{published(tmp_path / 'a.json', *two)}#a/one", tmp_path).describe()
    assert first == open_responder(f"replay/{published(tmp_path / 'sub' / 'b.json', *two)}#a/one", Path("/nowhere")).describe()
    assert first != open_responder("replay/a.json#a/two", tmp_path).describe()
    published(tmp_path / "a.json", PUBLIC | {"response_text": "No."}, two[1])
    assert first["recording"] != open_responder("replay/a.json#a/one", tmp_path).describe()["recording"]


def test_errors_of_the_public_form_are_no_answers(tmp_path):
    """ERROR: is an error with its message kept apart, a blank text is empty, and prompts pair by their words."""
    texts = {"a?": "ERROR: API error -\n Error code: 400", "b?": " \n", "c?": "Fine."}
    published(tmp_path / "p.json", *(PUBLIC | {"prompt_text": prompt, "response_text": text} for prompt, text in texts.items()))
    replay = open_responder("replay/p.json", tmp_path)
    found = replay.answers([Conversation(id="any", turns=tuple(chat(prompt))) for prompt in ("c?", "b?", "a?")])
    assert [(one.status, one.text) for one in found] == [("ok", "Fine."), ("empty", ""), ("error", "")]
    assert found[2].error == "API error - Error code: 400" and found[0].latency_s == 2.5
    assert replay.error_share().describe == "2 of 3 rows (66.7 %) are errors or empty; the first: responses[0]"


@pytest.mark.parametrize("text", ["", " ", "\u200b"])
def test_a_recorded_answer_without_a_word_is_empty(tmp_path, text):
    """Earlier versions recorded an answer that was eaten by reasoning as truncated; read today it is no answer."""
    recorded(tmp_path / "r.jsonl", ROW | {"status": "truncated", "text": text, "finish": "length"})
    published(tmp_path / "p.json", PUBLIC | {"prompt_text": "Why?", "response_text": text})
    for name, item in (("r.jsonl", ROW["item"]), ("p.json", "any")):
        [answer] = open_responder(f"replay/{name}", tmp_path).answers([Conversation(id=item, turns=tuple(chat("Why?")))])
        assert (answer.status, answer.text) == ("empty", "")


def test_a_prompt_after_other_turns_is_another_question(tmp_path):
    """The public prompts were asked alone and once, so the same words within a conversation, under a system prompt, or a second time, have no answer there."""
    published(tmp_path / "p.json", PUBLIC)
    before = (Message(role="user", content="Hello"), Message(role="assistant", content="Hi"), *chat("Why?"))
    after = (*chat("Why?"), Message(role="assistant", content="So."), *chat("Really?"))
    for turns, replicate in ((before, 0), (after, 0), (tuple(chat("Why?", "Be brief.")), 0), (tuple(chat("Why?")), 1)):
        with pytest.raises(HarnessError, match="1 of 1 answers are not in the recording"):
            open_responder("replay/p.json", tmp_path).answers([Conversation(id="x", turns=turns, replicate=replicate)])


def test_many_errors_are_told_and_few_are_not(tmp_path):
    """268 of 690 is told with the line of the first; 1 of 20 is exactly 5 % and is not. Neither is refused."""
    bad = ROW | {"status": "error", "text": "", "error": "Timeout: none"}
    rows = [(bad if 60 <= n < 328 else ROW) | {"item": str(n)} for n in range(690)]
    assert (
        open_responder("replay/r.jsonl", recorded(tmp_path / "r.jsonl", *rows).parent).error_share().describe
        == "268 of 690 rows (38.8 %) are errors; the first: line 61"
    )
    few = open_responder("replay/f.jsonl", recorded(tmp_path / "f.jsonl", *rows[59:61], *rows[:18]).parent).error_share()
    assert (few.value, few.describe) == (0.05, "")
    empty = [ROW | {"status": "empty", "text": "", "item": "e"}, ROW, ROW | {"item": "s", "status": "refused"}, ROW | {"item": "u", "status": "truncated"}]
    assert (
        open_responder("replay/e.jsonl", recorded(tmp_path / "e.jsonl", *empty).parent).error_share().describe
        == "1 of 4 rows (25.0 %) are empty; the first: line 1"
    )


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (sealed_line(ROW)[:90], r"cut off: .*Copy the file again"),
        ('{"item": "t-2", oops}\n', "broken JSON: "),
        (sealed_line(ROW).replace("Because.", "Because!"), "the seal is broken"),
        (json.dumps(ROW) + "\n", "the line has no seal"),
        (sealed_line(ROW).replace('"usd":0.01', '"usd":NaN'), "NaN is no JSON"),
        (sealed_line(ROW).replace('"usd":0.01', '"usd":-Infinity'), "-Infinity is no JSON"),
        (sealed_line(ROW).replace('"usd":0.01', '"usd":1e999'), "the seal is broken"),
        ("[1, 2]\n", "a row is a JSON object"),
        ("[" * 100_000 + "\n", "cannot be read as JSON|cut off"),
        (without(ROW, "text") | {"txt": "Because."}, r"the column 'text' is missing\. Did you mean 'txt'\?"),
        ({"item": "t-2", "value": 1}, r"the column 'replicate' is missing"),
        (without(ROW, "latency_s") | {"latency": 1.0}, r"there is no column 'latency'\. Did you mean 'latency_s'\?"),
        (ROW | {"item": "t-2", "replicate": "0"}, r"not an answer: Expected `int`, got `str` - at `\$\.replicate`"),
        (ROW | {"item": "t-2", "replicate": -1}, "not an answer"),
        (ROW | {"item": "t-2", "status": "fine"}, "not an answer: Invalid enum value 'fine'"),
        (ROW | {"text": "No."}, r"'t-1', replicate 0, has another answer at line 1"),
        (ROW | {"item": "t-2", "text": "ERROR: API error"}, r"a client's error: 'ERROR: API error'\. Record it with status error\."),
        (ROW | {"item": "t-2", "text": "\n Error code: 404 - {}"}, r"Record it with status error\."),
        (ROW | {"item": "t-2", "text": "Traceback (most recent call last):\n"}, r"Record it with status error\."),
        (ROW | {"item": "t-2", "text": " "}, r"Record it with status empty\."),
        (ROW | {"item": "t-2", "status": "error"}, "An error is never an answer"),
    ],
)
def test_a_bad_line_is_named(tmp_path, bad, says):
    """Each fault is one line with the file, the line and the mend, before anything is answered."""
    with pytest.raises(HarnessError, match=rf"^.*r\.jsonl:2: .*({says})") as caught:
        open_responder("replay/r.jsonl", recorded(tmp_path / "r.jsonl", ROW, bad).parent)
    assert "\n" not in str(caught.value)


def own(path, *rows):
    """Answers in a file of one's own."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_answers_of_ones_own_are_a_recording(tmp_path):
    """An id and an answer suffice; several answers to one id are counted from 1, several models told apart, and an error has its message where errors stand."""
    rows = [{"id": "a", "answer": "So."}, {"id": "a", "answer": "No.", "sample": 2}, {"id": "b", "answer": " "}]
    rows += [{"id": "c", "answer": "Timeout: none", "status": "error"}, {"id": "d", "answer": "cut", "status": "truncated"}]
    own(tmp_path / "r.jsonl", *rows)
    asked = [("a", 0), ("a", 1), ("b", 0), ("c", 0), ("d", 0)]
    replay = open_responder("replay/r.jsonl", tmp_path)
    found = replay.answers([Conversation(id=name, turns=tuple(chat("Why?")), replicate=number) for name, number in asked])
    assert [(one.status, one.text) for one in found] == [("ok", "So."), ("ok", "No."), ("empty", ""), ("error", ""), ("truncated", "cut")]
    assert found[3].error == "Timeout: none" and replay.error_share().first == "line 3" and all(one.cached and one.usd == 0 for one in found)
    own(tmp_path / "two.jsonl", *({"id": "a", "answer": name, "model": name} for name in ("one", "other")))
    [answer] = open_responder("replay/two.jsonl#other", tmp_path).answers([Conversation(id="a", turns=tuple(chat("Why?")))])
    assert answer.text == "other"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"id": "b", "text": "So."}, r"unknown key 'text'\. Did you mean 'answer'|unknown key 'text'\. Known: answer"),
        ({"id": "b", "anser": "So."}, r"unknown key 'anser'\. Did you mean 'answer'\? A line is \{\"id\": …, \"answer\": …\}"),
        ({"id": "b"}, "not an answer: Object missing required field `answer`"),
        ({"id": 3, "answer": "So."}, r"not an answer: Expected `str`, got `int` - at `\$\.id`"),
        ({"id": "b", "answer": None}, r"Expected `str`, got `null` - at `\$\.answer`"),
        ({"id": "b", "answer": "So.", "sample": 0}, r"Expected `int` >= 1 - at `\$\.sample`"),
        ({"id": "b", "answer": "So.", "status": "fine"}, "Invalid enum value 'fine'"),
        ({"id": "a", "answer": "So."}, r"sample 1 of 'a' stands in line 1 already\. Number several answers"),
        ({"id": "b", "answer": "Error code: 429"}, r"a client's error .*Give it \"status\": \"error\""),
        ({"id": "b", "answer": "So.", "status": "empty"}, "the status is 'empty', and there is an answer"),
        (["b", "So."], "not an answer"),
    ],
)
def test_a_bad_line_of_ones_own_is_named(tmp_path, bad, says):
    with pytest.raises(HarnessError, match=rf"r\.jsonl:2: .*({says})") as caught:
        open_responder("replay/r.jsonl", own(tmp_path / "r.jsonl", {"id": "a", "answer": "So."}, bad).parent)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (
            without(PUBLIC, "response_text") | {"reponse_text": "x"},
            r"'response_text' is missing\. Did you mean 'reponse_text'\?",
        ),
        ({"model_id": "a/one"}, "the column 'capability' is missing"),
        ("text", "the column 'model_id' is missing"),
        (PUBLIC | {"api_cost": None}, r"not an answer: Expected `float`, got `null` - at `\$\.api_cost`"),
        (PUBLIC | {"prompt_text": ""}, "not an answer"),
        (PUBLIC | {"response_text": "No."}, r"'Why\?', replicate 0, has another answer at responses\[0\]"),
        (PUBLIC | {"prompt_text": "How?", "response_text": "Traceback (most recent call last)"}, "a client's error stands there as an answer"),
    ],
)
def test_a_bad_row_of_an_array_is_named(tmp_path, bad, says):
    """The public form is one document, so the row's number stands for the line."""
    with pytest.raises(HarnessError, match=rf"p\.json: responses\[1\]: .*{says}"):
        open_responder("replay/p.json", published(tmp_path / "p.json", PUBLIC, bad).parent)


def test_nan_in_a_document_is_refused_with_its_line(tmp_path):
    """Python's JSON reads NaN without a word. The word inside a string is no number and stays."""
    path = published(tmp_path / "p.json", PUBLIC | {"response_text": 'It is "NaN", Infinity'})
    assert open_responder("replay/p.json", tmp_path).rows[0].answer.text == 'It is "NaN", Infinity'
    path.write_text(path.read_text().replace("2.5", "NaN"))
    line = path.read_text().split("\n").index('   "processing_time": NaN') + 1
    with pytest.raises(HarnessError, match=rf"p\.json:{line}: NaN is no JSON"):
        open_responder("replay/p.json", tmp_path)
    path.write_text(path.read_text().replace("NaN\n", "1e999\n"))
    with pytest.raises(HarnessError, match=r"responses\[0\]: not an answer"):
        open_responder("replay/p.json", tmp_path)


def test_a_file_cut_anywhere_is_refused_or_holds_fewer_rows(tmp_path):
    """Every cut through our form is refused but those between two lines, which lose whole rows; every cut through a document is refused."""
    whole = recorded(tmp_path / "whole.jsonl", *(ROW | {"item": str(n)} for n in range(3))).read_text()
    kept = {}
    for end in range(1, len(whole)):
        (tmp_path / "cut").write_text(whole[:end])
        try:
            kept[end] = len(load_recording(tmp_path / "cut").rows)
        except HarnessError:
            continue
    size = len(whole) // 3
    assert kept == {size - 1: 1, size: 1, 2 * size - 1: 2, 2 * size: 2, 3 * size - 1: 3}
    document = published(tmp_path / "p.json", PUBLIC).read_text()
    for end in range(1, len(document)):
        (tmp_path / "cut").write_text(document[:end])
        with pytest.raises(HarnessError, match=r"cut:\d+: "):
            load_recording(tmp_path / "cut")


def test_an_altered_character_is_noticed(tmp_path):
    """Whichever character of a sealed line is exchanged, the row is refused or reads as it was written (a digit of 1e0 may be another spelling)."""
    line = sealed_line(ROW).rstrip("\n")
    right = load_recording(recorded(tmp_path / "right", ROW)).rows
    for place, old in enumerate(line):
        (tmp_path / f"altered{place}").write_text(line[:place] + ("x" if old != "x" else "y") + line[place + 1 :])
        try:
            assert load_recording(tmp_path / f"altered{place}").rows == right
        except HarnessError:
            continue


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", r"r: the file is empty"),
        (b" \n\n", r"r: the file is empty"),
        (sealed_line(ROW).encode() + b'{"text": "\xff"}\n', r"r:2: not UTF-8"),
        (b"just words\n", r"r:1: this is no recording"),
        (b'[{"model_id": 1}]', r"r:1: this is no recording"),
        (b'{\n "reponses": []\n}', r"r: the document has no 'responses'. Did you mean 'reponses'\?"),
        (b'{"responses": []}', r"r: 'responses' holds no rows"),
        (b'{\n "responses": [\n  {"model_id": "a"', r"r:3: cut off"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(tmp_path, data, says):
    """Empty, binary, cut off or something else: one line each, recognised by content."""
    (tmp_path / "r").write_bytes(data)
    with pytest.raises(HarnessError, match=says):
        open_responder("replay/r", tmp_path)


def test_a_key_that_stands_twice_and_a_pipe_are_refused(tmp_path):
    """Readers differ in which of two values they take; a pipe would keep this one waiting."""
    (tmp_path / "r").write_text(sealed_line(ROW).replace('"status":"ok"', '"status":"empty","status":"ok"'))
    with pytest.raises(HarnessError, match=r"r:1: .*'status' stands twice"):
        load_recording(tmp_path / "r")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(HarnessError, match="a pipe, a socket or a device"):
        load_recording(tmp_path / "pipe")


def test_a_byte_order_mark_is_no_fault(tmp_path):
    """Windows editors write one."""
    (tmp_path / "r").write_bytes(b"\xef\xbb\xbf" + sealed_line(ROW).encode())
    assert len(open_responder("replay/r", tmp_path).rows) == 1


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("replay/", "names no recording"),
        ("replay/p.json#", "names no model"),
        ("replay/absent", "absent: there is no such file"),
        ("replay/.", "the folder holds no Inspect logs"),
        ("replay/p.json", r"it holds answers of 2 models\. Name one behind a #, such as #openai/gpt-4o"),
        ("replay/p.json#gpt-4o", r"no answers of 'gpt-4o'\. Did you mean 'openai/gpt-4o"),
        ("replay/p.json#openai/gpt-4", "no answers of 'openai/gpt-4'"),
    ],
)
def test_a_spec_names_a_file_and_one_of_its_models(tmp_path, spec, says):
    """Nothing is chosen for the caller."""
    published(tmp_path / "p.json", PUBLIC | {"model_id": "openai/gpt-4o"}, PUBLIC | {"model_id": "openai/gpt-4o-mini"})
    with pytest.raises(HarnessError, match=says):
        open_responder(spec, tmp_path)


def test_calls_that_nobody_answered_belong_to_the_only_model(tmp_path):
    """An error before any answer has no model's name. With two models in the file nobody can tell whose it was, and it is missing from both."""
    failed = ROW | {"item": "f", "model": "", "status": "error", "text": "", "error": "APIError: no"}
    recorded(tmp_path / "one", ROW, failed)
    assert (
        open_responder("replay/one#m", tmp_path).error_share() == open_responder("replay/one", tmp_path).error_share()
        and len(open_responder("replay/one#m", tmp_path).rows) == 2
    )
    recorded(tmp_path / "two", ROW, failed, ROW | {"item": "n", "model": "n"})
    assert len(open_responder("replay/two#m", tmp_path).rows) == 1


def test_an_alias_takes_its_snapshots(tmp_path):
    """Where the vendor moved an alias within a run, the alias names both snapshots and one snapshot names itself."""
    recorded(tmp_path / "r", ROW | {"model": "gpt-4o-2024-05-13"}, ROW | {"item": "t-2", "model": "gpt-4o-2024-08-06"})
    assert len(open_responder("replay/r#gpt-4o", tmp_path).rows) == 2 and len(open_responder("replay/r#gpt-4o-2024-08-06", tmp_path).rows) == 1


def test_an_answer_that_stands_twice_alike_is_one(tmp_path):
    """Only a difference is a contradiction."""
    assert len(open_responder("replay/r", recorded(tmp_path / "r", ROW, ROW | {"latency_s": 9.0}).parent).known) == 1


def recording_of(folder, rows):
    """A folder with a recording of so many rows, and its file."""
    folder.mkdir()
    return folder, recorded(folder / "r", *(ROW | {"item": f"t-{n}", "text": "words and more " * 40} for n in range(rows)))


def test_many_rows_are_read_once_and_as_fast_as_few(tmp_path):
    """Seals included, four times the rows take no more than about four times as long (how long: benchmarks/own_costs.py); a second opening reads nothing, and
    a changed file is read anew."""
    more, less = ([recording_of(tmp_path / f"{rows}-{n}", rows)[0] for n in range(3)] for rows in (10_000, 2_500))
    assert times_as_long(lambda: open_responder("replay/r", more.pop()), lambda: open_responder("replay/r", less.pop())) < 8
    folder, path = recording_of(tmp_path / "again", 10_000)
    first = open_responder("replay/r", folder)
    assert len(first.rows) == 10_000
    assert open_responder("replay/r", folder).recording is first.recording
    path.write_text(path.read_text() + sealed_line(ROW | {"item": "last"}))
    assert len(open_responder("replay/r", folder).rows) == 10_001


def test_the_public_file_is_read_as_it_is():
    """690 rows of 23 models: 270 errors and 10 empty ones, none of them an answer; 410 texts are."""
    if not LEVEL1.exists():
        pytest.skip(f"{LEVEL1} is not there")
    rows = load_recording(LEVEL1).rows
    share = error_share(rows)
    assert (len(rows), len({row.model for row in rows}), share.errors, share.empty) == (690, 23, 270, 10)
    assert sum(bool(row.answer.text) for row in rows) == 410 and not any("Error code" in row.answer.text for row in rows)
    assert share.describe == "280 of 690 rows (40.6 %) are errors or empty; the first: responses[60]"
    preview = open_responder(f"replay/{LEVEL1}#openai/o1-preview", Path("/"))
    assert preview.error_share().describe == "30 of 30 rows (100.0 %) are errors; the first: responses[60]"
    answer = open_responder(f"replay/{LEVEL1}#openai/gpt-4o", Path("/")).answers(
        [Conversation(id="x", turns=tuple(chat("What is the capital of Australia?")))]
    )[0]
    assert "Canberra" in answer.text and answer.input_tokens is None
