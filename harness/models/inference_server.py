"""An inference server on whose sampling we rely (vLLM): what it serves, adapters loaded at run time, completions and log-probabilities of given tokens.

It is asked in tokens, not in turns: what a model reads is decided here, by the same code that asks weights in this process. No chat template of the
server, no default of its generation settings takes part.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from harness.errors import HarnessError
from harness.models.openai_api import BEARER, OpenAiApi
from harness.models.provider import ENDPOINT_KEY, Endpoint
from harness.models.request_pool import asyncio_runs

PAGE = "see 'An inference server' in docs/distributed.md"
# Calls under way at a time; the server makes batches of what is there.
CALLS = 64
# The distribution as the model gives it: a server would otherwise take what the model's generation_config.json says.
PLAIN = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}


class ServedModel(msgspec.Struct):
    """A model or an adapter of the server; `parent` names an adapter's base."""

    id: str
    root: str | None = None
    parent: str | None = None
    max_model_len: int | None = None


class ServedModels(msgspec.Struct):
    data: list[ServedModel]


class Version(msgspec.Struct):
    version: str


class LogProbs(msgspec.Struct):
    token_logprobs: list[float | None]


class Choice(msgspec.Struct):
    finish_reason: str | None = None
    token_ids: list[int] | None = None
    logprobs: LogProbs | None = None


class Reply(msgspec.Struct):
    choices: list[Choice]
    system_fingerprint: str | None = None


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens that the server drew, the end of turn included where it came to it, and their log-probabilities (nats) at temperature 1."""

    tokens: list[int]
    logprobs: list[float]
    finish: Literal["stop", "length"]


# A prompt and its answer, in tokens.
Answered = tuple[Sequence[int], Sequence[int]]


class InferenceServer:
    """The server at `url` (http://host:port/v1). Keys and addresses follow the rules of every other server."""

    def __init__(self, url: str) -> None:
        endpoint = Endpoint(vendor="vllm", model="server", base_url=url, key_variable=ENDPOINT_KEY, own=False)
        self.api = OpenAiApi(endpoint, max_retries=2)
        self.url = endpoint.base_url

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What decides its answers, as far as it tells: version, model, root, max_model_len, and its fingerprint, in which vLLM hashes dtype and parallelism.

        Asked for once; raises HarnessError where it cannot be reached or is no such server.
        """
        self.api.check(())
        version = self.ask([(self.url.removesuffix("/v1") + "/version", None)], Version)[0].version
        base = self.base()
        (reply,) = self.ask([("/completions", {"model": base.id, "prompt": [1], "max_tokens": 1})], Reply)
        told = {"model": base.id, "root": base.root, "max_model_len": base.max_model_len}
        return {"version": version, **told, "system_fingerprint": reply.system_fingerprint}

    def models(self) -> list[ServedModel]:
        """The base and the adapters that the server has now."""
        return list(self.ask([("/models", None)], ServedModels)[0].data)

    def base(self) -> ServedModel:
        """The model that it was started with."""
        found = [model for model in self.models() if model.parent is None]
        if not found:
            raise self.failure("it serves no model")
        return found[0]

    def load(self, name: str, folder: Path, rank: int) -> None:
        """Has the server load an adapter from a folder that it sees, too, unless it has one of that name. Raises HarnessError where it does not."""
        if self.serves(name):
            return
        try:
            self.ask([("/load_lora_adapter", {"lora_name": name, "lora_path": str(folder)})])
        except HarnessError as error:
            if self.serves(name):  # another process was quicker
                return
            mend = f"Start it with VLLM_ALLOW_RUNTIME_LORA_UPDATING=true, --enable-lora and --max-lora-rank {rank} or more, where it reads that folder; {PAGE}"
            raise HarnessError(f"the inference server does not load the adapter {folder}: {error.what}", where=self.url, mend=mend) from None

    def serves(self, name: str) -> bool:
        return any(model.id == name for model in self.models())

    def complete(self, model: str, asks: Sequence[tuple[Sequence[int], int]], **drawing: Any) -> list[Drawn]:
        """What follows each (prompt in tokens, seed), in order; `drawing` are max_tokens, temperature, top_p and stop_token_ids."""
        shared = {"model": model, "logprobs": 0, "return_token_ids": True, **PLAIN, **drawing}
        replies = self.ask([("/completions", {**shared, "prompt": list(prompt), "seed": seed}) for prompt, seed in asks], Reply)
        return [self.drawn(reply) for reply in replies]

    def drawn(self, reply: Reply) -> Drawn:
        """The one choice of a reply. Raises HarnessError for one that is not whole: an answer that was broken off is none."""
        choice = reply.choices[0] if reply.choices else Choice()
        logprobs = [number for number in choice.logprobs.token_logprobs if number is not None] if choice.logprobs else []
        if choice.finish_reason not in ("stop", "length") or not choice.token_ids or len(choice.token_ids) != len(logprobs):
            raise self.failure(
                f"a completion ended with {choice.finish_reason!r}, {len(choice.token_ids or ())} token_ids and {len(logprobs)} log-probabilities"
            )
        return Drawn(tokens=choice.token_ids, logprobs=logprobs, finish="stop" if choice.finish_reason == "stop" else "length")

    def logprobs(self, model: str, answers: Sequence[Answered]) -> list[list[float]]:
        """Log-probabilities (nats, temperature 1) of the tokens of each answer, given its prompt and the tokens before.

        Each token is a completion of its own that may be this token alone. (vLLM 0.32 on a CPU dies of `echo` and `prompt_logprobs` where LoRA is enabled and
        two such calls are under way.)
        """
        asks = [((*prompt, *answer[:index]), answer[index]) for prompt, answer in answers for index in range(len(answer))]
        shared = {"model": model, "max_tokens": 1, "temperature": 1.0, "top_p": 1.0, "logprobs": 0, "return_token_ids": True, "ignore_eos": True, **PLAIN}
        replies = self.ask([("/completions", {**shared, "prompt": list(before), "allowed_token_ids": [token]}) for before, token in asks], Reply)
        drawn = [self.drawn(reply) for reply in replies]
        if any(one.tokens != [token] or not math.isfinite(one.logprobs[0]) for one, (_, token) in zip(drawn, asks, strict=True)):
            raise self.failure("it gives no log-probabilities of given tokens (allowed_token_ids, logprobs)")
        found = iter(drawn)
        return [[next(found).logprobs[0] for _ in answer] for _, answer in answers]

    def ask(self, calls: Sequence[tuple[str, dict[str, Any] | None]], shape: Any = None) -> list[Any]:
        """The bodies of calls (path, JSON to post or None to get) as `shape` (None: as they came), in order. Raises HarnessError for one that fails."""
        if asyncio_runs():
            raise HarnessError("the server cannot be asked inside a running event loop", where=self.url, mend="Call it from plain code or asyncio.to_thread")
        bodies, wrong = asyncio.run(self._ask_all(calls))
        if wrong:
            raise self.failure(wrong.rstrip("."))
        try:
            return bodies if shape is None else [msgspec.convert(json.loads(body), shape) for body in bodies]
        except (ValueError, RecursionError) as error:
            raise self.failure(f"malformed reply: {self.api.short(error)}") from None

    async def _ask_all(self, calls: Sequence[tuple[str, dict[str, Any] | None]]) -> tuple[list[bytes], str]:
        """(bodies, what went wrong). The SDK's own error is not raised on: its traceback may hold a key."""
        gate, client = asyncio.Semaphore(CALLS), self.api.open()

        async def call(path: str, body: dict[str, Any] | None) -> bytes:
            async with gate:
                asked = client.get(path, cast_to=bytes, options=BEARER) if body is None else client.post(path, body=body, cast_to=bytes, options=BEARER)
                found: bytes = await asked
                return found

        try:
            return await asyncio.gather(*(call(*one) for one in calls)), ""
        except self.api.wire_errors() as error:
            return [], f"{type(error).__name__}: {self.api.short(error)}"
        finally:
            await self.api.close()

    def failure(self, what: str) -> HarnessError:
        return HarnessError(f"the inference server fails: {what}", where=self.url, mend=f"Look at it and run again; what was answered is kept ({PAGE})")


@lru_cache(maxsize=8)
def open_server(url: str) -> InferenceServer:
    """The server at an address: one object for the process, so that it is asked once what it is."""
    return InferenceServer(url)
