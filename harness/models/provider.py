"""Who answers over the wire: what is asked, what comes back, and the one form that every provider has.

A provider is one file `<vendor>_api.py` beside this one whose VENDORS names the specs it serves; nothing else has to be told about it.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Protocol

import msgspec

from harness.errors import HarnessError, nearest
from harness.models.addresses import authority, checked_url, local
from harness.models.capabilities import Reasoning
from harness.models.chat import Message
from harness.models.model_names import same_model
from harness.models.prices import Price
from harness.models.status import Status, decide_status

# A vendor's key goes to that vendor alone: a spec comes from a file, and a file must not be able to send a key elsewhere.
ENDPOINT_KEY = "HARNESS_ENDPOINT_KEY"
# The key of every other server goes to the one host[:port] that this variable names; without it, to servers on this machine alone.
ENDPOINT_HOST = "HARNESS_ENDPOINT_HOST"
# What a server without keys is sent. As the key's value it says that the server has none, wherever it is.
NO_KEY = "none"
# The base URL at the end of a spec. Other schemes match too, so that no address ends up in a model's name.
BASE_URL = re.compile(r"@((?:https?(?::|$)|[a-z][a-z0-9+.-]*://).*)", re.IGNORECASE)
USERINFO = re.compile(r"//\S*@")
# What a server may say of tokens and of dollars. A number below zero would give a budget money back; such a body is malformed, and its cost unknown.
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Dollars = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
# Characters of an error that are kept; and of a key: anything shorter ("none") is a word that a model may say.
LONGEST, SHORTEST = 200, 8
# The class of the error where no server answers.
UNREACHED = "Unreached"
# What a chat template may add to a turn, in tokens; generous, since the estimate must not fall short.
TURN_TOKENS = 16


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One call: `max_tokens` bounds the answer (tokens); None leaves a parameter out, so that the server's default holds.

    `replicate` tells repeated samples of one conversation apart, and is never sent. `schema` is the JSON schema of a structured answer. `reasoning` is how
    much the model is to think, an effort or a number of tokens, both of which `max_tokens` bounds.
    Raises HarnessError for a conversation that no API takes.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    replicate: int = 0
    schema: dict[str, Any] | None = None
    reasoning: Reasoning = None

    def __post_init__(self) -> None:
        if all(turn.role == "system" for turn in self.messages) or any(turn.role == "system" for turn in self.messages[1:]):
            raise HarnessError("an ask needs a turn beside the system turn, which comes first", where=self.model, mend="Use tuple(chat(user, system)).")
        if self.max_tokens < 1:
            raise HarnessError(f"max_tokens={self.max_tokens} must be at least one", where=self.model, mend="Say how long an answer may be, in tokens.")

    def cost_at_most(self, price: Price) -> float:
        """US dollars that this call cannot exceed: a token is at least one byte of text, and an answer ends at `max_tokens`."""
        words = sum(len(turn.content.encode("utf-8", "surrogatepass")) + TURN_TOKENS for turn in self.messages)
        shape = 0 if self.schema is None else len(msgspec.json.encode(self.schema))
        return price.most(words + shape, self.max_tokens)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. `text` is the model's and never an error's; `error` is "Class: short text" and set for status "error" alone.

    `model` is the name the server reported; tokens and `usd` (list price, US dollars) are None where unknown, which is not zero; a hit of the
    cache costs 0. Of the input `cached_tokens` were read from the vendor's prompt cache and `written_tokens` into it; of the output `reasoning_tokens` were
    thought. `latency_s` is in seconds with all retries. `provider` is who ran the model, where a router says so, and `quantization` how its weights
    were stored, where that is known. `refusal` is the category of a refusal, where the vendor names one.
    """

    status: Status
    text: str = ""
    finish: str = ""
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    usd: float | None = None
    latency_s: float = 0.0
    cached: bool = False
    error: str = ""
    provider: str = ""
    cached_tokens: int | None = None
    written_tokens: int | None = None
    reasoning_tokens: int | None = None
    quantization: str = ""
    refusal: str = ""


class Routing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which providers a router may choose, in OpenRouter's words: try them in this `order`, use `only` these, or only those with one of these `quantizations`
    (fp8, …); without `allow_fallbacks` a call fails where its first choice does."""

    order: tuple[str, ...] | None = None
    only: tuple[str, ...] | None = None
    quantizations: tuple[str, ...] | None = None
    allow_fallbacks: bool | None = None


class ServerUnreached(HarnessError):
    """Nobody answers at an address where nobody answered before: nothing was sent, and nothing billed."""


class Provider(Protocol):
    """One model at one address. `price` is None where unknown; `name` is the spec."""

    name: str
    model: str
    price: Price | None

    def describe(self) -> dict[str, Any]:
        """What decides the answers, as JSON; no secret."""

    def check(self, asks: Iterable[Ask]) -> None:
        """Raises HarnessError, before any call, for a missing key or package and for what this API cannot be asked."""

    async def ask(self, ask: Ask) -> Answer:
        """The answer; what goes wrong on the wire is a status, and no exception but ServerUnreached, where there is no server."""

    async def close(self) -> None:
        """Closes the connections; the next ask opens new ones."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider lives. It knows the name of the variable that holds the key, never the key."""

    vendor: str
    model: str
    base_url: str
    key_variable: str
    own: bool

    @property
    def spec(self) -> str:
        return f"{self.vendor}/{self.model}" + ("" if self.own else f"@{self.base_url}")

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "base_url", checked_url(self.base_url, f"{self.vendor}/{self.model}"))

    def key(self) -> str:
        """The key that this server may see, "none" for a server without one.

        Raises HarnessError where the key is missing, declared for another host, or would be sent in clear text.
        """
        # No name here may hold the key: pytest shows the locals of a failing function to whoever asks for them.
        if not self._describe_key() and not local(self.base_url):
            raise HarnessError(f"the environment variable {self.key_variable} is not set", where=self.spec, mend=self._mend())
        if not (self._describe_key().isascii() and self._describe_key().isprintable()):
            raise HarnessError(f"{self.key_variable} holds characters that no key has", where=self.spec, mend="Copy the key again.")
        if self._describe_key() in ("", NO_KEY) or (local(self.base_url) and not self._declared()):
            return NO_KEY
        if not self._declared():
            mend = f"export {ENDPOINT_HOST}={authority(self.base_url)}"
            raise HarnessError(f"{ENDPOINT_KEY} is not declared for {authority(self.base_url)}", where=self.spec, mend=mend)
        if not (self.base_url.startswith("https://") or local(self.base_url)):
            mend = f"Use https://, a tunnel to 127.0.0.1, or {self.key_variable}={NO_KEY} for a server without keys."
            raise HarnessError(f"the key would go to {authority(self.base_url)} in clear text", where=self.spec, mend=mend)
        return self._describe_key()

    def _declared(self) -> bool:
        """True where the key was meant for this server: a vendor's own by its variable, any other by the host that the environment names."""
        if self.key_variable != ENDPOINT_KEY:
            return True
        host = os.environ.get(ENDPOINT_HOST, "").strip().lower()
        return host == authority(self.base_url) if host else local(self.base_url)

    def _mend(self) -> str:
        if self.key_variable != ENDPOINT_KEY:
            return f"export {self.key_variable}=<your key>"
        return f"export {ENDPOINT_KEY}=<your key> {ENDPOINT_HOST}={authority(self.base_url)}, or {ENDPOINT_KEY}={NO_KEY} for a server without keys."

    def _describe_key(self) -> str:
        return os.environ.get(self.key_variable, "").strip()

    def redacted(self, text: str) -> str:
        """The text without the key, should a server have echoed it."""
        return text.replace(self._describe_key(), f"[{self.key_variable}]") if len(self._describe_key()) >= SHORTEST else text

    def short(self, error: object) -> str:
        """An error as one short line without the key and without the user and password of a URL."""
        return USERINFO.sub("//", self.redacted(" ".join(str(error).split())))[:LONGEST]

    def check_answer(self, ask: Ask, answer: Answer) -> Answer:
        """The answer after the checks that all APIs share: another model's answer, none at all, or no JSON where JSON was asked for, is no answer."""
        plain = msgspec.structs.replace(answer, text=self.redacted(answer.text), model=self.redacted(answer.model), finish=self.redacted(answer.finish))
        if plain.status == "error":
            return plain
        if not same_model(ask.model, plain.model):
            return to_error(plain, f"WrongModel: {self.short(f'asked for {ask.model!r}, {plain.model!r} answered')}")
        if decide_status(plain.text, plain.status) == "empty":
            return msgspec.structs.replace(plain, status="empty", text="")
        if plain.status == "ok" and ask.schema is not None and not is_json(plain.text):
            return to_error(plain, "NotJson: the structured answer is no JSON")
        return plain


def takes(provider: Provider, name: str, reasoning: Reasoning = None) -> bool:
    """Whether a provider takes a sampling parameter where the model thinks so much; one that cannot say is sent what was asked."""
    told: Callable[[str, Reasoning], bool] | None = getattr(provider, "takes", None)
    return told is None or told(name, reasoning)


def to_error(answer: Answer, error: str) -> Answer:
    """The answer as an error: its text is gone, what it cost is kept."""
    return msgspec.structs.replace(answer, status="error", text="", error=error)


def refused_by_filter() -> Answer:
    """A refusal by the server's own filter, before the model said anything."""
    return to_unbilled(Answer(status="refused", finish="content_filter"))


def to_unbilled(answer: Answer) -> Answer:
    """The answer of a call that the server turned down: it cost nothing, and that is known."""
    return msgspec.structs.replace(answer, input_tokens=0, output_tokens=0, usd=0.0)


def provider_for(spec: str, *, offline: bool = False) -> Provider:
    """The provider that a spec names: `<vendor>/<model>`, or `<vendor>/<model>@<base URL>` for any server that speaks the vendor's API.

    Raises HarnessError for an unknown vendor, a bad URL, and (unless `offline`) a missing key or package. No network.
    """
    vendor, _, rest = spec.partition("/")
    custom = BASE_URL.search(rest)
    model = rest[: custom.start()] if custom else rest
    made = vendors()
    if vendor not in made or not model:
        raise HarnessError(f"{f'{vendor}/{model}'!r} names no provider", mend=f"Use <vendor>/<model>. {nearest(vendor, sorted(made))}")
    provider = made[vendor](model, custom[1] if custom else None)
    if not offline:
        provider.check(())
    return provider


def vendors() -> dict[str, Callable[[str, str | None], Provider]]:
    """Vendor to what opens it: (model, base URL or None) -> Provider, from every `*_api.py` in this folder."""
    names = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if module.name.endswith("_api")]
    return {vendor: opener for name in names for vendor, opener in importlib.import_module(f"harness.models.{name}").VENDORS.items()}


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):  # a model may open two thousand brackets
        return False
    return True
