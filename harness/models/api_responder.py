"""A model behind an API as a respondent: through the cache of paid replies, bounded in number and money."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from harness.models.batched_asking import ask_in_batches
from harness.models.batches import require_batches
from harness.models.budget import open_ledger
from harness.models.capabilities import Reasoning, vendors_known
from harness.models.provider import Answer, Ask, Provider, takes
from harness.models.request_pool import Asker
from harness.models.responder import Conversation, SamplingParams, Tick, add_system_prompt
from harness.models.response_cache import open_replies


class ApiResponder:
    """One provider. `usd` bounds what this model may cost in one gathering, `run` (its name, US dollars) the run; `offline` answers from the cache alone.
    `batch` sends all that is asked at a time to the vendor's batch endpoint, and looks for it every `poll_s` seconds. Raises HarnessError where there is none.
    """

    def __init__(
        self,
        provider: Provider,
        cache: Path,
        drawing: SamplingParams,
        system: str | None = None,
        *,
        reasoning: Reasoning = None,
        concurrency: int = 16,
        usd: float | None = None,
        run: tuple[str, float] | None = None,
        offline: bool = False,
        batch: bool = False,
        poll_s: float = 60.0,
    ) -> None:
        self.provider, self.cache, self.drawing, self.system, self.reasoning = provider, cache, drawing, system, reasoning
        self.concurrency, self.usd, self.run, self.offline = concurrency, usd, run, offline
        self.batch, self.poll_s = batch and not offline, poll_s
        if self.batch:
            require_batches(provider)
        self.damaged: list[str] = []  # what was found altered in the cache or the ledger, a line each

    def describe(self) -> dict[str, Any]:
        """The provider, the system prompt and the drawing."""
        return {
            "respondent": "api",
            "spec": self.provider.name,
            "provider": self.provider.describe(),
            "system": self.system,
            "max_tokens": self.drawing.max_tokens,
            "temperature": self._sent("temperature"),
            "top_p": self._sent("top_p"),
            "seed": self.drawing.seed,
        } | self._thinking

    @property
    def card(self) -> dict[str, Any]:
        """What it was drawn with, None being the API's own default, and of when what we know of the model is."""
        sampling = {name: self._sent(name) for name in ("temperature", "top_p")} | self._thinking
        return {"sampling": sampling, "capabilities": describe_knowledge(self.provider)}

    @property
    def _thinking(self) -> dict[str, Any]:
        return {} if self.reasoning is None else {"reasoning": self.reasoning}

    def _sent(self, name: str) -> float | None:
        """Temperature or top_p; None where the API or the model takes none: it draws as it likes, and the description says so."""
        value: float = getattr(self.drawing, name)
        return value if takes(self.provider, name, self.reasoning) else None

    def groups(self, asked: Sequence[Conversation]) -> list[list[Conversation]]:
        """All in one: every answer is kept by the cache as it comes, so a kill loses nothing, and no call waits for a slow one of its group."""
        return [sorted(asked, key=lambda one: (one.id, one.replicate))] if asked else []

    def answers(self, asked: Sequence[Conversation], tick: Tick | None = None) -> list[Answer]:
        """One answer each, in order. Raises HarnessError where a budget would be passed, and for what is missing offline."""
        with open_replies(self.cache) as replies, open_ledger(replies, *self.run) if self.run else nullcontext() as ledger:
            asks = [self.ask(one) for one in asked]
            try:
                if self.batch:
                    return ask_in_batches(self.provider, replies, asks, usd=self.usd, ledger=ledger, poll_s=self.poll_s, tick=tick)
                asker = Asker(self.provider, replies, concurrency=self.concurrency, budget_usd=self.usd, ledger=ledger, offline=self.offline)
                return asker.ask_all(asks, tick)
            finally:
                self.damaged += replies.damaged

    def ask(self, one: Conversation) -> Ask:
        """The call. The seed is not sent: few APIs honour one, so the drawing's seed enters the replicate, which tells samples apart and is not sent."""
        return Ask(
            model=self.provider.model,
            messages=add_system_prompt(one.turns, self.system),
            max_tokens=self.drawing.max_tokens,
            temperature=self._sent("temperature"),
            top_p=self._sent("top_p"),
            replicate=one.replicate + 1000 * self.drawing.seed,
            reasoning=self.reasoning,
        )


def describe_knowledge(provider: Provider) -> str:
    """Of when it is what models.yaml says of a model, or that it says nothing."""
    known, vendor = getattr(provider, "known", None), provider.name.partition("/")[0]
    if known is None:
        return "unknown model: its parameters, context and price are not checked"
    return f"as of {vendors_known()[vendor].as_of}" if vendor in vendors_known() else "known by its maker"
