"""A session that waits for a judge behind an API works for another cell meanwhile; the verdicts are those of a run in one process."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asking_room import AskingRoom
from faulty_server import FaultyServer
from harness.errors import HarnessError
from harness.judges import api_judge
from harness.judges.api_judge import ApiJudge
from harness.judges.judging import judge_fingerprint
from harness.models.prices import Price
from harness.models.provider import provider_for
from harness.remote.judging import ServedJudging

RUBRIC = (Path(__file__).parents[2] / "harness/judges/rubrics/refusal.yaml").read_text().replace("[refusal]", "[kindness]")
ARMS = ("one", "two", "three")
PROMPTS = [f"Say something nice about number {n}." for n in range(6)]
# The generations are told apart by the arm, which the system prompt names.
TEST = f"""\
said = ask({PROMPTS!r}, system=f"You are {{arm}}.", name=arm)
level = measure.rate("level", said.score(judge("rubrics/kind.yaml")))
assert criterion("level").exceeds(level)
"""
ENGINE = ("--harness-engine=subprocess", "--harness-sessions=1", "--harness-store=spread-store")
PATIENCE_S = 60.0


class Vendor:
    """Answers, and judges once all arms have been sampled. `waited` is False where a reply of the judge was awaited before that. `unread` are the numbers that
    the judge does not make sense of, `asked` counts what it is asked."""

    def __init__(self) -> None:
        self.sampled, self.all_sampled, self.lock = set[str](), threading.Event(), threading.Lock()
        self.waits, self.waited = True, True
        self.unread: set[int] = set()
        self.asked: list[int] = []

    def __call__(self, body: dict[str, Any]) -> str:
        asked = body["messages"][-1]["content"]
        if "response_format" not in body:
            with self.lock:
                self.sampled.add(body["messages"][0]["content"])
                if len(self.sampled) == len(ARMS):
                    self.all_sampled.set()
            return f"How nice: {asked[-2]}, says {body['messages'][0]['content']}"
        number = next(n for n, prompt in enumerate(PROMPTS) if prompt in asked)
        with self.lock:
            self.asked.append(number)
        if self.waits and not self.all_sampled.wait(PATIENCE_S):
            self.waited = False
        return "dunno" if number in self.unread else json.dumps({"shown": number < 4, "confidence": 90, "reason": "because"})


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def server(vendor: Vendor) -> Iterator[FaultyServer]:
    with FaultyServer(speak=vendor) as found:
        yield found


@pytest.fixture
def room(tmp_path: Path, server: FaultyServer) -> AskingRoom:
    room = AskingRoom(tmp_path)
    room.write("rubrics/kind.yaml", RUBRIC)
    room.settings.update(model=f"vllm/test-1@{server.url}/v1", judge=f"vllm/strict-1@{server.url}/v1")
    room.declared["axes"]["arm"] = list(ARMS)
    room.declared["hypotheses"]["H1"]["thresholds"] = ["level"]
    room.declared["inputs"] = ["rubrics/*.yaml"]
    room.test(TEST, "from harness.measures import judge\n")
    return room


def told(room: AskingRoom) -> tuple[dict[str, Any], dict[str, str]]:
    """What a run tells of its cells, and the samples of its judge."""
    cells = {cell["id"]: (cell["verdict"], cell["reason"], [one["value"] for one in cell["measurements"]]) for cell in room.results()["cells"]}
    return cells, {path.name: path.read_text() for path in (room.last_run / "samples").glob("*judge*")}


def test_one_session_samples_on_while_the_judge_is_asked(room: AskingRoom, vendor: Vendor) -> None:
    """The judge answers when all three arms were sampled: a session that waited for it would never get there."""
    done = room.pytest(*ENGINE)
    assert done.returncode == 0, done.stdout
    assert vendor.waited and len(vendor.sampled) == 3
    assert len(vendor.asked) == len(ARMS) * len(PROMPTS)  # nothing is asked twice by a cell that runs again
    apart, vendor.waits = told(room), False
    assert room.pytest("--harness-store=alone-store").returncode == 0
    assert told(room) == apart


FIXTURE = f"""\
import pytest
from harness import hypothesis
from harness.measures import judge


@pytest.fixture
def level(arm, ask, measure):
    said = ask({PROMPTS!r}, system=f"You are {{arm}}.", name=arm)
    yield measure.rate("level", said.score(judge("rubrics/kind.yaml")))


@hypothesis("H1")
def test_asking(arm, level, criterion):
    \"\"\"It is so.\"\"\"
    assert criterion("level").exceeds(level)
"""


def test_a_fixture_may_judge(room: AskingRoom, vendor: Vendor) -> None:
    """Pytest keeps what a fixture raised; the cell sets it up again all the same."""
    vendor.waits = False
    room.write("evals/asking/test_asking.py", FIXTURE)
    done = room.pytest(*ENGINE)
    assert done.returncode == 0, done.stdout
    assert len(vendor.asked) == len(ARMS) * len(PROMPTS)


def test_a_test_that_catches_everything_is_put_aside_too(room: AskingRoom, vendor: Vendor) -> None:
    """What it would fall back to is no verdict of its judge."""
    vendor.waits = False
    tried = "try:\n    scores = said.score(judge('rubrics/kind.yaml'))\nexcept BaseException:\n    scores = said.score('exact')\nlevel = measure"
    caught = TEST.replace("level = measure", tried)
    room.test(caught.replace('said.score(judge("rubrics/kind.yaml"))', "scores"), "from harness.measures import judge\n")
    done = room.pytest(*ENGINE)
    assert done.returncode == 0, done.stdout
    assert all(cell["measurements"][0]["value"] == pytest.approx(4 / 6) for cell in room.results()["cells"])


def test_a_cell_that_judges_other_texts_each_time_ends_with_an_error(room: AskingRoom, vendor: Vendor) -> None:
    vendor.waits = False
    room.declared["axes"]["arm"] = ["one"]
    room.test("import time\n" + TEST.replace("system=f", "system=str(time.time_ns()) + f"), "from harness.measures import judge\n")
    assert room.pytest(*ENGINE).returncode == 1
    [cell] = room.results()["cells"]
    assert cell["verdict"] == "error" and "asks its judge for other texts each time" in cell["reason"]
    assert len(vendor.asked) <= 5 * len(PROMPTS)


def test_a_distributed_run_keeps_a_budget(room: AskingRoom, vendor: Vendor) -> None:
    """Nothing here has a price, and the run goes on: sessions read the store before they join."""
    vendor.waits = False
    room.settings["model"] = "null/words"
    room.declared["scales"]["smoke"]["cell_cost"] = {"usd": 0.001, "gpu_hours": 0.01}
    done = room.pytest(*ENGINE, "--harness-budget-gpu-hours=1")
    assert done.returncode == 0 or "no session is left" not in done.stdout, done.stdout
    assert room.results()["cells"]


def test_a_judge_that_cannot_be_read_is_asked_once_more_and_no_further(room: AskingRoom, vendor: Vendor) -> None:
    vendor.unread, vendor.waits = {1, 2, 3}, False
    assert room.pytest(*ENGINE).returncode == 1
    assert vendor.asked.count(1) == 2 * len(ARMS) and vendor.asked.count(0) == len(ARMS)
    assert all(cell["verdict"] == "error" and "answers could not be judged" in cell["reason"] for cell in room.results()["cells"])


def test_the_budget_of_the_run_holds_for_what_is_judged_apart(tmp_path: Path, server: FaultyServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call that could pass it is not made, and its cell is told why."""
    vendor.waits = False
    monkeypatch.setattr(api_judge, "provider_for", priced)
    asked = {"spec": f"vllm/strict-1@{server.url}/v1", "behaviour": "refusal", "run": ("run", 1040.0)}  # a call costs at most 1024 dollars, and then 7
    judge = ApiJudge(**asked, cache_path=tmp_path / "replies.sqlite")
    served = ServedJudging(judge.cache_path)
    texts = [[prompt, "How nice."] for prompt in PROMPTS]
    rest = {"rubric": str(judge.path), "concurrency": 1, "batch": False, "poll_s": 1.0, "fingerprint": judge_fingerprint(judge), "texts": texts}
    key, found = served.judge(asked | rest, lambda done, total: None)
    assert found is None
    ended = threading.Event()
    served.when_done(key, ended.set)
    assert ended.wait(PATIENCE_S)
    with pytest.raises(HarnessError, match=r"the run's budget of 1040 USD would be passed: [\d.]+ booked"):
        served.judge(asked | rest, lambda done, total: None)
    assert len(vendor.asked) == 3
    served.close()


def priced(spec: str, *, offline: bool = False) -> Any:
    provider = provider_for(spec, offline=offline)
    provider.price = Price(input=0.0, output=1e6)
    return provider


def test_batches_are_sent_for_sessions_too(room: AskingRoom, server: FaultyServer, vendor: Vendor) -> None:
    """One batch for each cell, with all of its answers; nothing is asked call by call."""
    vendor.waits = False
    room.settings.update(judge=f"openai/strict-1@{server.url}/v1", judge_batches=True)
    for words in (ENGINE, ("--harness-store=alone-store",)):
        server.batches.clear()
        vendor.asked.clear()
        done = room.pytest(*words, HARNESS_ENDPOINT_KEY="none")
        assert done.returncode == 0, done.stdout
        assert [len(batch["requests"]) for batch in server.batches.values()] == [len(PROMPTS)] * len(ARMS)
        assert len(vendor.asked) == len(ARMS) * len(PROMPTS)
