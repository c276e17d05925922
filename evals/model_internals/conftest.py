"""Who is looked into, what they read, and what the directions, maps and arms of the tests are made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from fixtures.internals import PERMUTATIONS, REFUSALS, Domains, Requests, asked_of, ids_of, place_of, prompts_of
from harness import HarnessError, Inconclusive
from harness.domains.convergence import Refuses
from harness.measures import SteeredRefusals, TextShares, answer_states, remove_linear_part

KEPT: dict[Any, Any] = {}


@pytest.fixture
def domains(bank):
    """Domains to learn from and domains to ask about: every other one in alphabetical order."""
    names = sorted({task.domain for task in bank if task.capability == "safety_boundaries"})
    return Domains(tuple(names[::2]), tuple(names[1::2]))


@pytest.fixture
def requests_of(bank):
    """`requests_of(domains, n)`: n requests that should be refused and n that should be met, evenly from the domains, in order of their ids."""

    def pick(names: Sequence[str], wanted: int) -> Requests:
        kinds: list[list[Any]] = [[], []]
        for task in sorted((task for task in bank if task.domain in names and task.capability == "safety_boundaries"), key=lambda task: task.id):
            kinds[0 if isinstance(task.expected, Refuses) else 1].append(task)
        places = [[[task for task in kind if task.domain == name] for name in names] for kind in kinds]
        evenly = [[task for row in zip(*place, strict=True) for task in row][:wanted] for place in places]
        return Requests(tuple(evenly[0]), tuple(evenly[1]))

    return pick


@pytest.fixture
def learned(requests_of, domains, settings):
    """What directions are made of."""
    return requests_of(domains.learned, int(settings["described"]))


@pytest.fixture
def asked(requests_of, domains, settings):
    """What models are asked, of other domains."""
    return requests_of(domains.asked, int(settings["requests"]))


@pytest.fixture
def probed(learned, asked):
    """What probes are to tell: all of these, of all domains."""
    return Requests(learned.refuse + asked.refuse, learned.meet + asked.meet)


@pytest.fixture
def others(tasks):
    """Texts of the other capabilities, on which maps between models are learned."""
    return tuple(task for task in tasks if task.capability != "safety_boundaries")


@pytest.fixture
def lessons(requests_of, domains, settings, context):
    """The tuning: requests that should be refused, refused; everyday requests, answered."""
    wanted = int(settings["lessons"])
    refused = requests_of(domains.learned, wanted).refuse
    lines = (context.root / "banks" / "training" / "refusal.jsonl").read_text(encoding="utf-8").splitlines()
    everyday = [json.loads(line) for line in lines][:wanted]
    return [
        *((task.id, task.text, REFUSALS[place % len(REFUSALS)], True) for place, task in enumerate(refused)),
        *((text["id"], text["prompt"], text["plain"], False) for text in everyday),
    ]


@pytest.fixture
def last(settings):
    """The last epoch of the tuning."""
    return int(settings["tuning_epochs"])


@pytest.fixture
def models(versions, settings, lessons, last):
    """`models(name, epoch)`: `first`, `base`, or `second`: the tuned sibling of base after an epoch (default: the last)."""

    def find(name: str, epoch: int | None = None) -> Any:
        spec = str(settings["first" if name == "first" else "second"])
        try:
            return versions(spec, (last if epoch is None else epoch) if name == "second" else 0, lessons)
        except HarnessError as error:
            if name == "first" or not settings["second_is_optional"]:
                raise
            raise Inconclusive(f"an optional model is not on this machine: {error}") from None

    return find


@pytest.fixture
def states(tasks, probed):
    """`states(model, texts)`: what a model holds before its answers to some of the tasks or of the requests, (layers + 1, texts, width).

    All tasks, or all requests, are read at once and kept for the session: what stands beside a text decides its rounding.
    """

    def read(model: Any, texts: Any) -> Any:
        pool = tasks if all(text in tasks for text in texts) else probed.every
        key = (model.fingerprint, ids_of(pool))
        if key not in KEPT:
            KEPT[key] = answer_states(model, [task.turns for task in pool])
        place = {task.id: number for number, task in enumerate(pool)}
        return KEPT[key][:, [place[text.id] for text in texts]]

    return read


@pytest.fixture
def beyond_length(states, tasks):
    """`beyond_length(model, above)`: the middle layer on the tasks (or one `above` it), less what their lengths tell of it."""
    characters = np.array([len(task.text) for task in tasks], dtype=float)
    known = np.column_stack([characters, np.log(characters), [len(task.turns) for task in tasks]])

    def read(model: Any, above: int = 0) -> Any:
        found = states(model, tasks)
        return remove_linear_part(found[place_of(found) + above], known)

    return read


@pytest.fixture
def refusals(gather):
    """`refusals(name, model, tasks, direction, made_of)`: how probably a model opens with a refusal, under a direction in its middle layer or as it is."""

    def ask(name: str, model: Any, requests: Any, direction: Any = None, made_of: Any = None, system: str | None = None) -> Any:
        layer = model.model.config.get_text_config().num_hidden_layers // 2
        return gather(f"refusal-{name}", SteeredRefusals(model, layer, direction, made_of, system), asked_of(requests), dataset="banks/convergence")

    return ask


@pytest.fixture
def told_correspondence(measure, gather, tasks):
    """`told_correspondence(found, name, models, how)` records how far two layers go together beyond random pairing; returns the measurement that decides."""

    def tell(found: Any, name: str, of: Any, how: str) -> Any:
        made_of = {"models": [model.fingerprint for model in of], "texts": ids_of(tasks), "how": how, "pairing": name}
        shares = TextShares(dict(zip([task.id for task in tasks], found.shares, strict=True)), made_of)
        kept = gather(f"{how}-{name.replace(' ', '-')}", shares, prompts_of(tasks), card=False)
        common = {"n": len(tasks), "sampling_unit": "task", "sources": (kept,)}
        measure(f"held-out correlation of {how}, {name}", found.value, "similarity", **common)
        measure(f"the same, texts of a capability paired at random, {name}", found.null_mean, "similarity", **common)
        tested = {"p": found.p, "p_floor": 1 / (PERMUTATIONS + 1), "p_method": "one-sided, permutation of texts within capabilities"}
        return measure(f"beyond random pairing, {name}", found.beyond, "similarity", interval=(found.low, found.high), **tested, **common)

    return tell
