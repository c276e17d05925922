"""OpenAI's Responses API, through the `openai` package: for the models that chat completions do not serve. Nothing is kept at the vendor (`store`)."""

from __future__ import annotations

from typing import Any

import msgspec

from harness.models.capabilities import Reasoning
from harness.models.openai_api import OpenAiApi
from harness.models.prices import Tokens
from harness.models.provider import Answer, Ask, Count
from harness.models.status import Status, is_blank, is_safety_block

# By the reason for which an answer is incomplete, else by its status.
FINISHES: dict[str, Status] = {"completed": "ok", "max_output_tokens": "truncated", "content_filter": "refused"}


class Piece(msgspec.Struct):
    type: str = ""
    text: str | None = None
    refusal: str | None = None


class Item(msgspec.Struct):
    """A message, thoughts, or the call of a tool. Of messages those that only comment (`phase`) are no answer."""

    type: str
    content: list[Piece] | str | None = None
    phase: str | None = None

    def pieces(self) -> list[Piece]:
        if self.type != "message" or self.phase == "commentary":
            return []
        return [Piece(type="output_text", text=self.content)] if isinstance(self.content, str) else self.content or []


class InputDetails(msgspec.Struct):
    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None


class OutputDetails(msgspec.Struct):
    reasoning_tokens: Count | None = None


class Usage(msgspec.Struct):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None

    def tokens(self) -> Tokens:
        read, thought = self.input_tokens_details or InputDetails(), self.output_tokens_details or OutputDetails()
        told = {"cached": read.cached_tokens, "written": read.cache_write_tokens, "reasoning": thought.reasoning_tokens}
        return Tokens(input=self.input_tokens, output=self.output_tokens, **told)


class Incomplete(msgspec.Struct):
    reason: str | None = None


class Response(msgspec.Struct):
    """What is read of a body; a body that does not have this is malformed."""

    model: str
    output: list[Item]
    status: str | None = None
    incomplete_details: Incomplete | None = None
    usage: Usage | None = None
    error: Any = None


class ResponsesApi(OpenAiApi):
    """One model behind the Responses API."""

    path = "/responses"
    not_taken = ("seed",)

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"api": "responses"}

    def body(self, ask: Ask) -> dict[str, Any]:
        form = {"type": "json_schema", "name": "answer", "schema": ask.schema, "strict": True}
        asked = {
            "model": ask.model,
            "input": [{"role": turn.role, "content": turn.content} for turn in ask.messages],
            "max_output_tokens": ask.max_tokens,
            "temperature": ask.temperature,
            "top_p": ask.top_p,
            "text": None if ask.schema is None else {"format": form},
            "reasoning": effort_of(ask.reasoning),
            "store": False,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def read(self, body: object, ask: Ask, share: float = 1.0) -> Answer:
        """A body as an answer, `share` being what is paid of the list price."""
        try:
            said = msgspec.convert(body, Response)
        except msgspec.ValidationError as error:
            return Answer(status="error", error=f"MalformedBody: {self.short(error)}")
        bill = self.bill(said.model, (said.usage or Usage()).tokens(), share)
        return self.endpoint.check_answer(ask, self._whole(said, bill))

    def _whole(self, said: Response, bill: Answer) -> Answer:
        finish = (said.incomplete_details.reason if said.incomplete_details else None) or said.status or ""
        bill = msgspec.structs.replace(bill, finish=finish)
        if said.error or said.status == "failed":
            if is_safety_block(said.error or {}):
                return msgspec.structs.replace(bill, status="refused")
            return msgspec.structs.replace(bill, error=f"ServerError: {self.short(said.error or 'the model failed')}")
        if any(item.type.endswith("_call") for item in said.output):
            return msgspec.structs.replace(bill, error="ToolCall: the model called a tool, and none was offered")
        pieces = [piece for item in said.output for piece in item.pieces()]
        text = "".join(piece.text or "" for piece in pieces if piece.type == "output_text")
        declined = "".join(piece.refusal or "" for piece in pieces if piece.type == "refusal")
        status = "refused" if declined else FINISHES.get(finish)
        if status is None and not is_blank(text):
            return msgspec.structs.replace(bill, error=f"UnknownFinish: {self.short(repr(finish))}")
        return msgspec.structs.replace(bill, status=status or "empty", text=declined if is_blank(text) else text)


def effort_of(reasoning: Reasoning) -> dict[str, Any] | None:
    return None if reasoning is None else {"effort": reasoning}
