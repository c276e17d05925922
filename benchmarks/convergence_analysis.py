"""Fifteen models and 750 prompts: every lexical similarity, 1,000 permutations of prompts within models, 2,000 two-way bootstraps.

    python benchmarks/convergence_analysis.py [--data ../shared/data/convergence/level1_results_20250817_231441.json] [--growth]

The answers are the 420 real ones of the public Level 1, resampled: each is made of sentences of one real answer of that model to that capability, drawn with
replacement, less one word, so that no two are the same text. The public analysis of this size took 255 s, for a test that no data could move.
`--growth` tells how the time grows with models and with prompts.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import defaultdict
from pathlib import Path

from harness.domains.convergence.agreement.comparison import compare_answers
from harness.domains.convergence.agreement.findings import Findings
from harness.domains.convergence.similarity.distribution import ExpKL, OneMinusJS
from harness.domains.convergence.similarity.indel import Indel
from harness.domains.convergence.similarity.jaccard import Jaccard
from harness.domains.convergence.similarity.tfidf import Tfidf
from harness.seeds import generator

DATA = Path("../shared/data/convergence/level1_results_20250817_231441.json")
BOUND_S = 5.0
MEASURES = (Tfidf(), Indel(), Jaccard(), ExpKL(), OneMinusJS())


def real(path: Path) -> tuple[list[str], dict[tuple[str, str], list[str]]]:
    """(live models, their real answers by model and capability)."""
    answers = defaultdict(list)
    for row in json.loads(path.read_text(encoding="utf-8"))["responses"]:
        if row["response_text"].strip() and not row["response_text"].startswith("ERROR"):
            answers[row["model_id"], row["capability"]].append(row["response_text"])
    return list(dict.fromkeys(model for model, _ in answers)), answers


def resampled(path: Path, models: int, prompts: int) -> tuple[list[str], dict[str, str], dict[str, dict[str, str]]]:
    """(models, prompt to capability, answers): a prompt is one real prompt's place in all models, so that answers to it still agree."""
    live, answers = real(path)
    names = [f"{live[number % len(live)]}#{number // len(live)}" for number in range(models)]
    capabilities = sorted({capability for _, capability in answers})
    strata = {f"p{number:04}": capabilities[number % len(capabilities)] for number in range(prompts)}
    said = {}
    for name in names:
        own = name.partition("#")[0]
        said[name] = {prompt: drawn(answers[own, capability], name, prompt) for prompt, capability in strata.items()}
    return names, strata, said


def drawn(texts: list[str], name: str, prompt: str) -> str:
    rng = generator("benchmark", name, prompt)
    place = int(generator("benchmark prompt", prompt).integers(1000)) % len(texts)
    sentences = re.split(r"(?<=[.!?:\n])\s+", texts[place])
    words = " ".join(sentences[number] for number in rng.integers(len(sentences), size=len(sentences))).split()
    del words[int(rng.integers(len(words))) : int(rng.integers(len(words))) + 1]
    return " ".join([*words, str(rng.integers(10**6))])


def analysed(path: Path, models: int, prompts: int) -> dict[str, float]:
    """Seconds of each step."""
    names, strata, said = resampled(path, models, prompts)
    texts = [said[name][prompt] for name in names for prompt in strata]
    took, start = {}, time.perf_counter()

    def lap(step: str) -> None:
        nonlocal start
        took[step] = time.perf_counter() - start
        start = time.perf_counter()

    prepared = {measure.name: measure.prepare(texts) for measure in MEASURES}
    lap("preparing")
    study = compare_answers(names, strata, said, lambda rows: {name: one.block(rows) for name, one in prepared.items()})
    lap("similarities")
    findings = Findings(study, permutations=1000)
    assert findings.null.sums.shape[0] == 1000
    lap("permutations")
    for name in study.measures:
        for capability in (None, *study.capabilities):
            findings.above_mismatch(name, capability)
        for model in study.models:
            findings.level(name, pairs=findings.pairs_of(model))
    lap("bootstraps, p and intervals: overall, by capability, by model")
    return took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--growth", action="store_true")
    given = parser.parse_args()
    if not given.data.exists():
        print(f"{given.data} is not here: give the public Level-1 results with --data")
        return 0
    analysed(given.data, 3, 30)  # compiles what is compiled
    took = analysed(given.data, 15, 750)
    for step, seconds in took.items():
        print(f"{seconds:6.2f} s  {step}")
    total = sum(took.values())
    print(f"{total:6.2f} s  in all (bound {BOUND_S:g} s): {len(MEASURES)} measures, 15 models, 750 prompts, 1,000 permutations, 2,000 bootstraps")
    if given.growth:
        for models, prompts in ((15, 375), (15, 1500), (8, 750), (30, 750)):
            print(f"{sum(analysed(given.data, models, prompts).values()):6.2f} s  {models} models, {prompts} prompts")
    return int(total > BOUND_S)


if __name__ == "__main__":
    sys.exit(main())
