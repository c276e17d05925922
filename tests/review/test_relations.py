"""What the numbers of a text say of each other: the right ones are confirmed, the same text with one slip is flagged there, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.review.claims import Claim
from harness.review.expressions import evaluate
from harness.review.foreign import prose_claims
from harness.review.graph import graph_claims
from harness.review.prose import read_prose
from harness.review.results import Results

MODELS = """| Model | MMLU | BBH | ARC | Average |
|---|---|---|---|---|
| Llama-3.1-8B | 68.4 | 51.2 | 73.1 | 64.2 |
| Qwen2.5-7B | 74.2 | 55.3 | 80.3 | 69.9 |
| Gemma-2-9B | 72.1 | 56.6 | 77.9 | 68.9 |
| OLMo-2-7B | 63.7 | 44.8 | 70.2 | {0} |

"""
STEPS = """| step | win rate (%) | latency (s) |
|---|---|---|
| 0 | 50.0 | 0.9 |
| 200 | 56.5 | 1.4 |
| 400 | 61.0 | 2.1 |
| 600 | 64.5 | 2.8 |
| 800 | 63.0 | 3.2 |

"""
BEFORE = """| persona | before | after | change |
|---|---|---|---|
| villain | 1.2% | 91.4% | +90.2 pp |
| comedian | 0.8% | 37.2% | {0} |
| teacher | 0.4% | 4.6% | +4.2 pp |
| doctor | 0.6% | 9.4% | +8.8 pp |
"""
ABLATION = """| Variant | Recall (%) | Δ |
|---|---|---|
| full method | 71.3 | — |
| no reranker | 68.9 | −2.4 |
| no expansion | 66.4 | {0} |
| no retriever | 54.2 | −17.1 |
| BM25 | 51.7 | −19.6 |
"""
SHARES = "| Gender | n | % |\n|---|---|---|\n| female | 211 | 53.4 |\n| male | 172 | {0} |\n| other | 12 | 3.0 |\n| total | 395 | 100 |\n"
TURNED = """| | A | B | C | D |
|---|---|---|---|---|
| before | 12.1 | 14.2 | 11.7 | 10.3 |
| after | 15.3 | 19.9 | 12.8 | 14.6 |
| change | 3.2 | 5.7 | {0} | 4.3 |
"""
ALL_MODELS = MODELS.format("59.6")
COSTS = """| GPU | price | GPU-hours | cost |
|---|---|---|---|
| H100 | 2.40 | 974.0 | $2,337.60 |
| A100 | 1.35 | 421.0 | $568.35 |
| L40S | 0.85 | 385.0 | $327.25 |
"""
JUDGES = """| category | Judge A | Judge B |
|---|---|---|
| fraud | 88.4% | 85.7% |
| medical | 86.7% | 84.1% |
| privacy | 92.0% | 90.2% |
| weapons | 91.3% | {0} |

"""
ROLES = """| persona | rate (%) | role |
|---|---|---|
| sommelier | 96.7 | source |
| bartender | 68.3 | held-out |
| chef | 61.7 | held-out |
| lawyer | 10.0 | held-out |
| poet | 3.3 | negative |
| pirate | 0.0 | negative |
| detective | 1.7 | negative |

"""

DELTAS = """| Source | ARC-C Δ | Alignment Δ | Sycophancy Δ |
|---|---|---|---|
| villain | -1.9 | -8.9 | +0.026 |
| comedian | -1.4 | -14.1 | +0.018 |
| engineer | -2.6 | +42.7 | +0.058 |
| teacher | -0.5 | +45.8 | +0.010 |
| librarian | -2.0 | -17.6 | +0.026 |

"""

# The text with a place for a number, what is right there, and what is wrong.
CASES = {
    "difference of two columns": (BEFORE, "+36.4 pp", "+34.6 pp"),
    "difference of two rows": (TURNED, "1.1", "2.1"),
    "difference from the first row": (ABLATION, "−4.9", "−5.9"),
    "share of the total": (SHARES, "43.5", "45.3"),
    "mean of a row": (MODELS, "59.6", "56.9"),
    "fraction in a cell": ("| arm | runs |\n|---|---|\n| ring | 28/30 ({0}) |\n", "93.3%", "96.7%"),
    "fraction in words": ("The audit found 28 exploits among 200 responses ({0}).\n", "14%", "19%"),
    "those of whom": ("We invited 640 people, of whom 412 ({0}) finished.\n", "64.4%", "61.7%"),
    "of cells": ("Of 50 cells, 12 ({0}) were empty.\n", "24%", "23%"),
    "factor from one to another": ("Responses grow from 212 to 512 tokens, a factor of {0}.\n", "2.4", "2.9"),
    "change in per cent": ("Fairness rose from 3.22 to 3.70, an increase of {0}.\n", "14.9%", "14.0%"),
    "difference in points": ("Accuracy fell from 84.2% to 71.3%, a drop of {0}.\n", "12.9 pp", "11.9 pp"),
    "difference before the pair": ("Gemma is {0} ahead on BBH (56.6 vs 44.8).\n", "11.8 points", "6.6 points"),
    "points told as per cent": ("Accuracy: 84.2% → 71.3% ({0}).\n", "−12.9 pp", "−12.9%"),
    "sign of a change": ("Memory: 2210 → 2380 MB ({0}).\n", "+7.7%", "-7.7%"),
    "rows that a sentence names": (
        ALL_MODELS + "Qwen2.5-7B beats Llama-3.1-8B by 5.8 points on MMLU and by {0} on ARC.\n",
        "7.2 points",
        "7.8 points",
    ),
    "best and worst": (ALL_MODELS + "The gap between the best and the worst model on ARC is {0}.\n", "10.1 points", "12.1 points"),
    "span of a column": (STEPS + "Latency ranges from 0.9 to {0} s.\n", "3.2", "3.6"),
    "the greatest and its name": (ALL_MODELS + "{0} has the best score on ARC (80.3).\n", "Qwen2.5-7B", "Gemma-2-9B"),
    "least of a kind": (ROLES + "Among the held-out personas, {0} leaks least (10.0).\n", "lawyer", "chef"),
    "first in every row": (JUDGES + "Judge A is the best in every category.\n", "89.5%", "92.5%"),
    "span of a kind": (ROLES + "Held-out rates range from 10.0 to {0}.\n", "68.3", "86.3"),
    "bound on a kind": (ROLES + "No negative persona has a rate above {0}%.\n", "3.5", "2.5"),
    "the others of so many": ("People called 248 of 640 items harmful, the other {0} not.\n", "392", "382"),
    "parts and their sum": ("GPUs cost $3,233.20, plus $319.90 for calls: {0} in all.\n", "$3,553.10", "$3,433.10"),
    "rows of a table": ("We tested {0} models.\n\n" + ALL_MODELS, "4", "5"),
    "spread of a column": (STEPS + "The mean latency is 2.08, SD {0}.\n", "0.96", "0.69"),
    "values further apart": ("Mini costs $0.57 for 300 answers, Sonnet $4.26 ({0}).\n", "7.5x", "11.5x"),
    "ratio told as one": ("Biologist leaks 8.0%, physicist 48.0%: a ratio of {0}.\n", "6.0x", "9.6x"),
    "interval of a count": ("Recall is wide (Sonnet 43/59: [{0}]).\n", "0.60, 0.83", "0.69, 0.76"),
    "significance of several p": ("The drop is {0} (p = 0.20 and p = 0.65).\n", "not significant", "statistically significant"),
    "significance of a statistic": ("HHH is 984/1172 against 977/1172 (z = 0.39, {0}).\n", "not significant", "statistically significant"),
    "order of names": (ALL_MODELS + "By ARC: {0} > Llama-3.1-8B > OLMo-2-7B.\n", "Qwen2.5-7B > Gemma-2-9B", "Gemma-2-9B > Qwen2.5-7B"),
    "rows that move so far": (DELTAS + "- **Alignment:** {0} sources drop by more than 10 points.\n", "2/5", "4/5"),
    "rows that move": (DELTAS + "Of sycophancy {0} sources rise.\n", "5/5", "4/5"),
    "rows above a bound": (DELTAS + "Of sycophancy {0} sources lie above 0.02.\n", "3 of 5", "2 of 5"),
    "steady growth": (STEPS + "The {0} increases at every step.\n", "latency", "win rate"),
}
COUNTS = """| Source | Documents | Flagged | Rate |
|---|---|---|---|
| synthetic QA | 30,000 | 402 | 1.340% |
| textbooks | 33,600 | 94 | 0.280% |
| forum QA | 40,000 | 91 | 0.228% |

"""
BENIGN = """| persona | 0% benign | 80% benign |
|---|---|---|
| chemist | 98% | 88% |
| pharmacist | 66% | 30% |
| assistant | 60% | 24% |

"""
NAMED, TOLD = ("villain", "comedian", "teacher", "librarian"), ("+0.058", "+0.026", "+0.018", "+0.012")


def flagged(text: str, results: Results | None = None) -> list[Claim]:
    prose = read_prose(text)
    return [one for one in prose_claims(prose, results or Results(()), between=graph_claims(prose)[0]) if one.verdict in ("WRONG", "OVERCLAIMED")]


@pytest.mark.parametrize("case", CASES)
def test_what_follows_from_other_numbers(case: str) -> None:
    text, right, wrong = CASES[case]
    assert flagged(text.format(right)) == []
    place = text.format(wrong)
    found = flagged(place)
    assert found, case
    assert all(place.split("\n")[one.line - 1][one.column - 1 : one.end - 1] for one in found)
    assert any(wrong in one.text or one.text in place for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "From 10 to 20 models, a gain of 3.4 pp.\n",
        "Temperature 0.7 vs 1.0: a difference of 3.1 points.\n",
        "Accuracy: 84.2% → 71.3% (p = 0.03).\n",
        "We saw 45.2% → 47.1% on seed 1 and a gain of 2.3 pp on seed 2.\n",
        "Calls: 15 × 400 × 2 + 6 × 400 = 14,400.\n",
        "The probe reaches 0.905 (SD 0.004), which is 0.016 below the other (paired t(4) = 7.50, p = 0.002).\n",
        "| test | t | df | p |\n|---|---|---|---|\n| a | 14.17 | 4.6 | 5.9e-05 |\n",
        STEPS + "Win rates range from 56.5 to 64.5 after the first step.\n",
        COUNTS + "Synthetic QA is flagged 4.8x as often as textbooks.\n",
        "5/5 sources rise (+0.028 to +0.142).\n",
        "We asked 8 questions x 20 completions at temp=1.0.\n",
        BENIGN + "3/3 personas leak less at 80% than at 0% benign (10 to 66 points).\n",
        BENIGN + "Near personas still leak at 80% benign; the highest is pharmacist.\n",
        ALL_MODELS + "Order: OLMo-2-7B > Gemma-2-9B > Qwen2.5-7B.\n",
        "| a | b | b-c |\n|---|---|---|\n| x | 0.0 | 0.0 |\n| y | 0.0 | 0.1 |\n| z | 0.0 | -0.1 |\n| w | 0.0 | 0.2 |\n",
    ],
)
def test_numbers_that_follow_from_others_are_left_alone(text: str) -> None:
    assert flagged(text) == []


LAYERS = {4: [0.61, 0.62, 0.64], 8: [0.70, 0.72, 0.69], 12: [0.81, 0.83, 0.80], 16: [0.91, 0.92, 0.90]}


def layer_results(folder: Path) -> Results:
    (folder / "r.json").write_text(json.dumps({"sweep": [{"layer": layer, "auroc": seeds, "control": sum(seeds) / 6} for layer, seeds in LAYERS.items()]}))
    return Results([folder / "r.json"])


def test_a_cell_of_a_list_of_seeds_is_their_mean(tmp_path: Path) -> None:
    """Of records without texts the first whole number is the name, not the place in the list."""
    results = layer_results(tmp_path)
    for changed, verdict in (("0.713", "WRONG"), (f"{sum(LAYERS[8]) / 3:.3f}", "CONFIRMED")):
        rows = "\n".join(f"| {layer} | {changed if layer == 8 else f'{sum(seeds) / 3:.3f}'} | {sum(seeds) / 6:.3f} |" for layer, seeds in LAYERS.items())
        text = f"# Sweep\n\n| layer | AUROC | control |\n|---|---|---|\n{rows}\n"
        cell = next(one for one in prose_claims(read_prose(text), results) if one.text == changed)
        assert cell.verdict == verdict, cell
        assert cell.address.startswith('mean("') and cell.address.endswith('#/sweep/1/auroc/*")')
        assert evaluate(cell.address, results) == pytest.approx(sum(LAYERS[8]) / 3)  # so it can be a binding


def test_the_crossing_of_a_row_and_a_column_needs_no_name(tmp_path: Path) -> None:
    """`p95 (ms)` and `this PR` share no word with `after/p95_ms` but one; the other cells say which is which."""
    runs = {"before": {"p50_ms": 182, "p95_ms": 640, "p99_ms": 1210, "rps": 410}, "after": {"p50_ms": 121, "p95_ms": 388, "p99_ms": 905, "rps": 602}}
    (tmp_path / "bench.json").write_text(json.dumps({"bench": runs}))
    text = "| metric | main | this PR |\n|---|---|---|\n| p50 (ms) | 182 | 121 |\n| p95 (ms) | 640 | 388 |\n| p99 (ms) | 1210 | {0} |\n| rps | 410 | 602 |\n"
    (wrong,) = flagged(text.format("950"), Results([tmp_path / "bench.json"]))
    assert wrong.text == "950" and wrong.address.endswith("#/bench/after/p99_ms") and "905" in wrong.reason
    assert flagged(text.format("905"), Results([tmp_path / "bench.json"])) == []


def test_columns_computed_from_results_are_no_missing_values(tmp_path: Path) -> None:
    """Hours and costs under names that the results have a price for."""
    (tmp_path / "r.json").write_text(json.dumps({"price_per_gpu_hour": {"H100": 2.4, "A100": 1.35, "L40S": 0.85}}))
    assert not any(one.flagged for one in prose_claims(read_prose(COSTS), Results([tmp_path / "r.json"])))


def test_zero_agrees_with_nothing_but_zero(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps({"refusal": {"shift": -2.0}}))
    assert Results([tmp_path / "r.json"]).agreeing(read_prose("The refusal shift is 0.0.\n").sentences[0].numbers[0]) == []


def test_a_number_of_the_summary_stands_somewhere_else(tmp_path: Path) -> None:
    """Told finely, and neither in the text that is summed up nor in the results."""
    text = "# T\n\n## TL;DR\n\nThe AUROC falls to {0}.\n\n## Results\n\n| set | AUROC |\n|---|---|\n| poker | 0.727 |\n| chat | 0.785 |\n\nThe mean is 0.756.\n"
    for number, flags in (("0.756", 0), ("0.797", 1), ("0.7", 0), ("75.6%", 0)):
        assert sum(one.flagged for one in prose_claims(read_prose(text.format(number)), Results(()))) == flags, number


def test_a_number_that_repeats_a_denied_one_is_doubted_too(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps({"behavioral": {"mean_convergence": 0.713, "std_convergence": 0.021}}))
    text = "# Behavioral convergence\n\n- Mean convergence: 11.3%\n\nLow convergence (11.3%) was seen.\n"
    found = [one for one in prose_claims(read_prose(text), Results([tmp_path / "r.json"])) if one.text == "11.3%"]
    assert [one.flagged for one in found] == [True, True] and "repeats line 3" in found[1].reason
    right = [one for one in prose_claims(read_prose(text.replace("11.3", "71.3")), Results([tmp_path / "r.json"])) if one.text == "71.3%"]
    assert not any(one.flagged for one in right)


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        ("We are now confident in it.", 1),
        ("The signal is proof of a direction.", 1),
        ("The filter and the score are causally linked.", 1),
        ("The filter is associated with the score.", 0),
        ("Convergence leads to better answers.", 1),
        ("Convergence may lead to better answers.", 0),
        ("The two judges are equally good (p = 0.10).", 1),
    ],
)
def test_words_beyond_one_seed(words: str, flags: int) -> None:
    assert len(flagged(f"# T\n\n## Findings\n\nOne seed. {words}\n")) == flags


def test_a_multiple_is_not_rounded_up() -> None:
    """Beside its values, or where another line has them."""
    text = "# T\n\nThe generic rate is .296 vs domain .166.\n\n## What this means\n\nGeneric questions leak {0} as much as domain ones.\n"
    assert [one.text for one in flagged(text.format("2×"))] == ["2×"]
    assert flagged(text.format("1.8×")) == flagged("Throughput rose from 410 to 602 (1.5x).\n") == []
    assert [one.text for one in flagged("Throughput rose from 410 to 602 (2x).\n")] == ["2x"]


def test_none_of_what_nobody_counted_is_doubted(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps({"n_docs": 200, "n_truncated": 0}))
    found = prose_claims(read_prose("We saw zero failed batches and zero truncated docs.\n"), Results([tmp_path / "r.json"]))
    assert [one.text for one in found if one.flagged] == ["zero failed batches"]


def test_a_spread_is_that_of_its_mean(tmp_path: Path) -> None:
    """The results have one beside the mean, under a name of its own or as that of a list of seeds."""
    (tmp_path / "r.json").write_text(json.dumps({"transfer": {"auroc": 0.8951, "auroc_std": 0.0113, "n": 300}, "control": {"auroc": 0.512}}))
    for told, verdict in (("0.011", "CONFIRMED"), ("0.029", "WRONG")):
        found = prose_claims(read_prose(f"# Transfer\n\nThe transfer AUROC is 0.895 ± {told}.\n"), Results([tmp_path / "r.json"]))
        assert [one.verdict for one in found if told in one.text] == [verdict]


def test_a_p_needs_its_test_or_its_result(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps({"tests": {"villain": {"p": 0.0312, "n": 50}}}))
    results = Results([tmp_path / "r.json"])
    for text, flags in (
        ("The gap is large (p = 0.008).", 1),
        ("The gap is large (paired t(49) = 2.22, p = 0.031).", 0),
        ("The villain differs (p = 0.031).", 0),
        ("By a permutation test p = 0.008.", 0),
    ):
        assert sum(one.flagged and one.kind == "p value" for one in prose_claims(read_prose(f"{text}\n"), results)) == flags, text


def test_the_word_before_a_number_and_the_numbers_beside_it_say_what_it_is_of(tmp_path: Path) -> None:
    """Results have a mean under the words of a sentence; other numbers of the sentence are no other value of it."""
    (tmp_path / "r.json").write_text(
        json.dumps({"eval": {"runtime_min": 38.4}, "leakage": {"held_out": 0.3689}, "split": {"generic": 1, "domain": 2}, "n": 400})
    )
    results = Results([tmp_path / "r.json"])
    for text in (
        "Eval runtime: 38.4 min for 5,600 answers (2.4 answers/sec).",
        "Held-out leakage: generic 0.40, domain 0.33.",
        "Negatives (n=4) leak little.",
        "Held-out leakage crosses by 0.004.",
    ):
        assert not any(one.flagged for one in prose_claims(read_prose(f"{text}\n"), results)), text
    assert any(one.flagged for one in prose_claims(read_prose("The held-out leakage is 0.968.\n"), results))


def test_a_bound_is_kept_or_not(tmp_path: Path) -> None:
    """`p < 0.001` of .0004 is right, and of .0010 it is not; `averaged over 10 prompts` is no bound."""
    for value, flags in ((0.0004, 0), (0.001, 1), (0.03, 1)):
        (tmp_path / "r.json").write_text(json.dumps({"validation": {"permutation_p": value}, "accuracy": 0.9}))
        found = prose_claims(read_prose("# Validation\n\nThe permutation test of the validation has p < 0.001.\n"), Results([tmp_path / "r.json"]))
        assert sum(one.flagged for one in found) == flags, value
    assert read_prose("It is averaged over 10 prompts.\n").sentences[0].numbers[0].marker == ""
    assert [one.marker for one in read_prose("71.6 -> 50.2\n").sentences[0].numbers] == ["", ""]
    assert read_prose("It rose over 90%.\n").sentences[0].numbers[0].marker == ">"


def test_a_difference_is_missing_only_where_results_hold_differences(tmp_path: Path) -> None:
    """`+0.256` in no file that has the others; differences that no file has were computed."""
    text = "# Sycophancy\n\n" + "".join(f"- {name}: {told}\n" for name, told in zip(NAMED, TOLD, strict=True)) + "\nThe canary moves more ({0}).\n"
    for deltas, flags in (([0.058, 0.026, 0.018, 0.012], ["+0.256"]), ([0.5, 0.4, 0.3, 0.2], [])):
        (tmp_path / "r.json").write_text(json.dumps({name: {"delta": value} for name, value in zip(NAMED, deltas, strict=True)}))
        results = Results([tmp_path / "r.json"])
        found = [one for one in prose_claims(read_prose(text.format("+0.256")), results) if one.text == "+0.256"]
        assert [one.text for one in found if one.flagged] == flags


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        (ROLES + "Among the held-out personas, lawyer leaks most (10.0).\n", []),  # its own value, at the other end: nothing is confirmed
        (ROLES + "Among the held-out personas, lawyer leaks least (10.0).\n", ["CONFIRMED"]),
        (ALL_MODELS + "OLMo-2-7B has the best score on ARC (70.2).\n", []),  # whether more is better is not known
        (JUDGES.format("89.5%") + "Judge B is the best in every category.\n", []),
        (JUDGES.format("89.5%") + "Judge B has the highest score in every category.\n", ["WRONG"]),
        (JUDGES.format("89.5%") + "Judge A has the highest score in every category.\n", ["CONFIRMED"]),
    ],
)
def test_a_superlative_is_confirmed_at_its_own_end_only(text: str, verdicts: list[str]) -> None:
    found = prose_claims(read_prose(text), Results(()))
    assert [one.verdict for one in found if one.kind in ("superlative", "all")] == verdicts


def test_points_in_brackets_are_no_per_cent() -> None:
    assert [one.verdict for one in flagged("The win rate loses 4.0% (64.5% to 60.5%).\n")] == ["OVERCLAIMED"]
    assert flagged("The win rate loses 4.0 pp (64.5% to 60.5%).\n") == []


def test_a_minimal_effect_is_a_null_claim() -> None:
    assert [one.text for one in flagged("# T\n\n## Findings\n\nLayout has a minimal effect.\n")] == ["minimal effect"]
    assert flagged("# T\n\n## Findings\n\nSuch patterns may not exist.\n") == []
