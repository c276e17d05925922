"""Calls per second through ApiResponder, which keeps every answer on disk before it hands it on, beside the bare AsyncOpenAI client on the same server.

Run: python benchmarks/api_throughput.py [--served URL MODEL]. The server is ours, in a process of its own: it answers every call after 20 ms. With
`--served` a real one is asked too, one call at a time: `python tests/support/serving.py` starts `transformers serve` and prints the two words.
Both sides run in turn in the same session; the median of the repeats is shown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

LATENCY_S = 0.02
# At least this share of the bare client's calls per second.
BOUND = 0.9
REPEATS = 5
MAX_TOKENS = 64
# Concurrency: calls in one repeat.
SIZES = {1: 60, 16: 800, 64: 1600}
KEY = "HARNESS_ENDPOINT_KEY"
BODY = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "quick-1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "A short answer, always the same one. " * 8}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 20, "completion_tokens": 64, "total_tokens": 84},
}


class Quick(asyncio.Protocol):
    """One connection of the server: whatever is posted is answered after the latency, without a look at it."""

    reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.data = transport, b""

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, end, rest = self.data.partition(b"\r\n\r\n")
        if not end:
            return
        lengths = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if len(rest) >= lengths[0]:
            self.data = b""
            asyncio.get_running_loop().call_later(LATENCY_S, self.answer)

    def answer(self) -> None:
        body = json.dumps(BODY).encode()
        if not self.transport.is_closing():
            self.transport.write(self.reply % (len(body), body))


async def serve() -> None:
    """Serves until killed; prints the port."""
    server = await asyncio.get_running_loop().create_server(Quick, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def bare(url: str, model: str, prompts: list[str], concurrency: int) -> float:
    """Calls per second of the SDK alone: so many workers that pull prompts."""
    from openai import AsyncOpenAI

    async def work(client: AsyncOpenAI, waiting: list[str]) -> None:
        while waiting:
            turns = [{"role": "user", "content": waiting.pop()}]
            made = await client.chat.completions.create(model=model, messages=turns, max_tokens=MAX_TOKENS, temperature=0.0, top_p=1.0)
            assert made.choices[0].message.content

    async def all_of_them() -> None:
        async with AsyncOpenAI(api_key="none", base_url=url, timeout=300.0, max_retries=6) as client:
            waiting = list(prompts)
            await asyncio.gather(*(work(client, waiting) for _ in range(concurrency)))

    began = time.perf_counter()
    asyncio.run(all_of_them())
    return len(prompts) / (time.perf_counter() - began)


def ours(url: str, model: str, prompts: list[str], concurrency: int) -> float:
    """Calls per second of the respondent, into a cache that is empty at first."""
    from harness.models.api_responder import ApiResponder
    from harness.models.chat import chat
    from harness.models.provider import provider_for
    from harness.models.responder import Conversation, SamplingParams

    asked = [Conversation(id=f"{number}", turns=tuple(chat(prompt))) for number, prompt in enumerate(prompts)]
    with tempfile.TemporaryDirectory() as folder:
        drawing = SamplingParams(max_tokens=MAX_TOKENS, temperature=0.0, top_p=1.0)
        respondent = ApiResponder(provider_for(f"vllm/{model}@{url}"), Path(folder) / "replies.sqlite", drawing, concurrency=concurrency)
        began = time.perf_counter()
        answers = respondent.answers(asked)
        spent = time.perf_counter() - began
    assert all(answer.text and not answer.cached for answer in answers), answers[0]
    return len(prompts) / spent


def beside(url: str, model: str, concurrency: int, calls: int, repeats: int) -> None:
    """Both sides in turn, who is first changing from repeat to repeat, after one call each that warms up; prints the medians."""
    sides: list[Callable[[str, str, list[str], int], float]] = [bare, ours]
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    for repeat in range(repeats + 1):
        for side in sides if repeat % 2 else reversed(sides):
            prompts = [f"Question {number} of repeat {repeat}: say one word." for number in range(calls if repeat else 2)]
            rate = side(url, model, prompts, concurrency)
            if repeat:
                rates[side.__name__].append(rate)
    sdk, harness = statistics.median(rates["bare"]), statistics.median(rates["ours"])
    print(f"{concurrency:3d} at a time: AsyncOpenAI {sdk:.1f} calls/s, ApiResponder {harness:.1f} calls/s: ratio {harness / sdk:.2f} (bound: {BOUND})")


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--served", nargs=2, metavar=("URL", "MODEL"), help="a real OpenAI-compatible server, asked one call at a time")
    words.add_argument("--repeats", type=int, default=REPEATS)
    words.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.serve:
        asyncio.run(serve())
        return
    os.environ.pop(KEY, None)
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as server:
        try:
            url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1" if server.stdout else ""
            print(f"a server that answers after {1000 * LATENCY_S:.0f} ms, in a process of its own")
            for concurrency, calls in SIZES.items():
                beside(url, BODY["model"], concurrency, calls, given.repeats)
        finally:
            server.kill()
    if given.served:
        print(f"a real server at {given.served[0]}")
        beside(*given.served, 1, 8, given.repeats)
    else:
        print("a real server: not measured, none was given")


if __name__ == "__main__":
    main()
