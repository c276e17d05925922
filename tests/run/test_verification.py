"""harness verify: an altered run is found, an untouched one is not complained about; harness report gives an altered run no new report."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.appendlog import AppendLog, sealed_line
from harness.cli import main
from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.report.build import read_results
from harness.report.generated import seal_text
from harness.run.verification import SHOWN, Verification, journal_differences, verify
from harness.store import write_sealed
from toy import Toy, harness, kill, until

CHANGED_BY_DECIDING = ("execution/ended", "execution/host", "execution/reports", "execution/run", "execution/wall_s")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with its report, locked before its data; COIN_BAD stops the cells of one persona."""
    toy = Toy(tmp_path_factory.mktemp("toy")).reporting()
    assert harness(toy, "lock", "evals/coins").returncode == 0
    toy.run("--harness-run-dir", "run", env={"COIN_BAD": "librarian"})
    return toy.root / "run"


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, as `cp -r` makes one."""
    shutil.copytree(finished, tmp_path / "copy")
    return tmp_path / "copy"


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    code = main(list(words))
    caught = capsys.readouterr()
    return code, (caught.out + caught.err).rstrip("\n").split("\n")


def assert_untouched(folder: Path) -> None:
    found = verify(folder)
    assert found.differences == () and found.measurements > 0, found.lines()


# no false alarms ------------------------------------------------------------------------------------------------------------------------------


def test_a_number_that_was_altered_everywhere_is_found_by_its_samples(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """results.json and the journal hold the same other value under new seals: the samples still give the old one."""
    from harness.appendlog import AppendLog, sealed_line

    rows, _ = AppendLog(run / "journal.jsonl").read()
    cell = next(row["cell"] for row in rows if row["type"] == "cell" and row["cell"]["measurements"])
    cell["measurements"][0]["value"] /= 2
    (run / "journal.jsonl").write_text("".join(sealed_line(row) for row in rows))
    tree = json.loads((run / "results.json").read_text())
    next(other for other in tree["cells"] if other["id"] == cell["id"])["measurements"][0]["value"] /= 2
    (run / "results.json").write_text(json.dumps(tree, indent=1, sort_keys=True) + "\n")
    code, lines = answer(capsys, "verify", str(run))
    assert code == 1 and any(f"cells/{cell['id']}/measurements" in line and "/value" in line for line in lines), lines


def test_a_copied_run_is_verified(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0; the last line says how much was recomputed and how much taken as recorded."""
    code, lines = answer(capsys, "verify", str(run))
    assert code == 0
    assert lines[0] == "coins: results.json is what its journal and samples give"
    assert re.fullmatch(r"(\d+) of \1 measurements recomputed from their samples, 0 taken as recorded, 0 declared unsampled", lines[-1])


def test_a_copy_without_the_hidden_files_is_verified_and_reported(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The journal holds the plan: what .run/ holds serves the processes of a run alone."""
    before = (run / "clean_result.md").read_bytes()
    shutil.rmtree(run / ".run")
    assert answer(capsys, "verify", str(run))[0] == 0
    assert answer(capsys, "report", str(run))[0] == 0
    assert (run / "clean_result.md").read_bytes() == before


def test_a_resumed_run_on_two_workers_is_verified(toy: Toy) -> None:
    """Part of the cells first, the rest later, by two workers each: one plan for each selection, written once."""
    toy.reporting().run("--harness-run-dir", "run", "-k", "villain", "-n2")
    assert_untouched(toy.root / "run")
    for _ in range(2):
        toy.run("--harness-run-dir", "run", "-n2")
        assert_untouched(toy.root / "run")
    rows = AppendLog(toy.root / "run/journal.jsonl").read()[0]
    assert [row["type"] for row in rows].count("session") == 3
    assert [row["type"] for row in rows].count("universe") == 2


def test_a_killed_run_reported_again_is_verified(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed at first: reported from its journal. Killed when taken up: results.json is older than the journal, which verify says and report mends."""
    toy.edit("conftest.py", "time.sleep(self.pause)", "time.sleep(0.2)")
    run = toy.root / "run"
    for count in (1, 3):
        process = toy.start("--harness-run-dir", "run")
        until(lambda count=count: sum(line.startswith("H1") for line in toy.thrown()) > count)
        kill(process)
        if count == 3:
            code, lines = answer(capsys, "verify", str(run))
            assert code == 1 and any("the journal has grown since" in line for line in lines), lines
        assert answer(capsys, "report", str(run))[0] == 1  # incomplete
        assert_untouched(run)


def test_a_torn_line_that_the_run_told_of_is_no_difference(toy: Toy) -> None:
    """The run noticed it and measured again."""
    toy.run("--harness-run-dir", "run")
    journal = toy.root / "run/journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-40])
    shutil.rmtree(toy.root / ".harness")
    toy.run("--harness-run-dir", "run")
    assert_untouched(toy.root / "run")


# what is found --------------------------------------------------------------------------------------------------------------------------------


def leaves(tree: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every scalar."""
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, (*at, key))
    else:
        yield at


def other(value: Any) -> list[Any]:
    """Values that could stand there instead."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value * (1 + 1e-12) + 1e-12]
    if value is None:
        return [0.5, "x", {"low": 0.0, "high": 1.0, "level": 0.95, "method": "x"}]
    return ["falsified", "HIGH", "control", "either", "full", f"{value}x"]


def altered(folder: Path, tree: dict[str, Any], path: tuple[Any, ...], value: Any) -> bool:
    """True where results.json with this one value in place is refused or found to differ."""
    here: Any = tree
    for key in path[:-1]:
        here = here[key]
    before, here[path[-1]] = here[path[-1]], value
    (folder / "results.json").write_text(json.dumps(tree))
    here[path[-1]] = before
    try:
        return bool(journal_differences(folder, read_results(folder), planned=path[0] == "plan"))
    except HarnessError:
        return True


def test_every_kind_of_value_is_found_when_it_is_altered(run: Path) -> None:
    """One leaf of each kind at a time: verdicts, values, intervals, p, n, hashes, counts, confidence, statements, thresholds, plan, and the rest."""
    tree = json.loads((run / "results.json").read_text())
    kinds = {re.sub(r"\d+", "#", "/".join(map(str, path))): path for path in leaves(tree)}
    wanted = ("cells/#/verdict", "cells/#/measurements/#/value", "cells/#/measurements/#/interval/low", "cells/#/p", "hypotheses/#/counts/blocked")
    assert set(wanted) < set(kinds) and len(kinds) > 100
    missed, tried = [], 0
    for kind, path in kinds.items():
        if kind in CHANGED_BY_DECIDING:
            continue
        here: Any = tree
        for key in path:
            here = here[key]
        candidates = [value for value in other(here) if value != here]
        tried += len(candidates)
        missed += [(kind, value) for value in candidates if not altered(run, tree, path, value)]
    assert missed == [] and tried > 200


@pytest.mark.parametrize("name", ["cells", "hypotheses", "checks", "thresholds", "caveats", "inputs"])
def test_a_thing_left_out_added_or_moved_is_found(run: Path, name: str) -> None:
    """A list that lost its last thing, and one in another order, differ."""
    tree = json.loads((run / "results.json").read_text())
    assert altered(run, tree, (name,), tree[name][:-1])
    assert len(tree[name]) == 1 or altered(run, tree, (name,), tree[name][::-1])


def test_each_difference_is_a_line_with_its_address(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Address, stored value, recomputed value; --json gives the same as values."""
    path = run / "results.json"
    path.write_text(path.read_text().replace('"verdict": "blocked"', '"verdict": "falsified"', 1))
    code, lines = answer(capsys, "verify", str(run))
    assert code == 1
    assert lines[0] == 'cells/H1[librarian-heads]/verdict: stored "falsified", recomputed "blocked"'
    code, lines = answer(capsys, "verify", str(run), "--json")
    assert code == 1
    first = {"address": "cells/H1[librarian-heads]/verdict", "stored": '"falsified"', "recomputed": '"blocked"'}
    assert json.loads("\n".join(lines))["differences"][0] == first


def test_the_lines_are_limited_and_the_rest_counted(run: Path) -> None:
    """A journal that lost its cells gives many differences: some are shown, the others are a number."""
    journal = run / "journal.jsonl"
    journal.write_text("".join(line for line in journal.read_text().splitlines(keepends=True) if '"type":"cell"' not in line))
    found = verify(run)
    assert f"… and {len(found.differences) - SHOWN} more differences (--json lists all)" in found.lines()
    assert len(found.lines()) < SHOWN + 8


def samples_of(run: Path) -> tuple[Path, dict[str, Any]]:
    ref = next(ref for cell in json.loads((run / "results.json").read_text())["cells"] for found in cell["measurements"] for ref in found["samples"])
    return run / ref["path"], ref


def swap_line(path: Path) -> None:
    """A line whose seal holds in place of another: only the hash of the file can tell."""
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([sealed_line({"item": "0000", "up": True}), *lines[1:]]))


def link_elsewhere(path: Path) -> None:
    path.rename(path.parents[1] / "elsewhere.jsonl")
    path.symlink_to(path.parents[1] / "elsewhere.jsonl")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda path: path.write_text(path.read_text().replace("true", "false", 1)), "1 damaged lines"),
        (swap_line, "sha256"),
        (lambda path: path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1])), "sha256"),
        (Path.unlink, "absent"),
        (link_elsewhere, "is a symbolic link"),
        (lambda path: (path.unlink(), path.mkdir()), "is no plain file"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "is no plain file"),
    ],
)
def test_altered_samples_are_found(run: Path, change: Callable[[Path], Any], told: str) -> None:
    """Every file of samples is the plain file that was recorded, row by row."""
    change(samples_of(run)[0])
    found = verify(run)
    assert found.differences and all("/samples/" in difference.address for difference in found.differences)
    assert told in found.differences[0].recomputed
    assert any("clean_result.md is not compared" in note for note in found.notes)


@pytest.mark.parametrize("path", ["../outside.jsonl", "/etc/passwd", "samples/../results.json", "results.json", "samples", "samples/\x00"])
def test_samples_outside_the_folder_of_samples_are_found(run: Path, path: str) -> None:
    """Nothing outside samples/ is read: such results are none."""
    (run.parent / "outside.jsonl").write_text(sealed_line({"item": "0000"}))
    text = (run / "results.json").read_text()
    (run / "results.json").write_text(text.replace(json.dumps(samples_of(run)[1]["path"]), json.dumps(path), 1))
    with pytest.raises(HarnessError, match=r"does not fit the records: .*samples\[0\]\.path"):
        verify(run)


def test_samples_that_nothing_refers_to_are_a_note(run: Path) -> None:
    """They are told of and are no difference."""
    (run / "samples/more.jsonl").write_text("")
    found = verify(run)
    assert found.differences == () and found.notes == ("samples/more.jsonl: no measurement refers to it",)


# the report's own files -----------------------------------------------------------------------------------------------------------------------


def differing(found: Verification) -> set[str]:
    return {difference.address.partition("/")[0] for difference in found.differences}


def test_an_altered_number_in_the_clean_result_is_found(run: Path) -> None:
    """Also where the seal was made anew over the altered text."""
    path = run / "clean_result.md"
    text = path.read_text()
    path.write_text(text.replace("+37.0 pp", "+47.0 pp"))
    found = verify(run)
    assert differing(found) == {"clean_result.md"} and any("+47.0 pp" in each.stored and "+37.0 pp" in each.recomputed for each in found.differences)
    assert "clean_result.md was edited by a person" in found.notes
    above = path.read_text().rpartition("\n[//]: # ")[0]
    path.write_text(seal_text(above))
    assert differing(verify(run)) == {"clean_result.md"}


def test_lines_that_a_person_added_are_no_difference(run: Path) -> None:
    """All that was generated is still there: the file is told of as edited."""
    path = run / "clean_result.md"
    path.write_text(path.read_text().replace("### Results\n", "### Results\n\nWe read this with care.\n", 1))
    found = verify(run)
    assert found.differences == () and "edited by a person" in found.notes[0]


@pytest.mark.parametrize(
    ("name", "old", "new"), [("card.json", '"numpy"', '"numby"'), ("card.json", "{", ""), ("card.json", '"#": "', '"#": "0'), ("index.html", "+37.0", "+47.0")]
)
def test_an_altered_card_or_page_is_found(run: Path, name: str, old: str, new: str) -> None:
    """The card by its fields and its seal, the page by its seal."""
    text = (run / name).read_text()
    assert old in text
    (run / name).write_text(text.replace(old, new, 1))
    assert differing(verify(run)) == {name}


def test_an_altered_page_under_a_new_seal_is_found(run: Path) -> None:
    """The page is made again, with the figures that are there."""
    text = (run / "index.html").read_text().rpartition("\n<!-- ")[0]
    (run / "index.html").write_text(seal_text(text.replace("+37.0", "+47.0"), ".html"))
    assert differing(verify(run)) == {"index.html"}


@pytest.mark.parametrize("name", ["card.json", "clean_result.md", "index.html"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "gone"])
def test_a_report_that_is_no_plain_file_is_found(run: Path, name: str, kind: str) -> None:
    """A link to another text, a pipe, a folder, or nothing where the rest of the report is."""
    path = run / name
    path.rename(run / "elsewhere") if kind == "link" else path.unlink()
    {"link": lambda: path.symlink_to("elsewhere"), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir, "gone": lambda: None}[kind]()
    found = verify(run)
    told = {"link": "is a symbolic link", "pipe": "is no plain file", "folder": "is no plain file", "gone": "absent"}[kind]
    assert [(each.address, each.stored) for each in found.differences] == [(name, told)]


def test_a_figure_taken_out_or_linked_is_found(run: Path) -> None:
    """Without it the page could not be compared; a linked folder may hold anything."""
    (run / "figures/hero.svg").rename(run / "figures/other.svg")
    assert differing(verify(run)) == {"figures"}
    (run / "figures/other.svg").rename(run / "figures/hero.svg")
    (run / "figures").rename(run / "elsewhere")
    (run / "figures").symlink_to("elsewhere")
    with pytest.raises(HarnessError, match="figures: is a symbolic link"):
        verify(run)


def test_a_run_without_a_report_is_verified(run: Path) -> None:
    """As --harness-no-report leaves it; where figures are left the report was taken away."""
    for name in ("card.json", "clean_result.md", "index.html"):
        (run / name).unlink()
    assert differing(verify(run)) == {"card.json", "clean_result.md", "index.html"}
    shutil.rmtree(run / "figures")
    assert_untouched(run)


@pytest.mark.parametrize("name", ["results.json", "card.json"])
def test_a_key_that_stands_twice_is_found(run: Path, name: str) -> None:
    """One reader takes the first, another the last."""
    path = run / name
    key = re.findall(r'^ "\w+": ', path.read_text(), re.MULTILINE)[-1]
    path.write_text(path.read_text().replace("{\n", "{\n" + key + '"falsified",\n', 1))
    found = verify(run)
    assert differing(found) == {name} and "stands twice" in found.differences[0].stored


def test_a_journal_without_the_plan_of_its_session_is_found(run: Path) -> None:
    """Another plan under a fresh seal: the hidden file still has the right one, and yet the journal was altered."""
    rows = [row | ({"universe": {}} if row["type"] == "universe" else {}) for row in AppendLog(run / "journal.jsonl").read()[0]]
    (run / "journal.jsonl").write_text("".join(map(sealed_line, rows)))
    assert [each.address for each in verify(run).differences] == ["journal.jsonl/universe"]


def test_a_report_without_its_figures_is_compared_as_far_as_it_goes(run: Path) -> None:
    """The page is left out, and a note says so."""
    shutil.rmtree(run / "figures")
    found = verify(run)
    assert found.differences == () and "index.html is not compared" in found.notes[0]


# what cannot be read --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["results.json", "journal.jsonl"])
@pytest.mark.parametrize("data", [None, b"", b"{", b"[]", b"\x00\xff", b"[" * 100_000, b'{"schema": "harness/results/9"}', b"null"])
@pytest.mark.parametrize("command", ["verify", "report"])
def test_a_run_that_cannot_be_read_is_told_of_in_one_line(run: Path, capsys: pytest.CaptureFixture[str], command: str, name: str, data: bytes | None) -> None:
    """Exit 2, one line that names the file; nothing is written."""
    (run / name).unlink() if data is None else (run / name).write_bytes(data)
    if (command, name, data) == ("report", "results.json", None):
        return  # a run that was killed before it could decide
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    code, lines = answer(capsys, command, str(run))
    named = "harness.cli report" if data is None and name == "results.json" else name  # as of a run that was killed
    assert code == 2 and len(lines) == 1 and named in lines[0].replace("harness report", "harness.cli report"), lines
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


@pytest.mark.parametrize("row", [{"type": "cell"}, {"type": "cell", "cell": 3}, {"type": "session", "universe_sha256": "0"}])
def test_a_sealed_row_of_another_form_is_a_difference(run: Path, capsys: pytest.CaptureFixture[str], row: dict[str, Any]) -> None:
    """Its seal holds and it says nothing that can be used: like an altered line it is left out, and the results do not know of it."""
    AppendLog(run / "journal.jsonl").append([row])
    code, lines = answer(capsys, "verify", str(run))
    assert code == 1 and "execution/notes/0" in lines[0] and "1 journal lines were torn or altered" in lines[0] and "1 difference" in lines[1], lines


def test_a_folder_that_is_none_is_told_of_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A path that does not exist, and a file."""
    (tmp_path / "file").write_text("")
    for name in ("nowhere", "file"):
        for command in ("verify", "report"):
            code, lines = answer(capsys, command, str(tmp_path / name))
            assert code == 2 and len(lines) == 1, lines


def test_the_plan_of_an_older_journal_is_read_from_the_hidden_file(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Journals of earlier versions hold no plan: with .run/ the run is verified, without it one line says what is missing."""
    rows = [row for row in AppendLog(run / "journal.jsonl").read()[0] if row["type"] != "universe"]
    old = [{name: value for name, value in row.items() if name != "universe_sha256"} for row in rows]
    (run / "journal.jsonl").write_text("".join(sealed_line(row) for row in old))
    assert_untouched(run)
    shutil.rmtree(run / ".run")
    for command in ("verify", "report"):
        code, lines = answer(capsys, command, str(run))
        assert code == 2 and len(lines) == 1 and "does not hold the plan" in lines[0]


def test_an_altered_hidden_plan_changes_nothing(run: Path) -> None:
    """The journal's plan is sealed and is the one that counts; without it, an altered hidden one is refused."""
    hidden = run / ".run/universe.json"
    write_sealed(hidden, json.loads(hidden.read_text().replace('"value":5.0', '"value":50.0'))["value"])
    assert_untouched(run)
    rows = AppendLog(run / "journal.jsonl").read()[0]
    (run / "journal.jsonl").write_text("".join(sealed_line(row) for row in rows if row["type"] != "universe"))
    with pytest.raises(HarnessError, match="not the plan that the last session of the journal recorded"):
        verify(run)


# report and compare ---------------------------------------------------------------------------------------------------------------------------


def test_an_altered_run_gets_no_new_report(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, one line with the first difference and what to run; no file is written."""
    path = run / "results.json"
    path.write_text(path.read_text().replace('"verdict": "blocked"', '"verdict": "falsified"', 1))
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    code, lines = answer(capsys, "report", str(run))
    assert code == 1 and len(lines) == 1
    assert "cells/H1[librarian-heads]/verdict" in lines[0] and re.search(r"harness(\.cli)? verify ", lines[0])
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    code, lines = answer(capsys, "report", str(run), "--json")
    assert code == 1 and json.loads("\n".join(lines))["difference"]["recomputed"] == '"blocked"'


def test_another_version_of_harness_is_named(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its sentences may be worded otherwise: who reads the difference is told of both versions."""
    rows = [json.loads(re.sub(r'("harness-evals": )"[^"]*"', r'\1"0.0.1"', json.dumps(row))) for row in AppendLog(run / "journal.jsonl").read()[0]]
    digest = next(fingerprint(row["universe"]) for row in rows if row["type"] == "universe")
    rows = [row | {"universe_sha256": digest} if row["type"] == "session" else row for row in rows]
    (run / "journal.jsonl").write_text("".join(map(sealed_line, rows)))
    path = run / "results.json"
    path.write_text(re.sub(r'("harness-evals": )"[^"]*"', r'\1"0.0.1"', path.read_text()))
    assert any("decided by harness 0.0.1, recomputed by" in note for note in verify(run).notes)
    path.write_text(path.read_text().replace('"headline": "', '"headline": "So it is: ', 1))
    code, lines = answer(capsys, "report", str(run))
    assert code == 1 and len(lines) == 1 and "decided by harness 0.0.1" in lines[0]


def test_a_comparison_with_an_altered_run_warns(run: Path, finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was altered is told of before what differs; untouched runs give no warning."""
    assert not [line for line in answer(capsys, "compare", str(finished), str(run))[1] if line.startswith("WARNING")]
    path = run / "results.json"
    path.write_text(path.read_text().replace('"verdict": "blocked"', '"verdict": "falsified"', 1))
    warned = [line for line in answer(capsys, "compare", str(finished), str(run))[1] if line.startswith("WARNING")]
    assert len(warned) == 1 and "results.json differs from its journal" in warned[0]
    (run / "journal.jsonl").unlink()
    assert any("not verified" in line for line in answer(capsys, "compare", str(finished), str(run))[1])
