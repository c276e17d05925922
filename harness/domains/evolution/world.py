"""The world of a population, drawn once from a seed: beliefs with their values and signals, the first test, evaluators, and what else acts on beliefs.

Values and signals are rounded to multiples of 2**-26 and activations to multiples of 2**-12. Sums of their products are then exact in double precision, in any
order (below 2**15): engines may add and remove beliefs one at a time and still have the sums of a model scored afresh, and a run that was split those of the
run that was not. What rounding changes (1.5e-8 of a signal's unit) is far below anything selection could see.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from harness.domains.evolution.activations import Activations
from harness.domains.evolution.config import LARGEST_SIGNAL, Network, Simulation, Usage
from harness.domains.evolution.rng import Purpose, choose_distinct, make_generator
from harness.domains.evolution.state import EMPTY, Population
from harness.errors import HarnessError

STEP = 2.0**-26
LINK_STEP = 2.0**-6
FLAT = 1e-9  # a standard deviation below it is rounding error
SIGNAL, VALUE, ONE, RESIDUALS = 0, 1, 2, 3  # rows of `traits`


@dataclass(frozen=True)
class World:
    """`traits` (R, B): the landscape's signal, true value and, where evaluators mix signals, 1 and residuals; `coefficients` (G + 1, 2, R) the mixture that
    scores the first questions and the one that scores added questions, by generation; `used` (B,) usage times value; `pays` (B,) what a belief adds to its
    model's selection beside the test, before it is divided by how many are held; `betas` (G,); `neighbours`, `strengths` (B, degree) of the network, empty
    without one."""

    simulation: Simulation
    traits: np.ndarray
    coefficients: np.ndarray
    used: np.ndarray
    pays: np.ndarray
    activations: Activations
    betas: np.ndarray
    neighbours: np.ndarray
    strengths: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """(B,) true value of each belief."""
        return np.asarray(self.traits[VALUE])

    def signals(self, generation: int) -> np.ndarray:
        """(2, B) signals as evaluators see them at a generation: those that score the first questions, and those that score added ones."""
        first, second = self.coefficients[generation]
        seen = self._mix(first)
        return np.stack([seen, seen if np.array_equal(first, second) else self._mix(second)])

    def _mix(self, weights: np.ndarray) -> np.ndarray:
        """(B,) a weighted sum of the traits; the landscape's own signal as it is."""
        return np.asarray(self.traits[SIGNAL] if not weights[VALUE:].any() else to_grid(np.einsum("r,rb->b", weights, self.traits)))

    def deceptive(self, generation: int) -> np.ndarray:
        """(B,) True for beliefs of negative value whose signal, as evaluators see it at that generation, is positive."""
        return np.asarray((self.values < 0) & (self.signals(generation)[0] > 0))

    @cached_property
    def deceptive_first(self) -> np.ndarray:
        """(B,) the same by what they saw at generation 0."""
        return self.deceptive(0)

    def labels(self, generation: int) -> np.ndarray:
        """(4, B) deceptive at that generation, deceptive at the first one, beneficial (value and signal positive), misjudged (value positive, signal not)."""
        good, passing = self.values > 0, self.signals(generation)[0] > 0
        return np.stack([(self.values < 0) & passing, self.deceptive_first, good & passing, good & ~passing])

    def is_due(self, generation: int) -> bool:
        """True where the test changes before this generation is measured."""
        return self.simulation.test is not None and self.simulation.test.is_due(generation)

    @cached_property
    def changes(self) -> list[int]:
        """Generations before whose measurement the test changes, or what the evaluators see."""
        mixed = np.any(self.coefficients[1:] != self.coefficients[:-1], axis=(1, 2))
        return [generation for generation in range(1, len(self.coefficients)) if mixed[generation - 1] or self.is_due(generation)]

    def question_size(self) -> float:
        """How many beliefs a question activates on average: the size of those that are added."""
        return len(self.activations.question) / (self.activations.personalities * self.activations.questions)


def draw_world(simulation: Simulation, seed: int) -> World:
    """The world of a simulation under a seed. Raises HarnessError for what the landscape or the test cannot give."""
    beliefs = simulation.beliefs
    values, signals = (to_grid(drawn) for drawn in simulation.landscape.draw(beliefs, make_generator(seed, Purpose.LANDSCAPE)))
    traits = draw_traits(values, signals, simulation, seed)
    none = np.zeros((0, 0), np.int32), np.zeros((0, 0))
    neighbours, strengths = none if simulation.network is None else draw_network(simulation.network, beliefs, make_generator(seed, Purpose.NETWORK))
    return World(
        simulation=simulation,
        traits=traits,
        coefficients=mixtures(values, signals, simulation, len(traits)),
        used=values if simulation.usage is None else round_to_grid(values * draw_usage(simulation.usage, beliefs, make_generator(seed, Purpose.USAGE))),
        pays=round_to_grid(simulation.selection.harm_pays * np.maximum(0.0, -values)),
        activations=simulation.activation.draw(beliefs, simulation.questions, make_generator(seed, Purpose.ACTIVATION)),
        betas=simulation.selection.betas(simulation.generations),
        neighbours=neighbours,
        strengths=strengths,
    )


def draw_founders(world: World, seed: int) -> Population:
    """Generation 0: each model holds `held` distinct beliefs, every set of them equally likely, and a personality, all equally likely."""
    simulation, rng = world.simulation, make_generator(seed, Purpose.FOUNDERS)
    models = simulation.models
    held = np.full((models, simulation.slots), EMPTY, dtype=np.int32)
    held[:, : simulation.held] = choose_distinct(rng.random((models, simulation.held)), simulation.beliefs)
    written = np.full(simulation.most_questions, EMPTY, dtype=np.int64)
    written[: simulation.questions] = 0
    numbers, recombining = np.arange(models, dtype=np.int32), simulation.reproduction == "recombining"
    return Population(
        generation=0,
        held=held,
        sizes=np.full(models, simulation.held, dtype=np.int32),
        founders=np.full(models, EMPTY, dtype=np.int32) if recombining else numbers,
        personalities=(rng.random(models) * world.activations.personalities).astype(np.int32),
        genotypes=numbers,
        test=replace(world.activations, questions=simulation.most_questions),
        written=written,
    )


def to_grid(numbers: np.ndarray) -> np.ndarray:
    """The nearest multiples of 2**-26, clipped to ±64."""
    return round_to_grid(np.clip(numbers, -LARGEST_SIGNAL, LARGEST_SIGNAL))


def round_to_grid(numbers: np.ndarray) -> np.ndarray:
    """The nearest multiples of 2**-26."""
    return np.asarray(np.round(numbers / STEP) * STEP)


def draw_traits(values: np.ndarray, signals: np.ndarray, simulation: Simulation, seed: int) -> np.ndarray:
    """(R, B): signal and value, and, where anybody's signal is to have a given correlation with value, 1 and each evaluator's residual."""
    corrected = simulation.test is not None and simulation.test.scored_with is not None
    if not corrected and all(one.correlation is None for one in simulation.evaluators.each):
        return np.stack([signals, values])
    rng, rows = make_generator(seed, Purpose.EVALUATORS), [signals, values, np.ones_like(values)]
    for number in range(len(simulation.evaluators.each)):
        drawn, own = rng.standard_normal(len(values)), residual(signals, values)
        row = own if number == 0 and own is not None else residual(drawn, values)  # the first one's is the landscape's, where it has any
        if row is None or not values.std() > FLAT:
            what = f"{len(values)} beliefs of values that do not vary, or too few of them, cannot have a signal of a given correlation with value"
            raise HarnessError(what, where="evaluators", mend="Add beliefs, or leave correlation and scored_with out")
        rows.append(to_grid(row))
    return np.stack(rows)


def residual(signals: np.ndarray, values: np.ndarray) -> np.ndarray | None:
    """The part of signals that value does not explain, standardised over the pool; None where there is none."""
    centred, own = values - values.mean(), signals - signals.mean()
    spread = float((centred**2).sum())
    rest = own - centred * (float((own * centred).sum()) / spread if spread else 0.0)
    size = float(np.sqrt((rest**2).mean()))
    return None if size < FLAT else rest / size


def mixtures(values: np.ndarray, signals: np.ndarray, simulation: Simulation, traits: int) -> np.ndarray:
    """(G + 1, 2, R) weights of the traits in what the evaluators see, averaged over them by weight, and in what scores added questions."""

    def correlated(course: np.ndarray, number: int) -> np.ndarray:
        """Signals of the landscape's mean and SD with these correlations with value, from value and the residual of an evaluator."""
        signal_sd = float(signals.std())
        weights, slope = np.zeros((len(course), traits)), signal_sd * course / float(values.std())
        weights[:, VALUE], weights[:, ONE] = slope, float(signals.mean()) - slope * float(values.mean())
        weights[:, RESIDUALS + number] = signal_sd * np.sqrt(1.0 - course**2)
        return weights

    evaluators, found = simulation.evaluators, np.zeros((simulation.generations + 1, 2, traits))
    total = sum(one.weight for one in evaluators.each)
    for number, one in enumerate(evaluators.each):
        course, share = one.course(simulation.generations, evaluators.every), one.weight / total
        if one.correlation is None:
            found[:, 0, SIGNAL] += share * (1.0 - course)
            found[:, 0, VALUE] += share * course
        else:
            found[:, 0] += share * correlated(course, number)
    scored_with = simulation.test.scored_with if simulation.test else None
    found[:, 1] = found[:, 0] if scored_with is None else correlated(np.array([scored_with]), 0)
    return found


def draw_network(network: Network, beliefs: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(neighbours, strengths), both (beliefs, degree): which others each belief acts on, and how strongly. Raises HarnessError where too few are left."""
    network.check(beliefs)
    chosen = choose_distinct(rng.random((beliefs, network.degree)), beliefs - 1)
    chosen += chosen >= np.arange(beliefs)[:, None]  # every number but its own
    up, down = (round(size / LINK_STEP) * LINK_STEP for size in (network.excitation, network.inhibition))
    return chosen.astype(np.int32), np.where(rng.random(chosen.shape) < network.inhibiting, -down, up)


def draw_usage(usage: Usage, beliefs: int, rng: np.random.Generator) -> np.ndarray:
    """(beliefs,) weights of mean 1, dealt to the beliefs by chance. Raises HarnessError where one is too large, or no belief is used."""
    return np.asarray(usage.weights(beliefs)[rng.permutation(beliefs)])
