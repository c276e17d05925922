"""Mistakes in what a cell measures and decides: refused, undecided or reported, with one code wherever that is."""

from __future__ import annotations

from typing import Any

import pytest

from planted import Planted

TESTS, CONFTEST = "evals/coins/test_coins.py", "conftest.py"
HEAD = """\
from harness import hypothesis


@hypothesis('H1')
def test_coins_differ(persona, behaviour, coin, measure, criterion):
    '''A claim.'''
    before, after = coin.throw("fair", 0.5), coin.throw(f"{persona}-{behaviour}", 0.9)
"""
HOLDS = "assert criterion('heads').holds({})"
SHIFT = "measure.shift('shift', after, before)"


def results_of(design: Planted, *body: str) -> dict[str, Any]:
    """The results of coins whose hypothesis has this body."""
    if body:
        design.write(TESTS, HEAD + "".join(f"    {line}\n" for line in body))
    return design.run()


def codes(results: dict[str, Any]) -> set[str]:
    """Those of the run and its results; what a rule found in the design before is another test's."""
    return {finding["code"] for finding in results["findings"] if finding["stage"] in ("run", "decide")}


def severities(results: dict[str, Any], code: str) -> set[str]:
    return {finding["severity"] for finding in results["findings"] if finding["code"] == code and finding["stage"] in ("run", "decide")}


def rethrow(design: Planted, row: str) -> None:
    """Coins whose rows are this expression of `self` and `item`."""
    design.edit(CONFTEST, '{"item": item, "up": random.Random(f"{self.name} {item}").random() < self.p}', row)


def describe(design: Planted, more: str) -> None:
    design.edit(CONFTEST, '"chunk": self.chunk}', f'"chunk": self.chunk, {more}}}')


def test_sound_coins_have_no_finding(coin_design: Planted) -> None:
    """The toy as it is: gates, a kill, a negative control, effects and two honest doubts about power."""
    assert codes(results_of(coin_design)) == set()


@pytest.mark.mistake("T10", rule="M301", stage="run")
@pytest.mark.parametrize(("body", "code"), [("pass", "M301"), ("measure.rate('after', after)", "M302")])
def test_a_verdict_needs_a_measurement_and_a_criterion(coin_design: Planted, body: str, code: str) -> None:
    results = results_of(coin_design, body)
    assert codes(results) == {code} and severities(results, code) == {"error"}
    assert results["confidence"]["level"] == "LOW" and any(code in caveat for caveat in results["caveats"])


@pytest.mark.mistake("T9", rule="M301", stage="run")
def test_a_swallowed_exception_supports_nothing(coin_design: Planted) -> None:
    results = results_of(coin_design, "try:", "    measure.shift('shift', after, {})", f"    {HOLDS.format(SHIFT)}", "except Exception:", "    return")
    assert "M301" in codes(results) and results["verdict"] != "supported"


@pytest.mark.mistake("C20", rule="M303", stage="run")
@pytest.mark.parametrize(
    "body",
    [
        "measure('fake', 71.3, 'pp', n=156240, interval=(70.9, 71.7), p=0.001, p_method='t test')",
        "measure('fake', 71.3, 'pp', n=156240, interval=(70.9, 71.7), p=0.001, p_method='t test', arms=(.9, .2), unsampled='as computed before')",
        "measure.shift('fake', {str(i): i < 90 for i in range(99)}, {str(i): i < 9 for i in range(99)})",
        "measure.shift('fake', {str(i): i < 90 for i in range(99)}, {str(i): i < 9 for i in range(99)}, unsampled='from a spreadsheet')",
    ],
)
def test_what_rests_on_no_samples_decides_nothing_unseen(coin_design: Planted, body: str) -> None:
    results = results_of(coin_design, HOLDS.format(body))
    assert "M303" in codes(results) and severities(results, "M303") == {"error"} and results["confidence"]["level"] == "LOW"


@pytest.mark.mistake("C20", rule="S417", stage="run")
def test_one_placeholder_in_every_cell_is_seen(coin_design: Planted) -> None:
    typed = "measure('shift', 30.0, 'pp', n=200, interval=(20.0, 40.0), p=.001, p_method='t test', sources=(after, before), arms=(.8, .5))"
    results = results_of(coin_design, HOLDS.format(typed))
    assert "S417" in codes(results)


@pytest.mark.mistake("M11", rule="S412", stage="run")
@pytest.mark.mistake("C17", rule="S412", stage="run")
@pytest.mark.parametrize(
    "body",
    [
        "measure.shift('shift', after, {item: 0.5 for item in after.outcomes()})",
        "measure.shift('shift', after, dict.fromkeys(after.outcomes(), 0.5))",
        "measure.contrast('shift', [(1, after), (-1, {item: 0.25 for item in after.outcomes()})])",
        "measure.mean('shift', {item: 100 * (up - 0.5) for item, up in after.outcomes().items()}, 'pp', sources=(after,))",
    ],
)
def test_a_baseline_that_somebody_wrote_down_is_refused(coin_design: Planted, body: str) -> None:
    assert "S412" in codes(results_of(coin_design, HOLDS.format(body)))


def test_outcomes_computed_from_samples_are_no_literals(coin_design: Planted) -> None:
    """1 - outcome of both arms, and differences of two samples in pp."""
    turned = "{{item: 1 - up for item, up in {}.outcomes().items()}}"
    body = f"measure.shift('shift', {turned.format('before')}, {turned.format('after')}, sources=(before, after))"
    assert codes(results_of(coin_design, f"assert criterion('heads').holds({body})")) == set()


@pytest.mark.mistake("D15", rule="M306", stage="run")
@pytest.mark.parametrize("body", ["measure.shift('shift', before, before)", "measure.shift('shift', coin.throw('fair', 0.5), before)"])
def test_a_control_that_compares_a_thing_with_itself_is_undecided(coin_design: Planted, body: str) -> None:
    results = results_of(coin_design, f"assert criterion('still').within({body})")
    assert "M306" in codes(results) and results["verdict"] not in ("supported", "falsified")


@pytest.mark.mistake("D15", rule="M306", stage="run")
def test_two_names_of_one_condition_are_seen_by_their_rows(coin_design: Planted) -> None:
    """The control's coin has another name, and says the same, answer by answer."""
    rethrow(coin_design, '{"item": item, "text": f"said {random.Random(item).random()}", "up": random.Random(f"{self.p} {item}").random() < self.p}')
    coin_design.edit(CONFTEST, 'f"{self.p} {item}"', "item")
    results = results_of(
        coin_design, "other = coin.throw(f'second {persona}-{behaviour}', 0.5)", "assert criterion('still').within(measure.shift('shift', other, before))"
    )
    assert codes(results) >= {"M306"} and severities(results, "M306") == {"warning"}


@pytest.mark.mistake("M1", rule="M304", stage="run")
@pytest.mark.mistake("M2", rule="M304", stage="run")
@pytest.mark.parametrize("bounds", ["", ", floor: 0.02, ceiling: 0.98"])
@pytest.mark.parametrize("chance", ["0.0", "1.0"])
@pytest.mark.parametrize("ask", ["holds", "within"])
def test_both_arms_on_a_bound_are_undecided_whatever_is_declared(coin_design: Planted, bounds: str, chance: str, ask: str) -> None:
    coin_design.edit(coin_design.yaml, "direction: increase, floor: 0.02, ceiling: 0.98, expected_baseline: 0.5,", f"direction: either{bounds},")
    throws = f"one, two = coin.throw('one', {chance}), coin.throw(f'two {{persona}} {{behaviour}}', {chance})"
    results = results_of(coin_design, throws, f"assert criterion('heads').{ask}(measure.shift('shift', two, one))")
    assert codes(results) == {"M304"} and {cell["verdict"] for cell in results["cells"]} == {"inconclusive"}


@pytest.mark.mistake("M8", rule="M307", stage="run")
@pytest.mark.parametrize(
    ("lost", "code"),
    [("self.p > .6 and item < '0060'", "M307"), ("item < '0150'", "M307"), ("item < '0040'", "M307"), ("item < '9999'", "M313"), ("item < '0005'", "")],
)
def test_missing_answers_are_in_doubt_or_reported(coin_design: Planted, lost: str, code: str) -> None:
    """Unevenly, mostly, a fifth in both arms; nobody answers at all; and few."""
    coin_design.edit(CONFTEST, '"up": random', f'"status": "empty" if {lost} else "ok", "up": None if {lost} else random')
    assert codes(results_of(coin_design, HOLDS.format(SHIFT))) == ({code} if code else set())


@pytest.mark.mistake("M3", rule="M314", stage="run")
def test_uneven_incoherence_is_in_doubt(coin_design: Planted) -> None:
    lost = "self.p > .6 and item < '0060'"
    coin_design.edit(CONFTEST, '"up": random', f'"status": "incoherent" if {lost} else "ok", "up": None if {lost} else random')
    assert codes(results_of(coin_design, HOLDS.format(SHIFT))) == {"M314"}


@pytest.mark.mistake("D10", rule="M308", stage="run")
@pytest.mark.mistake("M12", rule="M308", stage="run")
@pytest.mark.parametrize("field", ["temperature", "max_tokens", "dtype", "generator", "backend", "top_p"])
def test_arms_that_were_sampled_otherwise_are_refused(coin_design: Planted, field: str) -> None:
    describe(coin_design, f'"{field}": "other" if self.p > .6 else "one"')
    results = results_of(coin_design, HOLDS.format(SHIFT))
    assert codes(results) == {"M308"} and severities(results, "M308") == {"error"}


@pytest.mark.mistake("D10", rule="M308", stage="run")
@pytest.mark.mistake("M12", rule="M308", stage="run")
@pytest.mark.parametrize("field", ["temperature", "max_tokens", "dtype", "generator"])
def test_cells_that_were_sampled_otherwise_are_reported(coin_design: Planted, field: str) -> None:
    """Both arms of the villain's cells by one setting, those of the others by another."""
    describe(coin_design, f'"{field}": "other" if "villain" in self.name else "one"')
    coin_design.write(TESTS, HEAD.replace('"fair"', 'f"fair {persona}"') + f"    {HOLDS.format(SHIFT)}\n")
    results = coin_design.run()
    assert codes(results) == {"M308"} and results["verdict"] == "supported" and results["confidence"]["reason"].startswith("one seed")


def test_what_an_axis_names_may_differ(coin_design: Planted) -> None:
    coin_design.edit(coin_design.yaml, "behaviour: [heads, tails]", "behaviour: [heads, tails]\n  temperature: [0.5, 0.9]")
    coin_design.edit(coin_design.yaml, "cells: [persona, behaviour]", "cells: [persona, behaviour, temperature]")
    coin_design.edit(coin_design.yaml, "each: {at_least: 1, of: behaviour}", "each: {at_least: 1, of: behaviour, each: {at_least: 1, of: temperature}}")
    describe(coin_design, '"temperature": self.name.split()[-1]')
    head = (
        HEAD.replace('"fair"', 'f"fair {temperature}"')
        .replace("{behaviour}", "{behaviour} {temperature}")
        .replace("behaviour, coin", "behaviour, temperature, coin")
    )
    coin_design.write(TESTS, head + f"    {HOLDS.format(SHIFT)}\n")
    assert codes(coin_design.run()) == set()


@pytest.mark.mistake("M7", rule="M309", stage="run")
@pytest.mark.parametrize("field", ["judge", "judge_model", "rubric_version", "grader", "scorer"])
def test_two_judges_in_one_contrast_are_refused(coin_design: Planted, field: str) -> None:
    describe(coin_design, f'"{field}": "second" if self.p > .6 else "first"')
    assert codes(results_of(coin_design, HOLDS.format(SHIFT))) == {"M309"}


@pytest.mark.mistake("M7", rule="M309", stage="run")
def test_two_judges_in_one_hypothesis_are_reported(coin_design: Planted) -> None:
    describe(coin_design, '"judge": "second" if "villain" in self.name else "first"')
    coin_design.write(TESTS, HEAD.replace('"fair"', 'f"fair {persona}"') + f"    {HOLDS.format(SHIFT)}\n")
    assert codes(coin_design.run()) == {"M309"}


TYPED = "measure('typed', {value}, 'similarity', n=200, interval=({low}, {high}), p={p}, p_method={method!r}, sources=(after, before))"


@pytest.mark.mistake("C12", rule="S402", stage="run")
@pytest.mark.mistake("C13", rule="S402", stage="run")
@pytest.mark.mistake("C1", rule="S402", stage="run")
@pytest.mark.parametrize(
    "typed",
    [
        {"p": 0.0},
        {"p": 1e-5, "method": "permutation, 999 draws"},
        {"value": 0.9},
        {"p": 0.3},
        {"p": 0.7},
        {"p": "1 - 0.7"},
        {"p": 0.01},
        {"p": 0.01, "method": "permutation of prompts"},
    ],
)
def test_a_p_that_no_test_gives_is_refused_or_reported(coin_design: Planted, typed: dict[str, Any]) -> None:
    """0, below the draws' floor, a value outside its interval, a similarity or 1 - it, a p of nobody's, and draws that nobody counted."""
    body = TYPED.format(**({"value": 0.7, "low": 0.6, "high": 0.8, "p": 0.01, "method": ""} | typed))
    assert "S402" in codes(results_of(coin_design, body, HOLDS.format(SHIFT)))


@pytest.mark.mistake("C12", rule="S402", stage="run")
def test_a_p_below_its_own_floor_is_refused(coin_design: Planted) -> None:
    body = "measure('typed', .7, 'similarity', n=200, interval=(.6, .8), p=.0001, p_floor=.001, p_method='permutation', sources=(after, before))"
    assert "S402" in codes(results_of(coin_design, body, HOLDS.format(SHIFT)))


@pytest.mark.mistake("C1", rule="S401", stage="run")
@pytest.mark.mistake("C11", rule="S401", stage="run")
def test_a_null_that_cannot_move_is_refused(coin_design: Planted) -> None:
    """The mean of all throws, under permutations of the throws."""
    body = ["from harness.verdict.tests import permutation_test", "data = [float(up) for up in after.outcomes().values()]"]
    body += ["p, floor, null = permutation_test(data, lambda d: round(sum(d)), lambda d, rng: rng.permutation(d), 'x', permutations=99)"]
    assert codes(results_of(coin_design, *body, HOLDS.format(SHIFT))) == {"S401"}


@pytest.mark.mistake("M10", rule="S411", stage="run")
@pytest.mark.mistake("C16", rule="S411", stage="run")
@pytest.mark.parametrize("count", ["n=156240", "n=390", "n=390, sampling_unit='answer'", "n=390, sampling_unit='pair'"])
def test_an_n_above_the_items_is_refused_or_reported(coin_design: Planted, count: str) -> None:
    """200 items behind two samples of 200 rows: neither their pairs nor their rows are items."""
    body = f"measure('typed', 37.0, 'pp', {count}, interval=(28.0, 46.0), p=.001, p_method='t test', sources=(after, before), arms=(.9, .5))"
    assert "S411" in codes(results_of(coin_design, HOLDS.format(body)))


@pytest.mark.mistake("R7", rule="S410", stage="run")
@pytest.mark.parametrize("name", ["f'epoch {epoch}'", "f'at {epoch}'", "'epoch ' + 'abcdefghijklm'[epoch]"])
def test_the_best_of_twelve_is_reported(coin_design: Planted, name: str) -> None:
    throw = "coin.throw(f'{persona}-{behaviour}-{epoch}', .5 + epoch / 40)"
    body = [f"shifts = [measure.shift({name}, {throw}, before) for epoch in range(1, 13)]"]
    results = results_of(coin_design, *body, "assert criterion('heads').holds(max(shifts, key=lambda shift: shift.value))")
    assert codes(results) == {"S410"}


def test_an_effect_that_is_named_beforehand_was_not_chosen(coin_design: Planted) -> None:
    """Three effects, the second decides, and now and then it is the largest; all three asked is no choice either."""
    body = ["shifts = [measure.shift(f'in {name}', coin.throw(f'{persona}-{behaviour}-{name}', .75), before) for name in ('one', 'two', 'three')]"]
    assert codes(results_of(coin_design, *body, "assert criterion('heads').holds(shifts[1])")) == set()


POSITIONS = """
class Asked(Coin):
    def describe(self):
        return {"coin": self.name, "p": self.p}

    def chunks(self, items):
        return [items]

    def score(self, chunk):
        return [{"item": one["id"], "up": random.Random(f"{self.name} {one}").random() < self.p} for one in chunk]
"""
BANKS = {
    "other bank": [
        "[dict(id=str(i), text=f'why is the sky {i} times blue') for i in range(60)]",
        "[dict(id=str(i), text=f'name river number {i + 7}') for i in range(60)]",
    ],
    "other order": [
        "[dict(id=str(i), text=f'question about topic{i}') for i in range(60)]",
        "[dict(id=str(i), text=f'question about topic{59 - i}') for i in range(60)]",
    ],
}
PAIRED = ["[dict(id=str(i), text=f'question about topic{i}') for i in range(60)]", "[dict(id=str(i), text=f'tell me of topic{i} please') for i in range(60)]"]


def ask(design: Planted, banks: list[str]) -> set[str]:
    design.write(CONFTEST, design.read(CONFTEST).replace("class Hand:", POSITIONS + "\n\nclass Hand:"))
    design.edit(
        CONFTEST,
        "    def throw(self",
        "    def ask(self, name, p, items):\n        return self.gather(name, Asked(name, p, 1, 0), items)\n\n    def throw(self",
    )
    body = [f"one = coin.ask('one', .4, {banks[0]})", f"two = coin.ask(f'two {{persona}} {{behaviour}}', .9, {banks[1]})"]
    return codes(results_of(design, *body, HOLDS.format("measure.shift('shift', two, one)")))


@pytest.mark.mistake("C14", rule="S414", stage="run")
@pytest.mark.parametrize("banks", BANKS.values(), ids=BANKS)
def test_pairs_by_position_are_in_doubt(coin_design: Planted, banks: list[str]) -> None:
    assert ask(coin_design, banks) == {"S414"}


def test_paraphrases_of_numbered_items_are_pairs(coin_design: Planted) -> None:
    assert ask(coin_design, PAIRED) == set()


@pytest.mark.mistake("C20", rule="R509", stage="run")
@pytest.mark.parametrize("who", ['"respondent": "null"', '"spec": "mock/answers"', '"model": "dummy"'])
def test_a_mock_as_a_result_is_reported(coin_design: Planted, who: str) -> None:
    describe(coin_design, who)
    assert codes(results_of(coin_design, HOLDS.format(SHIFT))) == {"R509"}


@pytest.mark.mistake("D19", rule="R511", stage="run")
@pytest.mark.parametrize(
    "card",
    [
        "{'batch': 4, 'accumulation': 4, 'devices': 1, 'effective_batch': 64}",
        "{'effective_batch': '4 x 4 x 1 = 64'}",
        "{'per_device_train_batch_size': 4, 'gradient_accumulation_steps': 4, 'effective_batch_size': 64}",
    ],
)
def test_a_card_that_does_not_follow_is_reported(coin_design: Planted, card: str) -> None:
    coin_design.write(
        TESTS, HEAD.replace("measure, criterion", "measure, criterion, facts") + f"    facts('Training', 'coins', {card})\n    {HOLDS.format(SHIFT)}\n"
    )
    assert codes(coin_design.run()) == {"R511"}


@pytest.mark.mistake("C1", rule="M305", stage="run")
def test_an_interval_of_no_width_decides_nothing(coin_design: Planted) -> None:
    """Outcomes that are all equal have no spread, and tell nothing of what others would be."""
    given = "measure('shift', 20.0, 'pp', n=200, sampling_unit='item', interval=(20.0, 20.0), sources=(after, before))"
    results = results_of(coin_design, HOLDS.format(given))
    assert "M305" in codes(results) and {cell["verdict"] for cell in results["cells"] if cell["kind"] == "hypothesis"} == {"error"}
