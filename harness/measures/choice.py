"""Multiple choice by log-probability: which option would the model rather say?

Letters are not asked for: a small model puts "A" first whatever the question (SmolLM2 on our bank: .28 by letter, floor .25). Instead each
option's text is scored as the answer itself. Seen on every second question of the bank, summed log-prob, assistant / villain / comedian:
cloze .68 / .64 / .64, answer .80 / .69 / .72.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError
from harness.measures.banks import partition
from harness.measures.branches import Branches, Tree, grow, shared_prefix
from harness.measures.questions import Question
from harness.models.chat import Message, render

if TYPE_CHECKING:
    from harness.models.model import Model

# (first words put into the assistant's mouth, what stands between them and the option)
STYLES = {"cloze": ("", ""), "answer": ("Answer:", " ")}
# Fixed, so that a run resumed after a kill computes the same chunks and the same bits.
CHUNK = 16
PROBES = ("zqfirstqz", "7 zqotherqz")


class ChoiceScorer:
    """Scores questions under one model and one system prompt (None: no system turn; "": an empty one).

    Prompt: [system turn], one user/assistant pair per shot, then a user turn that holds the question's text and nothing else. Style "answer"
    (default): the assistant's turn is "Answer: <option>", shots included. Style "cloze": it is the option alone. The score of an option is the sum of
    its tokens' log-probabilities (nats), or with normalise="mean" that sum divided by the number of tokens; the end of turn is not scored.
    Raises HarnessError for an unknown style or normalisation.
    """

    outcome, unit, sampling_unit = "correct", "rate", "question"

    def __init__(
        self,
        model: Model,
        *,
        system: str | None,
        shots: Sequence[Question] = (),
        normalise: Literal["sum", "mean"] = "sum",
        style: Literal["cloze", "answer"] = "answer",
    ) -> None:
        if style not in STYLES or normalise not in ("sum", "mean"):
            raise HarnessError(f"no style {style!r} with normalise {normalise!r}", where="ChoiceScorer", mend=f"Styles: {', '.join(STYLES)}; sum, mean.")
        self.model, self.system, self.shots = model, system, tuple(shots)
        self.normalise, self.style = normalise, style
        self.branches = Branches(model, shared_prefix(model, [self.context(probe) for probe in PROBES]))

    def describe(self) -> dict[str, Any]:
        """All that decides a row, except the question itself. JSON-able."""
        return {
            "measure": "choice",
            "model": self.model.fingerprint,
            "system": self.system,
            "shots": [msgspec.to_builtins(shot) for shot in self.shots],
            "normalise": self.normalise,
            "style": self.style,
            "chunk": CHUNK,
            "code": code_fingerprint(__name__),
        }

    def chunks(self, items: Sequence[Question]) -> list[list[Question]]:
        """The questions in groups of 16 by (tokens, id). Depends on the set of items only, not on their order."""
        return partition(self.model.tokenizer, items, lambda item: item.question + "".join(item.choices), CHUNK)

    def score(self, chunk: Sequence[Question]) -> list[dict[str, Any]]:
        """One row per question, in order: {"status", "item", "question", "options", "logprobs" (nats, one per option), "tokens", "pick" (its label), "picked"
        (the likeliest turn of the assistant), "answer", "correct", "margin", "probability"}, and "messages" where there are shots.

        `margin` is the answer's score less the best other's, in the normalisation asked for, `probability` its share among all options. A question that is
        also a shot is refused (HarnessError).
        """
        shown = {shot.id for shot in self.shots}
        for item in chunk:
            if item.id in shown:
                raise HarnessError(f"question {item.id!r} is also a shot: its answer stands in the prompt", where="ChoiceScorer", mend="Take it out of one.")
        trees = [self.tree(item) for item in chunk]
        return [self.row(item, tree, sums) for item, tree, sums in zip(chunk, trees, self.branches.score(trees), strict=True)]

    def tree(self, item: Question) -> Tree:
        seam = STYLES[self.style][1]
        return grow(self.model.tokenizer, self.context(item.question), [seam + choice for choice in item.choices], where=item.id)

    def context(self, question: str) -> str:
        """The rendered conversation up to where the option begins."""
        turns = [] if self.system is None else [Message(role="system", content=self.system)]
        return render(self.model.tokenizer, [*turns, *self.turns(question)], answer_prefix=STYLES[self.style][0])

    def turns(self, question: str) -> list[Message]:
        """The shots and the question."""
        found = []
        for shot in self.shots:
            right = shot.choices[shot.labels.index(shot.answer)]
            found += [Message(role="user", content=shot.question), Message(role="assistant", content=self.answer(right))]
        return [*found, Message(role="user", content=question)]

    def answer(self, choice: str) -> str:
        """The assistant's turn with an option."""
        return "".join(STYLES[self.style]) + choice

    def row(self, item: Question, tree: Tree, sums: Sequence[float]) -> dict[str, Any]:
        from scipy.special import softmax

        tokens = [len(branch) for branch in tree.branches]
        scores = list(sums) if self.normalise == "sum" else [total / count for total, count in zip(sums, tokens, strict=True)]
        right = item.labels.index(item.answer)
        best = max(range(len(scores)), key=scores.__getitem__)
        pick = item.labels[best]
        messages = {"messages": msgspec.to_builtins(self.turns(item.question))} if self.shots else {}
        return messages | {
            "status": "ok",
            "item": item.id,
            "question": item.question,
            "options": list(item.choices),
            "logprobs": list(sums),
            "tokens": tokens,
            "pick": pick,
            "picked": self.answer(item.choices[best]),
            "answer": item.answer,
            "correct": pick == item.answer,
            "margin": scores[right] - max(score for index, score in enumerate(scores) if index != right),
            "probability": float(softmax(scores)[right]),
        }
