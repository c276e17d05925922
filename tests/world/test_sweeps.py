"""Sweeps: what is run, what is refused before anything runs, what is kept, and the table that comes of it."""

from __future__ import annotations

import csv
import io
import itertools
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from harness.errors import HarnessError
from harness.populations import portions
from harness.populations.history import MEASURED
from harness.populations.progress import bar
from harness.populations.runs import runs
from harness.populations.simulation import simulation
from harness.populations.sweep import MEASURES, sweep, swept
from harness.populations.table import Table, typed

BASE = {"models": 12, "beliefs": 60, "held": 4, "questions": 10, "generations": 4}
AXES = {"landscape.rho": [0.0, 0.4], "selection.beta": [1, 5]}


def small(**parts):
    return {"base": BASE, "axes": AXES, "seeds": range(3), **parts}


def table(given=None, **options):
    return swept(given or small(), engine="reference", **options)


def bits(made: Table):
    return {name: column.tobytes() for name, column in made.columns.items()}


def test_the_table_has_a_row_for_each_generation_of_each_run():
    """Arms, seeds and generations in their order, the swept values beside them, every measure behind."""
    made = table()
    assert len(made) == 4 * 3 * 5
    assert list(made.columns) == ["arm", *AXES, "seed", "generation", *MEASURES] and set(MEASURED) < set(MEASURES)
    assert made.column("generation")[:6].tolist() == [0, 1, 2, 3, 4, 0] and made.column("seed")[:11:5].tolist() == [0, 1, 2]
    assert made.column("arm")[::15].tolist() == ["rho=0.0 beta=1", "rho=0.0 beta=5", "rho=0.4 beta=1", "rho=0.4 beta=5"]
    assert made.column("selection.beta")[::15].tolist() == [1, 5, 1, 5]


@pytest.mark.parametrize("shared", [False, True])
def test_a_row_is_what_its_run_measured(shared):
    """Each cell of the table is the one that `runs` gives for the arm's parameters and seed, derived measures included, beyond one portion of seeds, too."""
    given = small(axes={"landscape.rho": [0.0, 0.4]}, seeds=range(portions.SIZE + 2), share_worlds=shared)
    made, arms = table(given), sweep(given).every()
    for arm, seed in itertools.product(arms, given["seeds"]):
        direct = runs(arm.simulation, [arm.seed(seed, shared)], engine="reference")
        rows = made.select(arm=arm.name, seed=seed)
        assert all(np.array_equal(rows.column(name), direct[name][0], equal_nan=True) for name in MEASURES)


def test_arms_share_their_worlds_only_when_asked():
    """With shared worlds arms that differ in selection alone begin alike under each seed; without, no two arms do."""
    for shared, alike in ((True, True), (False, False)):
        made = table(small(share_worlds=shared)).select(generation=0)
        one, other = (made.select(**{"landscape.rho": 0.4, "selection.beta": beta}).column("value") for beta in (1, 5))
        assert np.array_equal(one, other) == alike


def test_the_name_of_an_arm_does_not_move_its_runs():
    """Arms of their own worlds are told apart by their parameters, so a listed arm gives what the same one gives in a product."""
    listed = table({"base": BASE, "seeds": range(3), "arms": {"weak": {"selection.beta": 1, "landscape.rho": 0.4}, "strong": {"landscape.rho": 0.4}}})
    made = table().select(**{"landscape.rho": 0.4, "selection.beta": 1})
    assert np.array_equal(listed.select(arm="weak").column("value"), made.column("value"))


def test_listed_arms_show_the_values_of_what_others_set():
    """A parameter that one arm sets is a column for all: the base's value where it has one, missing where there is no such parameter."""
    arms = {"plain": {}, "hot": {"selection.beta": 9}, "flat": {"landscape": {"kind": "uniform"}}, "exam": {"test.every": 2, "landscape.rho": 0.1}}
    made = table({"base": BASE, "seeds": [7], "arms": arms}).select(generation=0)
    assert made.column("selection.beta").tolist() == [5, 9, 5, 5]
    assert np.array_equal(made.column("landscape.rho"), [0.5, 0.5, np.nan, 0.1], equal_nan=True)
    assert np.array_equal(made.column("test.every"), [np.nan, np.nan, np.nan, 2], equal_nan=True)
    assert made.select(landscape={"kind": "uniform"}).column("arm").tolist() == ["flat"]


def test_runs_of_different_lengths_stand_in_one_table():
    """Generations can be swept; parameters that are called as a measure get a longer name."""
    made = table(small(axes={"generations": [2, 3], "questions": [5, 8]}, seeds=[4, 2]))
    assert len(made) == 2 * 2 * (3 + 4) and set(made.select(**{"simulation.questions": 5}).column("questions")) == {5}
    assert made.select(generations=3, seed=2).column("generation").tolist() == [0, 1, 2, 3] * 2


REFUSED = {
    "arm 'rh=0.1': unknown parameter 'landscape.rh'. Did you mean 'landscape.rho'?": {"axes": {"landscape.rh": [0.1]}},
    "unknown parameter 'held.most'": {"axes": {"held.most": [3]}},
    "unknown parameter 'evaluators.each.3.weight'": {"axes": {"evaluators.each.3.weight": [1]}},
    "arm 'rho=4': landscape.*less than or equal to 1": {"axes": {"landscape.rho": [0, 4]}},
    "arm 'held=61': held is 61, but there are only 60": {"axes": {"held": [3, 61]}},
    "arm 'degree=12': .*degree of at most": {"base": {**BASE, "beliefs": 12}, "axes": {"network.degree": [2, 12]}},
    "'rho=0' and 'rho=0.0' have identical parameters": {"axes": {"landscape.rho": [0, 0.0]}},
    "axis 'held' has no values": {"axes": {"held": []}},
    "axes and arms are both given": {"arms": {"one": {}}},
    "seed 3 is given twice": {"seeds": [3, 1, 3]},
    "seeds: ": {"seeds": []},
    "only plain finite values": {"axes": {"landscape.rho": [float("nan")]}},
    "unknown parameter 'axis'. Did you mean 'axes'": {"axis": {}},
    "base: unknown parameter 'hold'": {"base": {**BASE, "hold": 3}},
}


@pytest.mark.parametrize("told", REFUSED)
def test_what_cannot_be_is_told_in_one_line_before_the_sweep_begins(told):
    """The line names the arm and the parameter; no run was made for progress to tell of."""
    seen = []
    with pytest.raises(HarnessError, match=told) as error:
        table(small(**REFUSED[told]), progress=lambda *step: seen.append(step))
    assert "\n" not in str(error.value) and not seen


SILENT = {
    "mutation.proposals: 1 and 2 give identical runs under the first 3 seeds: nothing reads it": {"axes": {"mutation.proposals": [1, 2]}},
    "catastrophe: -900 and -800": {"axes": {"catastrophe": [0, -900, -800]}},
    "'c' and 'a', which differ in mutation.price, give identical": {"axes": {}, "arms": {"c": {}, "a": {"mutation.price": 2}, "b": {"mutation.price": 3}}},
}


@pytest.mark.parametrize("told", SILENT)
def test_a_parameter_that_changes_nothing_is_refused(told):
    """Two values under which all runs are equal to the last bit would be reported as no effect of the parameter."""
    with pytest.raises(HarnessError, match=told):
        table(small(**SILENT[told]))


def test_a_parameter_read_in_some_combinations_passes():
    """Proposals are read only where beliefs mutate: one such arm is enough."""
    assert len(table(small(axes={"mutation.rate": [0.0, 0.2], "mutation.proposals": [1, 4]}))) == 60


def test_progress_is_told_run_by_run():
    """It counts whole runs up to all of them, and names the arm."""
    seen = []
    table(small(seeds=range(20), axes={"selection.beta": [1, 2]}), progress=lambda *step: seen.append(step))
    assert seen[-1][:2] == (40, 40) and {name for _, _, name in seen} == {"beta=1", "beta=2"} and len(seen) == 4


def test_a_bar_tells_of_a_sweep_on_a_terminal_alone():
    """On a terminal the bar counts the runs and names the arm; into a file nothing is written; the table is the same."""
    shown = []
    for terminal in (True, False):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
        with bar(console) as told:
            assert bits(table(progress=told)) == bits(table())
            told(12, 12, "rho=0.4 beta=5")
        shown.append(console.file.getvalue())
    assert "12/12" in shown[0] and "rho=0.4 beta=5" in shown[0] and shown[1] == ""


def test_neither_workers_nor_a_folder_nor_the_engine_changes_a_bit(tmp_path):
    """One thread or three, kept or not, made now or read back, by either engine: the same table."""
    pytest.importorskip("numba")
    made = bits(table())
    assert bits(table(workers=3)) == made
    assert bits(table(folder=tmp_path)) == made and bits(table(folder=tmp_path, workers=2)) == made
    assert bits(swept(small(), engine="compiled", workers=2)) == made


def kept(folder: Path):
    return sorted((folder / portions.KIND).glob("*/*/values.npy"))


def test_what_is_kept_is_not_run_again(tmp_path, monkeypatch):
    """A second sweep reads all of its runs; more seeds run only what is new, and another setting runs everything."""
    made = []
    monkeypatch.setattr(portions, "runs", lambda of, seeds, **options: made.append(len(seeds)) or runs(of, seeds, **options))
    given = small(axes={"selection.beta": [1, 2]}, seeds=range(16))
    table(given, folder=tmp_path)
    assert sum(made) == 2 * 16 + 2  # and one of each arm to see that the axis is read
    made.clear()
    table(given, folder=tmp_path)
    assert made == []
    table({**given, "seeds": range(20)}, folder=tmp_path)
    assert made == [4, 4]
    made.clear()
    table({**given, "base": {**BASE, "models": 13}}, folder=tmp_path)
    assert sum(made) == 34


def test_two_sweeps_in_one_folder_never_mix(tmp_path):
    """Sweeps that differ in one shared parameter give what each gives in a folder of its own."""
    one, other = small(), small(base={**BASE, "evaluators": {"noise": 0.5}})
    table(one, folder=tmp_path)
    assert bits(table(other, folder=tmp_path)) == bits(table(other)) != bits(table(one)) == bits(table(one, folder=tmp_path))


def test_runs_of_other_code_are_never_read(tmp_path, monkeypatch):
    """The key holds the hash of the code: after a change nothing that was kept is taken."""
    table(folder=tmp_path)
    before = len(kept(tmp_path))
    monkeypatch.setattr(portions, "code", lambda: "changed")
    table(folder=tmp_path)
    assert len(kept(tmp_path)) == 2 * before


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(path.read_bytes()[:-9]), lambda path: path.write_bytes(b""), Path.unlink])
def test_a_damaged_result_is_made_anew(harm, tmp_path):
    """A file that was cut short, emptied or deleted changes nothing in the table."""
    made = bits(table(folder=tmp_path))
    for path in kept(tmp_path):
        harm(path)
    assert bits(table(folder=tmp_path)) == made


def test_two_sweeps_at_once_do_not_harm_each_other(tmp_path):
    """Both get the table that one alone gets, and what they kept is whole."""
    given = small(seeds=range(8))
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: bits(table(given, folder=tmp_path, workers=2)), range(2)))
    assert found[0] == found[1] == bits(table(given)) == bits(table(given, folder=tmp_path))


STARTED = """
import sys, time
from harness.populations.sweep import swept
folder, file, stop = sys.argv[1:]
def told(done, total, arm):
    print(done, flush=True)
    time.sleep(60 if done == int(stop) else 0)
base = {"models": 30, "beliefs": 100, "held": 5, "questions": 20, "generations": 20}
given = {"base": base, "axes": {"landscape.rho": [0, 0.3, 0.6, 0.9]}, "seeds": range(16)}
swept(given, engine="reference", folder=folder, progress=told).save(file)
"""


def process(folder: Path, file: Path, stop: int = 0):
    return subprocess.Popen([sys.executable, "-c", STARTED, str(folder), str(file), str(stop)], stdout=subprocess.PIPE, text=True)


def test_a_killed_sweep_goes_on_and_gives_the_same_bytes(tmp_path):
    """kill -9 in the middle, then the same command twice at once: finished portions stay as they are, and both files are those of an undisturbed sweep."""
    folder, files = tmp_path / "folder", [tmp_path / f"{name}.npz" for name in ("one", "other", "undisturbed")]
    with process(folder, files[0], stop=32) as killed:
        assert [int(killed.stdout.readline()) for _ in range(2)] == [16, 32]
        os.kill(killed.pid, signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL and not files[0].exists()
    before = {path: path.stat().st_mtime_ns for path in kept(folder)}
    running = [process(where, file) for where, file in zip((folder, folder, tmp_path / "new"), files, strict=True)]
    assert [each.communicate()[0].split() for each in running] == [["16", "32", "48", "64"]] * 3 and not any(each.returncode for each in running)
    assert before and before.items() <= {path: path.stat().st_mtime_ns for path in kept(folder)}.items()
    assert len({file.read_bytes() for file in files}) == 1


def odd() -> Table:
    return Table(
        {"arm": np.array(['a, "b"', "ü", ""]), "x": np.array([0.1 + 0.2, np.nan, -0.0]), "n": np.array([1, 2, 3]), "on": np.array([True, False, True])}
    )


def test_a_table_survives_its_file(tmp_path):
    """Every column comes back in its order and to the bit, and plain numpy reads the file, too; saving twice gives equal bytes."""
    odd().save(tmp_path / "one.npz")
    found = Table.load(tmp_path / "one.npz")
    assert list(found.columns) == ["arm", "x", "n", "on"] and bits(found) == bits(odd())
    assert np.load(tmp_path / "one.npz")["n"].tolist() == [1, 2, 3]
    found.save(tmp_path / "other.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.npz", "other.npz"]


def test_comma_separated_values_read_back_as_the_same_bits(tmp_path):
    """Numbers keep all their digits, text is quoted, missing numbers are empty."""
    odd().to_csv(tmp_path / "odd.csv")
    with (tmp_path / "odd.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == [["arm", "x", "n", "on"], ['a, "b"', "0.30000000000000004", "1", "True"], ["ü", "", "2", "False"], ["", "-0.0", "3", "True"]]


def whole_or_told(path: Path):
    try:
        return bits(Table.load(path))
    except HarnessError:
        return "told"


def test_a_file_that_is_not_a_whole_table_is_told_in_one_line(tmp_path):
    """Cut anywhere, altered anywhere, something else, or not there."""
    odd().save(tmp_path / "table.npz")
    whole, path = (tmp_path / "table.npz").read_bytes(), tmp_path / "bad.npz"
    np.savez(tmp_path / "numpy.npz", x=np.ones(2))
    np.save(tmp_path / "numpy.npy", np.ones(2))
    foreign = [b"", b"arm,seed\n", (tmp_path / "numpy.npz").read_bytes(), (tmp_path / "numpy.npy").read_bytes()]
    cut = [whole[:length] for length in range(1, len(whole), 41)]
    for content in [*foreign, *cut]:
        path.write_bytes(content)
        with pytest.raises(HarnessError, match="not a whole table") as error:
            Table.load(path)
        assert "\n" not in str(error.value)
    for place in range(0, len(whole), 7):  # some bytes of a zip say nothing: what is read then is still what was written
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert whole_or_told(path) in (bits(odd()), "told")
    with pytest.raises(HarnessError, match="no such table"):
        Table.load(tmp_path / "none.npz")


def test_rows_are_selected_by_equal_values():
    """Several conditions hold at once; None finds what is missing; nothing found is an error that says what there is."""
    assert odd().select(on=True, n=3).column("x").tolist() == [0.0]
    assert odd().select(x=None).column("n").tolist() == odd().select(x=float("nan")).column("n").tolist() == [2]
    assert odd().select(arm=None).column("n").tolist() == [3]
    for wrong, told in (
        ({"n": 4}, "no row has 4 in column 'n'. There is: 1, 2, 3"),
        ({"n": "1"}, "no row has '1'"),
        ({"n": 1, "on": False}, "no row has all of"),
    ):
        with pytest.raises(HarnessError, match=told):
            odd().select(**wrong)
    with pytest.raises(HarnessError, match=r"no column 'am'. Did you mean 'arm'"):
        odd().column("am")


def test_a_table_cannot_be_written_to():
    """What was measured stays what was measured."""
    with pytest.raises(ValueError, match="read-only"):
        odd().column("x")[0] = 1


@pytest.mark.parametrize(
    ("values", "kind", "found"),
    [
        ([1, 2], "i", [1, 2]),
        ([1, 2.5], "f", [1, 2.5]),
        ([True, False], "b", [True, False]),
        (["a", None], "U", ["a", ""]),
        ([{"b": 1, "a": [2]}, None], "U", ['{"a":[2],"b":1}', ""]),
        ([True, 1], "U", ["true", "1"]),
    ],
)
def test_plain_values_become_columns_of_their_kind(values, kind, found):
    """Numbers stay numbers where all are; what is mixed or structured is told as JSON."""
    assert typed(values).dtype.kind == kind and typed(values).tolist() == found
    assert np.isnan(typed([None, 1])).tolist() == [True, False]


def test_values_of_numpy_and_whole_simulations_are_taken():
    """A base can be a simulation, an axis an array."""
    made = swept({"base": simulation(BASE), "axes": {"selection.beta": np.linspace(1, 3, 3)}, "seeds": np.arange(2)}, engine="reference")
    assert sorted(set(made.column("selection.beta").tolist())) == [1, 2, 3]
