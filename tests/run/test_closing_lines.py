"""How a run ends on the terminal: a line for each experiment, and no traceback for what is a result."""

from __future__ import annotations

import re

import pytest

from toy import Toy

TESTS = "evals/coins/test_coins.py"


def test_the_last_lines_tell_verdict_effect_and_report(toy: Toy) -> None:
    lines = [line for line in toy.run().stdout.splitlines() if line.startswith("coins: ")]
    assert len(lines) == 1
    assert re.fullmatch(
        r"coins: SUPPORTED; shift \+37\.0 pp \[\+\d+\.\d pp, \+\d+\.\d pp\] in H1\[villain-heads\]; reports/coins/[\w-]+/results\.json", lines[0]
    )


def test_where_nothing_is_decided_the_last_line_says_what_is_lacking(toy: Toy) -> None:
    done = toy.run("-k", "villain")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("coins: ")]
    assert line.startswith("coins: INCONCLUSIVE: ") and "H1[librarian-heads] (missing)" in line and "reports/coins/" in line


def test_a_falsified_cell_has_its_reason_and_no_traceback(toy: Toy) -> None:
    """When it is measured and when it is reused."""
    toy.edit("evals/coins/experiment.yaml", "heads: {value: 5,", "heads: {value: 30,")
    for _ in range(2):
        done = toy.run()
        assert toy.cells()["H1[librarian-heads]"] == "falsified"
        assert "30 pp" in done.stdout
        assert "AssertionError" not in done.stdout and "def test_coins_differ" not in done.stdout


def test_an_error_keeps_its_traceback(toy: Toy) -> None:
    toy.edit(TESTS, "    assert criterion(behaviour).holds(shift)\n", "    raise KeyError(persona)\n")
    assert ">       raise KeyError(persona)" in toy.run().stdout


@pytest.mark.parametrize(("old", "new", "reason"), [("import control", "import nothing_of_the_kind, control", "cannot import name"), ('"H1"', '"H7"', "H7")])
def test_without_tracebacks_the_summary_says_why_a_file_was_not_collected(toy: Toy, old: str, new: str, reason: str) -> None:
    """--tb=no hides what pytest says of a test file that cannot be imported, or that the experiment refuses."""
    text = (toy.root / TESTS).read_text(encoding="utf-8")
    (toy.root / TESTS).write_text(text.replace(old, new, 1), encoding="utf-8")
    lines = [{line for line in toy.run("--tb=no", *workers).stdout.splitlines() if line.startswith("ERROR ")} for workers in ((), ("-n2",))]
    assert lines[0] == lines[1] and len(lines[0]) == 1 and reason in lines[0].pop(), lines
