"""OpenAI, OpenRouter, and every server that speaks their chat completions (vLLM, Ollama, llama.cpp, transformers serve), through the `openai` package."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from harness.errors import HarnessError
from harness.models.capabilities import find_capabilities, list_price
from harness.models.completion_body import Completion, Usage
from harness.models.provider import ENDPOINT_KEY, Answer, Ask, Endpoint, Routing, refused_by_filter, to_unbilled
from harness.models.sdk import SdkApi
from harness.models.status import Status, is_blank, is_safety_block

if TYPE_CHECKING:
    from openai import AsyncOpenAI

# Vendor: (its address, the variable that holds its key).
HOMES = {
    "openai": ("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "openrouter": ("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    # On this machine, where no key is asked for.
    "ollama": ("http://127.0.0.1:11434/v1", ENDPOINT_KEY),
    "llamacpp": ("http://127.0.0.1:8080/v1", ENDPOINT_KEY),
}
FINISHES: dict[str, Status] = {"stop": "ok", "length": "truncated", "content_filter": "refused"}
# Statuses with which a server may say that it withheld an answer; the others (a key that is no good, a limit, a fault) never mean that.
BLOCKS = (400, 403, 422)
# OpenRouter drops parameters that the provider it chose does not know, unless told to choose one that knows them all.
ROUTING = {"require_parameters": True}
# What the SDK itself says for this route: the key and no other, should the environment hold an administrator's.
BEARER = {"security": {"bearer_auth": True}}
OVER = {"completed", "failed", "expired", "cancelled"}


class OpenAiApi(SdkApi):
    """One model behind chat completions."""

    package = "openai"
    path: ClassVar[str] = "/chat/completions"
    routing: Mapping[str, Any] = ROUTING

    @property
    def routed(self) -> bool:
        """True behind OpenRouter, which hands a call on to one of several providers."""
        return self.endpoint.vendor == "openrouter" or f".{urlsplit(self.endpoint.base_url).hostname}".endswith(".openrouter.ai")

    def describe(self) -> dict[str, Any]:
        """Vendor, model, address, and what a router was told, as JSON."""
        return super().describe() | ({"routing": dict(self.routing)} if self.routed else {})

    def route(self, routing: Routing) -> None:
        """Restricts which providers a router may choose. Raises HarnessError where there is no router."""
        if not self.routed:
            raise HarnessError("there is one provider, and none to choose", where=self.name, mend="Leave routing out, or ask openrouter/…")
        self.routing = {**ROUTING, **msgspec.to_builtins(routing)}

    def _quantization(self) -> str:
        """That of whoever answers, where the router may choose no other; it does not tell which one it chose."""
        allowed = self.routing.get("quantizations", ())
        return allowed[0] if self.routed and len(allowed) == 1 else ""

    def body(self, ask: Ask) -> dict[str, Any]:
        """The request as JSON. OpenAI's own models want `max_completion_tokens`; older servers know `max_tokens` alone."""
        home = self.endpoint.own and self.endpoint.vendor == "openai"
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": ask.schema, "strict": True}}
        asked = {
            "model": ask.model,
            "messages": [{"role": turn.role, "content": turn.content} for turn in ask.messages],
            "max_completion_tokens" if home else "max_tokens": ask.max_tokens,
            "temperature": ask.temperature,
            "top_p": ask.top_p,
            "seed": ask.seed,
            "response_format": None if ask.schema is None else form,
            **self._reasoning(ask),
            "provider": self.routing if self.routed else None,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def _reasoning(self, ask: Ask) -> dict[str, Any]:
        """OpenRouter has a form of its own, which it translates for each provider."""
        if not self.routed or ask.reasoning is None:
            return {"reasoning_effort": ask.reasoning}
        return {"reasoning": {"max_tokens" if isinstance(ask.reasoning, int) else "effort": ask.reasoning}}

    @property
    def efforts(self) -> tuple[str, ...] | None:
        return None if self.routed else super().efforts

    @property
    def counts_thoughts(self) -> bool:
        return self.routed

    async def fetched(self, ask: Ask) -> object:
        """The body as it came. `post` is the SDK's call without its typing of request and reply, which takes a fifth of a call's CPU time."""
        return json.loads(await self.open().post(self.path, body=self.body(ask), cast_to=bytes, options=BEARER))

    def read(self, body: object, ask: Ask, share: float = 1.0) -> Answer:
        """A body as an answer, `share` being what is paid of the list price."""
        if isinstance(body, dict) and body.get("error"):  # OpenRouter tells errors of the model behind it with a status of 200
            return refused_by_filter() if is_safety_block(body) else Answer(status="error", error=f"ServerError: {self.short(body['error'])}")
        try:
            said = msgspec.convert(body, Completion)
        except msgspec.ValidationError as error:
            return Answer(status="error", error=f"MalformedBody: {self.short(error)}")
        used = said.usage or Usage()
        bill = self.bill(said.model, used.tokens(), share, used.cost if self.routed else None)
        who = self.short(said.provider) if self.routed and said.provider else ""
        return self.endpoint.check_answer(ask, self._first(said, msgspec.structs.replace(bill, provider=who, quantization=self._quantization())))

    def _first(self, said: Completion, bill: Answer) -> Answer:
        # One is asked for. Where more come, the first is the one that says so; its place in the list says nothing.
        choices = said.choices if len(said.choices) == 1 else [choice for choice in said.choices if choice.index == 0]
        if len(choices) != 1:
            return msgspec.structs.replace(bill, error=f"MalformedBody: {'no choices' if not said.choices else 'no choice is the first'}")
        (choice,) = choices
        finish, text, declined = choice.finish_reason or "", choice.message.text(), choice.message.declined()
        bill = msgspec.structs.replace(bill, finish=finish)
        if choice.error or finish == "error":
            if is_safety_block(choice.error or {}):
                return msgspec.structs.replace(bill, status="refused")
            return msgspec.structs.replace(bill, error=f"ServerError: {self.short(choice.error or 'the provider failed')}")
        if choice.message.tool_calls or choice.message.function_call:
            return msgspec.structs.replace(bill, error="ToolCall: the model called a tool, and none was offered")
        status = "refused" if declined else FINISHES.get(finish.partition(":")[0])  # Gemini's: "content_filter: SAFETY"
        if status is None and not is_blank(text):
            return msgspec.structs.replace(bill, error=f"UnknownFinish: {self.short(repr(finish))}")
        return msgspec.structs.replace(bill, status=status or "empty", text=declined if is_blank(text) else text)

    def wire_errors(self) -> tuple[type[Exception], ...]:
        """What a call may raise; ValueError is a body that is no JSON, or a prompt that no encoding takes; RecursionError is JSON too deep to read."""
        from openai import OpenAIError

        return (OpenAIError, ValueError, RecursionError)

    def failed(self, error: Exception) -> Answer:
        """What the SDK raised, as an answer. A status error was not billed; whether a timeout was, nobody knows."""
        from openai import APIStatusError

        kind = f"{type(error).__name__}: {self.short(error)}"
        if not isinstance(error, APIStatusError):
            return Answer(status="error", error=kind)
        if error.status_code in BLOCKS and is_safety_block(error.body):
            return refused_by_filter()
        return to_unbilled(Answer(status="error", error=kind))

    def client(self, **settings: Any) -> AsyncOpenAI:
        from openai import AsyncOpenAI, omit

        # The organisation and the project of OpenAI's environment variables are for OpenAI.
        absent: Any = {} if self.at_home() else {"OpenAI-Organization": omit, "OpenAI-Project": omit}
        return AsyncOpenAI(default_headers=absent, **settings)

    def batchable(self) -> bool:
        """True at OpenAI itself."""
        return self.endpoint.vendor == "openai"

    async def send_batch(self, asks: Mapping[str, Ask], token: str) -> str:
        """Uploads the asks and starts a batch that carries `token`; its id. Starting is never retried: a lost reply would start two."""
        lines = [{"custom_id": key, "method": "POST", "url": f"/v1{self.path}", "body": self.body(ask)} for key, ask in asks.items()]
        data = "\n".join(json.dumps(line) for line in lines).encode()
        file = await self.open().files.create(file=("asks.jsonl", data), purpose="batch")
        once = self.open().with_options(max_retries=0)
        where: Any = f"/v1{self.path}"
        made = await once.batches.create(completion_window="24h", endpoint=where, input_file_id=file.id, metadata={"harness": token})
        return str(made.id)

    async def find_batch(self, token: str, size: int, since: float, known: Collection[str]) -> str | None:  # noqa: ARG002  the token is enough
        """The batch that carries `token`, looked for among those made after `since` (Unix seconds)."""
        async for batch in self.open().batches.list(limit=100):
            if batch.created_at < since:
                return None
            if (batch.metadata or {}).get("harness") == token and batch.id not in known:
                return str(batch.id)
        return None

    async def batch_over(self, batch: str) -> bool:
        """True once nothing more will come."""
        return (await self.open().batches.retrieve(batch)).status in OVER

    async def batch_answers(self, batch: str, asks: Mapping[str, Ask]) -> dict[str, Answer]:
        """Key to answer, for the asks that the batch tells of; where it failed as a whole, its own error for each of them."""
        made = await self.open().batches.retrieve(batch)
        if made.status == "failed":
            why = "; ".join(str(error.message or error.code) for error in (made.errors.data if made.errors else None) or ()) or "it does not say why"
            return dict.fromkeys(asks, to_unbilled(Answer(status="error", error=f"BatchFailed: {self.short(why)}")))
        files = [await self.open().files.content(file) for file in (made.output_file_id, made.error_file_id) if file]
        lines = [json.loads(line) for file in files for line in file.read().split(b"\n") if line.strip()]
        return {line["custom_id"]: self._from_line(line, asks[line["custom_id"]]) for line in lines if line.get("custom_id") in asks}

    def _from_line(self, line: dict[str, Any], ask: Ask) -> Answer:
        reply = line.get("response") or {}
        if reply.get("status_code") == 200:
            return self.read(reply.get("body"), ask, self.batch_share)
        about = (reply.get("body") or {}).get("error") or line.get("error") or {}
        if reply.get("status_code") in BLOCKS and is_safety_block(about):
            return refused_by_filter()
        return to_unbilled(Answer(status="error", error=f"BatchError: {self.short(about.get('message', 'no reason given'))}"))


def open_provider(vendor: str, model: str, url: str | None) -> OpenAiApi:
    """A provider at the vendor's address, or at `url`, whose price nobody knows; by the Responses API where models.yaml says that nothing else serves it."""
    from harness.models.openai_responses import ResponsesApi

    known = find_capabilities(vendor, model)
    made = ResponsesApi if known is not None and known.api == "responses" else OpenAiApi
    if url is not None:
        return made(Endpoint(vendor=vendor, model=model, base_url=url, key_variable=ENDPOINT_KEY, own=False))
    if vendor not in HOMES:
        raise HarnessError(f"{vendor} has no address of its own", where=f"{vendor}/{model}", mend=f"Use {vendor}/{model}@http://host:port/v1.")
    home, variable = HOMES[vendor]
    return made(Endpoint(vendor=vendor, model=model, base_url=home, key_variable=variable, own=True), list_price(vendor, model))


VENDORS = {vendor: lambda model, url, vendor=vendor: open_provider(vendor, model, url) for vendor in (*HOMES, "vllm")}
