"""Anthropic's Messages API through the `anthropic` package.

Since the API version of 2026-10-21, which the package sends, the API takes no temperature and no top_p; it never took a seed. An ask that has one
is refused before any call, since leaving it out in silence would measure something else.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import msgspec

from harness.errors import HarnessError
from harness.models.prices import batch_share, cost, list_price
from harness.models.provider import ENDPOINT_KEY, Answer, Ask, Count, Endpoint, refused_by_filter, to_unbilled
from harness.models.sdk import SdkApi
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
NOT_TAKEN = ("temperature", "top_p", "seed")


class Usage(msgspec.Struct):
    """Tokens. Those that went into or came out of the prompt cache are counted apart by the API."""

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None

    def whole_input(self) -> int | None:
        if self.input_tokens is None:
            return None
        return self.input_tokens + (self.cache_creation_input_tokens or 0) + (self.cache_read_input_tokens or 0)


class Block(msgspec.Struct):
    type: str
    text: str | None = None


class Reply(msgspec.Struct):
    """What is read of a body; a body that does not have this is malformed."""

    content: list[Block] | None
    model: str
    stop_reason: str | None = None
    usage: Usage | None = None


class AnthropicApi(SdkApi):
    """One Claude."""

    package = "anthropic"
    not_taken = NOT_TAKEN

    def check(self, asks: Iterable[Ask]) -> None:
        """Raises HarnessError for a missing key or package, an ask for another model, and parameters that the API does not take."""
        asked = list(asks)
        super().check(asked)
        for ask in asked:
            given = [name for name in self.not_taken if getattr(ask, name) is not None]
            if given:
                mend = "Leave it None; use replicate for more samples."
                raise HarnessError(f"the Messages API takes no {' and no '.join(given)}", where=self.name, mend=mend)

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
        if ask.schema is not None:
            body["output_config"] = {"format": {"type": "json_schema", "schema": ask.schema}}
        return body

    async def fetched(self, ask: Ask) -> object:
        raw = await self.open().messages.with_raw_response.create(**self.body(ask))
        return json.loads(await raw.read())

    def read(self, body: object, ask: Ask, share: float = 1.0) -> Answer:
        """A body as an answer, `share` being what is paid of the list price."""
        try:
            reply = msgspec.convert(body, Reply)
        except msgspec.ValidationError as error:
            return Answer(status="error", error=f"MalformedBody: {self.short(error)}")
        used, finish = reply.usage or Usage(), reply.stop_reason or ""
        paid = cost(self.price, used.whole_input(), used.output_tokens)
        bill = Answer(
            status="error",
            model=reply.model,
            finish=finish,
            input_tokens=used.whole_input(),
            output_tokens=used.output_tokens,
            usd=None if paid is None else paid * share,
        )
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
            return self.read(result.get("message"), ask, batch_share())
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
