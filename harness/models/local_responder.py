"""Weights on this machine as a respondent: batched, seeded, and the same whatever else is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.models.chat import render
from harness.models.model import Model
from harness.models.provider import Answer
from harness.models.responder import Conversation, SamplingParams, Tick, add_system_prompt
from harness.models.sampling import Completion, Sampler, Server
from harness.models.status import decide_status

# In bfloat16 sampled text depends on the batch, so its size is part of who answers.
BATCH = 32


class LocalResponder:
    """A model of the `Model` form that answers in chat under `system` (None: no system turn). With a `server` the answers are drawn there."""

    def __init__(self, model: Model, drawing: SamplingParams, system: str | None = None, server: Server | None = None) -> None:
        self.model, self.drawing, self.system, self.server = model, drawing, system, server

    def describe(self) -> dict[str, Any]:
        """The weights, the system prompt and the drawing."""
        return {
            "respondent": "local",
            "spec": self.model.spec,
            "model": self.model.fingerprint,
            "system": self.system,
            "form": "chat",
            "batch": BATCH,
            "max_tokens": self.drawing.max_tokens,
            "temperature": self.drawing.temperature,
            "top_p": self.drawing.top_p,
            "seed": self.drawing.seed,
            **(self.server.describe() if self.server else {}),
        }

    def groups(self, asked: Sequence[Conversation]) -> list[list[Conversation]]:
        """Batches of 32 by (characters, id, replicate)."""
        ordered = sorted(asked, key=lambda one: (sum(len(turn.content) for turn in one.turns), one.id, one.replicate))
        return [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]

    def answers(self, asked: Sequence[Conversation], tick: Tick | None = None) -> list[Answer]:
        """One answer each, in order. An answer that ran into `max_tokens` is truncated; one without a word is empty."""
        make, how = self.server.sampler if self.server else Sampler, self.drawing
        sampler = make(self.model, max_new_tokens=how.max_tokens, temperature=how.temperature, top_p=how.top_p, batch_size=BATCH)
        prompts = [self.rendered(one) for one in asked]
        drawn = sampler.complete(prompts, seed=self.drawing.seed, replicates=[one.replicate for one in asked])
        if tick is not None:
            tick(len(asked), len(asked))
        return [self.answer(prompt, completion) for prompt, completion in zip(prompts, drawn, strict=True)]

    def rendered(self, one: Conversation) -> str:
        """The text that the model goes on from."""
        return render(self.model.tokenizer, add_system_prompt(one.turns, self.system))

    def answer(self, prompt: str, drawn: Completion) -> Answer:
        """What was drawn, with its status. Local answers cost nothing, and that is known."""
        text = drawn.text.strip()
        status = decide_status(text, "truncated" if drawn.finish == "length" else "ok")
        return Answer(
            status=status,
            text="" if status == "empty" else text,
            finish=drawn.finish,
            model=self.model.spec,
            input_tokens=len(self.model.tokenizer(prompt, add_special_tokens=False)["input_ids"]),
            output_tokens=drawn.tokens,
            usd=0.0,
        )
