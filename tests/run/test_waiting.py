"""What happens while a cell waits, is looked up or written down is no test: time limits do not count it, and what goes wrong there ends one cell."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from toy import Toy, until

TESTS = "evals/coins/test_coins.py"
# As pytest-timeout does it: a wrapper of the whole protocol, and either an alarm that fails the test or a thread that ends the process.
LIMIT = """
import os
import signal
import threading

import pytest


def pytest_addoption(parser):
    parser.addoption("--limit", type=float)
    parser.addoption("--limit-method", default="signal")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    mark = item.get_closest_marker("limit")
    limit = mark.args[0] if mark else item.config.getoption("--limit")
    if item.config.getoption("--limit-method") == "thread":
        timer = threading.Timer(limit, os._exit, (1,))
        timer.start()
        yield
        timer.cancel()
    else:
        signal.signal(signal.SIGALRM, lambda *_: pytest.fail(f"Timeout (>{limit}s) from the stand-in"))
        signal.setitimer(signal.ITIMER_REAL, limit)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
"""


def limited(toy: Toy, *words: str) -> str:
    toy.write("limit_plugin.py", LIMIT)
    toy.write("pytest.ini", "[pytest]\nmarkers = limit: seconds\n")
    done = toy.run("-p", "limit_plugin", *words)
    assert "INTERNALERROR" not in done.stdout + done.stderr and "crashed" not in done.stdout, done.stdout
    return done.stdout


@pytest.mark.parametrize("method", ["signal", "thread"])
@pytest.mark.parametrize("workers", ["-n0", "-n3"])
def test_waiting_for_a_gate_is_not_charged_to_a_cell(toy: Toy, workers: str, method: str) -> None:
    """A slow gate with a longer limit of its own: the cells that wait for it, or run it in their turn, keep their own short limit (stand-in for
    pytest-timeout)."""
    toy.edit(TESTS, '@gate("G1")', 'import time\nimport pytest\n\n\n@pytest.mark.limit(60)\n@gate("G1")')
    toy.edit(TESTS, '    coin.note("G1")', '    coin.note("G1")\n    time.sleep(4)')
    limited(toy, workers, "--limit", "2.5", "--limit-method", method, "-k", "villain")
    assert set(toy.cells().values()) == {"passed", "supported", "missing"} and toy.results()["complete"]


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_gate_that_is_too_slow_is_an_error_that_names_the_limit(toy: Toy, workers: str) -> None:
    """The gate breaks by its limit; each cell that needs it is blocked, with that reason."""
    toy.edit(TESTS, '    coin.note("G1")', '    coin.note("G1")\n    import time; time.sleep(4)')
    limited(toy, workers, "--limit", "1.5")
    assert toy.cells()["G1"] == "error" and toy.results()["complete"]
    blocked = [cell for cell in toy.results()["cells"] if cell["verdict"] == "blocked"]
    assert len(blocked) == 11 and all("Timeout (>1.5s)" in cell["reason"] for cell in blocked)


@pytest.mark.parametrize("raised", ["pytest.fail.Exception('too late')", "RuntimeError('too late')", "SystemExit('too late')", "MemoryError('too late')"])
def test_what_is_raised_while_waiting_ends_that_cell_alone(toy: Toy, raised: str) -> None:
    """One worker holds the lock of the gate, the other's wait is broken off by an exception of any kind: its cells say why, the rest has verdicts."""
    # The gate ends once the alarm has rung: so it rings while the other worker waits, however busy the machine is.
    waiting = "    open('the gate runs', 'w').close()\n    until = time.monotonic() + 60\n"
    waiting += "    while not os.path.exists('the alarm rang') and time.monotonic() < until:\n        time.sleep(0.05)"
    toy.edit(TESTS, '    coin.note("G1")', waiting)
    toy.edit(TESTS, "from harness", "import os\nimport time\n\nfrom harness")
    toy.write(
        "conftest.py",
        (toy.root / "conftest.py").read_text()
        + f'''

import signal
from harness.run.runner import Runner


def alarm(*_):
    open("the alarm rang", "w").close()
    raise {raised}


settle = Runner.settle


def impatient(self, active, need, item):
    """Arms an alarm for a cell's wait for the gate, as a plugin that knows nothing of us might: the other worker has the gate as its own first item."""
    if need == "G1" and not os.path.exists("the alarm rang"):
        until = time.monotonic() + 60
        while not os.path.exists("the gate runs") and time.monotonic() < until:
            time.sleep(0.05)
        signal.signal(signal.SIGALRM, alarm)
        signal.setitimer(signal.ITIMER_REAL, 0.5)
    return settle(self, active, need, item)


Runner.settle = impatient
''',
    )
    done = toy.run("-n2", "--dist", "worksteal")
    assert "INTERNALERROR" not in done.stdout + done.stderr, done.stdout
    cells = toy.results()["cells"]
    late = [cell for cell in cells if cell["verdict"] == "error"]
    assert late and all("too late" in cell["reason"] for cell in late) and toy.results()["complete"]
    assert toy.cells()["G1"] == "passed"
    assert done.returncode == 1


def test_a_limit_between_the_phases_of_a_test_ends_that_cell_alone(toy: Toy) -> None:
    """An alarm need not strike inside of a phase: where a report is made, nothing of pytest's would catch it."""
    late = "\n\ndef pytest_runtest_logreport(report):\n    if 'villain-heads' in report.nodeid and report.when == 'call':\n        pytest.fail('too late')\n"
    toy.write("conftest.py", (toy.root / "conftest.py").read_text() + late)
    done = toy.run()
    cell = next(cell for cell in toy.results()["cells"] if cell["id"] == "H1[villain-heads]")
    assert cell["verdict"] == "error" and "too late" in cell["reason"], done.stdout
    assert "INTERNALERROR" not in done.stdout and done.returncode == 1 and toy.results()["complete"]


@pytest.mark.parametrize(("end", "code"), [("pytest.exit('enough')", 2), ("raise KeyboardInterrupt", 2)])
def test_a_gate_may_end_the_session(toy: Toy, end: str, code: int) -> None:
    """pytest.exit and ctrl-C in a gate, running inline or not: what was not run is missing, and the run says that it is incomplete."""
    toy.edit(TESTS, '    coin.note("G1")', f"    import pytest\n    {end}")
    done = toy.run()
    assert done.returncode == code and "INTERNALERROR" not in done.stdout and "INCOMPLETE" in done.stdout


@pytest.mark.parametrize("end", ["pytest.fail('not today')", "raise SystemExit(3)"])
def test_a_gate_that_fails_otherwise_blocks_with_its_reason(toy: Toy, end: str) -> None:
    """pytest.fail and SystemExit are errors of the gate, not of the session."""
    toy.edit(TESTS, '    coin.note("G1")', f"    import pytest\n    {end}")
    done = toy.run("-n2")
    assert done.returncode == 1 and toy.results()["complete"] and toy.cells()["G1"] == "error"


ROOM = """\
import os

import pytest


@pytest.fixture(scope="module", autouse=True)
def room():
    yield
    if "LEFT_BADLY" in os.environ:
        raise RuntimeError("left badly")


"""


def test_a_teardown_that_fails_shows_whatever_the_cell_found(toy: Toy) -> None:
    """A module's fixture that breaks when the module is left: an error at the last cell, whether that is undecided or known from an earlier run."""
    toy.write(TESTS, ROOM + (toy.root / TESTS).read_text())
    toy.run("-k", "librarian and tails")
    for store in ("fresh", ".harness/store"):
        done = toy.run("--harness-store", store, env={"LEFT_BADLY": "1"})
        assert "INTERNALERROR" not in done.stdout and "left badly" in done.stdout and "1 error" in done.stdout and done.returncode == 1, done.stdout
        assert toy.cells()["H1[librarian-tails]"] == "inconclusive" and toy.results()["complete"]


# ---- the end by a signal


def ended(toy: Toy, *words: str, number: signal.Signals = signal.SIGTERM, group: bool = False) -> tuple[int, str]:
    """Starts a slow run, sends a signal when hypotheses are under way; (exit code, output)."""
    toy.edit("conftest.py", "time.sleep(self.pause)", "time.sleep(0.3)")
    process = toy.start("--harness-run-dir", "run", *words)
    until(lambda: any(line.startswith("H1") for line in toy.thrown()))
    if group:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    return process.wait(60), process.communicate()[0]


@pytest.mark.parametrize(
    ("number", "words", "group"), [(signal.SIGTERM, (), False), (signal.SIGHUP, (), False), (signal.SIGTERM, ("-n2",), False), (signal.SIGTERM, ("-n2",), True)]
)
def test_a_signal_ends_the_run_in_order(toy: Toy, number: signal.Signals, words: tuple[str, ...], group: bool) -> None:
    """SIGTERM and SIGHUP, to the process or to its whole group: results.json says incomplete, no journal line is torn, the next run goes on from there."""
    code, out = ended(toy, *words, number=number, group=group)
    assert code == 2, out
    results = toy.results("run")
    assert results["complete"] is False and "INCOMPLETE" in out and "INTERNALERROR" not in out, out
    assert not any("torn" in note for note in results["execution"]["notes"])
    before = len(toy.thrown())
    toy.run("--harness-run-dir", "run")
    assert toy.results("run")["complete"] is True and len(toy.thrown()) > before


def test_a_handler_of_the_users_is_left_alone(toy: Toy) -> None:
    """A handler for SIGTERM that a conftest installed is the one that is called."""
    toy.write("conftest.py", (toy.root / "conftest.py").read_text() + "\nimport signal\nsignal.signal(signal.SIGTERM, lambda *_: log('mine'))\n")
    toy.edit("conftest.py", "time.sleep(self.pause)", "time.sleep(0.1)")
    code, out = ended_softly(toy)
    assert code in (0, 1) and "mine" in toy.thrown() and toy.results("run")["complete"], out


def ended_softly(toy: Toy) -> tuple[int, str]:
    process = toy.start("--harness-run-dir", "run")
    until(lambda: any(line.startswith("H1") for line in toy.thrown()))
    process.send_signal(signal.SIGTERM)
    out = process.communicate(timeout=60)[0]
    return process.returncode, out


def test_without_an_experiment_no_handler_is_installed(toy: Toy) -> None:
    """In a session of plain tests SIGTERM does what it did; after an experiment, too."""
    toy.write("evals/plain/test_plain.py", "import signal\n\n\ndef test_plain():\n    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n")
    toy.command = (sys.executable, "-m", "pytest", "evals/plain")
    assert toy.run().returncode == 0
    script = "import pytest, signal; pytest.main(['evals/coins', '-q', '--harness-no-report']); assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL"
    toy.command = (sys.executable, "-c", script)
    assert toy.run().returncode == 0


def test_a_forked_child_ends_as_any_child(toy: Toy) -> None:
    """multiprocessing's terminate() ends a forked child of a cell by its signal; it does not end the run."""
    body = "    import multiprocessing, time\n    child = multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,))\n    child.start()\n"
    toy.edit(TESTS, '    coin.note("G1")', f"{body}    child.terminate()\n    child.join(20)\n    assert child.exitcode == -15, child.exitcode")
    toy.run("-k", "bank")
    assert toy.cells()["G1"] == "passed"
