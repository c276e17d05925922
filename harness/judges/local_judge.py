"""A judge that works offline: a logistic regression over the answer's sentence vector, its words and word pairs, and its wording beside the question.

It is learned from the labelled bank's first part. What it is worth, its calibration on the held-out part says, for each behaviour; where that is little
better than chance the corrected rates become wide or undecided, which is as it should be.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError
from harness.fingerprint import file_fingerprint
from harness.judges.judging import AnswerToJudge, JudgeVerdict
from harness.judges.labelled import LabelledAnswer, load_labelled, split
from harness.judges.wording import wordings
from harness.measures.encoder import encoder

# Inverse strength of the L2 penalty. In cross-validation by prompt over whole banks 1, 5 and 30 differed by less than .03 in sensitivity + specificity.
PENALTY_C = 5.0
LEAST = 0.5


class Learned(Protocol):
    """A yes-or-no question about answers, learned from labelled ones."""

    def chances(self, prompts: Sequence[str], texts: Sequence[str]) -> list[float]:
        """P(yes) of each answer."""
        ...


class LocalJudge:
    """Judges one behaviour by a classifier. Verdict where P(shown) >= .5; score = 100 x P(not shown); no verdict where coherence is below 50."""

    def __init__(self, behaviour: str, bank: Path) -> None:
        self.behaviour, self.bank = behaviour, bank
        self.learned, self.held_out = split(load_labelled(bank), behaviour)
        self.version = file_fingerprint(bank)[:12]
        kinds = {row.shown for row in self.learned if row.shown is not None}
        if kinds != {True, False}:
            raise HarnessError("the labelled bank does not hold both labels", where=str(bank), mend="A judge needs examples with and without the behaviour")

    def describe(self) -> dict[str, Any]:
        """All that decides a verdict: what is read, labelled bank, classifier, code."""
        return {
            "rubric": f"banks/judged/{self.bank.name}",
            "rubric_version": self.version,
            "temperature": "none: a classifier",
            "scikit_learn": metadata.version("scikit-learn"),
            "code": code_fingerprint(type(self).__module__),
            **self.describe_reading(),
        }

    def describe_reading(self) -> dict[str, Any]:
        """What the classifier reads in an answer."""
        return {"judge": "logistic regression over all-MiniLM-L6-v2, words and wording", "encoder": encoder().fingerprint, "penalty_c": PENALTY_C}

    def learn(self, rows: Sequence[LabelledAnswer], labels: Sequence[bool]) -> Learned:
        """A classifier of such answers."""
        return Classifier(rows, labels)

    def judge(self, answers: Sequence[AnswerToJudge]) -> list[JudgeVerdict]:
        """One verdict an answer; deterministic."""
        if not answers:
            return []
        prompts, texts = [said.prompt for said in answers], [said.text for said in answers]
        shown = self._shows.chances(prompts, texts)
        coherent = self._coheres.chances(prompts, texts) if self._coheres is not None else [None] * len(answers)
        return [verdict(one, other) for one, other in zip(shown, coherent, strict=True)]

    @cached_property
    def _shows(self) -> Learned:
        rows = [row for row in self.learned if row.shown is not None]
        return self.learn(rows, [bool(row.shown) for row in rows])

    @cached_property
    def _coheres(self) -> Learned | None:
        """The classifier of coherence, where the bank has incoherent examples."""
        labels = [row.coherent for row in self.learned]
        return self.learn(self.learned, labels) if not all(labels) else None


def verdict(shown: float, coherent: float | None) -> JudgeVerdict:
    coherence = None if coherent is None else round(100 * coherent, 2)
    if coherence is not None and coherence < 100 * LEAST:
        return JudgeVerdict(status="incoherent", coherence=coherence)
    return JudgeVerdict(status="ok", shown=shown >= LEAST, score=round(100 * (1 - shown), 2), coherence=coherence)


class Classifier:
    """Reads an answer's sentence vector, its words, and its wording beside the question."""

    def __init__(self, rows: Sequence[LabelledAnswer], labels: Sequence[bool]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        self.pairs = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"[a-zA-Z0-9']+").fit([row.text for row in rows])
        seen = self._features([row.prompt for row in rows], [row.text for row in rows])
        self.model = LogisticRegression(C=PENALTY_C, max_iter=5000).fit(seen, labels)

    def chances(self, prompts: Sequence[str], texts: Sequence[str]) -> list[float]:
        """P(yes) of each answer."""
        return [float(chance) for chance in self.model.predict_proba(self._features(prompts, texts))[:, 1]]

    def _features(self, prompts: Sequence[str], texts: Sequence[str]) -> Any:
        """Sparse (answers, 384 + words and pairs + 10): sentence vector, tf-idf, wording, and how near the answer is to the question."""
        import numpy as np
        from scipy.sparse import csr_matrix, hstack

        asked, said = encoder().vectors(prompts).astype(float), encoder().vectors(texts).astype(float)
        near = (asked * said).sum(axis=1, keepdims=True)
        return hstack([csr_matrix(np.concatenate([said, wordings(list(prompts), list(texts)), near], axis=1)), self.pairs.transform(texts)]).tocsr()
