"""harness revise: versions of a clean result, what changed between them, and results that do not stand any more."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from fork_server import run_python
from harness.appendlog import AppendLog
from harness.history import read_events
from harness.report.build import view_of
from harness.run.verification import verify
from toy import Toy, harness

NOTES = """# Notes

## Takeaways
- The villain's coin goes up by {{cells/H1[villain-heads]/measurements/shift/value}}.

## Surprising
- Nobody expected the librarian to be fair.
"""


@pytest.fixture(scope="module")
def revised(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A villain's result that was revised twice, once for its text and once for nothing, and then superseded by a run in which a gate failed."""
    toy = Toy(tmp_path_factory.mktemp("toy")).reporting()
    assert harness(toy, "lock", "evals/coins").returncode == 0
    toy.run("--harness-run-dir", "reports/coins/one")
    (toy.root / "reports/coins/one/notes.md").write_text(NOTES)
    for reason in ("takeaways were written down", "read again, nothing to change"):
        done = harness(toy, "revise", "reports/coins/one", "--reason", reason)
        assert done.returncode == 0, done.stdout + done.stderr
    toy.run("--harness-run-dir", "reports/coins/two", "--harness-store", "elsewhere", env={"COIN_BAD": "comedian"})
    done = harness(toy, "revise", "reports/coins/one", "--reason", "the comedian's coin was broken", "--superseded-by", "reports/coins/two")
    assert done.returncode == 0, done.stdout + done.stderr
    return toy


def run_folder(toy: Toy, name: str) -> Path:
    return toy.root / "reports/coins" / name


def test_the_earlier_versions_stay(revised: Toy) -> None:
    """Version 1 has no takeaway, version 2 has it; each holds its results, numbers and page."""
    one = run_folder(revised, "one")
    texts = [(one / f"versions/{number}/clean_result.md").read_text() for number in (1, 2)]
    assert ["goes up by" in text for text in texts] == [False, True]
    for number in (1, 2):
        assert {"results.json", "numbers.csv", "index.html", "card.json", "notes.md"} <= {path.name for path in (one / f"versions/{number}").iterdir()}
    assert view_of(one).version == 3


def test_the_history_reads_in_order_with_reasons_and_changes(revised: Toy) -> None:
    """Each event has time, author and reason; the revisions say what changed in claim, data and verdict."""
    events = read_events(run_folder(revised, "one"))
    assert [event.event for event in events] == ["report", "done", "revised", "revised", "superseded"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.time) and event.author for event in events)
    first, second, last = events[2:]
    assert first.note == "version 2: takeaways were written down" and "text: " in first.changes[-1]
    assert second.note == "version 3: read again, nothing to change" and second.changes == ("claim, data and verdict are unchanged",)
    assert last.note == "by ../two: the comedian's coin was broken"
    assert {"verdict: supported → inconclusive", "G2: passed → failed"} <= set(last.changes)


@pytest.mark.parametrize("name", ["clean_result.md", "index.html"])
def test_page_and_markdown_tell_the_whole_history(revised: Toy, name: str) -> None:
    """From the lock to the end, in the order in which it happened; the first lines say that the result does not stand."""
    text = (run_folder(revised, "one") / name).read_text()
    assert re.search(r"(<strong>|\*\*)Superseded(</strong>|\*\*) by ../two: the comedian's coin was broken", text.replace("&#39;", "'"))
    table = text.partition("## Runs & full data" if name.endswith("md") else 'id="timeline"')[2]
    places = [table.index(word) for word in ("locked", "planned", "started", "gates", "results", "revised", "superseded")]
    assert places == sorted(places)
    assert "takeaways were written down" in table and "versions/1/clean_result.md" in text and "versions/2/clean_result.md" in text


def test_the_later_run_says_what_it_supersedes(revised: Toy) -> None:
    """Both ends of the link are there, with the same changes."""
    events = read_events(run_folder(revised, "two"))
    assert events[-1].event == "supersedes" and events[-1].note == "../one: the comedian's coin was broken"
    assert "../one" in (run_folder(revised, "two") / "clean_result.md").read_text()


def test_a_revised_run_still_verifies(revised: Toy) -> None:
    """Notes, history and versions are part of what the report is made of."""
    for name in ("one", "two"):
        assert verify(run_folder(revised, name)).differences == ()


def test_a_comparison_warns_of_a_superseded_run(revised: Toy) -> None:
    done = harness(revised, "compare", "reports/coins/one", "reports/coins/two", "--json")
    assert any("was superseded by ../two" in warning for warning in json.loads(done.stdout)["warnings"])


def test_a_study_that_builds_on_a_superseded_run_says_so(revised: Toy, tmp_path: Path) -> None:
    """The parent's headline is there, that it does not stand any more is a caveat, and so is what differs without being declared."""
    revised.edit("evals/coins/experiment.yaml", "roles:\n", "parents: [{run: reports/coins/one, statement: the first throw}]\nroles:\n")
    revised.edit("evals/coins/experiment.yaml", "items: 200", "items: 100")
    revised.run("--harness-run-dir", str(tmp_path / "three"))
    results = revised.results(str(tmp_path / "three"))
    assert results["parents"][0]["headline"].startswith("Coins differ") and results["parents"][0]["differs"] == ["settings/items"]
    assert any("was superseded by reports/coins/two" in caveat for caveat in results["caveats"])
    text = (tmp_path / "three/clean_result.md").read_text()
    assert "**superseded** by reports/coins/two" in text and "**differs, undeclared, in** `settings/items`" in text


def test_a_run_that_goes_on_to_say_something_else_keeps_what_it_said(toy: Toy) -> None:
    """The first version is kept without being asked, and the history says what changed; cells that are only added make no version."""
    toy.reporting()
    toy.run("--harness-run-dir", "run", "-k", "villain")
    toy.run("--harness-run-dir", "run")
    assert not (toy.root / "run/versions").exists()
    toy.edit("conftest.py", '"villain": 0.9', '"villain": 0.5')
    toy.run("--harness-run-dir", "run")
    assert (toy.root / "run/versions/1/clean_result.md").is_file()
    revision = next(event for event in read_events(toy.root / "run") if event.event == "revised")
    assert any(change.startswith("H1[villain-heads]: ") for change in revision.changes)


def test_what_cannot_be_revised_is_one_line_and_changes_nothing(toy: Toy) -> None:
    """No report, an empty reason, a run that supersedes itself, results that are not those of the journal."""
    toy.reporting()
    toy.run("--harness-run-dir", "run", "-k", "villain")
    before = sorted(path.name for path in (toy.root / "run").iterdir())
    for words in (["run", "--reason", " "], ["run", "--reason", "x", "--superseded-by", "run"], ["nowhere", "--reason", "x"]):
        done = harness(toy, "revise", *words)
        assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not (toy.root / "nowhere").exists()
    path = toy.root / "run/results.json"
    path.write_text(path.read_text().replace('"supported"', '"falsified"'))
    assert harness(toy, "revise", "run", "--reason", "x").returncode == 2
    assert sorted(path.name for path in (toy.root / "run").iterdir()) == before
    assert all(event.event in ("report", "done") for event in read_events(toy.root / "run"))


@pytest.mark.parametrize(
    "words", [["lock", "evals/coins", "--again"], ["revise", "reports/coins/one"], ["revise", "reports/coins/one", "--superseded-by", "reports/coins/two"]]
)
def test_keys_in_a_reason_reach_no_record(toy: Toy, words: list[str]) -> None:
    """What looks like a key, and the value of a variable named like one, is struck; the rest of the sentence stays."""
    toy.reporting()
    harness(toy, "lock", "evals/coins")
    for name in ("one", "two") if words[0] == "revise" else ():
        toy.run("-k", "villain", "--harness-run-dir", f"reports/coins/{name}")
    reason = "the judge's sk-ant-api03-S3CRETxyzabcdefgh and postgres-between9 had run out"
    done = run_python([sys.executable, "-m", "harness.cli", *words, "--reason", reason], toy.root, toy.env({"JUDGE_API_KEY": "postgres-between9"}))
    assert done.returncode == 0, done.stdout + done.stderr
    event = read_events(toy.root / words[1])[-1]
    assert event.note.endswith("the judge's [redacted] and [JUDGE_API_KEY] had run out")
    for path in [toy.root / "evals/coins/history.jsonl", *(toy.root / "reports").rglob("*.*")]:
        assert not path.is_file() or not any(key in path.read_bytes() for key in (b"S3CRET", b"postgres-between9")), path


def test_an_altered_event_is_left_out(revised: Toy, tmp_path: Path) -> None:
    """A line of the history whose seal is broken is not shown."""
    AppendLog(tmp_path / "history.jsonl").append([{"event": "report", "time": "2026-01-01T00:00:00Z"}, {"event": "done", "time": "2026-01-01T00:00:00Z"}])
    text = (tmp_path / "history.jsonl").read_text().replace("report", "REPORT")
    (tmp_path / "history.jsonl").write_text(text)
    assert [event.event for event in read_events(tmp_path)] == ["done"]


def test_a_review_is_kept_in_the_history_where_it_is_asked_for(revised: Toy) -> None:
    """The timeline says who reviewed it, when, and with what outcome; nothing is kept where a file cannot be read."""
    folder = run_folder(revised, "two")
    before = len(read_events(folder))
    harness(revised, "review", str(folder))
    assert len(read_events(folder)) == before
    harness(revised, "review", str(folder), "--record")
    event = read_events(folder)[-1]
    # Outside a repository the caption of the figure names no commit, and the card no commit, model and preprocessing.
    assert event.event == "reviewed" and event.note.startswith("verdict CONCERNS, structure INCOMPLETE(1), reproducibility INCOMPLETE(")
    assert "| reviewed |" in (folder / "clean_result.md").read_text() and verify(folder).differences == ()
    count = len(read_events(folder))
    assert harness(revised, "review", str(folder), str(folder / "none.md"), "--record").returncode == 2
    assert len(read_events(folder)) == count  # of several paths none is recorded where one cannot be read


def test_two_runs_cannot_supersede_each_other(revised: Toy) -> None:
    """The earlier run does not take the place of the later one, nor does one that was superseded; nothing is written."""
    before = [len(read_events(run_folder(revised, name))) for name in ("one", "two")]
    done = harness(revised, "revise", "reports/coins/two", "--reason", "x", "--superseded-by", "reports/coins/one")
    assert done.returncode == 2 and "is superseded itself, by ../two" in done.stderr
    done = harness(revised, "revise", "reports/coins/one", "--reason", "x", "--superseded-by", "reports/coins/two")
    assert done.returncode == 2 and "already" in done.stderr
    assert [len(read_events(run_folder(revised, name))) for name in ("one", "two")] == before
    assert 'href="../two/index.html"' in (run_folder(revised, "one") / "index.html").read_text()
