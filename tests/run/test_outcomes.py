"""The five outcomes, as pytest and the report see them."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from toy import Toy

TESTS = "evals/coins/test_coins.py"
HOLDS = "assert criterion(behaviour).holds(shift)"
NO_EFFECT = (
    "assert criterion(behaviour).holds(measure('none', 0.0, 'pp', n=200, interval=(-1.0, 1.0), sources=(after, before)), baseline=measure.rate('base', before))"
)


def test_a_cell_that_meets_its_criterion_is_supported_and_the_rule_decides(toy: Toy) -> None:
    """Two biased coins of three meet the registered rule; the fair one is undecided and cannot turn it."""
    done = toy.run("--harness-falsified-ok")
    assert done.returncode == 0, done.stdout
    cells, results = toy.cells(), toy.results()
    assert cells["H1[villain-heads]"] == "supported"
    assert cells["H1[librarian-heads]"] in ("inconclusive", "falsified")
    assert results["hypotheses"][0]["verdict"] == "supported"
    assert results["confidence"] == {"level": "LOW", "reason": "one seed"}


def test_a_failing_assert_falsifies_and_is_shown_as_falsified(toy: Toy) -> None:
    """A failing assert of the test is FALSIFIED, exit code 1; with --harness-falsified-ok the exit code stays 0."""
    toy.edit(TESTS, HOLDS, NO_EFFECT)
    done = toy.run("-v")
    assert done.returncode == 1
    assert "FALSIFIED" in done.stdout
    assert toy.cells()["H1[comedian-heads]"] == "falsified"
    assert toy.results()["hypotheses"][0]["verdict"] == "falsified"
    assert toy.run("--harness-falsified-ok").returncode == 0


def test_an_exception_is_an_error_and_never_falsified(toy: Toy) -> None:
    """A KeyError in the pipeline is an error: the cell counts as missing evidence and the exit code is 1 even with --harness-falsified-ok."""
    toy.edit("evals/coins/test_coins.py", "assert criterion(behaviour).holds(shift)", '{}["the pipeline broke"]')
    done = toy.run("--harness-falsified-ok")
    assert done.returncode == 1
    assert set(toy.cells().values()) == {"passed", "error"}
    assert toy.results()["hypotheses"][0]["verdict"] == "inconclusive"
    assert "6 errors" in done.stdout


def test_an_assertion_deep_in_a_library_is_an_error(toy: Toy) -> None:
    """An AssertionError raised outside the experiment's folder is a broken pipeline, not an answer."""
    toy.write("library.py", "def solve():\n    assert False, 'internal'\n")
    toy.edit("evals/coins/test_coins.py", "assert criterion(behaviour).holds(shift)", "import library; library.solve()")
    toy.run(env={"PYTHONPATH": str(toy.root)})
    assert toy.cells()["H1[villain-heads]"] == "error"


def test_a_failed_gate_blocks_what_needs_it_and_counts_what_was_saved(toy: Toy) -> None:
    """Cells of the persona whose gate failed are skipped with the gate's name; the others run; GPU-hours and dollars are counted."""
    done = toy.run(env={"COIN_BAD": "comedian"})
    results = toy.results()
    blocked = [cell for cell in results["cells"] if cell["verdict"] == "blocked"]
    assert [cell["id"] for cell in blocked] == ["H1[comedian-heads]", "H1[comedian-tails]"]
    assert all(cell["stopped_by"] == "G2[comedian]" and "comedian cannot throw" in cell["reason"] for cell in blocked)
    assert results["stopped"]["cost"] == {"gpu_hours": 1.0, "usd": 0.5, "seconds": 4.0}
    assert "stopped: 2 cells by G2[comedian] (2); saved 1 GPU-hours, $0.5" in done.stdout
    assert done.returncode == 1


def test_a_kill_criterion_that_is_met_stops_the_experiment(toy: Toy) -> None:
    """The kill test fails, every hypothesis cell is killed, and the hypothesis is neither supported nor falsified."""
    toy.run(env={"COIN_FLAT": "1"})
    cells = toy.cells()
    assert cells["K1"] == "failed"
    assert {verdict for name, verdict in cells.items() if name.startswith("H1")} == {"killed"}
    assert toy.results()["verdict"] == "killed"


def test_a_violated_control_makes_the_hypothesis_inconclusive_and_is_named(toy: Toy) -> None:
    """Whatever the rule says, a violated control leaves the hypothesis undecided, with the control's name in the reason."""
    toy.run(env={"COIN_CONTROL": "1"})
    hypothesis = toy.results()["hypotheses"][0]
    assert hypothesis["verdict"] == "inconclusive"
    assert "control C1 violated" in hypothesis["reason"]


def test_junit_xml_carries_the_verdicts(toy: Toy) -> None:
    """JUnit XML keeps working and names each verdict in a property."""
    toy.run("--junitxml=junit.xml", "-n2", env={"COIN_BAD": "comedian"})
    root = ElementTree.parse(toy.root / "junit.xml").getroot()
    verdicts = [prop.attrib["value"] for prop in root.iter("property") if prop.attrib["name"] == "harness_verdict"]
    assert len(verdicts) == 12
    assert verdicts.count("blocked") == 2


def test_numpy_scalars_survive_xdist(toy: Toy) -> None:
    """A numpy float measured in a worker reaches results.json as a number."""
    toy.edit(
        "evals/coins/test_coins.py",
        "    measure.rate(",
        "    import numpy\n    measure('share', numpy.float64(0.25), 'rate', n=numpy.int64(4))\n    measure.rate(",
    )
    toy.reporting().run("-n2")
    control = next(cell for cell in toy.results()["cells"] if cell["id"] == "C1")
    assert control["measurements"][0]["value"] == 0.25


def test_a_forgotten_assert_is_an_error_not_support(toy: Toy) -> None:
    """A criterion that said no in a test that passes all the same: an error that names the mend."""
    toy.edit(TESTS, HOLDS, 'criterion("heads").holds(shift)')
    toy.run()
    cell = next(cell for cell in toy.results()["cells"] if cell["id"] == "H1[librarian-heads]")
    assert cell["verdict"] in ("error", "inconclusive")
    toy.edit(TESTS, 'criterion("heads").holds(shift)', NO_EFFECT.removeprefix("assert "))
    toy.run()
    assert set(verdicts(toy)) == {"error"}


def verdicts(toy: Toy) -> list[str]:
    return [verdict for name, verdict in toy.cells().items() if name.startswith("H1")]


def test_xfail_cannot_turn_a_failure_green(toy: Toy) -> None:
    """An xfail mark is refused at collection; pytest.xfail() inside a cell is an error with exit code 1."""
    toy.edit(TESTS, HOLDS, "import pytest; pytest.xfail('known')")
    assert toy.run("--harness-falsified-ok").returncode == 1
    assert set(verdicts(toy)) == {"error"}
    toy.edit(TESTS, '@gate("G1")', 'import pytest\n\n\n@pytest.mark.xfail\n@gate("G1")')
    done = toy.run()
    assert "G1 is marked xfail" in done.stdout and done.returncode not in (0, 1)


def test_falsified_ok_does_not_cover_an_incomplete_run(toy: Toy) -> None:
    """-x stops at the first falsified cell: the rest is missing, and the exit code stays 1."""
    toy.edit(TESTS, HOLDS, NO_EFFECT)
    assert toy.run("-x", "--harness-falsified-ok").returncode == 1


def test_what_a_test_skipped_is_tried_again(toy: Toy) -> None:
    """A skip for want of something is no result: the next run asks again."""
    toy.edit(TESTS, HOLDS, "import os, pytest\n    os.environ.get('HAVE') or pytest.skip('no such thing here')\n    " + HOLDS)
    toy.run()
    assert set(verdicts(toy)) == {"inconclusive"}
    toy.run(env={"HAVE": "1"})
    assert "supported" in verdicts(toy)


def test_keys_reach_no_file_and_no_output(toy: Toy) -> None:
    """The value of MY_API_KEY in an exception, a local variable, a fact and on the command line is in no file and no output."""
    key = "sk-" + "0123456789abcdef" * 2
    toy.edit(
        TESTS, HOLDS, "import os\n    mine = os.environ['MY_API_KEY']\n    facts('Model', 'm', {'header': mine})\n    raise RuntimeError(f'401 for {mine}')"
    )
    toy.edit(
        TESTS,
        "def test_coins_differ(persona, behaviour, coin, measure, criterion):",
        "def test_coins_differ(persona, behaviour, coin, measure, criterion, facts):",
    )
    toy.edit("conftest.py", "import pytest\n", "import pytest\n\n\ndef pytest_addoption(parser):\n    parser.addoption('--api-key')\n")
    for mode in ("-n0", "-n2"):
        done = toy.reporting().run("-l", mode, f"--api-key={key}", "--junitxml=junit.xml", "-p", "no:cacheprovider", env={"MY_API_KEY": key})
        assert key not in done.stdout + done.stderr
        assert set(verdicts(toy)) == {"error"}
    assert not [path for path in toy.root.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]


def test_hostile_text_in_an_assertion_stays_text(toy: Toy) -> None:
    """Terminal escapes and lone surrogates in the message of an assertion that decides nothing: shown escaped in the table, carried by xdist, no crash."""
    toy.edit(TESTS, HOLDS, 'assert False, "\\x1b[2Jgone \\ud800 \\u202e"')
    done = toy.reporting().run("-n2", "--tb=no")
    assert set(verdicts(toy)) == {"error"}
    table = done.stdout[done.stdout.index("coins (smoke)") : done.stdout.index("confidence:")]
    assert "\x1b[2J" not in table and "\u202e" not in table


def test_what_json_cannot_hold_is_an_error_of_that_cell_alone(toy: Toy) -> None:
    """A NaN in a fact spoils its cell, not the session."""
    toy.edit(TESTS, HOLDS, "facts('M', 'x', float('nan') if persona == 'villain' else 1)\n    " + HOLDS)
    toy.edit(
        TESTS,
        "def test_coins_differ(persona, behaviour, coin, measure, criterion):",
        "def test_coins_differ(persona, behaviour, coin, measure, criterion, facts):",
    )
    assert toy.reporting().run("-n2", "--harness-falsified-ok").returncode == 1
    assert toy.cells()["H1[villain-heads]"] == "error" and toy.cells()["H1[comedian-heads]"] == "supported"
