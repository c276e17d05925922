"""No verdict without evidence: what a cell may rest on, seen through pytest."""

from __future__ import annotations

from typing import Any

import pytest

from toy import Toy

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


def test_one_answer_that_agrees_by_chance_is_no_proof_of_filled_gaps(toy: Toy) -> None:
    """All but one answer of a further sample are missing, and the outcomes of the others agree with that one."""
    toy.edit(
        "conftest.py",
        '"up": random',
        '"status": "empty" if self.name == "lost" and int(item) else "ok", "up": None if self.name == "lost" and int(item) else random',
    )
    made = ["lost = coin.throw('lost', 0.9)", "agree = {i: lost.outcomes()['0000'] if i == '0000' else v for i, v in after.outcomes().items()}"]
    cell = found(toy, *made, "measure.rate('agree', agree, sources=(after, lost))", SHIFT)
    assert cell["verdict"] == "supported", cell["reason"]


def test_how_long_an_answer_took_is_no_outcome(toy: Toy) -> None:
    """Answers of latency 0 beside missing ones do not make outcomes of 0 filled gaps."""
    toy.edit("conftest.py", '"up": random', '"latency_s": 0.0, "status": "empty" if self.name == "lost" and int(item) > 9 else "ok", "up": random')
    made = ["lost = coin.throw('lost', 0.9)", "never = dict.fromkeys(after.outcomes(), 0)"]
    cell = found(toy, *made, "measure.rate('never', never, sources=(after, lost))", SHIFT)
    assert cell["verdict"] == "supported", cell["reason"]


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
        + HEAD.replace("def test_function(", "@hypothesis('H1')\ndef test_claim(").replace('"heavy"', 'f"{persona}-{behaviour}"')
        + f"    {SHIFT}\n".replace("'heads'", "behaviour"),
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
    assert any("outcomes that a test computed or edited" in caveat for caveat in cell["results"]["caveats"])


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


WITHIN = "criterion('still').within({})"
NO, YES = "criterion('heads').holds(measure.shift('no', before, after))", "criterion('heads').holds(measure.shift('yes', after, before))"
UNSURE = "criterion('heads').holds(measure.shift('unsure', coin.throw('near', 0.52), before))"


@pytest.mark.parametrize(
    "body",
    [
        [WITHIN.format("measure.shift('c', after, before)")],
        [f"assert not {NO}"],
        ["try:", f"    assert {WITHIN.format('measure.shift(chr(99), after, before)')}", "except AssertionError:", "    pass"],
    ],
)
def test_a_control_follows_its_criterion(toy: Toy, body: list[str]) -> None:
    """A no that the control drops, swallows or turns round is an error of the test, not a pass."""
    cell = found(toy, *body, control=True)
    assert cell["verdict"] == "error" and "the criterion said no" in cell["reason"]


@pytest.mark.parametrize(
    ("body", "verdict", "told"),
    [
        ([NO, f"assert {YES}"], "error", "the criterion said no (no −"),
        ([f"assert {NO} or {YES}"], "error", "the criterion said no (no −"),
        (["try:", f"    {UNSURE}", "except Exception:", "    pass", f"assert {YES}"], "inconclusive", "too little power"),
        (["import pytest", f"if not {NO}:", "    pytest.skip('no luck')"], "inconclusive", "no luck; before that the criterion said no: no −"),
        (["from harness import Inconclusive", f"if not {NO}:", "    raise Inconclusive('no luck')"], "inconclusive", "before that the criterion said no: no −"),
    ],
)
def test_every_answer_of_a_criterion_counts(toy: Toy, body: list[str], verdict: str, told: str) -> None:
    """A no is not mended by a later yes, nor is that the criterion could not tell; a skip after a no says so."""
    cell = found(toy, *body)
    assert cell["verdict"] == verdict and told in cell["reason"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            ["s = replace(measure.shift('s', before, before), doubt='', value=40.0, interval=Interval(low=30, high=50, level=0.95, method='t'))"],
            "altered since",
        ),
        (["from harness.run.measuring import Measure", "s = Measure().shift('s', after, before)", "measure.rate('r', after)"], "not measured by this cell"),
        (["c = criterion('heads')", "c.threshold = replace(c.threshold, value=0.01)", "s = measure.shift('s', after, before)"], "registered before the data"),
    ],
)
def test_a_criterion_judges_measurements_of_its_cell_by_its_own_threshold(toy: Toy, body: list[str], told: str) -> None:
    """A number of another cell, an altered one, and an easier bar are errors in one line."""
    cell = found(toy, "from harness import Interval", "from msgspec.structs import replace", *body, HOLDS.format("s"))
    assert cell["verdict"] == "error" and told in cell["reason"]


def test_a_cell_is_decided_by_a_registered_threshold(toy: Toy) -> None:
    """A bar that is not registered for the hypothesis decides nothing."""
    cell = found(toy, "assert criterion('still').holds(measure.shift('s', after, before))")
    assert cell["verdict"] == "error" and "registered for H1 is heads or tails" in cell["reason"]


COPY = "again = coin.gather('again', {}, {})"
ITEMS = "[f'{i:04d}' for i in range(200)]"


@pytest.mark.parametrize(
    "again",
    [
        COPY.format("Coin('fair', 0.5, 50, 0.0)", f"{ITEMS}[::-1]"),
        COPY.format("Coin('fair', 0.5, 40, 0.0)", ITEMS),
        COPY.format("type('Two', (Coin,), {})('fair', 0.5, 50, 0.0)", f"{ITEMS}[1:] + ['0000']"),
        "again = {i: 1 - v for i, v in before.outcomes().items()}; before = {i: 1 - v for i, v in before.outcomes().items()}",
    ],
)
def test_the_same_rows_are_the_same_samples(toy: Toy, again: str) -> None:
    """In another order, in other chunks, by a subclass or transformed: nothing is compared, also in a control."""
    sources = "" if "gather" in again else ", sources=(both,)"
    body = ["Coin, both = type(coin).COIN, before", again, f"assert {WITHIN.format(f'measure.shift(chr(99), again, before{sources})')}"]
    toy.edit("conftest.py", "class Hand:\n", "class Hand:\n    COIN = Coin\n")
    cell = found(toy, *body, control=True)
    assert cell["verdict"] == "inconclusive" and "both arms are the same samples" in cell["reason"]


OTHER_TOKENS = '"chunk": self.chunk, "max_new_tokens": 24 if self.name == "heavy" else 6}'
TRANSFORMED = "measure.shift('s', {i: 1 - v for i, v in b.items()}, {i: 1 - v for i, v in a.items()}, sources=both)"
DIFFERENCES = "measure.mean('s', {i: 100 * (a[i] - b[i]) for i in a if a[i] is not None}, 'pp', sources=both)"


@pytest.mark.parametrize("measured", [TRANSFORMED, DIFFERENCES])
def test_computed_outcomes_are_held_to_the_settings_of_their_samples(toy: Toy, measured: str) -> None:
    """1 - outcome in both arms, or the mean of differences: 24 tokens against 6 are refused as they are for the outcomes themselves."""
    toy.edit("conftest.py", '"chunk": self.chunk}', OTHER_TOKENS)
    cell = found(toy, *OUTCOMES, HOLDS.format(f"{measured}, {BASE}"))
    assert cell["verdict"] == "error" and "max_new_tokens (" in cell["reason"] and "not sampled alike" in cell["reason"]


def test_computed_differences_do_not_hide_missing_answers(toy: Toy) -> None:
    """60 of 200 answers missing in one arm, left out of the differences: inconclusive."""
    lose(toy, "self.name == 'heavy' and int(item) < 60")
    cell = found(toy, *OUTCOMES, HOLDS.format(f"{DIFFERENCES}, {BASE}"))
    assert cell["verdict"] == "inconclusive" and "answers are missing unevenly" in cell["reason"]


@pytest.mark.parametrize(
    "measured", ["{}.shift('s', after, before)", "{}.rate('s', after)", "{}.rate('s', {{i: v for i, v in a.items() if v is not None}}, sources=both)"]
)
def test_most_answers_missing_decide_nothing(toy: Toy, measured: str) -> None:
    """170 of 200 answers missing, in both arms of a contrast or in a level: inconclusive with the count."""
    lose(toy, "int(item) < 170")
    toy.edit("evals/coins/experiment.yaml", "  still:", "  level: {value: 0.5, unit: rate, direction: increase}\n  still:")
    ask = "criterion('heads').holds" if "shift" in measured else "criterion('level').exceeds"
    cell = found(toy, *OUTCOMES, f"assert {ask}({measured.format('measure')})")
    assert cell["verdict"] == "inconclusive" and "170 of 200 answers are missing" in cell["reason"]


def test_replicates_that_were_left_out_are_missing_answers(toy: Toy) -> None:
    """Four rows an item in one arm, about half of three of them dropped in the other: uneven."""
    kept = "for item in chunk for n in range(4) if not (self.name == 'heavy' and n and random.Random(f'{item} {n}').random() < 0.5)]"
    toy.edit("conftest.py", "for item in chunk]", kept)
    cell = found(toy, SHIFT)
    assert cell["verdict"] == "inconclusive" and "answers are missing unevenly" in cell["reason"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("HOLDS(measure.shift('s', after, before), baseline=measure('b', 0.5, 'rate', n=5))", "b (rate) is no level of the samples"),
        ("HOLDS(measure.shift('s', after, before), baseline=measure.rate('b', coin.throw('c', 0.4)))", "b is of other samples than s"),
        ("HOLDS(measure.shift('s', after, before, seeds=(1, 2, 3)))", "s names the seed 1, which none of its samples was drawn with"),
        ("HOLDS(measure('s', 20.0, 'pp', n=100, sources=both, interval=(20.0, 20.0)), BASE)", "an interval of no width"),
        ("HOLDS(measure('s', 20.0, 'pp', n=1, sources=both, interval=(10.0, 30.0)), BASE)", "an interval over a single unit"),
        ("HOLDS(measure('s', 20.0, 'pp', n=9, sources=both, interval=Interval(low=19, high=21, level=0.1, method='z')), BASE)", "has the level 0.1"),
        ("HOLDS(measure('s', 20.0, 'pp', n=9, sources=both, interval=(10.0, 30.0), p=0.8), BASE)", "p of s is 0.8, yet its interval [10, 30] leaves zero"),
        ("HOLDS(measure('s', 20.0, 'pp', n=9, sources=both, interval=(10.0, 30.0), p=1e-9, p_method='permutation of 1000'), BASE)", "below 1/(1000+1)"),
    ],
)
def test_what_a_test_types_is_held_to_what_can_be(toy: Toy, body: str, told: str) -> None:
    """A typed or foreign baseline, seeds that nothing was drawn with, and intervals and p values that no data give: errors in one line."""
    written = body.replace("HOLDS", "assert criterion('heads').holds").replace("BASE", BASE)
    cell = found(toy, "from harness import Interval", *OUTCOMES, written)
    assert cell["verdict"] == "error" and told in cell["reason"]


def test_floor_and_ceiling_lie_where_levels_can_be(toy: Toy) -> None:
    """Bounds outside of what a rate can be would switch the check off: one line with the place."""
    toy.edit("evals/coins/experiment.yaml", "unit: pp, direction: either}", "unit: pp, direction: either, floor: -1, ceiling: 2}")
    done = toy.run()
    assert done.returncode not in (0, 1) and "the floor -1 lies where no level of a pp threshold can be" in done.stdout + done.stderr


ONE_DRAW = """\
from harness import control, hypothesis


@control("C2", "out-of-distribution")
def test_elsewhere(coin, measure):
    "Holds elsewhere."
    measure.rate("r", coin.throw("elsewhere", 0.5))


@hypothesis("H1")
def test_claim(persona, behaviour, seed, coin, measure, criterion):
    "A claim."
    assert criterion(behaviour).holds(measure.shift("s", coin.throw(NAME, 0.9), coin.throw("fair", 0.5)))
"""


def test_samples_count_once(toy: Toy) -> None:
    """One pair of samples for three seeds and six cells: one cell, one seed, no other distribution, and two caveats."""
    toy.edit("evals/coins/experiment.yaml", "seeds: [1]", "seeds: [1, 2, 3]")
    toy.write(TESTS, ONE_DRAW.replace("NAME", '"heavy"'))
    toy.run()
    results = toy.results()
    assert results["verdict"] == "inconclusive"
    assert "15 cells rest on the very same samples as others, not counted again." in results["caveats"]
    assert "3 seeds rest on the very same samples, and count as one." in results["caveats"]
    assert any(caveat.startswith("One seed") for caveat in results["caveats"])


def test_seeds_and_controls_lift_confidence_by_their_samples(toy: Toy) -> None:
    """Three seeds with samples of their own count; a control that asked no criterion is no other distribution."""
    toy.edit("evals/coins/experiment.yaml", "seeds: [1]", "seeds: [1, 2, 3]")
    toy.write(TESTS, ONE_DRAW.replace("NAME", 'f"{persona}-{behaviour}-{seed}"'))
    toy.run()
    results = toy.results()
    assert results["verdict"] == "supported" and not any("very same samples" in caveat or "One seed" in caveat for caveat in results["caveats"])
    assert "no out-of-distribution evaluation" in str(results["confidence"]) or "uncontrolled" in results["confidence"]["reason"]


def test_equal_samples_of_measures_that_differ_count_each(toy: Toy) -> None:
    """What was varied made no difference: an honest zero in every cell, not the same evidence again."""
    toy.edit("conftest.py", 'f"{self.name} {item}"', "item")
    toy.write(TESTS, ONE_DRAW.replace("coin.throw(NAME, 0.9)", 'coin.throw(f"{persona}-{behaviour}", 0.5)'))
    toy.run()
    results = toy.results()
    assert results["verdict"] == "falsified" and not any("very same samples" in caveat for caveat in results["caveats"])
