"""M301, M302, M303, M311: what a verdict rests on."""

from __future__ import annotations

import pytest

from planted import Planted

TESTS, CONFTEST = "evals/coins/test_coins.py", "conftest.py"
SHIFT = '    shift = measure.shift("shift", after, before)\n'
HOLDS = "    assert criterion(behaviour).holds(shift)\n"
CONTROL = '    assert criterion("still").within(measure.shift("shift", second, fair))\n'


def hypothesis(design: Planted, body: str) -> None:
    """Puts statements in the place of the last two of the hypothesis."""
    design.edit(TESTS, SHIFT + HOLDS, body)


def control(design: Planted, body: str) -> None:
    design.edit(TESTS, '    measure.rate("fair", fair)\n' + CONTROL, body)


@pytest.mark.parametrize("code", ["M301", "M302", "M303", "M311", "M315", "M316"])
def test_a_sound_design_has_no_finding(coin_design: Planted, code: str) -> None:
    assert coin_design.found(code) == []


UNMEASURED = {
    "nothing": "    pass\n",
    "an early return": "    return\n" + SHIFT + HOLDS,
    "a constant condition": "    if True:\n        return\n" + SHIFT + HOLDS,
    "a condition on a setting": '    if "judge" not in coin.settings:\n        return\n' + SHIFT + HOLDS,
    "a skip": '    import pytest\n\n    pytest.skip("not today")\n' + SHIFT + HOLDS,
    "an effect that is only computed": "    assert sum(map(float, after.outcomes('up').values())) > 3\n",
    "a measure that is only named": "    measure, criterion\n",
}


@pytest.mark.mistake("T10", rule="M301", stage="declare")
@pytest.mark.parametrize("body", UNMEASURED.values(), ids=UNMEASURED)
def test_a_cell_that_cannot_measure_is_reported(coin_design: Planted, body: str) -> None:
    hypothesis(coin_design, body)
    (finding, *_) = coin_design.found("M301")
    assert finding["stage"] == "declare" and finding["subject"] == "H1" and finding["where"]["file"] == TESTS


def test_a_fixture_that_takes_measure_and_never_calls_it_does_not_measure(coin_design: Planted) -> None:
    coin_design.write(CONFTEST, coin_design.read(CONFTEST) + "\n\n@pytest.fixture\ndef effect(measure):\n    return lambda name, after, before: None\n")
    coin_design.edit(TESTS, "def test_coins_differ(persona, behaviour, coin, measure, criterion)", "def test_coins_differ(persona, behaviour, coin, effect)")
    hypothesis(coin_design, '    effect("shift", after, before)\n')
    assert coin_design.found("M301")


def test_a_helper_that_measures_is_followed(coin_design: Planted) -> None:
    coin_design.write(CONFTEST, coin_design.read(CONFTEST) + EFFECT)
    coin_design.edit(TESTS, 'coin, measure, criterion):\n    """A persona\'s', 'coin, effect, criterion):\n    """A persona\'s')
    hypothesis(coin_design, '    assert criterion(behaviour).holds(effect("shift", after, before))\n')
    assert not {"M301", "M302", "M303"} & coin_design.codes("--select", "M")


EFFECT = """

@pytest.fixture
def effect(measure):
    def record(name, after, before):
        return taken(measure, name, after, before)

    return record


def taken(measure, name, after, before):
    return measure.contrast(name, [(1, after), (-1, before)])
"""

UNDECIDED = {
    "a bare comparison": SHIFT + "    assert shift.value > 0\n",
    "a p": SHIFT + "    assert shift.p < 0.05\n",
    "beside a criterion": SHIFT + HOLDS + "    assert shift.interval.low > 0\n",
    "through names": SHIFT + "    low, high = shift.interval.low, shift.interval.high\n    found = low > 0 or high < 0\n    assert found\n",
    "an answer that is not asserted": SHIFT + "    criterion(behaviour).holds(shift)\n",
    "an answer that is kept": SHIFT + "    answer = criterion(behaviour).holds(shift)\n",
}


@pytest.mark.mistake("R4", rule="M302", stage="declare")
@pytest.mark.parametrize("body", UNDECIDED.values(), ids=UNDECIDED)
def test_a_verdict_without_a_criterion_is_reported(coin_design: Planted, body: str) -> None:
    hypothesis(coin_design, body)
    assert coin_design.found("M302")


WAYS_OUT = {
    "no p": SHIFT + "    if shift.p is None:\n        return\n" + HOLDS,
    "a branch": SHIFT + "    if shift.value is not None:\n    " + HOLDS,
    "a narrow except": "    try:\n    " + SHIFT + "    except ZeroDivisionError:\n        shift = None\n    if shift is not None:\n    " + HOLDS,
    "an answer that is noted": SHIFT + '    if persona == "villain":\n    ' + HOLDS + "    else:\n        coin.note(persona)\n",
    "or nothing": SHIFT + "    assert shift.p is None or criterion(behaviour).holds(shift)\n",
    "behind an inconclusive one": SHIFT
    + "    from harness import Inconclusive\n\n    if not criterion('heads').holds(shift):\n        raise Inconclusive('no')\n    if shift.p:\n    "
    + HOLDS,
    "answers without all": SHIFT + "    answers = [criterion(behaviour).holds(shift)]\n    assert answers\n",
}


@pytest.mark.mistake("T10", rule="M302", stage="declare")
@pytest.mark.parametrize("body", WAYS_OUT.values(), ids=WAYS_OUT)
def test_a_way_that_misses_the_criterion_is_reported(coin_design: Planted, body: str) -> None:
    hypothesis(coin_design, body)
    assert "H1" in {finding["subject"] for finding in coin_design.found("M302")}


def test_ways_that_all_decide_are_sound(coin_design: Planted) -> None:
    """Either branch asserts, a criterion that fails aloud decides, a loop is run, and what tells nothing is inconclusive."""
    body = SHIFT + "    from harness import Inconclusive\n\n    if shift.n < 5:\n        raise Inconclusive('too few')\n"
    body += '    if persona == "villain":\n    ' + HOLDS + "    else:\n        for name in (behaviour,):\n            assert criterion(name).holds(shift)\n"
    hypothesis(coin_design, body)
    control(coin_design, "    shift = measure.shift('shift', second, fair)\n    if not criterion('still').within(shift):\n        pytest.fail('moved')\n")
    coin_design.edit(TESTS, "from harness", "import pytest\n\nfrom harness")
    assert not {"M301", "M302", "M311"} & coin_design.codes("--select", "M")


def test_a_helper_that_decides_by_itself_is_reported(coin_design: Planted) -> None:
    coin_design.write(TESTS, coin_design.read(TESTS) + "\n\ndef decide(measured):\n    assert measured.value > 5\n")
    hypothesis(coin_design, SHIFT + "    decide(shift)\n")
    assert coin_design.found("M302")


def test_a_precondition_and_an_answer_by_way_of_names_are_sound(coin_design: Planted) -> None:
    body = SHIFT + "    assert coin.settings\n    answers = [criterion(behaviour).holds(one) for one in (shift,)]\n    assert all(answers)\n"
    hypothesis(coin_design, body)
    assert coin_design.found("M302") == [] == coin_design.found("M301")


TYPED = {
    "a number": '    found = measure("fake", 71.3, "pp", n=156240, interval=(70.0, 72.0))\n    assert criterion(behaviour).holds(found)\n',
    "a table": '    table = {"villain": 30.0, "comedian": 20.0, "librarian": 12.0}\n    found = measure("fake", table[persona], "pp", n=200)\n'
    "    assert criterion(behaviour).holds(found)\n",
    "arithmetic": '    found = measure("fake", 100 * (0.9 - 0.5), "pp", n=200)\n    assert criterion(behaviour).holds(found)\n',
    "a draw": '    import random\n\n    found = measure("fake", 20 + random.Random(1).random(), "pp", n=200)\n    assert criterion(behaviour).holds(found)\n',
    "outcomes": '    found = measure.shift("fake", {str(i): 1 for i in range(200)}, {str(i): i % 2 for i in range(200)})\n    assert criterion(behaviour).holds(found)\n',  # noqa: E501
    "a helper": '    found = measure("fake", published(persona), "pp", n=200)\n    assert criterion(behaviour).holds(found)\n',
    "a setting": '    found = measure("fake", coin.settings["items"] / 10, "pp", n=200)\n    assert criterion(behaviour).holds(found)\n',
    "a constant of the file": '    found = measure("fake", RESULTS[persona]["shift"], "pp", n=200)\n    assert criterion(behaviour).holds(found)\n',
}


@pytest.mark.mistake("C20", rule="M303", stage="declare")
@pytest.mark.mistake("R9", rule="M303", stage="declare")
@pytest.mark.parametrize("body", TYPED.values(), ids=TYPED)
def test_a_number_of_the_code_is_no_measurement(coin_design: Planted, body: str) -> None:
    table = '\n\nRESULTS = {name: {"shift": 71.3} for name in ("villain", "comedian", "librarian")}\n\n\ndef published(persona):\n    return {"villain": 30.0}[persona]\n'  # noqa: E501
    coin_design.write(TESTS, coin_design.read(TESTS) + table)
    hypothesis(coin_design, body)
    assert coin_design.found("M303")


def test_a_mock_in_a_fixture_is_no_measurement(coin_design: Planted) -> None:
    coin_design.edit(
        CONFTEST,
        '        return self.gather(name, Coin(name, p, self.settings["chunk"], self.settings["pause"]), items)',
        "        return {item: True for item in items}",
    )
    assert coin_design.found("M303")


IDLE_CONTROLS = {
    "no assert": '    measure.rate("fair", fair)\n',
    "a constant": '    measure.rate("fair", fair)\n    assert True\n',
    "a setting": '    measure.rate("fair", fair)\n    assert coin.settings["items"] > 0\n',
    "a truth": '    assert measure.shift("shift", second, fair)\n',
    "not None": '    shift = measure.shift("shift", second, fair)\n    assert shift is not None\n',
    "or True": '    assert criterion("still").within(measure.shift("shift", second, fair)) or True\n',
    "a return before": '    if coin.settings["items"] < 500:\n        return\n' + CONTROL,
}


@pytest.mark.mistake("T23", rule="M311", stage="declare")
@pytest.mark.parametrize("body", IDLE_CONTROLS.values(), ids=IDLE_CONTROLS)
def test_a_control_that_cannot_fail_is_reported(coin_design: Planted, body: str) -> None:
    coin_design.edit(TESTS, '    assert not coin.broken_control, "the fair coin moved"\n', "")
    control(coin_design, body)
    assert any(finding["subject"] == "C1" for finding in coin_design.found("M311"))


MISSED = {
    "a branch": "    shift = measure.shift('shift', second, fair)\n    if coin.bank.exists():\n        assert criterion('still').within(shift)\n",
    "a skip": "    pytest.skip('takes too long')\n    measure.rate('fair', fair)\n" + CONTROL,
    "answers without all": "    held = [criterion('still').within(measure.shift('shift', second, fair))]\n    assert held\n",
    "answers that are there": "    held = [criterion('still').within(measure.shift('shift', second, fair))]\n    assert held is not None\n",
    "a list of answers": "    held = []\n    held += [criterion('still').within(measure.shift('shift', second, fair)) for _ in '1']\n    assert held == held\n",
}


@pytest.mark.mistake("T23", rule="M311", stage="declare")
@pytest.mark.parametrize("body", MISSED.values(), ids=MISSED)
def test_a_control_whose_assert_is_missed_is_reported(coin_design: Planted, body: str) -> None:
    coin_design.edit(TESTS, '    assert not coin.broken_control, "the fair coin moved"\n', "")
    coin_design.edit(TESTS, "from harness", "import pytest\n\nfrom harness")
    control(coin_design, body)
    assert "C1" in {finding["subject"] for finding in coin_design.found("M311")}


@pytest.mark.mistake("R13", rule="M311", stage="declare")
@pytest.mark.mistake("T23", rule="M311", stage="declare")
def test_a_control_that_is_marked_to_be_skipped_is_reported(prompting: Planted) -> None:
    name = "evals/persona_prompting/test_controls.py"
    prompting.edit(name, '@control("C2"', '@pytest.mark.skip(reason="slow")\n@control("C2"')
    assert [finding["subject"] for finding in prompting.found("M311")] == ["C2"]


@pytest.mark.parametrize("claim", ["True", "1 < 2", "len(persona) >= 0", "persona", "coin.bias"])
def test_a_gate_that_looks_at_nothing_is_reported(coin_design: Planted, claim: str) -> None:
    coin_design.edit(TESTS, '    assert persona not in coin.bad, f"{persona} cannot throw"\n', f"    assert {claim}\n")
    assert any(finding["subject"] == "G2" for finding in coin_design.found("M311"))


def test_a_gate_may_fail_by_other_means(coin_design: Planted) -> None:
    body = '    import pytest\n\n    if persona in coin.bad:\n        pytest.fail("cannot throw")\n'
    coin_design.edit(TESTS, '    assert persona not in coin.bad, f"{persona} cannot throw"\n', body)
    assert coin_design.found("M311") == []
