"""What the tests of this experiment ask for: the bank, what a model's answers call on, and populations under it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fixtures.evolution_measures import over_runs, slope, tested_mean  # noqa: F401  fixtures

PLAIN = {"landscape.rho": 0.4, "averaged_over": "activated"}


@pytest.fixture
def bank(context):
    """(beliefs, questions) of banks/beliefs."""
    from harness.domains.evolution import load_beliefs

    return load_beliefs(context.root / "banks/beliefs")


@pytest.fixture
def called_on(model, bank, gather, persona_of) -> Callable[..., Any]:
    """`called_on(persona, paraphrase)`: the samples of a model under a persona's prompt, or under its first paraphrase: a row a question."""
    from harness.domains.evolution import BeliefScorer

    def measure_persona(name: str, paraphrase: bool = False) -> Any:
        persona, (beliefs, questions) = persona_of(name), bank
        prompt = persona.paraphrases[0] if paraphrase else persona.prompt
        label = f"activations-{name}{'-paraphrased' if paraphrase else ''}"
        return gather(label, BeliefScorer(model, prompt, beliefs), questions, dataset="banks/beliefs/questions.jsonl")

    return measure_persona


@pytest.fixture
def shares(bank) -> Callable[[Any], Any]:
    """`shares(samples)`: (beliefs, questions) activations, in the bank's order."""

    def table(samples: Any) -> Any:
        rows = {row["item"]: row["activation"] for row in samples.rows}
        return np.array([rows[question.id] for question in bank[1]]).T

    return table


@pytest.fixture
def cosines(bank) -> Any:
    """(beliefs, questions) cosines of their MiniLM embeddings."""
    from harness.domains.evolution import semantic_cosines

    return semantic_cosines(*bank)


@pytest.fixture
def nearness(bank, cosines) -> Callable[..., Any]:
    """`nearness(samples, steps)`: (questions,) Spearman's rho over beliefs of what a question raises with their nearness to it, or to the one `steps` on."""

    def correlate(samples: Any, steps: int = 0) -> Any:
        from scipy.stats import spearmanr

        raised, questions = {row["item"]: row["raised"] for row in samples.rows}, bank[1]
        places = [(place + steps) % len(questions) for place in range(len(questions))]
        return np.array([spearmanr(cosines[:, place], raised[question.id]).statistic for place, question in zip(places, questions, strict=True)])

    return correlate


@pytest.fixture
def populations(simulated, base, called_on, shares, cosines, roles) -> Callable[[str], Any]:
    """`populations(activation)`: runs of populations tested by measured activations (a personality for each persona), by Zipf over MiniLM's cosines, or by a
    test drawn as simple as can be."""

    def evolve(name: str) -> Any:
        activations = {
            "measured": lambda: {"kind": "given", "weights": [shares(called_on(who)).tolist() for who in (roles["target"][0], *roles["source"])]},
            "zipf": lambda: {"kind": "zipf", "cosines": cosines.tolist()},
            "drawn": lambda: {"kind": "simple", "count": 2},
        }
        return simulated(name, PLAIN | {"activation": activations[name]()}, base)

    return evolve


@pytest.fixture
def over_questions(measure) -> Callable[..., Any]:
    """`over_questions(name, values, unit, *samples)` records the mean over questions with Student's t interval, and p against zero."""

    return lambda name, values, unit, *samples: measure(name, float(values.mean()), unit, **tested_mean(values, "question"), sources=samples)


@pytest.fixture
def own_topic(bank) -> Callable[[Any], Any]:
    """`own_topic(shares)`: (questions,) share of each question's answer that lies on the beliefs of its topic."""
    beliefs, questions = bank
    return lambda table: np.array([table[[one.topic == asked.topic for one in beliefs], place].sum() for place, asked in enumerate(questions)])
