"""A simulation: everything that decides how a population is made and how it evolves, but for the seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from harness.populations.activations.any_activation import AnyActivation
from harness.populations.activations.simple import Simple
from harness.populations.changing_test import ChangingTest
from harness.populations.evaluators import Evaluators
from harness.populations.form import Form, formed
from harness.populations.grid import LARGEST_SIGNAL
from harness.populations.landscapes.any_landscape import AnyLandscape
from harness.populations.landscapes.bivariate_normal import BivariateNormal
from harness.populations.mutation import ATTEMPTS, Mutation
from harness.populations.network import Network
from harness.populations.selection import Selection
from harness.populations.usage import Usage

MOST_BLOCKS = 2**32  # of one purpose in one generation: what a word of the counter can tell apart
LARGEST_SUM = 2.0**27  # of multiples of 2**-26 in double precision
MOST_QUESTIONS = 2**16  # compiled code keeps their numbers in 16 bits


class Simulation(Form):
    """P `models`, each holding `held` of B `beliefs`, answer Q `questions` for G `generations`.

    `fitness`: "mean" is the mean over questions of the activation-weighted mean signal; "additive" the plain sum of A(b, q) a(b), as the formalism has it.
    At density d the sum is about K d Q times the mean, so equal selection needs a beta smaller by that factor.
    `reproduction`: "clonal" copies a parent whole; "recombining" draws each child's beliefs with chances sum of w_i [b in m_i].
    `catastrophe`: models whose plain sum of value is below it leave no children.
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
    selection: Selection = Selection()
    reproduction: Literal["clonal", "recombining"] = "clonal"
    mutation: Mutation = Mutation()
    evaluators: Evaluators = Evaluators()
    test: ChangingTest | None = None
    network: Network | None = None
    usage: Usage | None = None
    catastrophe: float | None = None
    diversity_every: Annotated[int, Field(ge=1)] = 10

    @model_validator(mode="after")
    def _possible(self) -> Simulation:
        if self.held > self.beliefs:
            raise ValueError(f"held is {self.held}, but there are only {self.beliefs} beliefs. Hold fewer, or add beliefs")
        self._on_the_grid()
        if self.most_held is not None and self.most_held < self.held:
            raise ValueError(f"most_held is {self.most_held}, below held ({self.held}). Raise it")
        if self.mutation.any and self.beliefs < 2 * self.slots:
            raise ValueError(f"mutation needs a pool of at least twice what a model can hold: {2 * self.slots} beliefs, not {self.beliefs}")
        blocks = self.models * max((self.slots + 1) * ATTEMPTS * self.mutation.proposals if self.mutation.any else self.slots, self.recombined_blocks)
        if blocks >= MOST_BLOCKS:
            raise ValueError("more draws in one generation than can be told apart (2**32 blocks). Use fewer models, beliefs or proposals")
        if self.test and self.fewest_questions < 0:
            raise ValueError("the test drops more questions than it has. Drop fewer, or add more")
        if self.most_questions > MOST_QUESTIONS:
            raise ValueError(f"the test would grow to {self.most_questions} questions, above {MOST_QUESTIONS}. Add fewer")
        self._exact_over_models()
        return self

    def _exact_over_models(self) -> None:
        told = self.landscape.moments()
        largest = self.models * (self.slots * abs(told.value) + 8 * told.value_sd * self.slots**0.5)
        if largest > LARGEST_SUM:
            raise ValueError(f"sums of value over {self.models} models of {self.slots} beliefs would not be exact. Use fewer models, or a smaller mean")

    def _on_the_grid(self) -> None:
        told = self.landscape.moments()
        for name, mean, sd in (("values", told.value, told.value_sd), ("signals", told.signal, told.signal_sd)):
            if not abs(mean) + 8 * sd <= LARGEST_SIGNAL:
                raise ValueError(f"landscape: {name} of mean {mean:g} and SD {sd:g} would be cut at ±{LARGEST_SIGNAL:g}. Give a smaller mean or SD")

    @property
    def slots(self) -> int:
        """The most beliefs that a model can hold."""
        return (self.most_held or 2 * self.held) if self.mutation.gain > 0 else self.held

    @property
    def recombined_blocks(self) -> int:
        """Blocks for the order of beliefs of one child."""
        return -(-self.beliefs // 4) if self.reproduction == "recombining" else 0

    @property
    def fewest_questions(self) -> int:
        """What is left of a changing test in the middle of its first and its last change, none being added yet; at the end, one less."""
        assert self.test is not None
        changes, step = self.test.changes(self.generations), self.test.added - self.test.dropped
        between = [self.questions + step * max(0, changes - 1) - self.test.dropped, self.questions - self.test.dropped] if changes else []
        return min([*between, self.questions + step * changes - 1])

    @property
    def most_questions(self) -> int:
        """The most questions that the test can have at once."""
        growth = max(0, self.test.added - self.test.dropped) if self.test else 0
        return self.questions + growth * (self.test.changes(self.generations) if self.test else 0)

    def described(self) -> dict[str, Any]:
        """All parameters as JSON values."""
        return self.model_dump(mode="json")


def simulation(value: Mapping[str, Any], where: str = "simulation") -> Simulation:
    """A simulation from plain values. Raises HarnessError in one line for what is unknown or impossible."""
    found: Simulation = formed(Simulation, value, where)
    return found
