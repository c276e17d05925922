"""Full disks and places that cannot be written, for one process and for workers: one line with the place and the mend, an exit code, a summary."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from toy import Toy

TESTS = "evals/coins/test_coins.py"
WORKERS = pytest.mark.parametrize("workers", ["-n0", "-n2"])


def told_in_one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """A line holds all the words; neither pytest nor xdist speaks of crashes; the exit code is that of a run that could not be written."""
    out = done.stdout + done.stderr
    assert any(all(word in line for word in words) for line in out.split("\n")), out
    assert not [word for word in ("INTERNALERROR", "crashed", "Traceback", "replacing") if word in out], out
    assert done.returncode in (3, 4), out


@WORKERS
@pytest.mark.parametrize("name", ["--harness-store", "--harness-run-dir"])
def test_a_file_where_a_folder_should_be(toy: Toy, name: str, workers: str) -> None:
    """The store or the run folder is a file: told before any test runs."""
    toy.write("taken", "a file stands here")
    told_in_one_line(toy.run(name, "taken", workers), "taken", "cannot write")
    assert not toy.thrown()


@WORKERS
def test_reports_that_cannot_be_written(toy: Toy, workers: str) -> None:
    """`reports` is a file: told before any test runs."""
    toy.write("reports", "a file stands here")
    told_in_one_line(toy.run(workers), "reports", "cannot write")
    assert not toy.thrown()


@pytest.mark.parametrize("bound", [5_000, 14_000])
def test_a_full_disk_under_workers_loses_nothing(toy: Toy, bound: int) -> None:
    """Files cannot grow beyond a bound (as on a full disk): the session ends by itself; afterwards it goes on, and the results are whole."""
    toy.edit("evals/coins/experiment.yaml", "items: 200", "items: 20")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bound, bound))  # noqa: E731
    command = [*toy.command, "--harness-run-dir", "run", "-n2", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=toy.root, env=toy.env(None), capture_output=True, text=True, preexec_fn=limit, timeout=120)
    told_in_one_line(done, "cannot write: File too large", "run")
    toy.run("--harness-run-dir", "run")
    assert toy.results("run")["complete"] is True


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB; the test is skipped where none may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", place], capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


FILLS = '''
import os


def fills():
    """Fills the disk, whatever others take of it meanwhile."""
    if os.environ.get("FILL"):
        with open("{filler}", "ab", buffering=0) as stream:
            try:
                while True:
                    stream.write(b"0" * 512)
            except OSError:
                pass


@gate("G1")'''


@pytest.mark.chaos
@WORKERS
@pytest.mark.parametrize("what", ["--harness-run-dir", "--harness-store"])
def test_a_disk_that_fills_up(toy: Toy, small_disk: Path, what: str, workers: str) -> None:
    """The first hypothesis fills the disk: its cell and the session end with the place; with room again the run goes on to the end."""
    toy.edit(TESTS, '    coin.note(f"H1-{persona}-{behaviour}")', "    fills()")
    toy.edit(TESTS, '\n\n\n@gate("G1")', FILLS.format(filler=small_disk / "filler"))
    words = (what, str(small_disk / "place"), *(() if what.endswith("dir") else ("--harness-run-dir", "run")), workers)
    done = toy.run(*words, env={"FILL": "1"})
    out = done.stdout + done.stderr
    told_in_one_line(done, "No space left on device", "disk/place")
    assert ("direct cause" not in out and "INCOMPLETE" in out) or what.endswith("dir"), out
    (small_disk / "filler").unlink()
    toy.run(*words)
    assert toy.results(str(small_disk / "place") if what.endswith("dir") else "run")["complete"]


# It may run once more in a worker whose board went with the folder: then there is no session to wait for.
VANISHING = """\
    import shutil, time
    from pathlib import Path
    journal = Path("run/journal.jsonl")
    for _ in range(1500):
        if journal.exists() and '"type":"session"' in journal.read_text().replace(" ", ""):
            break
        time.sleep(0.02)
    else:
        raise TimeoutError("no session began within 30 s")
    shutil.rmtree("run", ignore_errors=True)"""


@WORKERS
def test_a_run_folder_that_vanishes_is_told(toy: Toy, workers: str) -> None:
    """A clean-up takes the run folder away in the middle, once every worker has begun: the run ends, says so, and does not end well."""
    toy.edit(TESTS, '    coin.note("K1")', VANISHING)
    done = toy.run("--harness-run-dir", "run", workers)
    out = done.stdout + done.stderr
    assert "removed, or taken by another run" in out and "INTERNALERROR" not in out and done.returncode == 3, out
    shutil.rmtree(toy.root / "run", ignore_errors=True)
    toy.edit(TESTS, VANISHING, "    pass")
    toy.run("--harness-run-dir", "run")
    assert toy.results("run")["complete"]


def test_strict_warnings_are_no_hindrance(toy: Toy) -> None:
    """A project with `filterwarnings = error` runs, alone and with workers, report included: nothing of ours warns."""
    toy.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")
    toy.reporting()
    for workers in ("-n0", "-n2"):
        done = toy.run(workers, "-W", "error", "--harness-store", f"store{workers}")
        assert done.returncode == 0 and "Warning" not in done.stdout + done.stderr, done.stdout + done.stderr
    toy.command = (sys.executable, "-W", "error", *toy.command[1:])
    assert toy.run("-p", "no:xdist", "--harness-store", "again").returncode == 0


def test_this_projects_strictness_is_for_its_tests(toy: Toy) -> None:
    """A warning of a third party makes no error of an experiment's cell under this project's pytest.ini; in its tests it does."""
    shutil.copy(Path(__file__).parents[2] / "pytest.ini", toy.root / "pytest.ini")
    toy.edit(TESTS, '    coin.note("G1")', "    import warnings; warnings.warn('old', DeprecationWarning)")
    toy.run("-k", "bank")
    assert toy.cells()["G1"] == "passed"
    with pytest.raises(DeprecationWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
