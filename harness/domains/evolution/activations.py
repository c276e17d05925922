"""Activations A(b, q): how strongly each question of a test activates each belief, for each personality."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from harness.domains.evolution.base_model import Config
from harness.domains.evolution.rng import choose_distinct
from harness.errors import HarnessError

Cosine = Annotated[float, Field(ge=-1.000001, le=1.000001)]  # of vectors whose length is 1 but for rounding
Weight = Annotated[float, Field(ge=0, le=1)]
STEP = 2.0**-12  # activations are multiples of it, so that sums of activation times signal are exact (see world.py)
ALPHA_LEVELS = 256


@dataclass(frozen=True)
class Activations:
    """A sparse (personalities, beliefs, questions) array in compressed rows: row c * beliefs + b holds the pairs `question`, `weight` from `start[row]` up to
    `start[row + 1]`. Weights lie in (0, 1]."""

    start: np.ndarray
    question: np.ndarray
    weight: np.ndarray
    beliefs: int
    questions: int

    @classmethod
    def from_dense(cls, dense: np.ndarray) -> Activations:
        """From (personalities, beliefs, questions), rounded to multiples of 2**-12."""
        personalities, beliefs, questions = dense.shape
        flat = np.round(dense.reshape(personalities * beliefs, questions) / STEP) * STEP
        row, question = np.nonzero(flat)
        start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(flat)))])
        return cls(start, question.astype(np.int32), flat[row, question], beliefs, questions)

    @property
    def personalities(self) -> int:
        return (len(self.start) - 1) // self.beliefs

    def rows(self) -> np.ndarray:
        """The row of each pair."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def dense(self) -> np.ndarray:
        """(personalities, beliefs, questions) float64, made once."""
        return self._dense

    @cached_property
    def _dense(self) -> np.ndarray:
        dense = np.zeros((len(self.start) - 1, self.questions))
        dense[self.rows(), self.question] = self.weight
        return dense.reshape(self.personalities, self.beliefs, self.questions)

    def totals(self) -> np.ndarray:
        """(personalities, beliefs) sums over questions."""
        return np.bincount(self.rows(), weights=self.weight, minlength=len(self.start) - 1).reshape(self.personalities, self.beliefs)

    def replace(self, dropped: list[int], added: dict[int, np.ndarray], questions: int) -> Activations:
        """Without the questions `dropped`, and with those of `added`: question to a (beliefs,) mask of what it activates, in every personality."""
        kept = ~np.isin(self.question, dropped)
        rows, question, weight = [self.rows()[kept]], [self.question[kept]], [self.weight[kept]]
        for number, mask in added.items():
            reached = np.flatnonzero(np.tile(mask, self.personalities))
            rows.append(reached)
            question.append(np.full(len(reached), number, np.int32))
            weight.append(np.ones(len(reached)))
        row = np.concatenate(rows)
        order = np.argsort(row, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(self.start) - 1))])
        return Activations(start, np.concatenate(question)[order], np.concatenate(weight)[order], self.beliefs, questions)


class Probed(Config):
    """How many questions probe a belief: `count`, or else floor(density * Q + 0.5), at least 1."""

    density: Annotated[float, Field(gt=0, le=1)] = 0.1
    count: Annotated[int, Field(ge=1)] | None = None

    def probes(self, questions: int) -> int:
        """Questions that probe each belief that is probed at all. Raises HarnessError where there are fewer."""
        if self.count is not None and self.count > questions:
            raise HarnessError(f"a belief cannot be probed by {self.count} of {questions} questions", where="activation.count", mend="Give a smaller count")
        return self.count or max(1, math.floor(self.density * questions + 0.5))

    def check(self, beliefs: int, questions: int) -> None:  # noqa: ARG002  others look at the beliefs, too
        """Raises HarnessError where the activation is impossible with so many beliefs and questions."""
        self.probes(questions)

    def choose_questions(self, beliefs: int, questions: int, rng: np.random.Generator) -> np.ndarray:
        """(beliefs, probes) distinct questions, every set equally likely."""
        chosen: np.ndarray = choose_distinct(rng.random((beliefs, self.probes(questions))), questions)
        return chosen


class Simple(Probed):
    """Every belief is probed by the same number of questions, with weight 1: coverage 1, entropy ln B, mean correlation of questions about -1 / (Q - 1)."""

    kind: Literal["simple"] = "simple"

    def draw(self, beliefs: int, questions: int, rng: np.random.Generator) -> Activations:
        """One personality."""
        chosen = self.choose_questions(beliefs, questions, rng)
        return Activations(np.arange(beliefs + 1) * chosen.shape[1], chosen.ravel(), np.ones(chosen.size), beliefs, questions)


class Coverage(Probed):
    """Exactly floor(coverage * B + 0.5) beliefs are probed, each as in Simple; the others never."""

    kind: Literal["coverage"] = "coverage"
    coverage: float = Field(gt=0, le=1)

    def check(self, beliefs: int, questions: int) -> None:
        """Raises HarnessError where no belief would be probed, or by more questions than there are."""
        super().check(beliefs, questions)
        if math.floor(self.coverage * beliefs + 0.5) == 0:
            raise HarnessError(f"a coverage of {self.coverage:g} probes none of {beliefs} beliefs", where="coverage", mend=f"Give at least {1 / beliefs:g}")

    def draw(self, beliefs: int, questions: int, rng: np.random.Generator) -> Activations:
        """One personality. Raises HarnessError where no belief would be probed."""
        self.check(beliefs, questions)
        probed = math.floor(self.coverage * beliefs + 0.5)
        chosen = self.choose_questions(beliefs, questions, rng)
        lengths = np.zeros(beliefs, np.int64)
        lengths[rng.permutation(beliefs)[:probed]] = chosen.shape[1]
        kept = chosen[lengths > 0].ravel()
        return Activations(np.concatenate([[0], np.cumsum(lengths)]), kept, np.ones(len(kept)), beliefs, questions)


class Correlated(Probed):
    """Questions that overlap as much as asked: some beliefs are activated by every question, some by none, the rest as in Simple by n questions.

    With k(b) the number of questions activating b and questions exchangeable, the mean correlation is (Var k / (Q p (1 - p)) - 1) / (Q - 1), p = mean k / Q.
    The numbers of all and none beliefs are those near the density that come nearest to the correlation asked for: within .01 of it at 500 beliefs and more.
    """

    kind: Literal["correlated"] = "correlated"
    correlation: float = Field(ge=-1, le=1)

    def check(self, beliefs: int, questions: int) -> None:
        """Raises HarnessError where no such correlation is possible."""
        self.count_extremes(beliefs, questions)

    def draw(self, beliefs: int, questions: int, rng: np.random.Generator) -> Activations:
        """One personality. Raises HarnessError where no such correlation is possible."""
        every, none = self.count_extremes(beliefs, questions)
        dense = np.zeros((beliefs, questions))
        np.put_along_axis(dense, self.choose_questions(beliefs, questions, rng), 1.0, axis=1)
        order = rng.permutation(beliefs)
        dense[order[:every]], dense[order[every : every + none]] = 1.0, 0.0
        return Activations.from_dense(dense[None])

    def count_extremes(self, beliefs: int, questions: int) -> tuple[int, int]:
        """How many beliefs every question activates, and how many none does."""
        probes = self.probes(questions)
        if questions < 2 or probes >= questions or beliefs < 2:
            raise HarnessError(f"{questions} questions at a density of {self.density:g} over {beliefs} beliefs have no correlation", where="correlated")
        if self.correlation < -1.0 / (questions - 1):
            least = f"{questions} questions cannot correlate below -1/{questions - 1} = {-1.0 / (questions - 1):.4g} on average"
            raise HarnessError(f"{least} (asked: {self.correlation:g})", where="correlated")
        share = beliefs * (1.0 + (questions - 1) * self.correlation) / questions
        middle = np.rint([share * probes / questions, share * (1.0 - probes / questions)]).astype(int)
        every, none = (grid.ravel() for grid in np.meshgrid(middle[0] + np.arange(-2, 3), middle[1] + np.arange(-20, 21), indexing="ij"))
        possible = (every >= 0) & (none >= 0) & (every + none <= beliefs) & (every < beliefs) & (none < beliefs)
        every, none = every[possible], none[possible]
        rest = beliefs - every - none
        mean = (every * questions + rest * probes) / beliefs
        variance = (every * float(questions) ** 2 + rest * float(probes) ** 2) / beliefs - mean**2
        reached = (variance / (mean * (1.0 - mean / questions)) - 1.0) / (questions - 1)
        best = np.argmin(np.abs(reached - self.correlation))
        return int(every[best]), int(none[best])


class Spatial(Config):
    """Base of activations by meaning: beliefs and questions are points on a sphere, uniformly distributed."""

    dimensions: int = Field(default=8, ge=2, le=1024)

    def check(self, beliefs: int, questions: int) -> None:
        """Possible with any number of beliefs and questions."""

    def draw_points(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """(count, dimensions) unit vectors."""
        return normalise(rng.standard_normal((count, self.dimensions)))


class Similarity(Spatial):
    """A = exp(sharpness (cos - 1)) with cos between belief and question: 1 where they coincide; below 2**-13 it is 0."""

    kind: Literal["similarity"] = "similarity"
    sharpness: float = Field(default=8.0, gt=0)

    def draw(self, beliefs: int, questions: int, rng: np.random.Generator) -> Activations:
        """One personality."""
        cosine = np.minimum(cosines(self.draw_points(beliefs, rng), self.draw_points(questions, rng)), 1.0)
        return Activations.from_dense(np.exp(self.sharpness * (cosine - 1.0))[None])


class Zipf(Spatial):
    """Heavy-tailed: a rank k of 1 … ranks with P(k) proportional to k**-alpha, read out as (k - 1) / (ranks - 1): rank 1, the commonest, is no activation.

    alpha goes from alpha_near to alpha_far with the distance (1 - cos) / 2 of belief and question, in 255 equal steps. `cosines`, a row for each belief,
    are those of real texts (of sentence embeddings, say); without them beliefs and questions are points drawn on a sphere.
    """

    kind: Literal["zipf"] = "zipf"
    ranks: int = Field(default=16, ge=2, le=4096)
    alpha_near: float = Field(default=0.5, ge=0, le=20)
    alpha_far: float = Field(default=4.0, ge=0, le=20)
    cosines: tuple[tuple[Cosine, ...], ...] | None = None

    def check(self, beliefs: int, questions: int) -> None:
        """Raises HarnessError where the cosines are not those of so many beliefs and questions."""
        if self.cosines is not None:
            check_shape("cosines", self.cosines, beliefs, questions)

    @model_validator(mode="after")
    def _nearer_is_stronger(self) -> Zipf:
        if self.alpha_near > self.alpha_far:
            raise ValueError(f"alpha_near must not be above alpha_far, or far questions would activate more (found {self.alpha_near:g} and {self.alpha_far:g})")
        return self

    def cumulative(self) -> np.ndarray:
        """(ALPHA_LEVELS, ranks) cumulative probabilities of the ranks."""
        alphas = np.linspace(self.alpha_near, self.alpha_far, ALPHA_LEVELS)
        sums = np.cumsum(np.arange(1, self.ranks + 1.0) ** -alphas[:, None], axis=1)
        return np.asarray(sums / sums[:, -1:])

    def draw(self, beliefs: int, questions: int, rng: np.random.Generator) -> Activations:
        """One personality. Ranks by inversion; the rows of the table lie end to end, so one search serves all pairs."""
        self.check(beliefs, questions)
        drawn = cosines(self.draw_points(beliefs, rng), self.draw_points(questions, rng)) if self.cosines is None else np.array(self.cosines)
        cosine = np.clip(drawn, -1.0, 1.0)
        level = np.rint((1.0 - cosine) / 2.0 * (ALPHA_LEVELS - 1))
        ends = (self.cumulative() + np.arange(ALPHA_LEVELS)[:, None]).ravel()
        rank = np.searchsorted(ends, level + rng.random(level.shape), side="right") - level * self.ranks  # counted from 0
        return Activations.from_dense(np.minimum(rank / (self.ranks - 1), 1.0)[None])


class Personality(Spatial):
    """As Similarity, with the question moved towards the personality: the point probed is (1 - influence) q + influence p_c, put back on the sphere.

    At influence 0 all personalities are alike; at 1 the question no longer matters.
    """

    kind: Literal["personality"] = "personality"
    personalities: int = Field(default=3, ge=1, le=64)
    influence: float = Field(default=0.3, ge=0, le=1)
    sharpness: float = Field(default=8.0, gt=0)

    def draw(self, beliefs: int, questions: int, rng: np.random.Generator) -> Activations:
        """A row of beliefs for each personality."""
        held, asked, owners = (self.draw_points(count, rng) for count in (beliefs, questions, self.personalities))
        probed = normalise((1.0 - self.influence) * asked[None] + self.influence * owners[:, None])
        cosine = np.minimum(np.stack([cosines(held, points) for points in probed]), 1.0)
        return Activations.from_dense(np.exp(self.sharpness * (cosine - 1.0)))


class ActivationTable(Config):
    """Activations as they were measured: `weights[c][b][q]` in [0, 1] of personality c, belief b and question q, to the nearest 2**-12. Nothing is drawn."""

    kind: Literal["given"] = "given"
    weights: Annotated[tuple[tuple[tuple[Weight, ...], ...], ...], Field(min_length=1, max_length=64)]

    @property
    def personalities(self) -> int:
        return len(self.weights)

    def check(self, beliefs: int, questions: int) -> None:
        """Raises HarnessError where they are not those of so many beliefs and questions."""
        for number, rows in enumerate(self.weights):
            check_shape(f"weights.{number}", rows, beliefs, questions)
        if not any(weight >= STEP / 2 for rows in self.weights for row in rows for weight in row):
            raise HarnessError("no question activates any belief", where="activation.weights", mend=f"Give weights above {STEP / 2:.2g}")

    def draw(self, beliefs: int, questions: int, rng: np.random.Generator) -> Activations:  # noqa: ARG002  nothing is drawn
        """A row of beliefs for each personality."""
        self.check(beliefs, questions)
        return Activations.from_dense(np.array(self.weights))


AnyActivation = Annotated[Simple | Coverage | Correlated | Similarity | Zipf | Personality | ActivationTable, Field(discriminator="kind")]


def check_shape(name: str, rows: tuple[tuple[float, ...], ...], beliefs: int, questions: int) -> None:
    """Raises HarnessError for a table that has not a row for each belief and a column for each question."""
    widths = sorted({len(row) for row in rows})
    if len(rows) != beliefs or widths != [questions]:
        what = f"{len(rows)} rows of {' or '.join(map(str, widths)) or 'no'} numbers are not those of {beliefs} beliefs and {questions} questions"
        raise HarnessError(what, where=f"activation.{name}", mend="Give a row for each belief, with a number for each question")


def normalise(points: np.ndarray) -> np.ndarray:
    """The points scaled to length 1."""
    return np.asarray(points / np.maximum(np.linalg.norm(points, axis=-1, keepdims=True), 1e-300))


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n, m) products of (n, d) and (m, d) unit vectors; not by BLAS, whose last bits depend on threads and machine."""
    return np.asarray(np.einsum("nd,md->nm", one, other))
