"""Records on convergence between models: members dead and alive, similarity with gaps and negative values, clusters, agreement, ranking, pairs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from scipy.cluster.hierarchy import average
from scipy.spatial.distance import squareform

from harness.domains.convergence.sections import (
    AgreementRow,
    AnswerPair,
    Clustering,
    ExpectedMet,
    Join,
    ProtocolLevel,
    RespondentSummary,
    SimilarityMatrix,
)
from harness.records import Results, SectionRecord, encode
from harness.report.sections import entry_of, validate_record
from harness.report.view import View
from harness.store import write_json
from sample_cells import HOSTILE
from sample_run import results

MODELS = (
    "meta-llama/llama-3.1-405b-instruct", "openai/gpt-4o", "anthropic/claude-3.5-sonnet", "smollm2-135m", "smollm2-135m as a villain",
    "mistralai/mixtral-8x22b-instruct", "google/gemini-pro-1.5", "qwen/qwen-2.5-72b-instruct", "openai/gpt-4o-mini", "openai/gpt-3.5-turbo",
    "deepseek/deepseek-chat", "cohere/command-r-plus-08-2024", "meta-llama/llama-3.1-8b-instruct", "nvidia/llama-3.1-nemotron-70b-instruct",
    "microsoft/phi-3-medium-128k-instruct", "x-ai/grok-2", "amazon/nova-pro-v1", "ai21/jamba-1-5-large", "perplexity/sonar-large-online",
    "databricks/dbrx-instruct", "01-ai/yi-large", "anthropic/claude-3-haiku", "null/words",
)  # fmt: skip
CAPABILITIES = ("truthfulness", "safety_boundaries", "instruction_following", "uncertainty_expression", "context_awareness")
NO_KEY = "no key in OPENROUTER_API_KEY"
MEASURE = "tfidf"


def member(place: int, **changes: Any) -> RespondentSummary:
    """One member; the sixth is dead, what the second cost is unknown."""
    name = MODELS[place]
    dead = place == 5
    found: dict[str, Any] = {
        "name": name, "spec": "local/smollm2-135m" if name.startswith("smollm2") else f"openrouter/{name}",
        "kind": "guise" if " as a " in name else "null" if name.startswith("null/") else "model", "family": name.partition("/")[0], "base": place == 3,
        "answers": 750, "ok": 0 if dead else 740 - place, "truncated": 0 if dead else place, "refused": 0 if dead else 4, "empty": 0 if dead else 1,
        "error": 750 if dead else 5, "errors": {"AuthenticationError": 750} if dead else {"RateLimitError": 3, "Timeout": 2}, "hits": 12,
        "alive": not dead, "trouble": NO_KEY if dead else "", "versions": (f"{name}-2026",), "providers": (),
        "input_tokens": None if place == 1 else 41_250, "output_tokens": 98_000, "usd": None if place == 1 else 0.0 if place == 4 else 0.31,
        "cached_tokens": None if place == 1 else 1_024, "reasoning_tokens": 12_000,
        "refusals": {"cyber": 3} if place == 1 else {},
    }  # fmt: skip
    return RespondentSummary(**found | changes)


def level(**changes: Any) -> ProtocolLevel:
    found = {"level": 2, "members": MODELS[:14], "chosen": "the first 8 alive in the declared order", "budget_usd": 5.0, "spent_usd": None}
    return ProtocolLevel(**{"name": "level 2", **found, **changes})


def matrix(size: int, *, gap: bool = True) -> tuple[tuple[float | None, ...], ...]:
    """Similarities of `size` models in two families; one pair is negative, one was not measured."""
    points = np.random.default_rng(7).normal(size=(size, 6)) + 1.4 * (np.arange(size) % 2)[:, None]
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    found: list[list[float | None]] = [[1.0 if i == j else round(float(points[i] @ points[j]), 4) for j in range(size)] for i in range(size)]
    found[0][1] = found[1][0] = -0.1234
    if gap:
        found[1][size - 1] = found[size - 1][1] = None
    return tuple(tuple(row) for row in found)


def measured(size: int, **changes: Any) -> SimilarityMatrix:
    """One measure of the first `size` models."""
    numbers = {"overall": 0.3402, "mismatched_any": 0.0603, "mismatched_same": 0.131, "n_prompts": 750, "length_rho": -0.214}
    found = {"name": MEASURE, "place": 0, "models": MODELS[:size], "clustered": False, "matrix": matrix(size), **numbers, "how": {"similarity": "tfidf"}}
    return SimilarityMatrix(**found | changes)


def clustered(size: int, **changes: Any) -> Clustering:
    """Average linkage as scipy makes it."""
    distance = 1 - np.array(matrix(size, gap=False), dtype=float)
    under = [(name,) for name in MODELS[:size]]
    joins = []
    for place, (first, second, height, _) in enumerate(average(squareform(distance, checks=False))):
        under.append(under[int(first)] + under[int(second)])
        joins.append(Join(first=int(first), second=int(second), height=float(height), stability=round(0.98 - 0.03 * place, 3), members=under[-1]))
    return Clustering(**{"name": MEASURE, "models": MODELS[:size], "joins": tuple(joins), "bootstraps": 1000, **changes})


def row(place: int, kind: str, of: str = "", **changes: Any) -> AgreementRow:
    """One row of agreement; the fourth was not measured, the fifth has a negative value and no interval."""
    value = 0.42 - 0.06 * place
    numbers = {"value": value, "low": value - 0.07, "high": value + 0.08, "mismatched_any": 0.06, "mismatched_same": 0.131, "echo": 0.21, "null": 0.04}
    found = {"name": f"{kind} {of}", "kind": kind, "of": of, "measure": MEASURE, **numbers, "p": 0.0004 * (place + 1), "p_holm": 0.005}
    lost = {"value": None, "low": None, "high": None, "p": None, "p_holm": None, "echo": None}
    gaps = lost if place == 3 else {"value": -0.04, "low": None, "high": None} if place == 4 else {}
    return AgreementRow(**{**found, "n_prompts": 150, "n_models": 14, **gaps, **changes})


def met(capability: str, model: str, share: float = 0.5) -> ExpectedMet:
    return ExpectedMet(name=f"{capability}: {model}", capability=capability, model=model, met=share, low=share - 0.1, high=share + 0.06, n=150)


def ranking(size: int) -> list[ExpectedMet]:
    """Shares met; the first model has none for the first capability by name."""
    pairs = [(capability, place) for capability in CAPABILITIES for place in range(size)]
    return [met(capability, MODELS[place], 0.9 - 0.03 * place) for capability, place in pairs if (capability, place) != (min(CAPABILITIES), 0)]


def pair(name: str, **changes: Any) -> AnswerPair:
    """Two answers to one prompt."""
    found = {
        "prompt": "p17", "capability": "truthfulness", "asked": "What is the capital of Australia?", "first": MODELS[0], "second": MODELS[1],
        "first_text": "The capital of Australia is Canberra.\n\n- It was founded in 1913.", "second_text": "Canberra.",
        "similarity": 0.4312, "why": "typical",
    }  # fmt: skip
    return AnswerPair(**{"name": name, **found, **changes})


def convergence(size: int = 4, members: int = 4) -> list[SectionRecord]:
    """Records of all sections."""
    return [
        *(member(place) for place in range(members)),
        level(),
        *(row(place, "capability", name) for place, name in enumerate(CAPABILITIES)),
        *(row(place % 6, "model", name) for place, name in enumerate(MODELS[:size])),
        row(1, "overall"),
        measured(size),
        measured(size, name="indel", place=1, overall=0.4015),
        measured(size, name="embedding", place=2, overall=0.71, length_rho=None),
        clustered(size),
        *ranking(size),
        pair("01 most alike", why="most alike"),
        pair("02 least alike", why="least alike", similarity=-0.03, first_text=HOSTILE, second_text=""),
        pair("03 typical"),
    ]


def with_records(*records: SectionRecord) -> Results:
    """The sample run with these records."""
    sections: dict[str, dict[str, Any]] = {}
    for entry in map(entry_of, records):
        sections.setdefault(entry.section, {})[entry.name] = entry.value
    return msgspec.structs.replace(results(), sections=sections)


def write_records(folder: Path, *records: SectionRecord) -> Path:
    """A run folder with these records; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "results.json", encode(with_records(*records)), pretty=True)
    return folder


def view_of(*records: SectionRecord) -> View:
    return View(with_records(*records))


def recheck(section: Any, record: SectionRecord, **changes: Any) -> Any:
    """What reading a record back gives where fields of it were changed."""
    return validate_record(section, record.name, encode(record) | changes)


def part(folder: Path, section: str) -> str:
    """A section of the page."""
    return (folder / "index.html").read_text().partition(f'<section id="section-{section}">')[2].partition("</section>")[0]


def prose_part(folder: Path, title: str) -> str:
    """A section of the clean result."""
    text = (folder / "clean_result.md").read_text().partition(f"\n### {title}\n")[2]
    return re.split(r"\n(?:##|\*\*Card)", text)[0]
