"""Beside other plugins: what they were asked for is done, or refused in a line that names it. The plugins here are small stand-ins that hook in as the
real ones do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.run.asserts import refuse_empty_asserts
from toy import Toy

TESTS = "evals/coins/test_coins.py"
# pytest-rerunfailures, pytest-forked, flaky: a protocol of their own, at work where an option asks for it.
RERUNS = """
from _pytest.runner import runtestprotocol


def pytest_addoption(parser):
    parser.getgroup("rerun").addoption("--reruns", type=int, default=0)
    parser.addini("reruns", "how often")


def pytest_runtest_protocol(item, nextitem):
    for _ in range(int(item.config.option.reruns or item.config.getini("reruns") or 0)):
        runtestprotocol(item, nextitem=nextitem)
        return True
"""
# A protocol of its own, always.
ALWAYS = RERUNS[RERUNS.index("\n\ndef pytest_runtest_protocol") :].replace(
    'range(int(item.config.option.reruns or item.config.getini("reruns") or 0))', "range(1)"
)
# pytest-retry: within the report of a phase it calls the test again.
RETRY = """
import pytest


def pytest_addoption(parser):
    parser.addoption("--again", action="store_true")


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if item.config.option.again and call.when == "call" and call.excinfo is not None:
        again = pytest.CallInfo.from_call(lambda: item.ihook.pytest_runtest_call(item=item), when="call")
        report.outcome = "failed" if again.excinfo else "passed"
"""
# pytest-repeat: a fixture of its own, parametrized for every test.
REPEAT = """
import pytest


def pytest_addoption(parser):
    parser.addoption("--count", type=int, default=1)


@pytest.fixture
def __repeat_step(request):
    return request.param


def pytest_generate_tests(metafunc):
    if metafunc.config.option.count > 1:
        metafunc.fixturenames.append("__repeat_step")
        metafunc.parametrize("__repeat_step", range(metafunc.config.option.count), indirect=True)
"""
# pytest-randomly, pytest-random-order.
SHUFFLE = """
import random


def pytest_collection_modifyitems(items):
    random.Random(3).shuffle(items)
"""


def beside(toy: Toy, plugin: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A run beside a plugin, which lies in a file `other_plugin.py`."""
    toy.write("other_plugin.py", plugin)
    return toy.run("-p", "other_plugin", *words, env=env)


def refusal(toy: Toy, done: subprocess.CompletedProcess[str], *words: str) -> str:
    """The line that holds all the words, "" without one. Nothing ran, no traceback, an exit code that is neither success nor failed tests."""
    out = done.stdout + done.stderr
    assert done.returncode not in (0, 1) and "Traceback" not in out and "INTERNALERROR" not in out, out
    assert not [line for line in toy.thrown() if not line.startswith("asked")] and not (toy.root / "reports").exists()
    return next((line for line in out.split("\n") if all(word in line for word in words)), "")


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_plugin_that_runs_tests_itself_is_refused_by_its_option(toy: Toy, workers: str) -> None:
    """--reruns, on the command line: named with its plugin, before anything runs."""
    assert refusal(toy, beside(toy, RERUNS, "--reruns", "2", workers), "--reruns", "other_plugin")


def test_a_plugin_that_runs_tests_itself_is_refused_by_its_ini_value(toy: Toy) -> None:
    """The same from the ini file; and a plugin without options, which is always at work, with the way to turn it off."""
    toy.write("pytest.ini", "[pytest]\nreruns = 2\n")
    assert refusal(toy, beside(toy, RERUNS), "reruns", "other_plugin")
    toy.write("pytest.ini", "[pytest]\n")
    assert refusal(toy, beside(toy, ALWAYS), "-p no:other_plugin", "wrapper")


def test_a_plugin_that_is_only_installed_does_no_harm(toy: Toy) -> None:
    """The same plugin without its option; plain tests beside it may use it; one that shuffles; one that wraps."""
    assert (
        beside(
            toy, RERUNS + SHUFFLE + "\n\nimport pytest\n\n\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_logreport():\n    return (yield)\n"
        ).returncode
        == 0
    )
    assert toy.results()["complete"] and toy.results()["hypotheses"][0]["verdict"] == "supported"
    ran = [line for line in toy.thrown() if not line.startswith("throw")]
    assert ran[0] == "G1", "gates come first again"
    toy.write("evals/plain/test_plain.py", "def test_plain():\n    pass\n")
    assert beside(toy, RERUNS, "--reruns", "2", "-k", "test_plain").returncode == 0


@pytest.mark.parametrize("mark", ["flaky", "forked"])
def test_a_mark_that_asks_for_another_way_of_running_is_refused(toy: Toy, mark: str) -> None:
    """Marked for it, with or without the plugin: named in one line."""
    toy.edit(TESTS, '@gate("G1")', f'import pytest\n\n\n@pytest.mark.{mark}\n@gate("G1")')
    assert refusal(toy, toy.run("-W", "ignore"), f"marked {mark}")


def test_a_test_that_was_called_twice_has_no_verdict(toy: Toy) -> None:
    """A plugin of a kind nobody knew calls a failed test again until it passes: the cell is an error that says so, not a support."""
    toy.edit(
        TESTS,
        "assert criterion(behaviour).holds(shift)",
        "coin.tries = getattr(type(coin), 'tries', 0) + 1\n    type(coin).tries = coin.tries\n    assert coin.tries % 2 == 0",
    )
    done = beside(toy, RETRY, "--again", "-k", "villain and heads")
    cell = next(cell for cell in toy.results()["cells"] if cell["id"] == "H1[villain-heads]")
    assert cell["verdict"] == "error" and "called the test 2 times" in cell["reason"] and done.returncode == 1
    assert "called the test 2 times" in done.stdout


@pytest.mark.parametrize(
    ("words", "named"), [(("--setup-only",), "--setup-only"), (("--setup-plan",), "--setup-plan"), (("-n2", "--dist", "each"), "--dist each")]
)
def test_ways_of_running_without_sound_verdicts_are_refused(toy: Toy, words: tuple[str, ...], named: str) -> None:
    """Tests that are set up but not run would pass; every cell on every worker would be written down twice."""
    assert refusal(toy, toy.run(*words), named)


@pytest.mark.parametrize("words", [("--setup-show",), ("--stepwise",), ("-n2", "--dist", "loadscope"), ("--ff",), ("--pyargs",)])
def test_ways_of_running_that_do_no_harm_are_left_alone(toy: Toy, words: tuple[str, ...]) -> None:
    """The same cells, all supported, passed or undecided."""
    assert toy.run(*words).returncode == 0
    assert toy.results()["complete"] and len(toy.cells()) == 12


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_copies_of_cells_are_refused_by_the_name_of_who_makes_them(toy: Toy, workers: str) -> None:
    """--count 2 would make two cells of one."""
    assert refusal(toy, beside(toy, REPEAT, "--count", "2", workers), "__repeat_step", "other_plugin")


FIXTURE = '@pytest.fixture(params=["a", "b"])\ndef coin'
GENERATE = (
    "def pytest_generate_tests(metafunc):\n    metafunc.fixturenames.append('wide')\n    metafunc.parametrize('wide', [1, 2])\n\n\n@pytest.fixture\ndef coin"
)


@pytest.mark.parametrize(("text", "named"), [(FIXTURE, ("'coin'", "a fixture of conftest")), (GENERATE, ("'wide'", "conftest.py"))])
def test_parameters_that_nobody_declared_are_refused(toy: Toy, text: str, named: tuple[str, ...]) -> None:
    """A parametrized fixture and a conftest's pytest_generate_tests repeat a cell over what neither the experiment nor the test declares."""
    toy.edit("conftest.py", "@pytest.fixture\ndef coin", text)
    assert refusal(toy, toy.run(), *named)


def test_a_parametrize_mark_of_the_test_is_a_declaration(toy: Toy) -> None:
    """What the author writes at the test makes cells, of a gate and of a hypothesis."""
    toy.edit(TESTS, '@gate("G1")', 'import pytest\n\n\n@pytest.mark.parametrize("part", ["left", "right"])\n@gate("G1")')
    toy.edit(TESTS, "def test_the_bank_is_there(coin)", "def test_the_bank_is_there(part, coin)")
    assert toy.run().returncode == 0
    assert {"G1[left]", "G1[right]"} <= set(toy.cells())


ASYNC = """\
import unittest

from harness import gate


class TestBank(unittest.{case}):
    @gate("G9")
    async def test_never(self):
        \"\"\"Never true.\"\"\"
        assert False
"""


def test_a_test_that_nobody_awaits_does_not_pass(toy: Toy) -> None:
    """An async function without a plugin is an error; in a plain unittest class, which never awaits it, it is refused; in the class for it, it runs."""
    toy.edit(TESTS, "def test_the_bank_is_there(coin)", "async def test_the_bank_is_there(coin)")
    toy.run()
    assert toy.cells()["G1"] in ("error", "inconclusive")
    toy.write("evals/coins/test_unit.py", ASYNC.format(case="TestCase"))
    done = toy.run("-k", "never")
    assert "G9 is asynchronous" in done.stdout and done.returncode == 2
    toy.write("evals/coins/test_unit.py", ASYNC.format(case="IsolatedAsyncioTestCase"))
    toy.run("-k", "never")
    assert toy.cells()["G9"] == "failed"


PARTS = """\
import unittest

from harness import gate


class TestParts(unittest.TestCase):
    @gate("G9")
    def test_parts(self):
        \"\"\"It has its parts.\"\"\"
        with self.subTest("part"):
            self.assertTrue(False, "this part, too")
"""


def test_a_subtest_that_fails_is_not_a_pass(toy: Toy) -> None:
    """pytest's subtests and unittest's own: the test goes on after a failing part, and its cell has failed."""
    pytest.importorskip("_pytest.subtests")
    toy.edit(TESTS, "def test_the_bank_is_there(coin):", "def test_the_bank_is_there(coin, subtests):")
    toy.edit(TESTS, '    coin.note("G1")', "    with subtests.test('part'):\n        assert False, 'a part is missing'")
    toy.write("evals/coins/test_unit.py", PARTS)
    toy.run("-m", "gate")
    assert toy.cells()["G1"] in ("failed", "error") and toy.cells()["G9"] in ("failed", "error")


LEAKS = """
import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call):
    report = yield
    if call.when == "call":
        report.outcome, report.longrepr = "failed", "it leaks"
    return report
"""


def test_a_plugin_that_calls_a_test_failed_is_believed(toy: Toy) -> None:
    """Nothing was raised, and yet a plugin turned the report to failed (a leak, an unraisable exception): an error, never support."""
    beside(toy, LEAKS, "-k", "bank")
    cell = next(cell for cell in toy.results()["cells"] if cell["id"] == "G1")
    assert cell["verdict"] == "error" and "it leaks" in cell["reason"]


# ---- what pytest leaves out of its collection

COPY = "evals/coins/{}/test_copy.py"


@pytest.mark.parametrize(
    ("folder", "words", "ini", "conftest"),
    [
        (".ipynb_checkpoints", (), "", ""),
        ("old", (), "norecursedirs = old", ""),
        ("old", ("--ignore=evals/coins/old",), "", ""),
        ("old", ("--ignore-glob=*/old/*",), "", ""),
        ("old", (), "", "collect_ignore = ['evals/coins/old']"),
        ("old", (), "", "collect_ignore_glob = ['*/test_copy.py']"),
        ("old", (), "", "def pytest_ignore_collect(collection_path):\n    return True if collection_path.name == 'old' else None"),
        ("venv", (), "", ""),
        ("__pycache__", (), "", ""),
        ("old", (), "python_files = coins/test_*.py", ""),
    ],
)
def test_what_pytest_leaves_out_is_left_out(toy: Toy, folder: str, words: tuple[str, ...], ini: str, conftest: str) -> None:
    """A copy of the tests where pytest does not look: the same cells, with the whole folder and with one node id asked for."""
    toy.write(COPY.format(folder), (toy.root / TESTS).read_text())
    if folder == "venv":
        toy.write(f"evals/coins/{folder}/pyvenv.cfg", "")
    toy.write("pytest.ini", f"[pytest]\n{ini}\n")
    toy.write("conftest.py", f"{(toy.root / 'conftest.py').read_text()}\n{conftest}\n")
    done = toy.run("-k", "bank", *words)
    assert done.returncode == 0 and len(toy.cells()) == 12, done.stdout
    toy.command = (*toy.command[:3], f"{TESTS}::test_coins_differ[villain-heads]")
    assert toy.run(*words).returncode == 0 and len(toy.cells()) == 12


def test_a_conftest_below_the_experiment_holds_for_its_files(toy: Toy) -> None:
    """A gate in a folder that pytest was not asked for has the fixtures of that folder's conftest, and its collect_ignore holds."""
    toy.write("evals/coins/deep/conftest.py", "import pytest\n\ncollect_ignore = ['test_copy.py']\n\n\n@pytest.fixture\ndef depth():\n    return 3\n")
    toy.write(
        "evals/coins/deep/test_deep.py", "from harness import gate\n\n\n@gate('G9')\ndef test_depth(depth):\n    '''It is deep.'''\n    assert depth == 3\n"
    )
    toy.write(COPY.format("deep"), (toy.root / TESTS).read_text())
    toy.edit(TESTS, 'needs="G1", over="persona"', 'needs=["G1", "G9"], over="persona"')
    toy.command = (*toy.command[:3], f"{TESTS}::test_coins_differ[villain-heads]")
    assert toy.run().returncode == 0 and toy.cells()["G9"] == "passed"


def test_links_that_lead_back_and_files_that_are_none(toy: Toy) -> None:
    """A link to a folder above itself, a link to nowhere, a folder named like a test: none stops the run, and no cell is there twice."""
    (toy.root / "evals/coins/loop").symlink_to("../coins")
    (toy.root / "evals/coins/self").symlink_to("self")
    (toy.root / "evals/coins/test_gone.py").symlink_to("nowhere.py")
    (toy.root / "evals/coins/test_folder.py").mkdir()
    done = toy.run("-k", "bank")
    assert done.returncode == 0 and len(toy.cells()) == 12, done.stdout


def test_an_experiment_reached_by_two_paths_is_refused(toy: Toy) -> None:
    """A link beside the experiment leads to it: one line that names both."""
    (toy.root / "evals/more").mkdir()
    (toy.root / "evals/more/coins").symlink_to("../coins")
    assert refusal(toy, toy.run(), "evals/more/coins", "a second time")


# ---- bodies that do not run, or decide nothing


def test_python_without_asserts_is_refused(toy: Toy) -> None:
    """PYTHONOPTIMIZE=1 leaves out the asserts of helpers, and all of them with --assert=plain."""
    done = toy.run("--assert=plain", env={"PYTHONOPTIMIZE": "1"})
    assert refusal(toy, done, "python -O", "assert")


def test_a_debugger_at_each_test_is_refused(toy: Toy) -> None:
    """--trace lets a test be left before its first line."""
    assert refusal(toy, toy.run("--trace"), "--trace")


SWALLOWS = """
import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if "bank" in pyfuncitem.name:
        return True
    if "throws" in pyfuncitem.name:
        try:
            pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames})
        except Exception:
            pass
        return True
"""


def test_a_body_that_did_not_run_to_its_end_is_no_pass(toy: Toy) -> None:
    """A plugin of a kind nobody knew leaves the body out, or swallows what it raises: errors, kept by no store."""
    toy.edit(TESTS, 'needs="G1", over="persona"', 'over="persona"')
    done = beside(toy, SWALLOWS, "-m", "gate", COIN_BAD="villain")
    reasons = {cell["id"]: cell["reason"] for cell in toy.results()["cells"] if cell["verdict"] == "error"}
    assert reasons == {"G1": "its test was never called", "G2[villain]": "its test did not run to its end, and yet nothing failed"}, done.stdout
    toy.run("-m", "gate")
    assert toy.cells()["G1"] == toy.cells()["G2[villain]"] == "passed"


RETURNS = """\
import asyncio
import threading
import unittest

from harness import control, gate, kill


@gate("R1")
def test_returns():
    return 1 > 2


@kill("R2")
def test_returns_true():
    return True


class TestUnit(unittest.TestCase):
    @gate("R3")
    def test_unit(self):
        return 5


class TestAsync(unittest.IsolatedAsyncioTestCase):
    @gate("R4")
    async def test_async(self):
        await asyncio.sleep(0)
        return False

    @gate("R5")
    async def test_async_sound(self):
        await asyncio.sleep(0)


class TestPlain(unittest.TestCase):
    @gate("R6")
    def test_sound(self):
        self.assertTrue(True)


def check():
    assert 1 > 2, "in the thread"


@gate("R7")
def test_thread():
    thread = threading.Thread(target=check)
    thread.start()
    thread.join()


class TestMethod:
    @gate("R8")
    def test_method(self):
        assert self is not None
"""


def test_a_body_that_decides_nothing_is_an_error(toy: Toy) -> None:
    """`return 1 > 2`, of every kind of test, and an assertion in a thread; also where warnings are off."""
    toy.write("evals/coins/test_returns.py", RETURNS)
    done = toy.run("-k", "Returns or returns", "-W", "ignore", "-p", "no:threadexception")
    cells = {cell["id"]: cell for cell in toy.results()["cells"] if cell["id"].startswith("R")}
    assert done.returncode == 1, done.stdout
    assert {name for name, cell in cells.items() if cell["verdict"] == "passed"} == {"R5", "R6", "R8"}
    for name, kind in (("R1", "bool"), ("R2", "bool"), ("R3", "int"), ("R4", "bool")):
        assert cells[name]["verdict"] == "error" and cells[name]["reason"].startswith(f"its test returned {kind}, "), cells[name]
    assert cells["R7"]["verdict"] == "error" and cells["R7"]["reason"] == "a thread failed while it ran: AssertionError: in the thread"


@pytest.mark.parametrize("claim", ['(False, "the bank is gone")', "(part for part in [0])", "lambda: False", '"the bank is there"', "[False]"])
def test_an_assertion_that_always_holds_is_refused(claim: str, tmp_path: Path) -> None:
    """A tuple of claim and message is true whatever the claim; the line is named."""
    path = tmp_path / "test_it.py"
    path.write_text(f"def test_it():\n    assert {claim}\n")
    with pytest.raises(HarnessError, match=r"test_it\.py:2: asserts .*always true"):
        refuse_empty_asserts([path])


def test_assertions_of_claims_are_left_alone(toy: Toy) -> None:
    """Through the front door: sound ones pass, one with a tuple is refused before anything runs."""
    path = toy.write("evals/sound.py", "assert True\nassert 1, (2, 3)\nassert (1 < 2)\nassert ()  or []\nassert [*()] or 1\nassert not ('a', 'b')\n")
    refuse_empty_asserts([path])
    toy.edit(TESTS, "    assert True\n", '    assert (True, "the bank is gone")\n')
    assert refusal(toy, toy.run(), "test_coins.py:8", "always true")


# ---- others that fail at the end

ENDS = """
import pytest


def pytest_sessionfinish(session):
    raise ValueError("at the end")
"""


@pytest.mark.parametrize("words", [("--junitxml=/dev/full",), (), ("-n2",)])
def test_a_plugin_that_fails_at_the_end_loses_no_results(toy: Toy, words: tuple[str, ...]) -> None:
    """Results and summary are there; what failed is one line, and the exit code says so."""
    done = beside(toy, "" if "--junitxml=/dev/full" in words else ENDS, "-k", "bank", *words)
    out = done.stdout + done.stderr
    assert done.returncode == 3 and toy.cells()["G1"] == "passed" and "results: reports/coins" in out, out
    assert "Traceback" not in out and "INTERNALERROR" not in out and "worker 'gw" not in out, out
    assert any("another plugin failed at the end" in line and ("at the end" in line or "No space left" in line) for line in out.split("\n")), out
