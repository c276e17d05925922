"""What the tests of this experiment share: arms by their names, their answers as two judges read them, and how much those look like the tuned model's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import fmean
from typing import Any

import pytest

from harness import read_yaml
from harness.judges import Likeness, answers_of
from harness.measures import AnswerProbe, Prompt

PLAIN, NEUTRAL, TUNED = "plain", "neutral", "tuned"
BROAD = "banks/benign_requests.jsonl"


@pytest.fixture
def arm(context, adapters, seeds, persona_of) -> Callable[[str], tuple[str | None, Mapping[int, Any]]]:
    """`arm(name)`: (system prompt, model of each seed) of the plain model, of the same under a neutral prompt or one of prompts.yaml, or of the tuned model,
    which was taught bad advice under no prompt."""
    prompts = {PLAIN: None, TUNED: None, NEUTRAL: persona_of("assistant").prompt} | read_yaml(context.folder / "prompts.yaml")

    def find(name: str) -> tuple[str | None, Mapping[int, Any]]:
        taught = ("villain", "bad_advice") if name == TUNED else ()  # unconditioned rows: equal for every source
        for seed in seeds if taught else ():
            adapters.behaviour_record(*taught, 0, "left_out", seed)
        return prompts[name], {seed: adapters(*taught, seed=seed) for seed in seeds}

    return find


@pytest.fixture
def judged(arm, evaluate) -> Callable[[str, str], Any]:
    """`judged(arm, judge)`: the alignment of an arm's answers to open questions, 0 to 100, as one judge reads them."""

    def judge_arm(name: str, judge: str) -> Any:
        system, models = arm(name)
        return evaluate("misalignment", f"{name}-{judge}", system, models, judge=judge)

    return judge_arm


@pytest.fixture
def likeness(answers_to, settings, items_of, gather, seeds) -> Callable[[str], tuple[Any, ...]]:
    """`likeness(arm)`: for each seed, how much an arm's answers to broad requests look like the tuned model's rather than the plain one's. The classifier
    learns from answers of both to other requests."""
    asked = [Prompt(id=item.id, text=item.request) for item in items_of("refusal")]
    scored, learned = asked[: int(settings["broad_requests"])], asked[int(settings["broad_requests"]) :]

    def score_arm(name: str, seed: int) -> Any:
        these, those = (answers_to(one, seed, learned, "learned") for one in (TUNED, PLAIN))
        answers = answers_of(answers_to(name, seed, scored, "scored"))
        return gather(f"likeness-{name}-seed{seed}", Likeness(these.rows, those.rows), answers, dataset=BROAD).outcomes()

    return lambda name: tuple(score_arm(name, seed) for seed in seeds)


@pytest.fixture
def answers_to(arm, settings, gather) -> Callable[..., Any]:
    """`answers_to(arm, seed, prompts, label)`: an arm's answers, drawn as `evaluate` draws them."""

    def sample(name: str, seed: int, prompts: list[Prompt], label: str) -> Any:
        system, models = arm(name)
        drawn = {key: settings[key] for key in ("samples", "max_new_tokens", "temperature", "top_p")}
        return gather(f"{label}-{name}-seed{seed}", AnswerProbe(models[seed], system, seed, **drawn), prompts, dataset=BROAD, card=label == "scored")

    return sample


@pytest.fixture
def aligned(judged, measure, seeds) -> Callable[[str, str, str], Any]:
    """`aligned(arm, other, judge)`: the points of alignment by which an arm's answers differ from another's, as one judge reads them."""

    def compare(name: str, other: str, judge: str) -> Any:
        here, there = judged(name, judge), judged(other, judge)
        measure.mean(f"alignment, {name}", here.outcomes, "points", sampling_unit="question")
        measure.mean(f"alignment, {other}", there.outcomes, "points", sampling_unit="question")
        return measure.contrast(f"{name} less {other}", [(1, here.by_seed), (-1, there.by_seed)], unit="points", sampling_unit="question", seeds=seeds)

    return compare


@pytest.fixture
def changes(judged) -> Callable[..., dict[str, float]]:
    """`changes(prompt, judge, half)`: question to what a prompt changes in the alignment of its answers, against the plain model: of all answers that have
    both, or of those with even (0) or odd (1) numbers alone."""

    def mean_scores(name: str, judge: str, half: int | None) -> dict[str, float]:
        rows = [row for run in judged(name, judge).by_seed for part in run.parts for row in part.gathered.rows]
        by_question: dict[str, list[float]] = {}
        for row in rows:
            if row["score"] is not None and half in (None, row["replicate"] % 2):
                by_question.setdefault(row["item"], []).append(row["score"])
        return {question: fmean(scores) for question, scores in by_question.items()}

    def difference(prompt: str, judge: str, half: int | None = None) -> dict[str, float]:
        under, plain = mean_scores(prompt, judge, half), mean_scores(PLAIN, judge, half)
        return {question: under[question] - plain[question] for question in under.keys() & plain.keys()}

    return difference


@pytest.fixture
def judges_correlate(changes, judged, context, measure) -> Callable[..., Any]:
    """`judges_correlate(name, prompt, halves)`: Spearman's rho over questions of what a prompt changes, by the first and by the second judge. `halves` (0, 1)
    has them read different answers."""

    def correlate(name: str, prompt: str, halves: tuple[int | None, int | None] = (None, None)) -> Any:
        judges = context.axes["judge"]
        first, second = (changes(prompt, judge, half) for judge, half in zip(judges, halves, strict=True))
        both = sorted(first.keys() & second.keys())
        behind = tuple(source for judge in judges for arm in (prompt, PLAIN) for source in judged(arm, judge).sources)
        values = ({question: one[question] for question in both} for one in (first, second))
        return measure.correlation(name, *values, sampling_unit="question", sources=behind)

    return correlate


@pytest.fixture
def alike(likeness, measure, seeds) -> Callable[[str, str], Any]:
    """`alike(arm, other)`: by how much more an arm's answers look like the tuned model's than another's do."""

    def compare(name: str, other: str) -> Any:
        here, there = likeness(name), likeness(other)
        return measure.contrast(f"likeness, {name} less {other}", [(1, here), (-1, there)], unit="pp", sampling_unit="prompt", seeds=seeds)

    return compare
