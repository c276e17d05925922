"""A mistake in the declaration is one clear line with file, line and mend, at collection."""

from __future__ import annotations

import sys

import pytest

from toy import Toy

YAML = "evals/coins/experiment.yaml"
TESTS = "evals/coins/test_coins.py"
TOO_LONG = "no pattern below" if sys.version_info < (3, 12) else "no input file matches"  # later, Path.glob passes over what a file system refuses

# (file, what stands there, what is written instead, what must be told)
MISTAKES = {
    "wrong key": (YAML, "question: Which", "questoin: Which", ["experiment.yaml:3", "unknown key 'questoin'", "Did you mean 'question'?"]),
    "wrong nested key": (
        YAML,
        "value: 5, unit: pp, direction: increase",
        "valeu: 5, unit: pp, direction: increase",
        ["experiment.yaml:10", "valeu", "'value'"],
    ),
    "missing key": (YAML, "primary: H1\n", "", ["'primary' is missing"]),
    "unknown axis": (YAML, "cells: [persona, behaviour]", "cells: [persona, behavior]", ["unknown axis 'behavior'", "Did you mean 'behaviour'?"]),
    "unknown role": (YAML, "{role: source}", "{role: sources}", ["unknown role 'sources'", "Did you mean 'source'?"]),
    "role used twice": (YAML, "roles:\n", "roles:\n  target: [villain]\n", ["'villain' is both target and source", "argued"]),
    "duplicate cell": (YAML, "[heads, tails]\nthresholds", "[heads, heads]\nthresholds", ["duplicate cell", "'heads' twice"]),
    "key twice": (YAML, "primary: H1\n", "primary: H1\nprimary: H1\n", ["the key 'primary' stands twice"]),
    "rule asks too much": (YAML, "{at_least: 2, of: persona", "{at_least: 4, of: persona", ["at least 4 of persona can never hold", "it has 3"]),
    "rule over a foreign axis": (YAML, "of: persona, each", "of: seed, each", ["counts over 'seed'"]),
    "primary is no hypothesis": (YAML, "primary: H1", "primary: H2", ["the primary endpoint 'H2' is no hypothesis", "H1"]),
    "no YAML at all": (YAML, "id: coins", "id: [coins", ["is not valid YAML", "experiment.yaml:"]),
    "id is not the folder": (YAML, "id: coins", "id: dice", ["'dice' is not the folder's name", "id: coins"]),
    "scale not declared": (YAML, "  smoke:\n", "  pilot:\n", ["declares no scale 'smoke'", "pilot, full"]),
    "hypothesis not declared": (TESTS, '@hypothesis("H1"', '@hypothesis("H9"', ["H9", "is not declared in experiment.yaml"]),
    "unknown need": (TESTS, 'needs=["G2"]', 'needs=["G3"]', ["H1 needs 'G3'", "test_coins.py:", "Did you mean 'G"]),
    "cycle of gates": (TESTS, '@gate("G1")', '@gate("G1", needs="G2")', ["the needs go round in a circle", "G1", "G2"]),
    "a quick gate that waits for a slow one": (
        TESTS,
        '@gate("G2", needs="G1", over="persona")',
        '@gate("G2", needs="G1", over="persona", quick=True)',
        ["the quick gate G2 needs G1, which is not quick", "test_coins.py:"],
    ),
    "duplicate test": (
        TESTS,
        '@gate("G2", needs="G1", over="persona")\ndef test_the_persona_throws(persona, coin)',
        '@gate("G1")\ndef test_twice(coin)',
        ["duplicate cell G1"],
    ),
    "axis the test does not take": (
        TESTS,
        "def test_the_persona_throws(persona, coin)",
        "def test_the_persona_throws(coin)",
        ["'persona', which its test does not take"],
    ),
    "two kinds under one id": (TESTS, '@control("C1", "negative")', '@control("K1", "negative")', ["duplicate cell K1"]),
    "fewer cells than declared": (
        TESTS,
        '@hypothesis("H1", needs=["G2"])',
        'import pytest\n\n\n@pytest.mark.parametrize("persona", ["villain"])\n@hypothesis("H1", needs=["G2"])',
        ["H1 has no test for 4 of its declared cells"],
    ),
    "polarity": (TESTS, '"negative"', '"negatve"', ["the polarity 'negatve' is not known", "Did you mean 'negative'?"]),
    "two declarations on one test": (
        TESTS,
        '@control("C1", "negative")',
        '@control("C1", "negative")\n@control("C2", "negative")',
        ["are declared on one test"],
    ),
    "seed twice": (YAML, "seeds: [1]", "seeds: [1, 1]", ["a seed stands twice"]),
    "bars out of order": (YAML, "at_least: 2, of: persona", "at_least: 2, falsified_below: 3, of: persona", ["falsified_below 3 lies above at_least 2"]),
    "infinite threshold": (YAML, "value: 5, unit: pp, direction: increase", "value: .inf, unit: pp, direction: increase", ["finite number"]),
    "absolute input": (YAML, "[banks/*.jsonl]", "[/etc/hostname]", ["is no pattern below the project"]),
    "threshold axis": (YAML, "threshold_axis: behaviour", "threshold_axis: behavior", ["threshold_axis 'behavior' is no axis", "behaviour"]),
    "anchor in itself": (YAML, "inputs: [banks/*.jsonl]", "inputs: &a [*a]", ["experiment.yaml"]),
    "missing persona": (YAML, "[villain, comedian, librarian]", "[villain, comedian, robot]", ["there is no persona 'robot'", "robot.yaml"]),
    "missing input": (YAML, "banks/*.jsonl", "banks/*.csv", ["no input file matches 'banks/*.csv'"]),
    "unknown unit": (YAML, "value: 5, unit: pp, direction: increase", "value: 5, unit: ppt, direction: increase", ["experiment.yaml:10", "'ppt'", "'pp'"]),
    "unit that cannot reach it": (YAML, "value: 5, unit: pp, direction: increase", "value: 500, unit: pp, direction: increase", ["never be reached", "200"]),
    "negative n": (
        YAML,
        "expected_effect: 20, n: items}\n  tails",
        "expected_effect: 20, n: -5}\n  tails",
        ["experiment.yaml:10", "heads.n: input should be greater than or equal to 1", "Found -5"],
    ),
    "n of a setting that is not there": (YAML, "expected_effect: 20, n: items}\n  tails", "expected_effect: 20, n: itmes}\n  tails", ["'itmes'", "'items'"]),
    "n of a setting that is no number": (YAML, "items: 400", "items: 4.5", ["takes its n from items, which is 4.5"]),
    "yes is no number": (YAML, "{at_least: 2, of: persona", "{at_least: yes, of: persona", ["experiment.yaml:16", "at_least", "'yes'"]),
    "true is no number": (YAML, "{at_least: 2, of: persona", "{at_least: true, of: persona", ["at_least", "Found True"]),
    "text is no number": (YAML, "value: 5, unit: pp, direction: increase", 'value: "5", unit: pp, direction: increase', ["heads.value", "Found '5'"]),
    "a number is no name": (YAML, "title: Coins differ from a fair one", "title: 42", ["title", "Found 42"]),
    "octal seed": (YAML, "seeds: [1, 2, 3]", "seeds: [010, 011]", ["experiment.yaml:", "010 means different things"]),
    "half seed": (YAML, "seeds: [1, 2, 3]", "seeds: [1.0, 2]", ["seeds.0", "Found 1.0"]),
    "no as a setting": (YAML, "items: 400, chunk: 50, pause: 0.0", "items: 400, chunk: no, pause: 0.0", ["chunk: no is text", "true or false"]),
    "setting of one scale": (YAML, "items: 400, chunk: 50, pause: 0.0", "items: 400, chunk: 50", ["full lacks the setting 'pause', which smoke has"]),
    "misspelt setting": (YAML, "items: 400, chunk: 50, pause: 0.0", "items: 400, chnuk: 50, pause: 0.0", ["lacks the setting", "Did you mean 'ch"]),
    "value left empty": (YAML, "primary: H1\n", "primary: H1\nbudget: {usd: }\n", ["'usd' has no value"]),
    "negative budget": (YAML, "primary: H1\n", "primary: H1\nbudget: {usd: -1}\n", ["budget.usd", "greater than or equal to 0"]),
    "an axis value with a command": (YAML, "[heads, tails]\nthresholds", '["h\\e[2J", tails]\nthresholds', ["experiment.yaml:8", "control or invisible"]),
    "an axis value too long": (YAML, "[heads, tails]\nthresholds", f"[{'h' * 300}, tails]\nthresholds", ["experiment.yaml:8", "300 bytes"]),
    "a blank axis value": (YAML, "[heads, tails]\nthresholds", '[" ", tails]\nthresholds', ["experiment.yaml:8", "is blank"]),
    "axis values that differ in case": (YAML, "[heads, tails]\nthresholds", "[heads, Heads]\nthresholds", ["'Heads' and 'heads'", "ignores case"]),
    "an axis value that equals another": (YAML, "[heads, tails]\nthresholds", "[heads, tails]\n  level: [1, true]\nthresholds", ["True and 1", "equal"]),
    "persona outside of its folder": (YAML, "[villain, comedian, librarian]", "[villain, comedian, ../x]", ["cannot name a persona's file"]),
    "parameters of the test's own that are equal": (
        TESTS,
        '@control("C1", "negative")\ndef test_a_second_fair_coin_does_not_differ(coin',
        'import pytest\n\n\n@pytest.mark.parametrize("way", [1, 1.0])\n@control("C1", "negative")\ndef test_a_second_fair_coin_does_not_differ(way, coin',
        ["duplicate cell C1[1.0]", "equal those of C1[1]"],
    ),
    "an input with a name too long": (YAML, "[banks/*.jsonl]", f"[{'x' * 400}]", ["experiment.yaml", "no input file matches"]),
    "an input in a folder with a name too long": (YAML, "[banks/*.jsonl]", f"[{'x' * 400}/a.jsonl]", ["experiment.yaml", TOO_LONG]),
    "a parameter of the test's own": (
        TESTS,
        '@control("C1", "negative")\ndef test_a_second_fair_coin_does_not_differ(coin',
        'import pytest\n\n\n@pytest.mark.parametrize("way", ["x" * 200])\n@control("C1", "negative")\ndef test_a_second_fair_coin_does_not_differ(way, coin',
        ["of way has 200 bytes"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_one_line(toy: Toy, mistake: str) -> None:
    """The line names the place, what is wrong and the mend; there is no traceback, nothing runs, nothing is written."""
    file, old, new, told = MISTAKES[mistake]
    toy.edit(file, old, new)
    done = toy.run()
    text = done.stdout + done.stderr
    assert done.returncode not in (0, 1), text
    line = next((line for line in text.splitlines() if all(part in line for part in told)), None)
    assert line is not None, text
    assert "Traceback" not in text and "INTERNALERROR" not in text, text
    assert not toy.thrown()
    assert not (toy.root / "reports").exists()


def test_a_mistake_is_told_the_same_way_under_xdist(toy: Toy) -> None:
    """With -n 2 the same one line, no crash of a worker."""
    toy.edit(TESTS, 'needs=["G2"]', 'needs=["G3"]')
    done = toy.run("-n2")
    assert "H1 needs 'G3'" in done.stdout
    assert "INTERNALERROR" not in done.stdout and done.returncode not in (0, 5)


def test_a_budget_is_told_the_same_way_under_xdist(toy: Toy) -> None:
    """What is wrong before the first cell is told as an error of collection, whatever -n."""
    done = toy.run("-n2", "--harness-budget-gpu-hours", "1")
    assert "the plan costs 3 GPU-hours, the budget is 1" in done.stdout
    assert "INTERNALERROR" not in done.stdout and not toy.thrown()


def test_a_broken_file_of_the_experiment_is_told(toy: Toy) -> None:
    """A sibling file that cannot be imported is one line, even where only a node id of another file was asked for."""
    toy.write("evals/coins/test_broken.py", "import nothing_of_that_name\n")
    toy.command = (sys.executable, "-m", "pytest", "evals/coins/test_coins.py::test_coins_differ[villain-heads]")
    done = toy.run()
    assert "this file of the experiment cannot be collected" in done.stdout and "INTERNALERROR" not in done.stdout


def test_a_file_in_a_sub_folder_belongs_to_the_experiment(toy: Toy) -> None:
    """A control that stands deeper is part of the universe even where only another file was asked for."""
    toy.write("evals/coins/deep/test_more.py", "from harness import control\n\n\n@control('C9')\ndef test_nine():\n    assert False\n")
    toy.command = (sys.executable, "-m", "pytest", "evals/coins/test_coins.py")
    toy.run()
    assert toy.cells()["C9"] == "missing"
    assert toy.results()["hypotheses"][0]["verdict"] == "inconclusive"


def test_argued_roles_are_allowed(toy: Toy) -> None:
    """A persona may play two roles where the declaration argues for it."""
    toy.edit(YAML, "roles:\n", "argued: {villain: it is compared with itself}\nroles:\n  target: [villain]\n")
    assert toy.run("--collect-only", "-q").returncode == 0


def test_markers_live_beside_the_hypothesis_library(toy: Toy) -> None:
    """A property test of the Hypothesis library in the same session is left alone, and -m hypothesis still selects cells."""
    toy.write(
        "evals/coins/test_property.py", "from hypothesis import given, strategies as st\n\n@given(st.integers())\ndef test_integers(n):\n    assert n == n\n"
    )
    toy.command = (sys.executable, "-m", "pytest", "evals")  # with all plugins
    done = toy.run("--strict-markers", "-v")
    assert "test_integers PASSED" in done.stdout
    assert not any("integers" in cell["nodeid"] for cell in toy.results()["cells"])


def test_collect_only_touches_no_disk(toy: Toy) -> None:
    """--collect-only writes nothing: no store, no reports, no run folder."""
    toy.run("--collect-only", "-q", "-p", "no:cacheprovider", "--harness-run-dir", "run")
    assert {path.name for path in toy.root.iterdir()} - {"__pycache__"} == {"pytest.ini", "conftest.py", "evals", "banks", "personas"}


def test_a_session_without_experiments_is_left_alone(pytester: pytest.Pytester) -> None:
    """The plugin brings no fixture, changes no order, writes no file where no experiment is declared."""
    lines = ["import pytest", "def test_b(request):", "    with pytest.raises(pytest.FixtureLookupError):", "        request.getfixturevalue('measure')"]
    pytester.makepyfile("\n".join([*lines, "def test_a():", "    pass"]))
    done = pytester.runpytest_subprocess("-v", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["*test_b PASSED*", "*test_a PASSED*"])
    done.stdout.no_fnmatch_line("*harness (*")
    assert not [path for path in pytester.path.rglob("*") if path.name in ("reports", ".harness", "journal.jsonl", ".lock")]


def test_a_forged_copy_of_the_declaration_changes_nothing(toy: Toy) -> None:
    """Nothing but experiment.yaml says what was declared; nothing is kept beside it."""
    cache = toy.root / "evals/coins/__pycache__"
    cache.mkdir(parents=True, exist_ok=True)
    done = toy.run("--collect-only", "-q")
    assert done.returncode == 0 and "test_coins_differ[villain-heads]" in done.stdout, done.stdout
    assert not list(cache.glob("*.json"))


def test_a_setting_that_is_not_declared_is_told_with_the_nearest(toy: Toy) -> None:
    """The cell says which setting it missed; `get` and `in` answer as they do for any mapping."""
    toy.edit(TESTS, "def test_the_bank_is_there(coin):", "def test_the_bank_is_there(coin, settings):")
    toy.edit(
        TESTS,
        '    coin.note("G1")\n',
        "    assert settings.get('x', 3) == 3 and 'x' not in settings and dict(settings)['chunk'] == 50\n    settings['itmes']\n",
    )
    done = toy.run("-k", "G1 or bank")
    reason = next(cell["reason"] for cell in toy.results()["cells"] if cell["id"] == "G1")
    assert "there is no setting 'itmes'. Did you mean 'items'?" in reason, done.stdout
