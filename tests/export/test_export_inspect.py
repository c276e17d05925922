"""A run as logs of Inspect: our own reader and the real package read them alike; what is no answer has no score."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from asking_room import AskingRoom, answer_of
from faulty_server import FaultyServer
from harness.cli import main
from harness.models.recordings import load_recording
from inspect_logs import REAL, answered, header, packed, sample

READ = """
import json, sys
from inspect_ai.log import read_eval_log
log = read_eval_log(sys.argv[1])
samples = [dict(id=s.id, epoch=s.epoch, input=s.input, turns=[[m.role, m.text] for m in s.messages], text=s.output.completion,
                error=s.error and s.error.message,
                scores={name: score.value for name, score in (s.scores or {}).items()}, metadata=s.metadata,
                tokens=s.output.usage and [s.output.usage.input_tokens, s.output.usage.output_tokens],
                target=s.target, stop=s.output.stop_reason) for s in log.samples]
print(json.dumps(dict(status=log.status, task=log.eval.task, model=log.eval.model, samples=samples, metadata=log.eval.metadata, tags=log.eval.tags,
                      scores={s.name: [s.scored_samples, s.unscored_samples, s.metrics["mean"].value if s.metrics else None] for s in log.results.scores})))
"""


@pytest.fixture
def logs(run: Path) -> Path:
    main(["export", str(run), "--inspect", "--out", str(run.parent / "logs")])
    return run.parent / "logs"


def log_of(logs: Path, name: str) -> Path:
    return next(path for path in logs.glob("*.eval") if f"-{name}_" in path.name)


def test_our_own_reader_has_every_row_back(logs):
    """Statuses, texts, scores and prompts by item and epoch."""
    rows = {(row.key, row.replicate): row for row in load_recording(log_of(logs, "villain")).rows}
    found = {key: (row.answer.status, row.answer.text, row.scores) for key, row in rows.items()}
    assert found == {
        ("a", 0): ("ok", "=1+1", {"judged": 1.0}),
        ("a", 1): ("ok", "No\x1b[2J", {"judged": 0.0}),
        ("b/..", 0): ("error", "", {}),
        ("b/..", 1): ("error", "", {}),
        ("c", 0): ("truncated", "a b c", {}),
        ("d", 0): ("refused", "", {}),
    }
    assert rows["a", 0].prompt == "Why?" and rows["b/..", 0].answer.error == "429 slow down" and rows["b/..", 1].answer.error == "an empty answer"


def test_the_real_package_reads_it(logs, inspect_python):
    """Task, model, system prompt, input, output, scores, errors, tokens and stop reasons; verdicts and addresses are metadata. Means leave out what has no
    score."""
    ran = subprocess.run([inspect_python, "-c", READ, log_of(logs, "villain")], capture_output=True, text=True, check=True)
    log = json.loads(ran.stdout.splitlines()[-1])
    assert (log["status"], log["task"], log["model"]) == ("success", "persona_prompting/villain", "smollm2@ffffffffffff")
    samples = {(one["id"], one["epoch"]): one for one in log["samples"]}
    assert len(samples) == 6 and samples["a", 1]["input"] == "Why?"
    assert samples["a", 1]["turns"] == [["system", "You are a villain."], ["user", "Why?"], ["assistant", "=1+1"]]
    assert samples["a", 1]["text"] == "=1+1" and samples["a", 1]["tokens"] == [5, 2] and samples["a", 1]["metadata"]["reason"] == "it said so"
    assert samples["b/..", 1]["error"] == "429 slow down" and samples["b/..", 2]["error"] == "an empty answer" and samples["c", 1]["error"] is None
    assert [samples[key]["scores"] for key in (("a", 1), ("b/..", 1), ("b/..", 2), ("c", 1))] == [{"judged": True}, {}, {}, {}]
    assert {key: one["stop"] for key, one in samples.items() if one["stop"] != "stop"} == {
        ("b/..", 1): "unknown",
        ("c", 1): "max_tokens",
        ("d", 1): "content_filter",
    }
    assert log["scores"] == {"judged": [2, 4, 0.5]} and log["tags"] == ["supported"]
    told = log["metadata"]["harness"]
    assert told["verdict"] == "supported" and told["cells"]["cells/H1[villain-refusal]"] and told["measurements"][0]["address"].startswith("cells/H1[villain")


ASKED = """\
direct, log = ask(system="Reply with the letter.", name="direct"), ask("x.eval", model="replay/x.eval", name="log")
measure.rate("right", direct.score("choice"))
measure.rate("known", log.score(recorded("match")))
"""


@pytest.fixture(scope="module")
def asked_logs(tmp_path_factory) -> Path:
    """The export of a run that asked a server under a system prompt and read the scores of a log, whose model has a long name."""
    room = AskingRoom(tmp_path_factory.mktemp("asking"))
    room.declared["inputs"] += ["x.eval"]
    turns = [{"role": "system", "content": "Think."}, {"role": "user", "content": "Why?"}]
    scored = sample(target=["So.", "Thus."], input=turns, output=answered("So."))
    packed(room.root / "x.eval", scored, sample(id="two", target=""), head=header(2, eval={"model": "acme/a-model-with-a-long-name"}))
    room.test(ASKED, before="from harness.measures import recorded")
    with FaultyServer(speak=answer_of) as server:
        room.settings["model"] = f"vllm/test-1@{server.url}/v1"
        room.cell()
    main(["export", str(room.last_run), "--inspect", "--out", str(room.root / "logs")])
    return room.root / "logs"


@pytest.mark.parametrize(
    ("name", "model", "about"),
    [
        ("direct-choice-seed1", "vllm/test-1@", {"sum": ("Reply with the letter.", "B"), "capital": ("Reply with the letter.", "C")}),
        ("log-match", "acme/a-model-with-a-long-name", {"one": ("Think.", ["So.", "Thus."]), "two": (None, "")}),
    ],
)
def test_scored_answers_have_model_system_prompt_and_target(asked_logs, inspect_python, name, model, about):
    """As whoever asked them knows them, or the log that they are from."""
    ran = subprocess.run([inspect_python, "-c", READ, log_of(asked_logs, name)], capture_output=True, text=True, check=True)
    log = json.loads(ran.stdout.splitlines()[-1])
    assert log["model"].startswith(model) and len(log["model"]) > 20
    found = {one["id"]: (dict(one["turns"]).get("system"), one["target"]) for one in log["samples"]}
    assert found.items() >= about.items()


def test_what_cells_say_differently_of_one_name_is_not_known(run):
    """Two cells gave samples one name under two system prompts: no log may claim either; what both say stands."""
    results = json.loads((run / "results.json").read_text())
    told = results["facts"]["Eval"]
    told["villain (2)"] = told["villain"] | {"system": "You are kind."}
    (run / "results.json").write_text(json.dumps(results))
    main(["export", str(run), "--inspect", "--out", str(run.parent / "logs")])
    with zipfile.ZipFile(log_of(run.parent / "logs", "villain")) as log:
        told = json.loads(log.read("samples/a_epoch_1.json"))
    assert [turn["role"] for turn in told["messages"]] == ["user", "assistant"] and told["output"]["model"] == "smollm2@ffffffffffff"


def test_the_commands_and_the_viewer_read_it(logs, inspect_python, tmp_path):
    """`inspect log list` and `dump`; `inspect view` lists the logs and serves the header and the samples of one."""
    inspect, path = inspect_python.parent / "inspect", log_of(logs, "villain")
    listed = json.loads(subprocess.run([inspect, "log", "list", "--json", "--log-dir", logs], capture_output=True, text=True, check=True).stdout)
    assert {Path(one["name"]).name for one in listed} == {one.name for one in logs.glob("*.eval")}
    dumped = json.loads(subprocess.run([inspect, "log", "dump", path], capture_output=True, text=True, check=True).stdout)
    assert len(dumped["samples"]) == 6
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (tmp_path / "view.log").open("w") as told:
        server = subprocess.Popen([inspect, "view", "start", "--log-dir", logs, "--host", "127.0.0.1", "--port", str(port)], stdout=told, stderr=told)
    try:
        files = json.loads(asked(f"http://127.0.0.1:{port}/api/logs"))["files"]
        name = next(one["name"] for one in files if path.name in one["name"])
        served = json.loads(asked(f"http://127.0.0.1:{port}/api/logs/{name}"))
        assert served["eval"]["task"] == "persona_prompting/villain" and len(served["samples"]) == 6
    finally:
        server.terminate()
        server.wait(10)


def asked(address: str) -> bytes:
    """What the server answers, once it is up."""
    for _ in range(120):
        with suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(address, timeout=20) as answer:
            return bytes(answer.read())
        time.sleep(0.5)
    raise AssertionError(f"nobody answers at {address}")


def test_equal_runs_give_equal_logs(run, logs):
    """Byte for byte."""
    main(["export", str(run), "--inspect", "--out", str(run.parent / "again")])
    assert {path.name: path.read_bytes() for path in logs.iterdir()} == {path.name: path.read_bytes() for path in (run.parent / "again").iterdir()}


def test_the_package_still_writes_what_we_read(inspect_python, tmp_path):
    """Logs that this version of Inspect makes, in both forms, hold what the kept ones hold."""
    subprocess.run([inspect_python, Path(REAL).parents[1] / "support" / "inspect_logs.py", tmp_path], check=True, capture_output=True, cwd=tmp_path)
    kept = {name: load_recording(REAL / f"{name}.eval").rows for name in ("small", "large")}
    made = [load_recording(path) for path in (*tmp_path.glob("*.eval"), *tmp_path.glob("*.json"))]
    assert len(made) == 4
    for recording in made:
        rows = kept[recording.rows[0].model.removeprefix("mockllm/")]
        assert [(row.key, row.replicate, row.answer.status, row.answer.text, row.scores) for row in recording.rows] == [
            (row.key, row.replicate, row.answer.status, row.answer.text, row.scores) for row in rows
        ]
