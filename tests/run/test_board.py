"""Gates run first, once, whatever the selection, the scheduler and the number of workers."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from toy import Toy

MODES = [("-n0",), ("-n1",), ("-n4",), ("-n3", "--dist=loadgroup"), ("-n3", "--dist=worksteal"), ("-n2", "--dist=loadfile"), ("-p", "no:xdist")]


def test_every_mode_writes_the_same_results_and_runs_each_gate_once(toy: Toy) -> None:
    """-n 0, 1, 4 and every scheduler give the same results.json but for the execution block; each test body runs once."""
    told = []
    for number, mode in enumerate(MODES):
        (toy.root / "thrown").unlink(missing_ok=True)
        done = toy.run(*mode, "--harness-run-dir", f"run{number}", "--harness-store", f"store{number}", env={"COIN_BAD": "comedian"})
        assert done.returncode == 1, done.stdout
        told.append(toy.told(f"run{number}"))
        assert Counter(line for line in toy.thrown() if not line.startswith("throw")).most_common(1)[0][1] == 1, mode
        assert Counter(toy.thrown()).most_common(1)[0][1] == 1, mode
    assert all(one == told[0] for one in told)


def test_selecting_by_keyword_pulls_in_the_gates_that_are_needed(toy: Toy) -> None:
    """-k villain runs the villain's cells with G1, the villain's G2 and the kill criterion, and nothing else."""
    done = toy.run("-k", "villain", "-v")
    ran = {name for name, verdict in toy.cells().items() if verdict != "missing"}
    assert ran == {"G1", "G2[villain]", "K1", "H1[villain-heads]", "H1[villain-tails]"}
    assert "5 passed" in done.stdout and "7 deselected" in done.stdout
    assert toy.results()["complete"] is True


def test_selecting_by_node_id_pulls_in_gates_from_other_files(toy: Toy) -> None:
    """A node id of one file brings the gates that stand in another, and nothing else runs."""
    head, tests = (toy.root / "evals/coins/test_coins.py").read_text().split("\n\n\n", 1)
    gates, cells = tests.split("@kill")
    toy.write("evals/coins/test_gates.py", f"{head}\n\n\n{gates}")
    toy.write("evals/coins/test_coins.py", f"{head}\n\n\n@kill{cells}")
    toy.command = (sys.executable, "-m", "pytest", "evals/coins/test_coins.py::test_coins_differ[villain-heads]")
    done = toy.run()
    assert done.returncode == 0, done.stdout
    ran = {name for name, verdict in toy.cells().items() if verdict != "missing"}
    assert ran == {"G1", "K1", "G2[villain]", "H1[villain-heads]"}


def test_last_failed_pulls_in_its_gates(toy: Toy) -> None:
    """--lf selects the falsified cells only; the gates they need come along."""
    toy.edit("evals/coins/test_coins.py", "criterion(behaviour)", 'criterion("heads")')
    toy.edit("conftest.py", '"comedian": 0.9, "librarian": 0.5', '"comedian": 0.1, "librarian": 0.1')
    toy.run()
    toy.run("--lf", "--harness-store", "fresh")
    ran = {name for name, verdict in toy.cells().items() if verdict != "missing"}
    assert ran == {"G1", "K1", "G2[comedian]", "G2[librarian]"} | {f"H1[{who}-{what}]" for who in ("comedian", "librarian") for what in ("heads", "tails")}


def test_exit_first_leaves_an_incomplete_run_that_says_so(toy: Toy) -> None:
    """With -x the first failing gate ends the session; what was not run is missing, and the run is incomplete."""
    toy.run("-x", env={"COIN_BAD": "villain"})
    results = toy.results()
    assert results["complete"] is False
    assert "H1[villain-heads]" in results["missing"]


@pytest.mark.parametrize("mode", [("-n0",), ("-n2",)])
def test_gate_selection_is_a_ci_check(toy: Toy, mode: tuple[str, ...]) -> None:
    """-m gate runs the gates alone and fails when one does."""
    assert toy.run("-m", "gate", *mode).returncode == 0
    assert toy.run(
        "-m",
        "gate",
        *mode,
        env={"COIN_BAD": "villain"},
    ).returncode in (0, 1)
    failing = toy.run("-m", "gate", *mode, "--harness-store", "fresh", env={"COIN_BAD": "villain"})
    assert failing.returncode == 1
    assert {name for name, verdict in toy.cells().items() if verdict != "missing"} == {"G1", "G2[villain]", "G2[comedian]", "G2[librarian]"}


def test_a_worker_that_dies_leaves_a_run_marked_incomplete(toy: Toy) -> None:
    """A worker killed in the middle of a cell: the cell is named as missing, the run is incomplete, the others are there."""
    toy.edit(
        "evals/coins/test_coins.py",
        '    coin.note(f"H1-{persona}-{behaviour}")',
        '    import os\n    if persona == "librarian" and behaviour == "heads":\n        os.kill(os.getpid(), 9)',
    )
    done = toy.reporting().run("-n2")
    results = toy.results()
    assert done.returncode == 1
    assert results["complete"] is False and results["missing"] == ["H1[librarian-heads]"]
    assert "INCOMPLETE: 1 selected cell has no result: H1[librarian-heads]" in done.stdout
    assert toy.cells()["H1[villain-heads]"] == "supported"


def test_a_gate_whose_worker_dies_is_run_by_another(toy: Toy) -> None:
    """The lock of a dead worker is freed by the kernel: the gate is run again and no one waits for ever."""
    toy.edit(
        "evals/coins/test_coins.py",
        '    coin.note("G1")',
        "    import os, pathlib\n    mark = pathlib.Path('died')\n    if not mark.exists():\n        mark.write_text('x')\n        os.kill(os.getpid(), 9)",
    )
    toy.run("-n2")
    assert toy.cells()["G1"] == "passed"
    assert toy.cells()["H1[villain-heads]"] == "supported"
