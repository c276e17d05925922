"""What a sample costs beside the model: CPU time and memory of 10,000 samples whose model answers at once, beside inspect-ai.

Run: python benchmarks/sample_overhead.py [a python that has inspect_ai] [--samples 10000]. inspect-ai gets a place of its own, since its pins are not
ours: python -m venv /tmp/inspect && /tmp/inspect/bin/pip install inspect-ai, then pass /tmp/inspect/bin/python. Without one, ours is told alone.
Every figure is a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

BOUND_MS = 0.5
QUESTION = "Question {number}: which of two doors would you take, and why? " + "Say what speaks for each of them. " * 4
REPLY = "I would take the left one, since it is nearer. " * 10
TOKENS = {"input": 60, "output": 110}
# The other side, in its own python: one generation a sample, nothing scored, no display, the log that it always writes.
INSPECT = """
import resource, sys, tempfile, time
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.solver import generate
question, reply = sys.argv[1:3]
tokens_in, tokens_out, number = map(int, sys.argv[3:6])
def outputs():
    while True:
        output = ModelOutput.from_content("mockllm/model", reply)
        output.usage = ModelUsage(input_tokens=tokens_in, output_tokens=tokens_out, total_tokens=tokens_in + tokens_out)
        yield output
dataset = MemoryDataset([Sample(id=n + 1, input=question.format(number=n)) for n in range(number)])
model = get_model("mockllm/model", custom_outputs=outputs())
with tempfile.TemporaryDirectory() as folder:
    began, clock = time.process_time(), time.perf_counter()
    log = eval(Task(dataset=dataset, solver=generate()), model=model, log_dir=folder, display="none", max_connections=16)[0]
    spent, wall = time.process_time() - began, time.perf_counter() - clock
if log.status != "success" or log.results.completed_samples != number:
    raise SystemExit(f"{log.status}: {log.error}")
print(spent, wall, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


class Instant:
    """A provider that answers at once."""

    name, model = "instant/model", "model"

    def __init__(self) -> None:
        from harness.models.prices import Price

        self.price = Price(1.0, 5.0)

    def describe(self) -> dict[str, Any]:
        return {"provider": "instant", "model": self.model, "base_url": "http://127.0.0.1/v1"}

    def check(self, asks: Iterable[Any]) -> None:
        """Takes everything."""

    async def ask(self, ask: Any) -> Any:  # noqa: ARG002  whatever is asked
        from harness.models.provider import Answer

        usd = self.price.cost(TOKENS["input"], TOKENS["output"])
        return Answer(status="ok", text=REPLY, finish="stop", model=self.model, input_tokens=TOKENS["input"], output_tokens=TOKENS["output"], usd=usd)

    async def close(self) -> None:
        """Nothing is open."""


def ours(samples: int) -> None:
    """Prints CPU seconds, wall seconds and peak KiB of `samples` samples: asked, paid, kept, turned into rows and logged."""
    from harness.appendlog import AppendLog
    from harness.domains.convergence.tasks import Task
    from harness.measures.responses import Responses
    from harness.models.api_responder import ApiResponder
    from harness.models.chat import chat
    from harness.models.responder import SamplingParams
    from harness.samples import collect_samples

    tasks = [
        Task(capability="safety_boundaries", domain="doors", difficulty="easy", turns=tuple(chat(QUESTION.format(number=number)))) for number in range(samples)
    ]
    with tempfile.TemporaryDirectory() as folder:
        began, clock = time.process_time(), time.perf_counter()
        measure = Responses(ApiResponder(Instant(), Path(folder) / "replies.sqlite", SamplingParams(max_tokens=256)))
        rows = collect_samples(AppendLog(Path(folder) / "rows.jsonl"), measure.chunks(tasks), measure.score, passing=AppendLog(Path(folder) / "passing.jsonl"))
        spent, wall = time.process_time() - began, time.perf_counter() - clock
    if len(rows) != samples or any(row["status"] != "ok" for row in rows):
        raise SystemExit("a sample has no answer")
    print(spent, wall, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def told(*words: str) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak MiB that a child prints last."""
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words[:2]} failed:\n{done.stderr[-2000:]}")
    spent, wall, peak = map(float, done.stdout.split()[-3:])
    return spent, wall, peak / 1024


def shown(name: str, samples: int, command: list[str]) -> tuple[float, float]:
    """Prints one side's line; (CPU ms a sample, growth in KiB a sample from a tenth of the samples to all of them)."""
    few = samples // 10
    _, _, small = told(*command, str(few))
    spent, wall, large = told(*command, str(samples))
    each, growth = 1000 * spent / samples, 1024 * (large - small) / (samples - few)
    print(f"{name}: {each:.3f} ms CPU a sample ({1000 * wall / samples:.3f} ms wall), peak {large:.0f} MiB, {growth:.1f} KiB more for each sample beyond {few}")
    return each, growth


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("python", nargs="?", help="a python that has inspect_ai")
    words.add_argument("--samples", type=int, default=10_000)
    words.add_argument("--ours", type=int, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.ours:
        ours(given.ours)
        return
    kept = len(json.dumps([QUESTION, REPLY])) / 1024
    each, _ = shown("harness", given.samples, [sys.executable, __file__, "--ours"])
    print(f"harness: ratio to the bound {each / BOUND_MS:.2f} (bound: {BOUND_MS} ms); question and answer as text are {kept:.1f} KiB a sample")
    if not given.python:
        print("inspect-ai: not measured, no python with inspect_ai was given")
        return
    other, _ = shown("inspect-ai", given.samples, [given.python, "-c", INSPECT, QUESTION, REPLY, *map(str, TOKENS.values())])
    print(f"harness to inspect-ai: ratio {each / other:.3f}")


if __name__ == "__main__":
    main()
