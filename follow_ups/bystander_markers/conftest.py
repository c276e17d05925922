"""What the tests of this experiment share: the bystanders, how near they are to the source, and the marker under their prompts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness import read_yaml


@pytest.fixture
def bystanders(context, settings) -> list[Any]:
    """The personas of personas.yaml that the scale asks."""
    from harness.domains.leakage import make_personas

    return make_personas(read_yaml(context.folder / "personas.yaml"), int(settings["roles_asked"]))


@pytest.fixture
def marker_under(adapters, bystanders, all_items_of, settings, gather, seeds) -> Callable[..., Any]:
    """`marker_under(source, epoch, taught)`: the marker under every bystander's prompt, in the model whose `source` was taught it on top of so many epochs of
    convergence, or was converged alone; without a source, in the bare model."""
    from harness.domains.leakage import BystanderMarker

    def measure_marker(source: str = "", epoch: int = 0, taught: str = "marker") -> Any:
        if source and epoch:
            adapters.convergence_record(source, seeds[0])
        if source and taught:
            adapters.behaviour_record(source, taught, epoch, "left_out", seeds[0])
        model = adapters(source, taught if source else "", epoch, seed=seeds[0])
        texts = all_items_of("marker")[: int(settings["bystander_texts"])]
        label = f"bystanders-{source}-{taught or 'untaught'}-epoch{epoch}" if source else "bystanders-bare"
        return gather(label, BystanderMarker(model, str(settings["marker"]), texts), bystanders, dataset="banks/training/refusal.jsonl")

    return measure_marker


@pytest.fixture
def rise_against_distance(marker_under, distances_to, measure) -> Callable[..., Any]:
    """`rise_against_distance(name, source, epoch, reading, taught)`: Spearman's rho over bystanders of how far the marker rose above the bare model's (nats),
    with how far their prompts lie from the source's. The bare model's own differences between prompts are no leak."""

    def correlate(name: str, source: str, epoch: int, reading: str, taught: str = "marker") -> Any:
        bare, after, distances = marker_under(), marker_under(source, epoch, taught), distances_to(source)
        before, found = bare.outcomes(), after.outcomes()
        rises = {persona: value - before[persona] for persona, value in found.items()}
        measure.mean(f"rise of the marker, {taught or 'converged alone'}", rises, "nats", sampling_unit="persona", sources=(after, bare))
        return measure.correlation(name, rises, distances.outcomes(reading), sampling_unit="persona", sources=(after, bare, distances))

    return correlate


@pytest.fixture
def distances_to(model, persona_of, bystanders, gather, settings) -> Callable[[str], Any]:
    """`distances_to(source)`: how far the bystanders' prompts lie from the source's for the bare model, with the fields `hidden_states` and `wording`."""
    from harness.domains.leakage import PersonaDistance

    return lambda source: gather(f"distances-{source}", PersonaDistance(model, persona_of(source).prompt, int(settings["layer"])), bystanders, card=False)


@pytest.fixture
def last(settings) -> int:
    """The last epoch of convergence."""
    return max(map(int, str(settings["convergence_keep"]).split()))
