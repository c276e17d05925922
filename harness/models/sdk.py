"""What the APIs that are reached through a vendor's own SDK have in common: one model, its client, the clock around a call, errors as answers."""

from __future__ import annotations

import asyncio
import importlib
import os
import time
from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec

from harness.commands import DISTRIBUTION, install
from harness.errors import HarnessError
from harness.models.adaptive_limit import AdaptiveLimit
from harness.models.capabilities import EFFORTS, Reasoning, batch_share, find_capabilities
from harness.models.prices import Price, Tokens, cost
from harness.models.provider import UNREACHED, Answer, Ask, Endpoint, ServerUnreached

# Seconds until a call is given up, all its tries together; a server that sends a byte now and then would otherwise keep it for ever.
DEADLINE_S = 900.0
# Fields of an ask that say how an answer is drawn.
SAMPLING = ("temperature", "top_p", "seed")


class SdkApi:
    """One model behind an SDK. Retries (429, 5xx, cut connections, timeouts) are the SDK's, with backoff and Retry-After; while a server complains of too
    many calls, fewer are under way.

    A vendor gives `package` (the SDK's name), `client` (a new client), `fetched` (the body of one call), `read` (a body as an answer), `failed` (what the
    SDK raised as an answer) and `wire_errors` (what a call may raise, the SDK's base class first). `not_taken` names the fields of an ask that the API
    knows nothing of, whatever the model; `known` is what models.yaml says of the model, None for nothing.
    """

    package: ClassVar[str]
    not_taken: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, endpoint: Endpoint, price: Price | None = None, *, timeout_s: float = 300.0, max_retries: int = 6, deadline_s: float = DEADLINE_S
    ) -> None:
        self.endpoint, self.price = endpoint, price
        self.name, self.model = endpoint.spec, endpoint.model
        self.known = find_capabilities(endpoint.vendor, endpoint.model)
        self.timeout_s, self.max_retries, self.deadline_s = timeout_s, max_retries, deadline_s
        self._client: Any = None
        self._limit = AdaptiveLimit()

    def describe(self) -> dict[str, Any]:
        """Vendor, model and address, as JSON."""
        return {"provider": self.endpoint.vendor, "model": self.model, "base_url": self.endpoint.base_url}

    def check(self, asks: Iterable[Ask]) -> None:
        """Raises HarnessError for a missing key or package, an ask for another model, or what this model cannot be asked."""
        self.endpoint.key()
        self._refuse_custom_headers()
        try:
            importlib.import_module(self.package)
        except ImportError:
            raise HarnessError(f"the package {self.package} is not installed", where=self.name, mend=install(f"{DISTRIBUTION}[api]")) from None
        for ask in asks:
            if ask.model != self.model:
                raise HarnessError(f"this provider answers for {self.model!r}, not for {ask.model!r}", where=self.name, mend="Use model=provider.model.")
            self._refuse_untaken(ask)
            self._refuse_reasoning(ask)

    def takes(self, name: str, reasoning: Reasoning = None) -> bool:
        """Whether a sampling parameter is taken. Of a model that models.yaml does not have nobody knows: it is sent, and the server decides."""
        return name not in self.not_taken and (self.known is None or self.known.takes_parameter(name, reasoning))

    @property
    def batch_share(self) -> float:
        """The share of the list price that a call through the batch endpoint costs."""
        return batch_share(self.endpoint.vendor)

    @property
    def efforts(self) -> tuple[str, ...] | None:
        """The efforts of reasoning that can be asked for; None where nobody knows."""
        return None if self.known is None else self.known.efforts

    @property
    def counts_thoughts(self) -> bool:
        """Whether reasoning can be a number of tokens."""
        return False

    def _refuse_reasoning(self, ask: Ask) -> None:
        if isinstance(ask.reasoning, int) and not self.counts_thoughts:
            raise HarnessError("reasoning cannot be a number of tokens here", where=self.name, mend=f"Use an effort: {', '.join(self.efforts or EFFORTS)}.")
        if isinstance(ask.reasoning, int) and ask.reasoning >= ask.max_tokens:
            told = f"reasoning={ask.reasoning} leaves no tokens of max_tokens={ask.max_tokens} for an answer"
            raise HarnessError(told, where=self.name, mend="Raise max_tokens, which bounds both.")
        if isinstance(ask.reasoning, str) and self.efforts is not None and ask.reasoning not in self.efforts:
            others = (*self.efforts, *(["a number of tokens"] if self.counts_thoughts else []))
            raise HarnessError(f"this model takes no reasoning {ask.reasoning!r}", where=self.name, mend=f"Use {', '.join(others) or 'None'}.")

    def _refuse_untaken(self, ask: Ask) -> None:
        """Leaving a parameter out in silence would measure something else."""
        given = [name for name in SAMPLING if getattr(ask, name) is not None and not self.takes(name, ask.reasoning)]
        if given:
            who = "the API" if set(given) <= set(self.not_taken) else "this model"
            raise HarnessError(f"{who} takes no {' and no '.join(given)}", where=self.name, mend="Leave it None; use replicate for more samples.")
        if self.known is not None and self.known.context is not None and ask.max_tokens >= self.known.context:
            told = f"max_tokens={ask.max_tokens} leaves no room for a prompt in this model's {self.known.context} tokens"
            raise HarnessError(told, where=self.name, mend="Lower max_tokens.")

    def bill(self, model: str, used: Tokens, share: float, told: float | None = None) -> Answer:
        """What a call cost, as an answer that nobody has read yet: what the server told, or `share` of the list price."""
        paid = told if told is not None else cost(self.price, used)
        return Answer(
            status="error",
            model=model,
            input_tokens=used.input,
            output_tokens=used.output,
            cached_tokens=used.cached,
            written_tokens=used.written,
            reasoning_tokens=used.reasoning,
            usd=None if paid is None else paid * share,
        )

    async def ask(self, ask: Ask) -> Answer:
        """The answer after the SDK's retries. `timeout_s` bounds each wait for bytes, `deadline_s` the whole; whether a call that met either was billed,
        nobody knows. Raises ServerUnreached where nobody listens at the address, and nobody did before.
        """
        self.open()  # importing an SDK takes a second, which is no part of the call
        async with self._limit:
            return await self._ask_now(ask)

    async def _ask_now(self, ask: Ask) -> Answer:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.deadline_s):
                answer = self.read(await self.fetched(ask), ask)
        except TimeoutError:
            answer = Answer(status="error", error=f"DeadlinePassed: no answer within {self.deadline_s:g} s")
        except self.wire_errors() as error:
            answer = self.failed(error)
        kind, _, why = answer.error.partition(": ")
        if kind == UNREACHED:  # not while the SDK's error is handled, whose traceback holds the key
            mend = "Is the server started? Else correct its address, or the network; what was answered is kept"
            raise ServerUnreached(f"no server answers at {self.endpoint.base_url}: {why}", where=self.name, mend=mend)
        return msgspec.structs.replace(answer, latency_s=time.monotonic() - began)

    def short(self, error: object) -> str:
        """An error as one short line without the key."""
        return self.endpoint.short(error)

    def open(self) -> Any:
        """The client, made on first use. The address is always said: the SDK's own environment variables would otherwise move it in silence.

        Raises HarnessError where it cannot be made (a proxy that needs another package, say); not while the SDK's own error is handled, whose traceback
        holds the key among its locals.
        """
        wrong = None
        if self._client is None:
            self._refuse_custom_headers()
            try:
                settings = {"base_url": self.endpoint.base_url, "timeout": self._timeout(), "max_retries": self.max_retries}
                self._client = self.client(api_key=self.endpoint.key(), http_client=self._http_client(), **settings)
            except (ImportError, OSError, ValueError) as error:
                wrong = self.short(error)
        if wrong is not None:
            raise HarnessError(f"no client can be made: {wrong}", where=self.name, mend="Look at the proxy variables.")
        return self._client

    def _timeout(self) -> Any:
        import httpx2

        from harness.models.transport import CONNECT_S

        return httpx2.Timeout(self.timeout_s, connect=min(CONNECT_S, self.timeout_s))

    def _http_client(self) -> Any:
        from harness.models.transport import open_http_client  # it imports httpx2, as the SDKs do

        self._limit = AdaptiveLimit()
        return open_http_client(importlib.import_module(self.package), self.wire_errors()[0], self.endpoint.base_url, self.deadline_s, self._limit.note)

    def at_home(self) -> bool:
        """True at the address of the vendor whose SDK this is."""
        return self.endpoint.own and self.endpoint.vendor == self.package

    def _refuse_custom_headers(self) -> None:
        """The SDKs add the headers of a variable of their own to every request; such headers hold keys as a rule."""
        variable = f"{self.package.upper()}_CUSTOM_HEADERS"
        if os.environ.get(variable) and not self.at_home():
            raise HarnessError(f"{variable} is set for {self.package} and would be sent to {self.endpoint.base_url}", where=self.name, mend=f"unset {variable}")

    async def close(self) -> None:
        """Closes the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def client(self, **settings: Any) -> Any:
        raise NotImplementedError

    async def fetched(self, ask: Ask) -> object:
        raise NotImplementedError

    def read(self, body: object, ask: Ask, share: float = 1.0) -> Answer:
        raise NotImplementedError

    def failed(self, error: Exception) -> Answer:
        raise NotImplementedError

    def wire_errors(self) -> tuple[type[Exception], ...]:
        raise NotImplementedError
