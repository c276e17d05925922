"""What changed since the lock, and since the studies that a design builds on."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from fork_server import run_python
from harness.fingerprint import fingerprint
from harness.history import record_event
from planted import Planted, environment

TESTS = "evals/coins/test_coins.py"
LOCK = "evals/coins/experiment.lock.json"
GATE = '@gate("G1")\ndef test_the_bank_is_there(coin):\n    """The bank is there."""\n    coin.note("G1")\n    assert True\n'
LOST = {
    "a gate": ([('@gate("G1")\ndef test_the_bank', "def a_bank"), (', needs="G1"', ""), ('"K1", needs="G1"', '"K1"')], "the test G1", "G1"),
    "a control": ([('@control("C1", "negative")\ndef test_a_second', "def a_second")], "the test C1", "C1"),
    "a kill": ([('@kill("K1", needs="G1")\ndef test_all', "def all")], "the test K1", "K1"),
    "a need": ([('@hypothesis("H1", needs=["G2"])', '@hypothesis("H1")')], "H1 has lost its need G2", "H1"),
    "a need of a gate": ([('@gate("G2", needs="G1", over="persona")', '@gate("G2", over="persona")')], "G2 has lost its need G1", "G2"),
    "an axis": ([(', over="persona")', ")"), ("persona_throws(persona, coin)", "persona_throws(coin, persona='x')")], "G2 has lost its axis persona", "G2"),
    "a polarity": ([('@control("C1", "negative")', '@control("C1", "positive")')], "the polarity of C1 was negative in the lock and is positive now", "C1"),
    "a kind": ([('@kill("K1", needs="G1")', '@control("K1", needs="G1")')], "the kind of K1 was kill in the lock and is control now", "K1"),
}  # fmt: skip


def harness(design: Planted, *words: str) -> str:
    done = run_python([sys.executable, "-m", "harness.cli", *words], cwd=design.root, env=environment())
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


@pytest.fixture
def locked(coin_design: Planted) -> Planted:
    harness(coin_design, "lock", "evals/coins")
    return coin_design


@pytest.mark.parametrize("scale", ["smoke", "full"])
def test_a_kept_promise_has_no_finding(locked: Planted, scale: str) -> None:
    assert locked.check("--select", "R5,T209", scale=scale) == []


@pytest.mark.mistake("R13", rule="R504", stage="plan")
@pytest.mark.parametrize("what", LOST)
def test_a_guard_that_is_gone_is_named(locked: Planted, what: str) -> None:
    edits, told, subject = LOST[what]
    for old, new in edits:
        if old in locked.read(TESTS):
            locked.edit(TESTS, old, new, count=0)
    found = locked.found("R504")
    assert any(one["message"].startswith(told) and one["subject"] == subject and one["severity"] == "error" for one in found), found


@pytest.mark.mistake("R13", rule="R504", stage="plan")
def test_a_lock_of_an_earlier_version_names_the_tests(locked: Planted) -> None:
    """It holds no needs, axes and polarities: that they are there now is no deviation, and a gate that is gone is one."""
    lock = json.loads(locked.read(LOCK))
    lock["promise"] = {place: value for place, value in lock["promise"].items() if not place.startswith("tests/") and place != "power"}
    locked.write(LOCK, json.dumps(lock | {"sha256": fingerprint(lock["promise"])}))
    assert locked.check("--select", "R5") == [] and json.loads(harness(locked, "plan", "evals", "--json"))[0]["deviations"] == []
    locked.edit(TESTS, '@control("C1", "negative")\ndef test_a', "def a")
    assert [one["subject"] for one in locked.found("R504")] == ["C1"]


@pytest.mark.mistake("R13", rule="R504", stage="plan")
def test_the_skipped_pilot_of_the_leakage_study_is_named(leakage: Planted) -> None:
    leakage.edit("evals/persona_leakage/test_gates.py", '@gate("Pilot"', '@gate("Pilots"')
    for name in ("test_gates.py", "test_controls.py", "test_leakage.py"):
        leakage.write(f"{leakage.folder}/{name}", leakage.read(f"{leakage.folder}/{name}").replace('"Pilot"', '"Pilots"'))
    leakage.edit(leakage.yaml, "      Pilot: ", "      Pilots: ", count=0)
    assert any(one["subject"] == "Pilot" and "is gone since the lock" in one["message"] for one in leakage.found("R504"))


@pytest.mark.mistake("R6", rule="R505", stage="plan")
@pytest.mark.mistake("T20", rule="R505", stage="plan")
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("still: {value: 20", "still: {value: 40", "thresholds/still/value was 20.0 in the lock and is 40.0 now"),
        ("heads: {value: 5", "heads: {value: 2", "thresholds/heads/value was 5.0 in the lock and is 2.0 now"),
        ("direction: increase", "direction: either", 'thresholds/heads/direction was "increase" in the lock and is "either" now'),
        ("floor: 0.02", "floor: 0.01", "thresholds/heads/floor was 0.02 in the lock"),
        ("at_least: 2, of: persona", "at_least: 1, of: persona", "hypotheses/H1/rule/at_least was 2 in the lock and is 1 now"),
        ("primary: H1", "primary: H1\nalpha: 0.04", "alpha was 0.05 in the lock and is 0.04 now"),
        ("  smoke:\n", "  smoke:\n    thresholds: {heads: {value: 2}}\n", "scales/smoke/thresholds/heads/value was (absent) in the lock and is 2 now"),
        ("  smoke:\n", "  smoke:\n    rules: {H1: {at_least: 1, of: persona}}\n", "scales/smoke/rules/H1/at_least was (absent) in the lock and is 1 now"),
    ],
)
def test_a_moved_threshold_is_named_with_both_values(locked: Planted, old: str, new: str, told: str) -> None:
    locked.edit(locked.yaml, old, new)
    found = [one for one in locked.found("R505") if one["message"].startswith(told)]
    assert found and found[0]["severity"] == "error" and found[0]["where"]["line"] > 1


@pytest.mark.mistake("T20", rule="R505", stage="plan")
@pytest.mark.mistake("R6", rule="R505", stage="plan")
@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("evals/coins/experiment.yaml", "items: 200", "items: 100", "scales/smoke/settings/items 200 -> 100"),
        ("evals/coins/experiment.yaml", "seeds: [1]", "seeds: [2]", "scales/smoke/seeds [1] -> [2]"),
        ("evals/coins/experiment.yaml", "behaviour: [heads, tails]", "behaviour: [tails, heads]", "axes/behaviour"),
        ("banks/coins.jsonl", "one", "two", "data/banks/coins.jsonl"),
        ("personas/villain.yaml", "You are a villain", "You are the villain", "prompts/villain"),
        (TESTS, "assert not coin.flat", "assert not coin.flat or True", "test code/test_coins.py"),
        ("conftest.py", '"librarian": 0.5', '"librarian": 0.9', "shared code/conftest.py"),
    ],
)
def test_what_moves_the_data_is_a_warning(locked: Planted, file: str, old: str, new: str, told: str) -> None:
    """A tolerance may stand in a setting or in the code of a gate."""
    locked.edit(file, old, new)
    (finding,) = locked.found("R505")
    assert finding["severity"] == "warning" and any(one.startswith(told) for one in finding["evidence"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seconds: 2", "seconds: 3"),
        ("items: 400", "items: 500"),
        ("primary: H1", "primary: H1\nnext_steps: [go on]"),
        ("primary: H1", "primary: H1\npower: 0.7"),
    ],
)
def test_costs_words_and_other_scales_have_not_moved(locked: Planted, old: str, new: str) -> None:
    locked.edit(locked.yaml, old, new)
    assert locked.found("R505") == []


@pytest.mark.mistake("R7", rule="R505", stage="plan")
def test_another_primary_is_named(locked: Planted) -> None:
    rule = "    threshold_axis: behaviour\n"
    more = "  H2: {cells: [persona], rule: {at_least: 1, of: persona}, thresholds: [heads], family: exploratory}\n"
    locked.edit(locked.yaml, rule, rule + more)
    tests = locked.read(TESTS)
    again = '\n\n@hypothesis("H2")\ndef test_heads(persona, coin, measure, criterion):\n    """Heads alone."""\n'
    body = '    shift = measure.shift("shift", coin.throw("x", 0.9), coin.throw("fair", 0.5))\n    assert criterion("heads").holds(shift)\n'
    locked.write(TESTS, tests + again + body)
    harness(locked, "lock", "evals/coins", "--again", "--reason", "a second hypothesis")
    assert locked.found("R505") == []
    locked.edit(locked.yaml, "primary: H1", "primary: H2")
    assert [one["message"] for one in locked.found("R505")] == ['primary was "H1" in the lock and is "H2" now']


@pytest.mark.mistake("R11", rule="R506", stage="plan")
def test_a_large_run_without_a_dated_lock_is_reported(coin_design: Planted) -> None:
    """A smoke run claims nothing."""
    assert coin_design.found("R506") == []
    (finding,) = coin_design.found("R506", scale="full")
    assert finding["severity"] == "warning" and finding["fix"].endswith("harness lock evals/coins")
    harness(coin_design, "lock", "evals/coins")
    assert coin_design.found("R506", scale="full") == []
    assert json.loads(coin_design.read(LOCK))["locked_at"].endswith("Z")


def keys_of(results: dict[str, Any]) -> set[str]:
    return {cell["key"] for cell in results["cells"]}


@pytest.mark.mistake("T19", rule="R505", stage="run")
@pytest.mark.mistake("E4", rule="-", stage="run")
def test_no_cell_of_other_code_is_used_again(locked: Planted) -> None:
    """A change of the code gives every cell another key: all of them are measured again, and the results say that the code moved."""
    first = locked.run("-k", "villain")
    thrown = locked.read("thrown")
    assert keys_of(locked.run("-k", "villain")) == keys_of(first) and locked.read("thrown") == thrown
    locked.edit("conftest.py", '"comedian": 0.9', '"comedian": 0.8')
    results = locked.run("-k", "villain")
    assert not keys_of(results) & keys_of(first) and len(locked.read("thrown")) > len(thrown)
    assert [one["what"] for one in results["promise"]["deviations"]] == ["shared code/conftest.py"]


@pytest.mark.mistake("R8", rule="-", stage="report")
def test_cells_that_were_not_run_keep_their_place(locked: Planted) -> None:
    """They are missing in the results by name, and the hypothesis is not decided without them."""
    results = locked.run("-k", "villain")
    cells = {cell["id"]: cell["verdict"] for cell in results["cells"]}
    assert cells["H1[comedian-heads]"] == "missing" and len([one for one in cells if one.startswith("H1[")]) == 6
    assert results["hypotheses"][0]["verdict"] != "supported" and any(
        "missing" in one or "not run" in one or "not selected" in one for one in results["caveats"]
    )


PARENT = "parents:\n  - {{lock: {lock}{may}}}\nroles:\n"


def child(design: Planted, may: str = "") -> None:
    """A second experiment, a copy that names the first as its parent."""
    for name in ("experiment.yaml", "test_coins.py"):
        design.write(f"evals/second/{name}", design.read(f"evals/coins/{name}"))
    design.name = "second"
    design.edit(design.yaml, "id: coins", "id: second")
    design.edit(design.yaml, "roles:\n", PARENT.format(lock="evals/coins", may=f", may_differ: [{may}]" if may else ""))


@pytest.mark.mistake("D12", rule="T209", stage="declare")
@pytest.mark.mistake("D13", rule="T209", stage="declare")
@pytest.mark.mistake("D21", rule="T209", stage="declare")
@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("evals/second/experiment.yaml", "chunk: 50", "chunk: 25", "settings/chunk"),
        ("evals/second/experiment.yaml", "seeds: [1]", "seeds: [3]", "seeds"),
        ("evals/second/experiment.yaml", "tails: {value: 5", "tails: {value: 6", "thresholds/tails/value"),
        ("evals/second/experiment.yaml", "primary: H1", "primary: H1\nalpha: 0.04", "alpha"),
        ("banks/coins.jsonl", "one", "two", "data/banks/coins.jsonl"),
        ("personas/villain.yaml", "You are a villain", "You are the villain", "prompts/villain"),
    ],
)
def test_more_than_the_declared_variable_is_reported(locked: Planted, file: str, old: str, new: str, told: str) -> None:
    child(locked, "settings/items")
    locked.edit(locked.yaml, "items: 200", "items: 150")
    assert locked.found("T209") == []
    locked.edit(file, old, new)
    (finding,) = locked.found("T209")
    assert finding["evidence"] == [told] and finding["subject"] == "evals/coins" and finding["stage"] == "declare"


@pytest.mark.mistake("D12", rule="T209", stage="declare")
def test_a_difference_that_nobody_declared_is_reported(locked: Planted) -> None:
    child(locked)
    assert locked.found("T209") == []
    locked.edit(locked.yaml, "items: 200", "items: 150")
    assert [one["evidence"] for one in locked.found("T209")] == [["settings/items"]]


@pytest.mark.mistake("D13", rule="T209", stage="declare")
@pytest.mark.parametrize("line", ["behaviour_lr: 0.003", "behaviour_epochs: 2", "rows: 16"])
def test_a_recipe_that_differs_from_the_parents_is_reported(leakage: Planted, line: str) -> None:
    """The smoke run that gate G3 compares with had another learning rate."""
    leakage.edit(leakage.yaml, f"      {line}", f"      {line}1")
    (finding,) = leakage.found("T209")
    assert finding["evidence"] == [f"settings/{line.split(':')[0]}"] and finding["subject"] == "reports/parents/persona_leakage_smoke"


@pytest.mark.mistake("R12", rule="R507", stage="declare")
def test_a_parent_that_was_superseded_is_reported(coin_design: Planted) -> None:
    coin_design.run()
    (coin_design.root / "run").rename(coin_design.root / "one")
    coin_design.edit(coin_design.yaml, "roles:\n", "parents:\n  - {run: one}\nroles:\n")
    assert coin_design.check("--select", "R507,T209") == []
    record_event(coin_design.root / "one", "superseded", "the coin was bent", commit="")
    (finding,) = coin_design.found("R507")
    assert "the parent one does not stand any more: superseded the coin was bent" in finding["message"] and finding["where"]["line"] == 5
