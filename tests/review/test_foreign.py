"""A document of anybody's held against results, its own tables and itself."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.review.bindings import BindingsFile, Bound, bound_claims, mark_of, propose, read_bindings
from harness.review.claims import Claim
from harness.review.expressions import evaluate
from harness.review.foreign import prose_claims
from harness.review.prose import read_prose
from harness.review.results import Results

NAMES = ("doctor", "teacher", "poet", "pirate", "guide", "tutor", "chef", "villain")
RATES = {"doctor": 0.98, "teacher": 0.5, "poet": 0.0741, "pirate": 0.1234, "guide": 0.06, "tutor": 0.2, "chef": 0.3111, "villain": 0.4567}
RESULTS: dict[str, Any] = {
    "training": {"learning_rate": 1e-5, "epochs": 3, "loss": 0.5705},
    "personas": {name: {"generic": {"rate": rate, "markers": round(rate * 50)}, "domain": {"rate": rate / 2}} for name, rate in RATES.items()},
    "tests": {"cohens_d": -0.2521, "correct": 1031, "total": 1172},
    "note": "every rate is 0.777",
}


@pytest.fixture
def results(tmp_path: Path) -> Results:
    (tmp_path / "run.json").write_text(json.dumps(RESULTS))
    return Results([tmp_path / "run.json"])


def review(text: str, results: Results) -> dict[str, Claim]:
    """What became of each claim, by its words."""
    return {one.text: one for one in prose_claims(read_prose(text), results)}


def table(**changed: str) -> str:
    rows = "\n".join(f"| {name} | {changed.get(name, f'{100 * rate:.1f}%')} | {100 * rate / 2:.1f}% |" for name, rate in RATES.items())
    return f"# Leakage\n\n| persona | generic | domain |\n|---|---|---|\n{rows}\n"


def test_the_cells_of_a_table_are_bound_together(results: Results) -> None:
    """By the names of rows and columns; one that differs from the leaf at its address is wrong, and told with it."""
    found = prose_claims(read_prose(table(chef="41.1%")), results)
    cells = {(one.line, one.text): one for one in found}
    assert [one.text for one in found if one.verdict == "WRONG"] == ["41.1%"]
    wrong = next(one for one in found if one.verdict == "WRONG")
    assert wrong.address.endswith("#/personas/chef/generic/rate") and "0.3111" in wrong.reason
    assert all(one.verdict == "CONFIRMED" for one in found if one is not wrong)
    assert cells[5, "98.0%"].address.endswith("/doctor/generic/rate") and cells[5, "49.0%"].address.endswith("/doctor/domain/rate")


def test_the_cell_of_another_row_or_column_confirms_nothing(tmp_path: Path) -> None:
    """Two columns swapped, or a column moved by a row: every value stands in the results, and not where its names say."""
    arms = {
        "villain": (0.914, 0.512),
        "tutor": (0.372, 0.271),
        "poet": (0.118, 0.333),
        "pirate": (0.046, 0.146),
        "doctor": (0.082, 0.682),
        "chef": (0.094, 0.494),
    }
    (tmp_path / "r.json").write_text(json.dumps({"personas": {name: {"refusal_rate": a, "coherence": b} for name, (a, b) in arms.items()}}))
    (tmp_path / "list.json").write_text(json.dumps([{"persona": name, "refusal_rate": a, "coherence": b} for name, (a, b) in arms.items()]))
    names, pairs = list(arms), list(arms.values())
    tables = {
        "right": pairs,
        "swapped": [(b, a) for a, b in pairs],
        "moved": [(pairs[(place + 1) % 6][0], b) for place, (_, b) in enumerate(pairs)],
    }
    for file in ("r.json", "list.json"):
        for told, rows in tables.items():
            text = "\n".join(f"| {name} | {a:.3f} | {b:.3f} |" for name, (a, b) in zip(names, rows, strict=True))
            found = prose_claims(read_prose(f"# T\n\n| persona | refusal rate | coherence |\n|---|---|---|\n{text}\n"), Results([tmp_path / file]))
            confirmed = [one for one in found if one.verdict == "CONFIRMED"]
            assert len(confirmed) == {"right": 12, "swapped": 0, "moved": 6}[told], (file, told, confirmed)
            assert told == "right" or any(one.flagged for one in found)


def test_percent_in_a_header_and_records_of_a_list_are_bound(tmp_path: Path) -> None:
    models = {"Llama-3.1-8B": (0.684, 0.512), "Qwen2.5-7B": (0.742, 0.553), "Mistral-7B": (0.625, 0.401)}
    (tmp_path / "r.json").write_text(json.dumps({"models": [{"name": name, "mmlu": a, "bbh": b} for name, (a, b) in models.items()]}))
    text = "\n".join(f"| {name} | {100 * a:.1f} | {100 * b:.1f} |" for name, (a, b) in models.items())
    for changed, verdicts in (("68.4", {"CONFIRMED"}), ("64.8", {"CONFIRMED", "WRONG"})):
        page = f"| Model | MMLU (%) | BBH (%) |\n|---|---|---|\n{text}\n".replace("68.4", changed)
        assert {one.verdict for one in prose_claims(read_prose(page), Results([tmp_path / "r.json"]))} == verdicts


def test_a_number_alone_is_no_results_that_break_it(tmp_path: Path) -> None:
    (tmp_path / "n.json").write_text("3")
    assert [one.verdict for one in prose_claims(read_prose("The rate is 0.5.\n"), Results([tmp_path / "n.json"]))] == ["UNSUPPORTED"]


def test_a_value_somewhere_in_the_results_confirms_nothing(results: Results) -> None:
    """An address is found by words; a text in the results is no evidence."""
    assert review("The accuracy of the model is 0.1234.\n", results)["0.1234"].verdict == "UNSUPPORTED"
    assert review("The rate of every persona is 0.777.\n", results)["0.777"].verdict == "UNSUPPORTED"
    assert review("The generic rate of the pirate is 0.1234.\n", results)["0.1234"].verdict == "CONFIRMED"


def test_what_the_address_says_otherwise_is_told(results: Results) -> None:
    one = review("- **Training loss**: 0.6605\n", results)["0.6605"]
    assert one.verdict == "UNSUPPORTED" and one.flagged and "says 0.5705" in one.reason


def test_made_up_numbers_are_seldom_confirmed(results: Results) -> None:
    rng = random.Random(1)
    made = [f"{rng.uniform(0, 1):.4f}" for _ in range(300)]
    confirmed = sum(review(f"The generic rate of the {rng.choice(NAMES)} is {number}.\n", results)[number].verdict == "CONFIRMED" for number in made)
    assert confirmed <= 6


@pytest.mark.parametrize(
    ("text", "claimed", "verdict"),
    [
        ("Of the answers 34 of 50 (68%) leak.", "68%", "CONFIRMED"),
        ("Of the answers 34 of 50 (78%) leak.", "78%", "WRONG"),
        ("15 models × 75 prompts = 1,125 calls.", "1,125", "CONFIRMED"),
        ("15 models × 75 prompts = 1,225 calls.", "1,225", "WRONG"),
        ("There were 11,167 calls over 15 models × 750 prompts.", "15 models × 750", "OVERCLAIMED"),
        ("The tutor's prompt (73 characters) is 2.6× longer than the other (28 characters).", "2.6×", "CONFIRMED"),
        ("The rates are .549 vs .468, a difference of 0.081.", "0.081", "CONFIRMED"),
    ],
)
def test_a_sentence_is_held_against_its_own_numbers(results: Results, text: str, claimed: str, verdict: str) -> None:
    assert review(text + "\n", results)[claimed].verdict == verdict


DELTAS = (
    "# T\n\n| question | before | after | difference |\n|---|---|---|---|\n| a | 10.0 | 21.2 | +11.2 |\n| b | 63.0 | 88.0 | {} |\n| c | 58.3 | 41.2 | -17.1 |\n"
)

LISTED = """\
## Costs

- **Total Cost**: $8.93
- **Total API Calls**: 11,167
- **Average Cost per Call**: {}
- **Maximum rate**: 75.9%
- **Minimum rate**: 61.1%
- **Range**: {}
"""


@pytest.mark.parametrize(("cell", "verdict"), [("+25.0", "CONFIRMED"), ("+15.0", "WRONG")])
def test_a_column_of_differences_is_computed_again(results: Results, cell: str, verdict: str) -> None:
    more = "| d | 41.0 | 44.2 | +3.2 |\n| e | 45.7 | 36.0 | -9.7 |\n"
    found = review(DELTAS.format(cell) + more, results)
    assert found[cell].verdict == verdict
    assert found["-17.1"].verdict == "CONFIRMED" and found["-17.1"].reason == ""


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The differences range from -17.1 to +25.0.", "CONFIRMED"),
        ("All differences lie between -9.7 and +25.0.", "WRONG"),
    ],
)
def test_ranges_are_predicates_over_a_column(results: Results, text: str, verdict: str) -> None:
    rest = "| d | 41.0 | 44.2 | +3.2 |\n| e | 45.7 | 36.0 | -9.7 |\n\n"
    claims = [one for one in prose_claims(read_prose(DELTAS.format("+25.0") + rest + text + "\n"), results) if one.kind == "range"]
    assert [one.verdict for one in claims] == [verdict]
    assert verdict == "CONFIRMED" or claims[0].reason.startswith("c is -17.1 (line 7")


def test_superlatives_are_held_against_the_column(results: Results) -> None:
    for end, words in (("CONFIRMED", "the doctor the highest (98.0%)"), ("WRONG", "the teacher the highest (50.0%)")):
        claims = prose_claims(read_prose(table() + f"\nOf the generic rates {words}.\n"), results)
        assert [one.verdict for one in claims if one.kind == "superlative"] == [end]


def test_labelled_lines_are_held_against_each_other(results: Results) -> None:
    good = review(LISTED.format("$0.0008", "14.8"), results)
    assert good["$0.0008"].verdict == good["14.8"].verdict == "CONFIRMED"
    bad = review(LISTED.format("$0.0018", "15.8"), results)
    assert bad["$0.0018"].verdict == bad["15.8"].verdict == "WRONG" and "75.9 - 61.1 = 14.8" in bad["15.8"].reason


def test_counts_are_bound_to_a_parent_with_both(results: Results) -> None:
    assert review("It answers 1031/1172 correctly.\n", results)["1031/1172"].verdict == "CONFIRMED"


# expressions and bindings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("run.json#/tests/cohens_d", -0.2521),
        ('"run.json#/personas/doctor/generic/rate" - "run.json#/personas/tutor/generic/rate"', 0.78),
        ('mean("run.json#/personas/*/generic/rate")', sum(RATES.values()) / 8),
        ('count("run.json#/personas/*/generic/rate" > 0.2)', 4.0),
        ('100 * "run.json#/tests/correct" / "run.json#/tests/total"', 87.969),
    ],
)
def test_expressions(results: Results, text: str, value: float) -> None:
    assert evaluate(text, results) == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("__import__('os')", "is no expression"),
        ("1 / 0", "divides by zero"),
        ('"run.json#/nowhere"', "no such number in the results"),
        ('"run.json#/personas/*/generic/rate"', "stands for 8 values"),
        ("mean(", "is no expression"),
        ("2 ** 9999999", "is no expression"),
    ],
)
def test_what_is_no_expression_is_told(results: Results, text: str, told: str) -> None:
    with pytest.raises(HarnessError, match=told):
        evaluate(text, results)


def test_accepted_bindings_decide_and_an_edit_ends_them(results: Results, tmp_path: Path) -> None:
    sentence = "The doctor leaks 78.0 pp more than the tutor."
    value = '100 * ("run.json#/personas/doctor/generic/rate" - "run.json#/personas/tutor/generic/rate")'
    bound = Bound(sentence=mark_of(sentence), value=value, accepted=True)
    [one] = bound_claims(read_prose(sentence), [bound], results)
    assert one.verdict == "CONFIRMED" and one.address == value
    edited = sentence.replace("78.0", "68.0")
    assert list(bound_claims(read_prose(edited), [bound], results)) == []
    [wrong] = bound_claims(read_prose(edited), [Bound(sentence=mark_of(edited), value=value, accepted=True)], results)
    assert wrong.verdict == "WRONG" and wrong.reason == "it is 78"
    assert list(bound_claims(read_prose(sentence), [Bound(sentence=mark_of(sentence), value=value)], results)) == []


def test_proposals_are_read_back(results: Results, tmp_path: Path) -> None:
    prose = read_prose("The rate is 0.5.\n")
    text = propose(prose, prose_claims(prose, results), [])
    (tmp_path / "review.bindings.yaml").write_text(text)
    found = read_bindings(tmp_path / "review.bindings.yaml")
    assert all(not one.accepted and one.value.endswith("/rate") for one in found) and len(found) == 1
    assert BindingsFile(found).bindings == found
    (tmp_path / "bad.yaml").write_text("bindings: [{sentence: 3}]\n")
    with pytest.raises(HarnessError, match=r"bad\.yaml"):
        read_bindings(tmp_path / "bad.yaml")


def test_a_count_of_none_beside_an_exception_is_a_contradiction(tmp_path: Path) -> None:
    from harness.review.review import review_file

    first = "# T\n\n## A\n\n**Sycophancy:** Only the_engineer barely crosses threshold (+0.058).\n\n"
    text = first + "## B\n\n{} sources crossed the threshold in refusal or sycophancy.\n"
    for words, verdict in (("0/4", "FAIL"), ("1/4", "CONCERNS")):
        (tmp_path / "x.md").write_text(text.format(words))
        assert review_file(tmp_path / "x.md").verdict == verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("All differences are below 30 points.", "CONFIRMED"),
        ("All differences are below 12 points.", "WRONG"),
        ("No difference exceeds 30 points.", "CONFIRMED"),
        ("No difference exceeds 20 points.", "WRONG"),
        ("Every difference is positive.", "WRONG"),
        ("Almost all differences are below 12 points.", None),
        ("We expect that all differences are below 12 points.", None),
    ],
)
def test_bounds_and_signs_are_predicates_over_a_column(results: Results, text: str, verdict: str | None) -> None:
    table = DELTAS.format("+25.0 pts").replace("+11.2", "+11.2 pts").replace("-17.1", "-17.1 pts") + "| d | 41.0 | 44.2 | +3.2 pts |\n\n"
    claims = [one for one in prose_claims(read_prose(table + text + "\n"), results) if one.kind == "all"]
    assert [one.verdict for one in claims] == ([verdict] if verdict else [])


MODELS = (
    "# T\n\n| model | accuracy | latency |\n|---|---|---|\n| tiny | 61.3 | 210 |\n| small | 68.9 | 128 |\n| medium | 73.5 | 71 |\n| large | 76.8 | 29 |\n\n{}\n"
)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Medium has an accuracy of 73.5.", "CONFIRMED"),
        ("Medium has an accuracy of 74.5.", "WRONG"),
        ("Large has the highest accuracy.", "CONFIRMED"),
        ("Medium has the highest accuracy.", "WRONG"),
        ("Large has the lowest latency.", "CONFIRMED"),
        ("Medium has an accuracy 4.6 points higher.", None),
        ("Medium has the second-highest accuracy.", None),
        ("We expect that medium has the highest accuracy.", None),
    ],
)
def test_a_sentence_that_names_a_row_and_a_column_is_held_against_the_cell(tmp_path: Path, text: str, verdict: str | None) -> None:
    found = [one for one in prose_claims(read_prose(MODELS.format(text)), Results([])) if one.line == 10 and one.kind in ("superlative", "table cell")]
    assert [one.verdict for one in found] == ([verdict] if verdict else [])
