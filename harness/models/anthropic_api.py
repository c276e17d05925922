"""Anthropic's Messages API through the `anthropic` package.

Since the API version of 2026-10-21, which the package sends, the API takes no temperature and no top_p, whatever the model; it never took a seed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, cast

import msgspec

from harness.models.capabilities import EFFORTS, Capabilities, list_price
from harness.models.prices import Tokens
from harness.models.provider import ENDPOINT_KEY, Answer, Ask, Count, Endpoint, refused_by_filter, to_unbilled
from harness.models.sdk import SAMPLING, SdkApi
from harness.models.status import Status, is_blank, is_safety_block

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

HOME, KEY = "https://api.anthropic.com", "ANTHROPIC_API_KEY"
FINISHES: dict[str, Status] = {
    "end_turn": "ok",
    "stop_sequence": "ok",
    "max_tokens": "truncated",
    "model_context_window_exceeded": "truncated",
    "refusal": "refused",
}


class OutputDetails(msgspec.Struct):
    thinking_tokens: Count | None = None


class Usage(msgspec.Struct):
    """Tokens. Those that went into or came out of the prompt cache are counted apart by the API."""

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    output_tokens_details: OutputDetails | None = None

    def tokens(self) -> Tokens:
        written, cached = self.cache_creation_input_tokens, self.cache_read_input_tokens
        whole = None if self.input_tokens is None else self.input_tokens + (written or 0) + (cached or 0)
        thought = self.output_tokens_details.thinking_tokens if self.output_tokens_details else None
        return Tokens(input=whole, output=self.output_tokens, cached=cached, written=written, reasoning=thought)


class Block(msgspec.Struct):
    type: str
    text: str | None = None


class StopDetails(msgspec.Struct):
    category: str | None = None


class Reply(msgspec.Struct):
    """What is read of a body; a body that does not have this is malformed."""

    content: list[Block] | None
    model: str
    stop_reason: str | None = None
    usage: Usage | None = None
    stop_details: StopDetails | None = None


class AnthropicApi(SdkApi):
    """One Claude."""

    package = "anthropic"
    not_taken = SAMPLING

    def body(self, ask: Ask) -> dict[str, Any]:
        """The request as JSON; the system turn is a field of its own here."""
        turns = [turn for turn in ask.messages if turn.role != "system"]
        body: dict[str, Any] = {
            "model": ask.model,
            "max_tokens": ask.max_tokens,
            "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
        }
        if ask.messages[0].role == "system":
            body["system"] = ask.messages[0].content
        shape = {} if ask.schema is None else {"format": {"type": "json_schema", "schema": ask.schema}}
        effort = {"effort": ask.reasoning} if ask.reasoning in EFFORTS and ask.reasoning != "none" else {}
        return body | self._thinking(ask) | ({"output_config": shape | effort} if shape or effort else {})

    def _thinking(self, ask: Ask) -> dict[str, Any]:
        """How it is told to think: models before 4.6 by a number of tokens, later ones adaptively, with an effort."""
        if ask.reasoning is None:
            return {}
        known = self.known or Capabilities()
        if isinstance(ask.reasoning, int):
            return {"thinking": {"type": "enabled", "budget_tokens": ask.reasoning}}
        if ask.reasoning == "none":
            return {"thinking": {"type": known.off or "disabled"}}
        return {} if known.thinking == "budget" else {"thinking": {"type": "adaptive"}}

    @property
    def efforts(self) -> tuple[str, ...] | None:
        known = super().efforts
        return ("none", *known) if known is not None and self.known and self.known.off else known

    @property
    def counts_thoughts(self) -> bool:
        return self.known is None or self.known.thinking == "budget"

    async def fetched(self, ask: Ask) -> object:
        raw = await self.open().messages.with_raw_response.create(**self.body(ask))
        return json.loads(await raw.read())

    def read(self, body: object, ask: Ask, share: float = 1.0) -> Answer:
        """A body as an answer, `share` being what is paid of the list price."""
        try:
            reply = msgspec.convert(body, Reply)
        except msgspec.ValidationError as error:
            return Answer(status="error", error=f"MalformedBody: {self.short(error)}")
        finish = reply.stop_reason or ""
        why = reply.stop_details.category if reply.stop_details and finish == "refusal" else None
        bill = msgspec.structs.replace(self.bill(reply.model, (reply.usage or Usage()).tokens(), share), finish=finish, refusal=self.short(why or ""))
        text = "".join(block.text or "" for block in reply.content or () if block.type == "text")
        if any(block.type.endswith("tool_use") for block in reply.content or ()):
            return self.endpoint.check_answer(ask, msgspec.structs.replace(bill, error="ToolCall: the model called a tool, and none was offered"))
        if finish not in FINISHES and not is_blank(text):
            return self.endpoint.check_answer(ask, msgspec.structs.replace(bill, error=f"UnknownFinish: {self.short(repr(finish))}"))
        return self.endpoint.check_answer(ask, msgspec.structs.replace(bill, status=FINISHES.get(finish, "empty"), text=text))

    def wire_errors(self) -> tuple[type[Exception], ...]:
        """What a call may raise; ValueError is a body that is no JSON, or a prompt that no encoding takes; RecursionError is JSON too deep to read."""
        from anthropic import AnthropicError

        return (AnthropicError, ValueError, RecursionError)

    def failed(self, error: Exception) -> Answer:
        """What the SDK raised, as an answer. A status error was not billed; whether a timeout was, nobody knows."""
        from anthropic import APIStatusError

        kind = f"{type(error).__name__}: {self.short(error)}"
        if isinstance(error, APIStatusError):
            if error.status_code in (400, 403) and is_safety_block(error.body):
                return refused_by_filter()
            return to_unbilled(Answer(status="error", error=kind))
        return Answer(status="error", error=kind)

    def client(self, **settings: Any) -> AsyncAnthropic:
        from anthropic import AsyncAnthropic

        return AsyncAnthropic(**settings)

    def batchable(self) -> bool:
        """True: Message Batches."""
        return True

    async def send_batch(self, asks: Mapping[str, Ask], token: str) -> str:  # noqa: ARG002  Message Batches carry no metadata
        """Starts a batch; its id. Starting is never retried: a lost reply would start two."""
        requests = [{"custom_id": key, "params": self.body(ask)} for key, ask in asks.items()]
        once = self.open().with_options(max_retries=0)
        made = await once.messages.batches.create(requests=cast(Any, requests))
        return str(made.id)

    async def find_batch(self, token: str, size: int, since: float, known: Collection[str]) -> str | None:  # noqa: ARG002
        """A batch of that size made after `since` (Unix seconds) that is nobody else's; whose answers it holds shows when it is over."""
        found = None
        async for batch in self.open().messages.batches.list(limit=100):
            if batch.created_at.timestamp() < since:
                break
            counts = batch.request_counts
            whole = counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired
            if whole == size and batch.id not in known:
                found = batch.id  # newest first: the one nearest to `since` is the last
        return found

    async def batch_over(self, batch: str) -> bool:
        """True once nothing more will come."""
        return bool((await self.open().messages.batches.retrieve(batch)).processing_status == "ended")

    async def batch_answers(self, batch: str, asks: Mapping[str, Ask]) -> dict[str, Answer]:
        """Key to answer, for the asks that the batch tells of."""
        lines = await self.open().messages.batches.results(batch)
        found = {line.custom_id: line.to_dict() async for line in lines}
        return {key: self._from_line(cast(dict[str, Any], line["result"]), asks[key]) for key, line in found.items() if key in asks}

    def _from_line(self, result: dict[str, Any], ask: Ask) -> Answer:
        if result.get("type") == "succeeded":
            return self.read(result.get("message"), ask, self.batch_share)
        if is_safety_block(result):
            return refused_by_filter()
        about = ((result.get("error") or {}).get("error") or {}).get("message", result.get("type"))
        return to_unbilled(Answer(status="error", error=f"BatchError: {self.short(about)}"))


def open_provider(model: str, url: str | None) -> AnthropicApi:
    """A provider at Anthropic, or at `url`, whose price nobody knows."""
    if url is not None:
        return AnthropicApi(Endpoint(vendor="anthropic", model=model, base_url=url, key_variable=ENDPOINT_KEY, own=False))
    return AnthropicApi(Endpoint(vendor="anthropic", model=model, base_url=HOME, key_variable=KEY, own=True), list_price("anthropic", model))


VENDORS = {"anthropic": open_provider}
