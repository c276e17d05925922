"""How much answers look like those of one model rather than another's: a classifier of sentence vectors, learned on answers of both to other prompts.

Two models may be told apart by voice as well as by what they advise; this score does not say which. That is why it stands beside judges, not for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import metadata
from typing import Any

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.judges.judging import AnswerToJudge
from harness.measures.encoder import encoder
from harness.models.status import is_blank

CHUNK = 64
Rows = Sequence[Mapping[str, Any]]


class Likeness:
    """Scores answers by the probability that they are `these` and not `those` (rows of sampled answers): a logistic regression over all-MiniLM-L6-v2.

    Raises HarnessError where it has answers of one of them alone, and where it is to score an item that it learned from.
    """

    outcome, unit, sampling_unit = "likeness", "rate", "prompt"

    def __init__(self, these: Rows, those: Rows) -> None:
        self.learned = [[(row["item"], row["text"]) for row in rows if not is_blank(row["text"])] for rows in (these, those)]
        if not all(self.learned):
            raise HarnessError("one of the two that are to be told apart says nothing", where="Likeness", mend="Look at its samples")

    def describe(self) -> dict[str, Any]:
        """All that decides a row, except the answer itself. JSON-able."""
        versions = {"encoder": encoder().fingerprint, "scikit_learn": metadata.version("scikit-learn")}
        return {"measure": "likeness", "learned_from": fingerprint(self.learned), **versions, "code": code_fingerprint(__name__)}

    def chunks(self, items: Sequence[AnswerToJudge]) -> list[list[AnswerToJudge]]:
        """The answers in groups of 64 by id."""
        ordered = sorted(items, key=lambda item: item.id)
        if seen := {item.item for item in ordered} & {item for rows in self.learned for item, _ in rows}:
            raise HarnessError(f"the item {min(seen)} was learned from", where="Likeness", mend="Score answers to other prompts")
        return [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]

    def score(self, chunk: Sequence[AnswerToJudge]) -> list[dict[str, Any]]:
        """One row an answer, in order: {"status", "item", "replicate", "prompt", "text", "likeness"}; an empty answer has none."""
        spoken = [said for said in chunk if not is_blank(said.text)]
        found = dict(zip((said.id for said in spoken), self._chances([said.text for said in spoken]), strict=True))
        return [self._row(said, found.get(said.id)) for said in chunk]

    @staticmethod
    def _row(said: AnswerToJudge, likeness: float | None) -> dict[str, Any]:
        status = "empty" if likeness is None else "ok"
        return {"status": status, "item": said.item, "replicate": said.replicate, "prompt": said.prompt, "text": said.text, "likeness": likeness}

    def _chances(self, texts: Sequence[str]) -> list[float]:
        return [round(float(chance), 6) for chance in self._classifier.predict_proba(encoder().vectors(texts))[:, 1]] if texts else []

    @cached_property
    def _classifier(self) -> Any:
        from sklearn.linear_model import LogisticRegression

        these, those = ([text for _, text in rows] for rows in self.learned)
        labels = [True] * len(these) + [False] * len(those)
        return LogisticRegression(class_weight="balanced", max_iter=5000).fit(encoder().vectors([*these, *those]), labels)
