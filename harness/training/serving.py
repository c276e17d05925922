"""Answers of a model, with or without adapters, that an inference server draws, and the gate that compares the server with the model in this process.

The server draws by its own random numbers, so its answers are not those of `Sampler`, and both are never mixed: the server is part of who answered. That
it answers for the same weights is measured, not believed: before the answers of a stack are first handed on, the log-probabilities of some of them are
compared with those of our own model, and with those that the server gives without the adapters. A server that leaves an adapter out, as happens without a
word, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import msgspec

from harness.errors import HarnessError
from harness.fingerprint import file_fingerprint, fingerprint
from harness.measures.branches import grow
from harness.models import inference_server
from harness.models.chat import Message, render
from harness.models.forward import check_length
from harness.models.inference_server import Answered, Drawn, InferenceServer
from harness.models.sampling import Completion, Sampler
from harness.seeds import derive
from harness.store import Store
from harness.training import summed_adapters
from harness.training.adapter_stack import AdaptedModel
from harness.training.merge_checks import chances, differences
from harness.training.summed_adapters import rank_of, summed_folder

if TYPE_CHECKING:
    import torch

    from harness.models.model import Model

# The mean difference of a log-probability (nats) that is allowed between two programs that compute the same, by the precision of the weights.
TOLERANCES = {"float32": 1e-3, "bfloat16": 0.05}
# How many answers of a first batch are compared, and how many tokens of each.
COMPARED, TOKENS = 4, 16


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Differences of a log-probability (nats) over `tokens` tokens of answers: the server against our own model (`difference` the largest,
    `difference_mean` the mean of their sizes), and the server with against without the adapters (`moved`, `moved_mean`; None for a model without any)."""

    difference: float
    difference_mean: float
    moved: float | None
    moved_mean: float | None
    tokens: int


class Serving:
    """A server that answers for local models. `tolerance` (nats) replaces the one of the precision."""

    def __init__(self, server: InferenceServer, store: Store, tolerance: float | None = None) -> None:
        self.server, self.store, self.tolerance = server, store, tolerance
        self._checked: set[str] = set()

    def describe(self) -> dict[str, Any]:
        """What decides an answer besides the model and the drawing, as JSON."""
        code = [file_fingerprint(Path(str(module))) for module in (__file__, inference_server.__file__, summed_adapters.__file__)]
        return {"server": self.server.identity, "server_code": fingerprint(code)}

    def sampler(self, model: Model, **drawing: Any) -> ServedSampler:
        """What draws answers of the model; `drawing` as `Sampler` takes it."""
        return ServedSampler(self, model, **drawing)

    def load(self, model: Model) -> str:
        """The name under which the server answers for the model; its adapters are trained, added up and loaded where they are not there yet.

        A model without any is asked as an adapter of zeros, never as the base: on a CPU, vLLM 0.32 answers for the base as an adapter that is under way at
        the same moment (no adapter is the index -1 of a tensor of adapters, and so the last), and who else asks cannot be known here.
        """
        base = self.server.base()
        if base.id != self.server.identity["model"] or base.root != self.server.identity["root"]:
            raise HarnessError("the inference server serves another model than when it was first asked", where=self.server.url, mend="Run again")
        folder = summed_folder(self.store, model).resolve()
        self.server.load(folder.name, folder, rank_of(folder))
        return folder.name

    def compare(self, model: Model, conversations: Sequence[Sequence[Message]]) -> Comparison:
        """Compares the server with the model on the answers with which some conversations end."""
        trees = [grow(model.tokenizer, render(model.tokenizer, turns[:-1]), [turns[-1].content]) for turns in conversations]
        return self.compare_tokens(model, [(tree.context, tree.branches[0]) for tree in trees])

    def compare_tokens(self, model: Model, answers: Sequence[Answered]) -> Comparison:
        """The same for (prompt, answer) in tokens."""
        theirs, bare = self.logprobs(model, answers), bare_of(model)
        ours = [chances(model.model, [*prompt, *answer])[len(prompt) - 1 :].cpu() for prompt, answer in answers]
        apart = differences(theirs, ours)
        moved = differences(theirs, self.logprobs(bare, answers)) if bare else None
        return Comparison(
            difference=max(apart),
            difference_mean=mean(apart),
            moved=max(moved) if moved else None,
            moved_mean=mean(moved) if moved else None,
            tokens=len(apart),
        )

    def logprobs(self, model: Model, answers: Sequence[Answered]) -> list[torch.Tensor]:
        """What the server says of the tokens of each answer."""
        import torch

        return [torch.tensor(row) for row in self.server.logprobs(self.load(model), answers)]

    def check(self, model: Model, answers: Sequence[Answered]) -> None:
        """Compares the server with the model on a few answers, once a process and stack. Raises HarnessError where they differ."""
        if model.fingerprint not in self._checked:
            shortest = sorted(answers, key=lambda one: (len(one[0]), list(one[0])))[:COMPARED]
            begun = [(prompt, answer[:TOKENS]) for prompt, answer in shortest]
            refuse_difference(self.compare_tokens(model, begun), self.tolerance or TOLERANCES[model.dtype], self.server.url)
            self._checked.add(model.fingerprint)


class ServedSampler(Sampler):
    """Draws the answers of a model from a server. The seed of a sample depends on (seed, text of the request, replicate) alone."""

    def __init__(self, serving: Serving, model: Model, **drawing: Any) -> None:
        super().__init__(model, **drawing)
        self.serving = serving

    def complete(self, prompts: Sequence[str], *, seed: int, replicates: Sequence[int] | None = None) -> list[Completion]:
        """One completion per rendered prompt, in order. Raises HarnessError for a server that fails, or answers for something else than the model."""
        numbers = replicates if replicates is not None else [0] * len(prompts)
        tokens = [list(self.model.tokenizer(text, add_special_tokens=False)["input_ids"]) for text in prompts]
        check_length(self.model, max(map(len, tokens), default=0) + self.max_new_tokens)
        seeds = [derive("inference server", seed, text, number) % 2**31 for text, number in zip(prompts, numbers, strict=True)]
        drawing = {"max_tokens": self.max_new_tokens, "temperature": self.temperature, "top_p": self.top_p, "stop_token_ids": sorted(self.stops)}
        drawn = self.serving.server.complete(self.serving.load(self.model), list(zip(tokens, seeds, strict=True)), **drawing)
        self.serving.check(self.model, [(prompt, one.tokens) for prompt, one in zip(tokens, drawn, strict=True)])
        return [self.completion(one) for one in drawn]

    def completion(self, drawn: Drawn) -> Completion:
        """What was drawn, as our own sampler gives it."""
        tokens = drawn.tokens[:-1] if drawn.tokens[-1] in self.stops else drawn.tokens
        text = str(self.model.tokenizer.decode(tokens, skip_special_tokens=True))
        return Completion(text=text, tokens=len(tokens), finish=drawn.finish, logprob=sum(drawn.logprobs))


def bare_of(model: Model) -> Model | None:
    """The base of a model with adapters; None for one that has none."""
    return model.stack.base if isinstance(model, AdaptedModel) and model.layers else None


def refuse_difference(found: Comparison, tolerance: float, where: str) -> None:
    """Raises HarnessError for a server whose adapters move nothing that can be told from noise, or whose log-probabilities are others than ours."""
    apart = f"{found.difference_mean:.2g} nats a token on average, at most {found.difference:.2g} ({found.tokens} tokens)"
    if found.moved_mean is not None and found.moved_mean <= found.difference_mean:
        told = (
            f"the inference server answers as if without the adapters: they move its log-probabilities by {found.moved_mean:.2g}, our model's differ by {apart}"
        )
        raise HarnessError(told, where=where, mend="Look at its log: does it apply LoRA to this model? Without the setting server our own sampler answers")
    if not found.difference_mean <= tolerance:
        told = f"the inference server is not the model here: log-probabilities differ by {apart}, and {tolerance:g} is allowed"
        raise HarnessError(told, where=where, mend="Serve the same folder in the same dtype, or allow more with the setting server_tolerance")


@lru_cache(maxsize=8)
def open_serving(server: InferenceServer, store: Store, tolerance: float | None = None) -> Serving:
    """One object for the process, so that each stack is checked once."""
    return Serving(server, store, tolerance)
