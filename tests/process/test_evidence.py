"""No verdict without evidence: what a cell may rest on, seen through pytest."""

from __future__ import annotations

from typing import Any

import pytest

from tests.process.conftest import Toy

TESTS = "evals/coins/test_coins.py"
HEAD = """\
from harness import control, hypothesis


def test_function(persona, behaviour, coin, measure, criterion):
    '''A claim.'''
    before, after = coin.throw("fair", 0.5), coin.throw("heavy", 0.9)
"""
HYPOTHESIS, CONTROL = ("@hypothesis('H1')\ndef test_function(persona, behaviour,", "@control('C1')\ndef test_function(")
IDLE = "\n\n@hypothesis('H1')\ndef test_idle(persona, behaviour):\n    'Is not looked at.'\n"
HOLDS = "assert criterion('heads').holds({})"
SHIFT = HOLDS.format("measure.shift('shift', after, before)")
TYPED = "measure('typed', 71.3, 'pp', n={n}, interval=(70.9, 71.7), p=0.001{more})"
BASE = "baseline=measure.rate('before', before)"


def found(toy: Toy, *body: str, control: bool = False) -> dict[str, Any]:
    """The cell of a hypothesis (or a negative control) with this body, in a run of its own."""
    head = HEAD.replace("def test_function(persona, behaviour,", CONTROL if control else HYPOTHESIS)
    toy.write(TESTS, head + "".join(f"    {line}\n" for line in body) + (IDLE if control else ""))
    done = toy.run("-k", "function" if control else "villain-heads")
    cell: dict[str, Any] = next(cell for cell in toy.results()["cells"] if cell["id"] == ("C1" if control else "H1[villain-heads]"))
    assert "Traceback" not in cell["reason"] and "\n" not in cell["reason"]
    assert done.returncode == (0 if cell["verdict"] in ("supported", "passed", "inconclusive") else 1), done.stdout
    return cell | {"results": toy.results()}


def lose(toy: Toy, where: str) -> None:
    """Coins whose throw has no answer where the expression says so."""
    toy.edit("conftest.py", '"up": random', f'"status": "empty" if {where} else "ok", "up": None if {where} else random')


def test_samples_and_a_criterion_decide(toy: Toy) -> None:
    """What gather returned needs no further argument: supported, with sources, sampling unit and the way to compute it again."""
    cell = found(toy, SHIFT)
    assert cell["verdict"] == "supported"
    (shift,) = cell["measurements"]
    assert len(shift["samples"]) == 2 and shift["sampling_unit"] == "item" and shift["derived"]["op"] == "contrast"
    assert shift["arms"] == pytest.approx([0.9, 0.5], abs=0.1)


@pytest.mark.parametrize("body", ["pass", "assert False, 'nothing there'", "measure.rate('after', after)"])
def test_a_hypothesis_without_measurement_or_criterion_is_an_error(toy: Toy, body: str) -> None:
    """Nothing measured, or no criterion asked: an error that says what to write, whether the test passed or failed."""
    cell = found(toy, body)
    assert cell["verdict"] == "error" and "assert criterion(…).holds(…)" in cell["reason"]


@pytest.mark.parametrize(
    "body",
    [
        ["shift = measure.shift('shift', after, before)", "assert shift.value < 0, 'bare'"],
        ["shift = measure.shift('shift', after, before)", "assert criterion('heads').holds(shift)", "assert shift.value < 0, 'bare'"],
    ],
)
def test_a_bare_assert_decides_nothing(toy: Toy, body: list[str]) -> None:
    """A failing assert beside the criterion, or in its place, does not falsify: an error with the assertion's words."""
    cell = found(toy, *body)
    assert cell["verdict"] == "error" and "(bare)" in cell["reason"]


def test_typed_numbers_decide_only_where_they_say_why(toy: Toy) -> None:
    """71.3 with N 156,240 and no samples is an error; declared it decides, with the reason in cell, caveats and confidence."""
    cell = found(toy, HOLDS.format(TYPED.format(n=156240, more="")))
    assert cell["verdict"] == "error" and "typed rests on no samples of this run" in cell["reason"]
    cell = found(toy, HOLDS.format(TYPED.format(n=156240, more=", unsampled='from a paper'") + ", " + BASE))
    told = "rests on no samples of this run: from a paper"
    assert cell["verdict"] == "supported" and told in cell["reason"]
    assert f"1 effect {told}." in cell["results"]["caveats"]
    cell = found(toy, HOLDS.format(TYPED.format(n=156240, more=", sources=(after,)") + ", " + BASE))
    assert cell["verdict"] == "error" and "N = 156240, its samples hold 200 rows" in cell["reason"]


@pytest.mark.parametrize("filled", ["{i: v or 0 for i, v in after.outcomes().items()}", "{r['item']: bool(r['up']) for r in after.rows}"])
def test_missing_answers_do_not_count_as_zeros(toy: Toy, filled: str) -> None:
    """Answers that one arm lacks, filled in with zeros: refused with their number and an item."""
    lose(toy, "self.name == 'heavy' and int(item) < 12")
    cell = found(toy, HOLDS.format(f"measure.shift('shift', {filled}, before, sources=(before, after))"))
    assert cell["verdict"] == "error" and "counts 12 missing answers as outcomes, such as item '0000'" in cell["reason"]


def test_outcomes_filled_in_place_are_found_out(toy: Toy) -> None:
    """Editing the outcomes themselves does not hide what the samples say."""
    lose(toy, "self.name == 'heavy' and int(item) < 12")
    edited = ["outcomes = after.outcomes()", "outcomes.update({i: False for i, v in outcomes.items() if v is None})"]
    cell = found(toy, *edited, HOLDS.format("measure.shift('shift', outcomes, before)"))
    assert cell["verdict"] == "error" and "counts 12 missing answers" in cell["reason"]


def test_attrition_that_differs_between_arms_is_inconclusive(toy: Toy) -> None:
    """12 of 200 answers missing in one arm and none in the other: undecided, with both counts."""
    lose(toy, "self.name == 'heavy' and int(item) < 12")
    cell = found(toy, SHIFT)
    assert cell["verdict"] == "inconclusive" and "12 of 200 in one arm, 0 of 200 in the other" in cell["reason"]


def test_attrition_that_is_equal_is_no_doubt(toy: Toy) -> None:
    """The same 12 items without an answer in both arms are left out, and the rest decides."""
    lose(toy, "int(item) < 12")
    assert found(toy, SHIFT)["verdict"] == "supported"


def test_arms_are_sampled_alike_unless_declared(toy: Toy) -> None:
    """6 tokens against 24: refused with both values and the mend; declared, everything else must be equal."""
    toy.edit("conftest.py", '"chunk": self.chunk}', '"chunk": self.chunk, "drawing": {"max_new_tokens": 24 if self.name == "heavy" else 6}}')
    cell = found(toy, SHIFT)
    assert cell["verdict"] == "error"
    assert "drawing.max_new_tokens (24 against 6)" in cell["reason"] and 'differ="max_new_tokens"' in cell["reason"]
    declared = "measure.shift('shift', after, before, differ={})"
    assert found(toy, HOLDS.format(declared.format("('max_new_tokens', 'coin', 'p')")))["verdict"] == "supported"
    assert 'coin ("heavy" against "fair")' in found(toy, HOLDS.format(declared.format("'max_new_tokens'")))["reason"]


@pytest.mark.parametrize("arms", ["before, before", "dict(before.outcomes()), dict(before.outcomes()), sources=(before,)"])
def test_samples_are_not_compared_with_themselves(toy: Toy, arms: str) -> None:
    """The same samples as both arms show no absence."""
    cell = found(toy, HOLDS.format(f"measure.shift('shift', {arms})"))
    assert cell["verdict"] == "inconclusive" and "both arms are the same samples" in cell["reason"]


def test_a_control_of_samples_against_themselves_guards_nothing(toy: Toy) -> None:
    """It is inconclusive, no reason to leave its hypothesis undecided, and a caveat."""
    same = "assert not criterion('heads').holds(measure.shift('shift', before, before))"
    toy.write(
        TESTS,
        (HEAD + f"    {same}\n").replace("def test_function(persona, behaviour,", CONTROL)
        + HEAD.replace("def test_function(", "@hypothesis('H1')\ndef test_claim(")
        + f"    {SHIFT}\n",
    )
    assert toy.run().returncode == 0
    results = toy.results()
    assert toy.cells()["C1"] == "inconclusive" and results["hypotheses"][0]["verdict"] == "supported"
    assert any("Control C1 (negative) inconclusive" in caveat and "same samples" in caveat for caveat in results["caveats"])


@pytest.mark.parametrize("ask", ["holds", "within"])
def test_both_arms_on_a_natural_bound_show_nothing(toy: Toy, ask: str) -> None:
    """Two coins that never show heads, and a threshold without a floor: the measure may be blind."""
    arms = "measure.shift('shift', coin.throw('dark', 0.0), coin.throw('dim', 0.0))"
    cell = found(toy, f"assert criterion('still').{ask}({arms})")
    assert cell["verdict"] == "inconclusive" and "both arms sit on the floor of 0" in cell["reason"]


def test_a_negative_control_asks_for_equivalence(toy: Toy) -> None:
    """p > .05 is no absence: a control that passes on it is an error; `within` decides."""
    shift = "measure.shift('shift', coin.throw('second', 0.5), before)"
    cell = found(toy, f"assert {shift}.p > 0.05", control=True)
    assert cell["verdict"] == "error" and "within(…)" in cell["reason"]
    assert found(toy, f"assert criterion('still').within({shift})", control=True)["verdict"] == "passed"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("p=0.0", "p of x is 0, which no test gives"),
        ("p=0.001, p_floor=0.01", "below the smallest that its test can give"),
        ("interval=(30.0, 40.0)", "x is 20, outside its interval [30, 40]"),
        ("p=measure('alike', 0.03, 'similarity', n=9).value", "the p of x is the similarity alike"),
        ("p=1 - measure('alike', 0.97, 'correlation', n=9).value", "the p of x is the correlation alike"),
    ],
)
def test_numbers_that_no_test_gives_are_refused(toy: Toy, typed: str, told: str) -> None:
    """A p of 0 or below its floor, a value outside its interval, a similarity as p."""
    cell = found(toy, HOLDS.format(f"measure('x', 20.0, 'pp', n=100, sources=(after,), {typed})"))
    assert cell["verdict"] == "error" and told in cell["reason"]


@pytest.mark.parametrize(
    ("old", "new"), [(", ceiling: 0.98", ""), ("floor: 0.02, ", ""), ("settings: {items: 200", "thresholds: {heads: {floor: null}}\n    settings: {items: 200")]
)
def test_a_threshold_with_a_baseline_declares_both_bounds(toy: Toy, old: str, new: str) -> None:
    """The plan expects a baseline; where the measure is blind is then declared, at every scale: one line with the place."""
    text = (toy.root / "evals/coins/experiment.yaml").read_text()
    toy.write("evals/coins/experiment.yaml", text.replace(old, new, 1))
    done = toy.run()
    assert done.returncode not in (0, 1)
    assert "experiment.yaml:" in done.stdout + done.stderr and "heads expects a baseline and has no" in done.stdout + done.stderr


def test_a_baseline_needs_both_bounds(toy: Toy) -> None:
    """A baseline held against a threshold that declares no bounds is a mistake."""
    cell = found(toy, f"assert criterion('still').holds(measure.shift('shift', after, before), {BASE})")
    assert cell["verdict"] == "error" and "still has a baseline and no floor and no ceiling" in cell["reason"]


OUTCOMES = ("a, b = after.outcomes('up'), before.outcomes('up')", "both = (after, before)")


def test_outcomes_of_items_that_were_never_gathered_are_refused(toy: Toy) -> None:
    """Typed outcomes under made-up ids: an error that names one."""
    made_up = "{f'x{i}': True for i in range(80)}, {f'x{i}': False for i in range(80)}"
    cell = found(toy, *OUTCOMES, HOLDS.format(f"measure.shift('s', {made_up}, sources=both)"))
    assert cell["verdict"] == "error" and "80 items that are in none of its samples" in cell["reason"]


def test_outcomes_that_the_test_computed_are_a_caveat(toy: Toy) -> None:
    """Outcomes under the right ids that no sample gives: the report says that the test computed them."""
    cell = found(toy, *OUTCOMES, HOLDS.format("measure.shift('s', dict.fromkeys(a, True), dict.fromkeys(b, False), sources=both)"))
    assert cell["measurements"][0]["derived"] is None
    assert any("outcomes that the test computed or edited" in caveat for caveat in cell["results"]["caveats"])


def test_items_chosen_by_their_outcome_decide_nothing(toy: Toy) -> None:
    """The items that came out right, with the rest left out: inconclusive, saying how many are missing."""
    chosen = "kept = [i for i in a if a[i]]"
    cell = found(toy, *OUTCOMES, chosen, HOLDS.format("measure.shift('s', {i: a[i] for i in kept}, {i: b[i] for i in kept}, sources=both)"))
    assert cell["verdict"] == "inconclusive" and "items of its samples are left out" in cell["reason"]


def test_rows_cannot_be_changed(toy: Toy) -> None:
    """A test that writes into the rows of its samples is an error."""
    cell = found(toy, "after.rows[0]['up'] = True", SHIFT)
    assert cell["verdict"] == "error" and "does not support item assignment" in cell["reason"]


def test_seeds_with_the_same_samples_are_no_seeds(toy: Toy) -> None:
    """One draw given three times under three seeds: an error."""
    cell = found(toy, *OUTCOMES, HOLDS.format("measure.contrast('s', [(1, [a, a, a]), (-1, [b, b, b])], seeds=(1, 2, 3))"))
    assert cell["verdict"] == "error" and "the same samples for each of them" in cell["reason"]


@pytest.mark.parametrize(
    "rows", ["None", "[{'item': i, 'up': float('nan')} for i in chunk]", "[{'item': i, 'up': {1, 2}} for i in chunk]", "[1 for i in chunk]"]
)
def test_a_measure_that_gives_no_rows_is_one_line(toy: Toy, rows: str) -> None:
    """What score() returns is no list of rows, or cannot be written: an error that says so."""
    toy.edit("conftest.py", '        return [{"item": item', f'        return {rows}\n        return [{{"item": item')
    cell = found(toy, SHIFT)
    assert cell["verdict"] == "error" and cell["reason"].startswith("call: HarnessError: a ")
