"""What is read of a reply of chat completions; a body that does not have this is malformed."""

from __future__ import annotations

from typing import Any

import msgspec

from harness.models.prices import Tokens
from harness.models.provider import Count, Dollars


class PromptDetails(msgspec.Struct):
    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None


class CompletionDetails(msgspec.Struct):
    reasoning_tokens: Count | None = None


class Usage(msgspec.Struct):
    """`cost` is in US dollars and told by OpenRouter alone."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    cost: Dollars | None = None

    def tokens(self) -> Tokens:
        read, thought = self.prompt_tokens_details or PromptDetails(), self.completion_tokens_details or CompletionDetails()
        told = {"cached": read.cached_tokens, "written": read.cache_write_tokens, "reasoning": thought.reasoning_tokens}
        return Tokens(input=self.prompt_tokens, output=self.completion_tokens, **told)


class Part(msgspec.Struct):
    type: str = ""
    text: str | None = None
    refusal: str | None = None


class ChatMessage(msgspec.Struct):
    """What the model said, in one piece or in parts; parts that hold no text (thoughts, pictures) are passed over."""

    content: str | list[Part | str] | None = None
    refusal: str | None = None
    tool_calls: Any = None
    function_call: Any = None

    def parts(self) -> list[Part]:
        pieces = self.content if isinstance(self.content, list) else [self.content or ""]
        return [Part(type="text", text=piece) if isinstance(piece, str) else piece for piece in pieces]

    def text(self) -> str:
        return "".join(part.text or "" for part in self.parts() if part.type in ("text", "output_text"))

    def declined(self) -> str:
        """The words of a refusal, "" where there is none."""
        return self.refusal or "".join(part.refusal or part.text or "" for part in self.parts() if part.type == "refusal")


class Choice(msgspec.Struct):
    """`error` is OpenRouter's: the provider failed after it had begun to answer, whatever the finish reason says."""

    message: ChatMessage
    finish_reason: str | None = None
    index: int | None = None
    error: Any = None


class Completion(msgspec.Struct):
    choices: list[Choice]
    model: str
    usage: Usage | None = None
    provider: Any = None
