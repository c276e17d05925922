"""M315, M316: errors and missing values stay what they are."""

from __future__ import annotations

import pytest

from planted import Planted

TESTS, CONFTEST = "evals/coins/test_coins.py", "conftest.py"
SHIFT = '    shift = measure.shift("shift", after, before)\n'
HOLDS = "    assert criterion(behaviour).holds(shift)\n"
SCORE = '        return [{"item": item, "up": random.Random(f"{self.name} {item}").random() < self.p} for item in chunk]\n'


def in_test(design: Planted, before: str) -> None:
    """Statements before the measurement."""
    design.edit(TESTS, SHIFT, before + SHIFT)


def in_helper(design: Planted, body: str) -> None:
    """A helper of the conftest through which the treated arm goes."""
    design.write(CONFTEST, design.read(CONFTEST) + f"\n\ndef cleaned(outcomes):\n{body}\n\n\n@pytest.fixture\ndef clean():\n    return cleaned\n")
    design.edit(TESTS, "(persona, behaviour, coin, measure, criterion)", "(persona, behaviour, coin, measure, criterion, clean)")
    design.edit(TESTS, SHIFT, '    shift = measure.shift("shift", clean(after.outcomes("up")), before.outcomes("up"))\n')


SWALLOWED = {
    "except Exception": "    try:\n        after = coin.throw(persona, 0.5)\n    except Exception:\n        return\n",
    "bare": "    try:\n        after = coin.throw(persona, 0.5)\n    except:\n        after = None\n",
    "in a tuple": "    try:\n        after = coin.throw(persona, 0.5)\n    except (ValueError, Exception) as error:\n        print(error)\n",
    "suppress": "    from contextlib import suppress\n\n    with suppress(Exception):\n        after = coin.throw(persona, 0.5)\n",
    "contextlib.suppress": "    import contextlib\n\n    with contextlib.suppress(BaseException):\n        after = coin.throw(persona, 0.5)\n",
    "an assertion": '    try:\n        assert measure.rate("x", after).value > 0\n    except AssertionError:\n        pass\n',
    "finally": "    try:\n        after = coin.throw(persona, 0.5)\n    finally:\n        return\n",
}


@pytest.mark.mistake("T10", rule="M315", stage="declare")
@pytest.mark.parametrize("body", SWALLOWED.values(), ids=SWALLOWED)
def test_a_swallowed_error_is_reported(coin_design: Planted, body: str) -> None:
    in_test(coin_design, body)
    (finding,) = coin_design.found("M315")
    assert finding["where"]["file"] == TESTS and finding["stage"] == "declare"


@pytest.mark.mistake("T9", rule="M315", stage="declare")
def test_a_fixture_that_swallows_errors_is_reported(coin_design: Planted) -> None:
    coin_design.edit(
        CONFTEST,
        '        items = [f"{number:04d}"',
        '        try:\n            self.note(name)\n        except Exception:\n            pass\n        items = [f"{number:04d}"',
    )
    assert coin_design.found("M315")


def test_narrow_handlers_and_raising_ones_are_sound(coin_design: Planted) -> None:
    body = "    from harness import Inconclusive\n\n    try:\n        after = coin.throw(persona, 0.5)\n    except Inconclusive:\n        after = before\n"
    more = "    except Exception as error:\n        raise Inconclusive(str(error)) from error\n"
    in_test(coin_design, body + more)
    assert coin_design.found("M315") == []


FILLED = {
    "if is None": "    new = {}\n    for item, up in outcomes.items():\n        if up is None:\n            up = 0.0\n        new[item] = up\n    return new",
    "if item is None": "    for item in outcomes:\n        if outcomes[item] is None:\n            outcomes[item] = 0\n    return outcomes",
    "or 0.0": "    return {item: value or 0.0 for item, value in outcomes.items()}",
    "or 0": "    return {item: (outcomes[item] or 0) for item in outcomes}",
    "or False": "    return {item: value or False for item, value in outcomes.items()}",
    "get": "    return {item: outcomes.get(item, 0) for item in outcomes}",
    "x if x else 0": "    return {item: value if value else 0 for item, value in outcomes.items()}",
    "0 if x is None": "    return {item: 0.0 if value is None else value for item, value in outcomes.items()}",
    "if value": "    return {item: value for item, value in outcomes.items() if value}",
    "a loop": "    found = {}\n    for item, value in outcomes.items():\n        if not value:\n            continue\n        found[item] = value\n    return found",  # noqa: E501
    "nan_to_num": "    import numpy as np\n\n    return dict(zip(outcomes, np.nan_to_num(np.array(list(outcomes.values()), dtype=float)), strict=True))",
    "fillna": "    import pandas as pd\n\n    return pd.Series(outcomes).fillna(0).to_dict()",
    "fillna(value=)": "    import pandas as pd\n\n    return pd.Series(outcomes).fillna(value=0.0).to_dict()",
    "except KeyError": "    def one(item):\n        try:\n            return outcomes[item]\n        except KeyError:\n            return 0.0\n\n    return {item: one(item) for item in outcomes}",  # noqa: E501
    "mean or 0": "    values = [value for value in outcomes.values() if value is not None]\n    share = sum(values) / len(values) if values else 0.0\n    return {item: share for item in outcomes}",  # noqa: E501
}


@pytest.mark.mistake("T7", rule="M316", stage="declare")
@pytest.mark.parametrize("body", FILLED.values(), ids=FILLED)
def test_a_missing_value_that_becomes_0_is_reported(coin_design: Planted, body: str) -> None:
    in_helper(coin_design, body)
    assert any(finding["where"]["file"] == CONFTEST for finding in coin_design.found("M316"))


@pytest.mark.mistake("T22", rule="M316", stage="declare")
def test_a_default_of_a_wrong_key_is_reported(coin_design: Planted) -> None:
    in_helper(coin_design, '    return {item: outcomes.get(f"{item}-villian", 0.0) for item in outcomes}')
    assert coin_design.found("M316")


@pytest.mark.mistake("T22", rule="M316", stage="declare")
@pytest.mark.parametrize("lookup", ["coin.bias.get(persona, 0.0)", "coin.bias[persona] if persona in coin.bias else 0.0"])
def test_an_axis_value_that_a_table_may_call_otherwise_is_reported(coin_design: Planted, lookup: str) -> None:
    coin_design.edit(TESTS, "coin.bias[persona]", lookup)
    assert coin_design.found("M316")


@pytest.mark.mistake("T7", rule="M316", stage="declare")
def test_a_score_that_fills_missing_answers_is_reported(coin_design: Planted) -> None:
    coin_design.edit(CONFTEST, SCORE, '        return [{"item": item, "up": asked(item).get("up", 0)} for item in chunk]\n')
    coin_design.write(CONFTEST, coin_design.read(CONFTEST) + "\n\ndef asked(item):\n    import library\n\n    return library.ask(item)\n")
    assert coin_design.found("M316")


@pytest.mark.mistake("T8", rule="M316", stage="declare")
@pytest.mark.parametrize("test", ["old[item] and new[item]", "old[item] and new[item] is not None", "old.get(item) and new.get(item)"])
def test_items_whose_outcome_is_0_are_not_dropped(coin_design: Planted, test: str) -> None:
    body = f"    old, new = before.outcomes('up'), after.outcomes('up')\n    kept = [item for item in old if {test}]\n    assert kept\n"
    in_test(coin_design, body)
    assert coin_design.found("M316")


@pytest.mark.mistake("T8", rule="M316", stage="declare")
def test_measured_numbers_are_not_asked_for_their_truth(coin_design: Planted) -> None:
    coin_design.edit(TESTS, SHIFT, SHIFT + "    if shift.value and shift.p:\n        print(shift)\n")
    assert coin_design.found("M316")


@pytest.mark.mistake("D4", rule="M316", stage="declare")
@pytest.mark.parametrize(
    "body",
    [
        "    if persona_prompt:\n        turns.append(persona_prompt)\n",
        "    turns += [persona_prompt] if persona_prompt else []\n",
        "    turns.append(persona_prompt or 'You are helpful.')\n",
    ],
)
def test_an_empty_prompt_is_not_no_prompt(coin_design: Planted, body: str) -> None:
    coin_design.write(CONFTEST, coin_design.read(CONFTEST) + f"\n\ndef turns_of(persona_prompt):\n    turns = []\n{body}    return turns\n")
    coin_design.edit(CONFTEST, '        log(f"throw {self.name} {chunk[0]}")\n', '        log(f"throw {self.name} {chunk[0]} {turns_of(self.name)}")\n')
    assert coin_design.found("M316")


SOUND = {
    "is not None": "    return {item: value for item, value in outcomes.items() if value is not None}",
    "counts": "    counts = {}\n    for value in outcomes.values():\n        counts[value] = counts.get(value, 0) + 1\n    assert counts\n    return outcomes",
    "Counter": "    from collections import Counter\n\n    assert Counter(outcomes.values()).get(True, 0) >= 0\n    return outcomes",
    "an empty mapping": "    if not outcomes:\n        raise ValueError('nothing')\n    return outcomes",
    "None for no value": "    values = [value for value in outcomes.values() if value is not None]\n    return outcomes if values else None",
    "a text": "    return {item: value for item, value in outcomes.items() if (str(item) or '')}",
}


@pytest.mark.parametrize("body", SOUND.values(), ids=SOUND)
def test_what_keeps_missing_values_is_sound(coin_design: Planted, body: str) -> None:
    in_helper(coin_design, body)
    assert coin_design.found("M316") == []


def test_a_default_of_a_setting_is_sound(coin_design: Planted) -> None:
    in_test(coin_design, '    assert coin.settings.get("limit", 0) == 0 and not (coin.settings.get("pause") or 0)\n')
    assert coin_design.found("M316") == []
