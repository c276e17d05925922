"""`harness samples`: which rows it finds, how it shows them, and what it says of damaged files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.appendlog import AppendLog, sealed_line
from harness.cli import main
from harness.fingerprint import file_fingerprint
from harness.records import SamplesRef, encode
from harness.report.build import view_of
from harness.report.sample_rows import Samples
from harness.store import write_json
from sample_leakage import leakage

Told = Callable[..., tuple[int, str]]
HOSTILE = "first line\nsecond \x1b[2J line \u202e" + "long " * 60 + "end"


def write_arms(folder: Path, arms: dict[str, list[dict[str, Any]]]) -> Path:
    """A run whose cells rest on these samples files."""
    refs = []
    for name, rows in arms.items():
        path = folder / "samples" / f"{name}-0123456789ab.jsonl"
        AppendLog(path).append(rows)
        refs.append(SamplesRef(path=f"samples/{path.name}", sha256=file_fingerprint(path), rows=len(rows)))
    write_json(folder / "results.json", encode(leakage(refs=tuple(refs))))
    return folder


def refs_of(folder: Path) -> list[SamplesRef]:
    return list(Samples(folder, view_of(folder)).refs.values())


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three arms over thirty items: `plain` is wrong for every second item, `villain` for every third, `judged` has fields of its own."""
    monkeypatch.chdir(tmp_path)
    items = [{"item": f"i{n}", "prompt": f"question {n}"} for n in range(30)]
    arms: dict[str, list[dict[str, Any]]] = {
        "plain": [{**item, "text": f"plain {n}", "correct": n % 2 == 1, "score": n / 10} for n, item in enumerate(items)],
        "villain": [{**item, "text": f"villain {n}", "correct": n % 3 != 0} for n, item in reversed([*enumerate(items)])],
        "judged": [{"item": "i0", "prompt": "question 0", "text": HOSTILE, "judged": None, "status": "error"}],
    }
    return write_arms(tmp_path / "reports/coins/20261120-010000-aaaa", arms)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    def ask(*words: object) -> tuple[int, str]:
        code = main(["samples", *map(str, words)])
        seen = capsys.readouterr()
        return code, seen.out + seen.err

    return ask


def test_the_wrong_answers_that_two_arms_share(run: Path, told: Told) -> None:
    """Item by item, in the order of the first arm: what both have in common once, then each answer."""
    code, out = told(run, "--arm", "plain", "--arm", "villain", "--where", "correct == False", "--shared", "--limit", 2)
    assert code == 0 and out.splitlines() == [
        "  item: i0",
        "  prompt: question 0",
        "  correct false",
        "plain  row 0",
        "  text: plain 0",
        "  score 0",
        "villain  row 29",
        "  text: villain 0",
        "",
        "  item: i6",
        "  prompt: question 6",
        "  correct false",
        "plain  row 6",
        "  text: plain 6",
        "  score 0.6",
        "villain  row 23",
        "  text: villain 6",
        "",
        "5 items match in every arm; 60 rows read; shown: 2 (--limit)",
    ]


@pytest.mark.parametrize(
    ("words", "matched"),
    [
        ((), 61),
        (("--arm", "plain"), 30),
        (("--arm", "*a*"), 60),
        (("--arm", "samples/judged-0123456789ab.jsonl"), 1),
        (("--where", "score < 0.35"), 4),
        (("--where", "not (score < 0.35)"), 26),
        (("--where", "correct is None"), 1),
        (("--grep", "question 1[0-9]"), 20),
        (("--grep", "second"), 1),
        (("--where", "correct == False", "--grep", "villain"), 10),
        (("--where", "correct == 2"), 0),
    ],
)
def test_rows_are_chosen_by_arm_expression_and_pattern(run: Path, told: Told, words: tuple[str, ...], matched: int) -> None:
    """All of them must hold. A row that lacks the field is in neither half."""
    code, out = told(run, *words, "--json", "--limit", 0)
    found = json.loads(out)
    assert code == 0 and found["matched"] == len(found["rows"]) == matched


def test_a_cell_names_the_files_behind_it(run: Path, told: Told) -> None:
    """The brackets of its id are no pattern, a star is."""
    tree = json.loads((run / "results.json").read_text())
    whole, other = [cell for cell in tree["cells"] if cell["measurements"]][:2]
    whole["id"], other["id"] = "H1[a]", "H1[b]"
    whole["measurements"][0]["samples"], other["measurements"][0]["samples"] = (encode(refs_of(run)[:2]), encode(refs_of(run)[2:]))
    (run / "results.json").write_text(json.dumps(tree))
    assert [json.loads(told(run, "--cell", name, "--json")[1])["read"] for name in ("H1[a]", "H1[b]", "H1[*", "H?[b]")] == [60, 1, 61, 1]


def test_texts_are_cut_to_the_width_and_harmless(run: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --full all of a text is shown, line by line, and still nothing of it is obeyed."""
    monkeypatch.setattr("harness.cli.tables.width", lambda: 60)
    _, out = told(run, "--arm", "judged")
    assert max(map(len, out.splitlines())) <= 60 and "\\x1b[2J" in out and "\x1b" not in out and "\u202e" not in out and "…" in out
    assert "status error" in out
    _, out = told(run, "--arm", "judged", "--full")
    assert "  text: first line\n    second \\x1b[2J line" in out and out.count("long ") == 60 and "\x1b" not in out


def test_columns_choose_what_is_shown(run: Path, told: Told) -> None:
    _, out = told(run, "--arm", "plain", "--columns", "score, text", "--limit", 1)
    assert out.splitlines()[1:3] == ["  text: plain 0", "  score 0"] and "question" not in out


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (("--where", "corect == False"), "Did you mean 'correct'?"),
        (("--columns", "txt"), "Did you mean 'text'?"),
        (("--arm", "vilain"), "Did you mean 'villain'?"),
        (("--cell", "H9"), "no cell with samples is called 'H9'"),
        (("--grep", "("), "is no regular expression"),
        (("--where", "open('x')"), "is no expression over a row"),
        (("--shared", "--arm", "plain"), "--arm A --arm B"),
        (("--where", "1/0 == 1"), "--where: fails at 61 of 61 samples: a division by zero"),
        (("--where", "correct == 'False'"), "fails at 60 of 61 samples, and at the others a field is absent: a number is never equal to a text"),
        (("--where", "judged < 3"), "'judged' has no value in any of 61 samples"),
    ],
)
def test_a_mistake_is_one_line_with_what_is_nearest(run: Path, told: Told, words: tuple[str, ...], mend: str) -> None:
    code, out = told(run, *words)
    assert code == 2 and mend in out and out.count("\n") == 1


def test_failures_at_some_rows_are_counted_beside_what_matches(run: Path, told: Told) -> None:
    """Of shared items, too, whose files are read twice."""
    where = "correct == False and (score > 2.5 or text > 3)"
    assert (
        told(run, "--where", where)[1].splitlines()[-1]
        == "2 rows match; 61 rows read; --where failed at 23 of them: a text is neither less nor more than a number"
    )
    failed = json.loads(
        told(run, "--where", "text == 'plain 0' or score > 2.8 or correct / 0 > 1", "--arm", "plain", "--arm", "villain", "--shared", "--json")[1]
    )["failed"]
    assert failed == {"a division by zero": 58}
    assert "0 rows match; 61 rows read; judged has no value in any" in told(run, "--where", "judged is not None")[1]


def test_fields_that_grep_or_shared_need_are_missed(run: Path, told: Told) -> None:
    """A search through no text, and items of rows that have none, are no empty answer."""
    folder = write_arms(run.parent / "bare", {name: [{"up": True}] for name in ("one", "two")})
    assert "--grep: no row has a field that it searches" in told(folder, "--grep", "x")[1]
    assert "--shared: no row has a field 'item'" in told(folder, "--shared")[1]


def test_numbers_have_a_true_minus_sign_and_json_has_that_of_ascii(run: Path, told: Told) -> None:
    """As in reports; an expression takes either, as it was copied."""
    folder = write_arms(run.parent / "below", {"one": [{"item": "i-1", "margin": -0.5, "steps": -3, "logprobs": [-1.5, -2]}]})
    assert told(folder)[1].splitlines()[1:3] == ["  item: i-1", "  logprobs −1.5, −2; margin −0.5; steps −3"]
    assert '"margin": -0.5' in told(folder, "--json")[1] and "1 row matches" in told(folder, "--where", "margin < −0.4 and steps == -3")[1]


def test_an_arm_of_other_cells_is_missed(run: Path, told: Told) -> None:
    """The arms of the chosen cells are named."""
    tree = json.loads((run / "results.json").read_text())
    whole, other = [cell for cell in tree["cells"] if cell["measurements"]][:2]
    whole["measurements"][0]["samples"], other["measurements"][0]["samples"] = (encode(refs_of(run)[:2]), encode(refs_of(run)[2:]))
    (run / "results.json").write_text(json.dumps(tree))
    code, out = told(run, "--cell", whole["id"], "--arm", "judged")
    assert code == 2 and "no arm with samples is called 'judged' in these cells. Known: plain, villain" in out


@pytest.mark.parametrize("limit", ["-1", "ten"])
def test_a_limit_is_a_number_of_rows(run: Path, limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["samples", str(run), "--limit", limit])
    assert "--limit" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["20261120-010000-aaaa", "20261120-01", "coins/20261120-010000-aaaa", "reports/coins/20261120-010000-aaaa"])
def test_a_run_is_found_by_its_name(run: Path, told: Told, name: str) -> None:
    """Where it is unique below reports/; otherwise the line says where to look."""
    assert told(name, "--limit", 1)[0] == 0
    write_arms(run.parent.parent / "dice" / run.name, {})
    code, out = told(name, "--limit", 1)
    assert (code, "2 runs are called" in out) == ((0, False) if "/" in name else (2, True))
    assert "harness runs lists them" in told("zzz")[1]


@pytest.mark.parametrize(("damage", "matched"), [("altered", 60), ("gone", 31), ("added", 61), ("torn", 60), ("link", 31)])
def test_a_damaged_file_is_told_and_the_rest_is_shown(run: Path, told: Told, damage: str, matched: int) -> None:
    """Exit code 1; rows that were added after the run do not pass for its own without a word, lines that fail their seal are left out."""
    path = run / "samples/villain-0123456789ab.jsonl"
    text = path.read_text()
    match damage:
        case "altered":
            path.write_text(text.replace("villain 3", "VILLAIN 3", 1))
        case "gone":
            path.unlink()
        case "added":
            path.write_text(text.replace(text.splitlines(keepends=True)[0], sealed_line({"item": "new"}), 1))
        case "torn":
            path.write_text(text[:-20])
        case "link":
            path.rename(run / "elsewhere")
            path.symlink_to(run / "elsewhere")
    code, out = told(run, "--json")
    found = json.loads(out)
    assert code == 1 and found["matched"] == matched and list(found["troubles"]) == ["samples/villain-0123456789ab.jsonl"]
    assert "damaged: samples/villain-0123456789ab.jsonl: " in told(run)[1]


def test_a_folder_of_samples_that_is_a_link_is_refused(run: Path, told: Told) -> None:
    (run / "samples").rename(run / "other")
    (run / "samples").symlink_to(run / "other")
    code, out = told(run)
    assert code == 2 and "is a symbolic link" in out


def test_a_long_file_is_not_held_in_memory(tmp_path: Path) -> None:
    """200,000 rows of 70 MB are searched in less memory than they take, also for shared items."""
    rows = ({"item": f"i{n}", "text": "x" * 250, "correct": n % 1000 != 0} for n in range(200_000))
    folder = tmp_path / "run"
    (folder / "samples").mkdir(parents=True)
    path = folder / "samples" / "a-0123456789ab.jsonl"
    with path.open("w") as stream:
        stream.writelines(sealed_line(row) for row in rows)
    (folder / "samples" / "b-0123456789ab.jsonl").hardlink_to(path)
    refs = tuple(SamplesRef(path=f"samples/{name}-0123456789ab.jsonl", sha256=file_fingerprint(path), rows=200_000) for name in "ab")
    write_json(folder / "results.json", encode(leakage(refs=refs)))
    code = (
        "import re, sys; from pathlib import Path; from harness.cli import main\n"
        "used = lambda: 1024 * int(re.search('VmHWM:\\\\s*(\\\\d+)', Path('/proc/self/status').read_text())[1])\n"  # ru_maxrss would be the parent's
        "main(['samples', sys.argv[1], '--arm', 'a', '--where', 'False']); before = used()\n"
        "print(main(['samples', sys.argv[1], '--where', 'correct == False', '--shared']), before, used())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True)
    assert "200 items match in every arm; 400,000 rows read" in done.stdout, done.stderr
    exit_code, *memory = map(int, done.stdout.split()[-3:])
    assert exit_code == 0 and path.stat().st_size > 60e6 and max(memory) < 250e6 and memory[1] - memory[0] < 20e6
