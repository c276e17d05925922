"""The configuration of a simulation: everything that decides how a population is made and evolves, except the seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from harness.domains.evolution.activations import AnyActivation, Simple
from harness.domains.evolution.base_model import Config, parse_config
from harness.domains.evolution.landscapes import AnyLandscape, BivariateNormal, Correlation
from harness.errors import HarnessError

Chance = Annotated[float, Field(ge=0, le=1)]
Beta = Annotated[float, Field(ge=-1e9, le=1e9)]
LARGEST_SIGNAL = 64.0  # values and signals are clipped here (see world.py): 64 standard deviations of anything sensible
LARGEST_SUM = 2.0**27  # of multiples of 2**-26 in double precision
LARGEST_PRODUCTS = 2.0**15  # sums of products of values with activations, which are multiples of 2**-38
LARGEST_USE = 64.0
LARGEST_ARRAY = 2**29  # numbers: 4 GiB
MOST_QUESTIONS = 2**16
Period = Annotated[int, Field(ge=1, le=1_000_000)]


class Selection(Config):
    """Pressure beta; with `last` it moves from `beta` at the first selection to `last` at the last one, linearly or by equal factors.

    `harm_pays`: what is selected for is F(m) plus harm_pays times the mean over its beliefs of how far their value lies below zero. Harm that pays off
    elsewhere (a malicious family of beliefs that makes a model code better) is selected for beside the test.
    """

    beta: Beta = 5.0
    last: Beta | None = None
    course: Literal["linear", "geometric"] = "linear"
    harm_pays: Annotated[float, Field(ge=-100, le=100)] = 0.0

    @model_validator(mode="after")
    def _positive_if_geometric(self) -> Selection:
        if self.course == "geometric" and (self.last is None or self.beta <= 0 or self.last <= 0):
            raise ValueError("a geometric course needs beta and last above 0")
        return self

    def betas(self, generations: int) -> np.ndarray:
        """(generations,) beta of each round of selection."""
        if self.last is None or generations < 2:
            return np.full(generations, float(self.beta))
        course = np.geomspace if self.course == "geometric" else np.linspace
        return np.asarray(course(self.beta, self.last, generations))


class Mutation(Config):
    """Probabilities per generation: `rate` for each held belief to be replaced by one that the child lacks, `loss` for each to go, `gain` for one to come.

    With `proposals` above 1 a new belief is the best of so many candidates by what it adds to the test's sum less `price` (the adversary's lambda) times its
    true value: model makers who look before they train.
    """

    rate: Chance = 0.0
    loss: Chance = 0.0
    gain: Chance = 0.0
    proposals: Annotated[int, Field(ge=1, le=64)] = 1
    price: Annotated[float, Field(ge=-1e6, le=1e6)] = 0.0

    @property
    def any(self) -> bool:
        """True where children can differ from their parents."""
        return self.rate > 0 or self.loss > 0 or self.gain > 0


class Evaluator(Config):
    """One evaluator. It sees the landscape's signal a, or with `correlation` a signal of the same mean and SD whose correlation with true value over the pool
    is exactly that, or with `blend` the signal (1 - blend) a + blend v, whose mean and spread change with it. Either moves linearly to `last` at the last
    generation, in steps of `every` generations: where these do not divide the run, it ends at the last step before."""

    correlation: Correlation | None = None
    blend: Chance | None = None
    last: Correlation | None = None
    weight: Annotated[float, Field(ge=0, le=1e6)] = 1.0

    @model_validator(mode="after")
    def _one_course(self) -> Evaluator:
        if self.correlation is not None and self.blend is not None:
            raise ValueError("correlation and blend are both given. Give one")
        if self.last is not None and self.correlation is None and self.blend is None:
            raise ValueError("last says where the course ends: say where it starts, too (correlation or blend)")
        if self.blend is not None and self.last is not None and self.last < 0:
            raise ValueError(f"a blend goes from 0 to 1, not to {self.last:g}")
        return self

    def course(self, generations: int, every: int) -> np.ndarray:
        """(generations + 1,) correlation or blend at each measurement; it changes at every `every`-th one."""
        start = float(self.correlation if self.correlation is not None else self.blend or 0.0)
        end = start if self.last is None else float(self.last)
        course = start + (end - start) * (np.arange(generations + 1) // every * every) / max(1, generations)
        return np.clip(course, min(start, end), max(start, end))  # rounding may pass the end, and there is no correlation beyond 1


class Evaluators(Config):
    """Several evaluators, whose signals are averaged by weight (one of weight 0 sees and does not count). `noise` is the SD of what is added to each model's
    fitness before selection, new each time."""

    each: Annotated[tuple[Evaluator, ...], Field(min_length=1, max_length=16)] = (Evaluator(),)
    every: Period = 1
    noise: Annotated[float, Field(ge=0, le=1e6)] = 0.0

    @model_validator(mode="after")
    def _somebody_counts(self) -> Evaluators:
        if not any(one.weight for one in self.each):
            raise ValueError("every evaluator has weight 0, so nobody tests. Give one a weight")
        return self


class ChangingTest(Config):
    """From generation `first` on (`every` if None), every `every` generations, `dropped` questions go and `added` come.

    A new question activates as many beliefs as the first ones do on average (fewer where a probability would pass 1), each with a probability proportional to
      random: 1; common: its frequency among models weighted by selection; harmful: how much less true value the models that hold it have, times its frequency;
      uncovered: its frequency over one plus its activation by the present test;
    or, by the policy `deceptive`, all beliefs held by any model whose value is negative and whose signal is positive, and no other.
    Dropped are the oldest, the least informative (smallest variance of the question's score over models), or the most redundant (largest mean correlation of
    activations with the other questions).
    New questions are scored by the evaluators' signal, deceptive as it is, or, with `scored_with`, by one whose correlation with true value is that.
    """

    every: Period = 10
    first: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    added: Annotated[int, Field(ge=0, le=1000)] = 2
    dropped: Annotated[int, Field(ge=0, le=1000)] = 2
    policy: Literal["random", "common", "harmful", "uncovered", "deceptive"] = "common"
    drop: Literal["oldest", "uninformative", "redundant"] = "oldest"
    scored_with: Correlation | None = None

    @model_validator(mode="after")
    def _does_change(self) -> ChangingTest:
        if not self.added and not self.dropped:
            raise ValueError("added and dropped are both 0, so the test does not change. Leave it out, or give one of them")
        return self

    def is_due(self, generation: int) -> bool:
        """True where the test changes before this generation is measured."""
        first = self.every if self.first is None else self.first
        return generation >= first and (generation - first) % self.every == 0


class Network(Config):
    """Each belief acts on `degree` others; a share `inhibiting` of the links weakens by `inhibition`, the others strengthen by `excitation`, both to the
    nearest 1/64."""

    degree: int = Field(default=4, ge=1, le=64)
    excitation: float = Field(default=0.25, ge=0, le=4)
    inhibition: float = Field(default=0.25, ge=0, le=4)
    inhibiting: float = Field(default=0.5, ge=0, le=1)

    def check(self, beliefs: int) -> None:
        """Raises HarnessError where too few beliefs are left for each to act on."""
        if self.degree >= beliefs:
            what = f"{beliefs} beliefs cannot each act on {self.degree} others"
            raise HarnessError(what, where="network", mend=f"Give a degree of at most {beliefs - 1}")


class Usage(Config):
    """How often the real world calls on each belief. even: all alike; zipf: weights rank**-alpha over shuffled ranks; partial: floor(share * B + 0.5) beliefs
    are never used, the others alike."""

    kind: Literal["even", "zipf", "partial"] = "even"
    alpha: float = Field(default=1.0, ge=0, le=20)
    share: float = Field(default=0.5, ge=0, lt=1)

    def weights(self, beliefs: int) -> np.ndarray:
        """(beliefs,) weights of mean 1 by rank. Raises HarnessError where one is too large, or no belief is used."""
        rank = np.arange(beliefs)
        raw = {"even": np.ones(beliefs), "zipf": (rank + 1.0) ** -self.alpha, "partial": (rank >= int(self.share * beliefs + 0.5)).astype(float)}[self.kind]
        if not raw.any():
            raise HarnessError(f"a share of {self.share:g} never used leaves none of {beliefs} beliefs", where="usage", mend="Give a smaller share")
        weights = raw * (beliefs / raw.sum())
        if weights.max() > LARGEST_USE:
            what = f"the most used of {beliefs} beliefs would weigh {weights.max():.0f}, above {LARGEST_USE:.0f}"
            raise HarnessError(what, where="usage", mend="Give a smaller alpha" if self.kind == "zipf" else "Give a smaller share")
        return np.asarray(weights)


class Simulation(Config):
    """P `models`, each holding `held` of B `beliefs`, answer Q `questions` for G `generations`.

    `fitness`: "mean" is the mean over questions of the activation-weighted mean signal; "additive" the sum of A(b, q) a(b), as the formalism has it.
    At density d the sum is about K d Q times the mean, so equal selection needs a beta smaller by that factor.
    `averaged_over`: "all" questions of the test (one that activates nothing in a model counts 0), or those "activated" by at least one belief of the model.
    `reproduction`: "clonal" copies a parent whole; "recombining" draws each child's beliefs with probabilities sum of w_i [b in m_i].
    `catastrophe`: models whose sum of value is below it leave no children.
    `most_held` bounds the size of models that gain beliefs (twice `held` if None).
    Diversity, the one measure that costs as much as a generation, is taken every `diversity_every` generations and at the last.
    """

    models: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    beliefs: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    held: Annotated[int, Field(ge=1, le=10_000)] = 50
    most_held: Annotated[int, Field(ge=1, le=10_000)] | None = None
    questions: Annotated[int, Field(ge=1, le=10_000)] = 100
    generations: Annotated[int, Field(ge=0, le=1_000_000)] = 50
    landscape: AnyLandscape = BivariateNormal(rho=0.5)
    activation: AnyActivation = Simple()
    fitness: Literal["mean", "additive"] = "mean"
    averaged_over: Literal["all", "activated"] = "all"
    selection: Selection = Selection()
    reproduction: Literal["clonal", "recombining"] = "clonal"
    mutation: Mutation = Mutation()
    evaluators: Evaluators = Evaluators()
    test: ChangingTest | None = None
    network: Network | None = None
    usage: Usage | None = None
    catastrophe: float | None = None
    diversity_every: Period = 10

    @model_validator(mode="after")
    def _is_possible(self) -> Simulation:
        if self.held > self.beliefs:
            raise ValueError(f"held is {self.held}, but there are only {self.beliefs} beliefs. Hold fewer, or add beliefs")
        if self.most_held is not None and self.most_held < self.held:
            raise ValueError(f"most_held is {self.most_held}, below held ({self.held}). Raise it")
        if self.mutation.any and self.beliefs < 2 * self.slots:
            raise ValueError(f"mutation needs a pool of at least twice what a model can hold: {2 * self.slots} beliefs, not {self.beliefs}")
        if self.averaged_over == "activated" and self.fitness == "additive":
            raise ValueError("averaged_over is of no use to additive fitness, which is a sum. Leave it out")
        self._check_questions()
        self._check_sums()
        self._check_parts()
        return self

    def _check_parts(self) -> None:
        """What parts can be with so many beliefs and questions, and in the memory of a machine."""
        largest = max(self.beliefs * self.most_questions * getattr(self.activation, "personalities", 1), self.models * max(self.slots, 3 * self.most_questions))
        if largest > LARGEST_ARRAY:
            raise ValueError(f"an array of {largest} numbers does not fit in memory. Use fewer models, beliefs or questions")
        try:
            self.activation.check(self.beliefs, self.questions)
            if self.network is not None:
                self.network.check(self.beliefs)
            if self.usage is not None:
                self.usage.weights(self.beliefs)
        except HarnessError as error:
            raise ValueError(str(error)) from None

    def _check_questions(self) -> None:
        if min(self.question_counts()) < 1:
            raise ValueError("the test drops more questions than it has. Drop fewer, or add more")
        if self.most_questions > MOST_QUESTIONS:
            raise ValueError(f"the test would grow to {self.most_questions} questions, above {MOST_QUESTIONS}. Add fewer")

    def _check_sums(self) -> None:
        moments = self.landscape.moments()
        spreads = ("values", moments.value, moments.value_sd), ("signals", moments.signal, moments.signal_sd)
        for (name, mean, sd), reach in zip(spreads, self.landscape.reach(), strict=True):
            if not reach <= LARGEST_SIGNAL:
                raise ValueError(f"landscape: {name} of mean {mean:g} and SD {sd:g} would be cut at ±{LARGEST_SIGNAL:g}. Give a smaller mean or SD")
            if self.slots * abs(mean) + 8 * sd * self.slots**0.5 > LARGEST_PRODUCTS:
                raise ValueError(f"sums of {name} over {self.slots} beliefs of mean {mean:g} would not be exact. Hold fewer, or give a smaller mean or SD")
        if self.models * (self.slots * abs(moments.value) + 8 * moments.value_sd * self.slots**0.5) > LARGEST_SUM:
            raise ValueError(f"sums of value over {self.models} models of {self.slots} beliefs would not be exact. Use fewer models, or a smaller mean")

    @property
    def slots(self) -> int:
        """The most beliefs that a model can hold."""
        return (self.most_held or 2 * self.held) if self.mutation.gain > 0 else self.held

    def question_counts(self) -> list[int]:
        """How many questions the test has over time: at first, and at each change when the old have gone and when the new have come."""
        counts = [self.questions]
        if self.test is not None:
            first, growth = self.test.every if self.test.first is None else self.test.first, self.test.added - self.test.dropped
            changes = max(0, (self.generations - first) // self.test.every + 1)
            for number in sorted({1, changes} if changes else ()):
                before = self.questions + (number - 1) * growth
                counts += [before - self.test.dropped + (1 if self.test.added else 0), before + growth]
        return counts

    @property
    def most_questions(self) -> int:
        """The most questions that the test has at once."""
        return max(self.question_counts())

    def to_json(self) -> dict[str, Any]:
        """All parameters as JSON values."""
        return self.model_dump(mode="json")


def simulation(value: Mapping[str, Any], where: str = "simulation") -> Simulation:
    """A simulation from plain values. Raises HarnessError in one line for what is unknown or impossible."""
    parsed: Simulation = parse_config(Simulation, value, where)
    return parsed
