"""Earlier studies as data: found by lock or run, compared, asked for their numbers."""

from __future__ import annotations

import json
import textwrap

import pytest

from toy import Toy, harness

PARENT = "parents:\n  - {entry}\nroles:\n"


def declare(toy: Toy, entry: str) -> None:
    toy.edit("evals/coins/experiment.yaml", "roles:\n", PARENT.format(entry=entry))


def test_a_run_gives_its_numbers_to_a_test(toy: Toy) -> None:
    """A gate compares with what the parent's run measured, by its address; numbers that were altered there are no evidence."""
    toy.run("--harness-run-dir", "reports/coins/one")
    declare(toy, "{run: reports/coins/one}")
    gate = '''

    @gate("G3", needs="G1")
    def test_the_fair_coin_is_the_parents(coin, measure, parents):
        """The fair coin goes up as often as in the parent's run."""
        found = measure.rate("fair", coin.throw("fair", 0.5))
        expected = parents[0].value("cells/C1/measurements/fair/value")
        assert abs(found.value - expected) < 1e-12, f"{found.value} against {expected}"
    '''
    path = toy.root / "evals/coins/test_coins.py"
    path.write_text(path.read_text() + textwrap.dedent(gate))
    toy.run("--harness-run-dir", "two")
    assert toy.cells("two")["G3"] == "passed"
    parent = toy.results("two")["parents"][0]
    assert parent["sha256"] and parent["headline"] and parent["differs"] == []
    tree = json.loads((toy.root / "reports/coins/one/results.json").read_text())
    next(cell for cell in tree["cells"] if cell["id"] == "C1")["measurements"][0]["value"] = 0.9
    (toy.root / "reports/coins/one/results.json").write_text(json.dumps(tree))
    toy.run("--harness-run-dir", "three")
    assert toy.cells("three")["G3"] == "error"  # its results are not what its journal gives


def test_what_differs_without_being_declared_is_a_caveat(toy: Toy) -> None:
    """`may_differ` names places or what stands below them; the rest is named in the results."""
    assert harness(toy, "lock", "evals/coins").returncode == 0
    declare(toy, "{lock: evals/coins, may_differ: [thresholds/heads]}")
    toy.edit("evals/coins/experiment.yaml", "heads: {value: 5", "heads: {value: 6")
    toy.edit("evals/coins/experiment.yaml", "items: 200", "items: 100")
    toy.run("--harness-run-dir", "run")
    results = toy.results("run")
    assert results["parents"][0]["differs"] == ["settings/items"]
    assert any("may_differ does not name: settings/items" in caveat for caveat in results["caveats"])


def test_a_parent_may_be_named_by_the_hash_of_its_lock(toy: Toy) -> None:
    assert harness(toy, "lock", "evals/coins").returncode == 0
    sha = json.loads((toy.root / "evals/coins/experiment.lock.json").read_text())["sha256"]
    declare(toy, f"{{lock: {sha[:16]!r}}}")
    toy.run("--harness-run-dir", "run", "-k", "villain")
    assert toy.results("run")["parents"][0]["sha256"] == sha


def test_a_text_alone_is_a_statement(toy: Toy) -> None:
    """A study outside of the project has neither lock nor run."""
    declare(toy, "a study of others")
    toy.run("--harness-run-dir", "run", "-k", "villain")
    assert toy.results("run")["parents"][0]["statement"] == "a study of others"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{run: reports/nowhere}", "no results of a run are in reports/nowhere"),
        ("{lock: evals/nowhere}", "there is no lock at evals/nowhere"),
        ("{lock: 0123456789abcdef}", "0 locks have the sha256 0123456789abcdef"),
        ("{statement: x, may_differ: [settings]}", "may_differ compares with a lock or a run"),
        ("{}", "a parent has a statement, a lock or a run"),
        ("{lok: x}", "unknown key"),
    ],
)
def test_a_parent_that_is_not_there_is_one_line(toy: Toy, entry: str, told: str) -> None:
    """The line names the file and the entry, before anything runs."""
    declare(toy, entry)
    done = toy.run()
    assert told in done.stdout + done.stderr and "experiment.yaml" in done.stdout + done.stderr and "Traceback" not in done.stdout + done.stderr
    assert toy.thrown() == []
