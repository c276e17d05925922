"""`harness review` as it is typed: lines, JSON, exit codes, and texts that nobody would write."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli import main
from harness.review.review import review_file
from sample_clean_result import card, clean_result


@pytest.fixture
def complete(tmp_path: Path) -> Path:
    path = tmp_path / "complete.md"
    path.write_text(clean_result(card()))
    return path


def without_claims(text: str) -> str:
    """The lines but for those that count claims."""
    return "".join(line for line in text.splitlines(keepends=True) if "Claims: " not in line)


def test_a_complete_file_is_four_lines_and_exit_code_0(complete: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", str(complete)]) == 0
    assert without_claims(capsys.readouterr().out) == "Reproducibility: COMPLETE\nStructure: COMPLETE\nVerdict: PASS\n"


def test_each_finding_is_a_line_that_an_editor_can_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """FILE:LINE:COLUMN: CODE message, in the order of the text, then the verdicts; exit code 1."""
    path = tmp_path / "x.md"
    path.write_text(clean_result(card(environment_commit="main", training_lr=None)).replace(" (MODERATE confidence)", ""))
    assert main(["review", str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    places = [re.fullmatch(rf"{re.escape(str(path))}:(\d+):(\d+): (\S+) .+", line) for line in lines[:3]]
    assert all(places) and [place[3] for place in places if place] == ["structure/title", "card/training-lr", "card/environment-commit"]
    assert sorted(int(place[1]) for place in places if place) == [int(place[1]) for place in places if place]
    assert lines[3:5] == ["Reproducibility: INCOMPLETE(2)", "Structure: INCOMPLETE(1)"] and lines[-1] == "Verdict: CONCERNS"


def test_json_has_the_shape_of_a_review(complete: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object for one file, a list for several."""
    assert main(["review", str(complete), "--json"]) == 0
    expected = json.loads(capsys.readouterr().out)
    assert {**expected, "claims": []} == {
        "file": str(complete),
        "verdict": "PASS",
        "reproducibility": "COMPLETE",
        "structure": "COMPLETE",
        "claims": [],
        "findings": [],
    }
    assert all({"line", "column", "end", "text", "kind", "verdict", "reason", "address"} == set(one) for one in expected["claims"])
    (tmp_path / "x.md").write_text(clean_result(card(data_hash="TBD")))
    assert main(["review", str(complete), str(tmp_path / "x.md"), "--json"]) == 1
    first, second = json.loads(capsys.readouterr().out)
    assert first == expected and second["reproducibility"] == "INCOMPLETE(1)"
    (found,) = second["findings"]
    assert set(found) == {"code", "line", "column", "message"} and found["code"] == "card/data-hash"


def test_the_verdicts_of_several_files_name_their_file(complete: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", str(complete), str(complete)]) == 0
    lines = f"{complete}: Reproducibility: COMPLETE\n{complete}: Structure: COMPLETE\n{complete}: Verdict: PASS\n"
    assert without_claims(capsys.readouterr().out) == lines * 2


def test_a_run_folder_is_reviewed_by_its_clean_result(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["review", str(built)])
    assert f"{built}/clean_result.md:" in capsys.readouterr().out


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b"\xff\xfe\x00\x01"),
        lambda path: path.write_bytes(b"\x7fELF\x02\x00\x00"),
        lambda path: None,
        lambda path: path.mkdir(),
        lambda path: path.symlink_to("/dev/zero"),
    ],
    ids=["no UTF-8", "NUL bytes", "no file", "a folder without a report", "a device"],
)
def test_what_cannot_be_read_is_one_line_and_exit_code_2(tmp_path: Path, make: Callable[[Path], object], capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path / "x.md")
    assert main(["review", str(tmp_path / "x.md")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("harness: ") and err.count("\n") == 1 and "x.md" in err


SETUP = "# Detailed report\n\n## Setup\n\n"
RESULTS = "## TL;DR\n\n### Results\n\n"
TEXTS = {
    "empty": "",
    "blank": "\n \n\t\n",
    "no heading": "Just words.",
    "front matter alone": "---\na: 1\n---\n",
    "front matter without an end": "---\na: 1\n",
    "CRLF": "# a\r\n## TL;DR\r\n",
    "deep quotes": "> " * 5000,
    "deep lists": "\n".join(f"{'  ' * depth}- a" for depth in range(300)),
    "a torn table": "| a |\n|--\n" * 3000,
    "brackets": RESULTS + "![" * 20_000,
    "digits": RESULTS + "1" * 100_000,
    "commas": SETUP + "- **Data:** " + "1," * 50_000,
    "rows": SETUP + "| field | value |\n|---|---|\n" + "| LR | 1 |\n" * 9000,
    "labels": SETUP + "- **LR:** 1\n" * 9000,
    "headings": "### Training\n" * 9000,
    "braces": RESULTS + "{{" + "}}" * 30_000,
    "surrogates and controls": "# \x1b[31m\u202e red (LOW confidence)\n\n### \u200b\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_text_is_reviewed(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever stands in it is incomplete, breaks nothing, and reaches the terminal as text."""
    (tmp_path / "x.md").write_text(text)
    assert main(["review", str(tmp_path / "x.md")]) == 1
    out, err = capsys.readouterr()
    assert err == "" and "Structure: INCOMPLETE(" in out and "\x1b" not in out and "\u202e" not in out


def test_ten_megabytes_take_no_longer_than_half_a_megabyte(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is beyond the first 500,000 characters is counted, not read, and the finding says so."""
    path = tmp_path / "x.md"
    path.write_text(clean_result(card()) + "- a line of a list with some words in it\n" * 250_000)
    start = time.process_time()
    assert main(["review", str(path)]) == 1
    assert time.process_time() - start < 20
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "too-long" in line)
    assert "10,2" in line and "only the first 500,000 were reviewed" in line


def test_bindings_are_proposed_accepted_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A person accepts what was found, or writes an expression; an edit of the sentence ends its binding."""
    monkeypatch.chdir(tmp_path)
    rates = {name: {"rate": rate} for name, rate in (("a", 0.5), ("b", 0.25), ("c", 0.51))}
    (tmp_path / "run.json").write_text(json.dumps({"arms": rates}))
    (tmp_path / "draft.md").write_text("# Draft\n\nThe rate doubled to 0.5 in the second arm.\n")
    assert main(["review", "draft.md", "--results", "run.json", "--propose"]) == 0
    assert "wrote review.bindings.yaml: 1 binding to be accepted" in capsys.readouterr().out
    proposed = (tmp_path / "review.bindings.yaml").read_text()
    assert "value: run.json#/arms/a/rate" in proposed
    for value, verdict in (("run.json#/arms/a/rate", "CONFIRMED"), ("'100 * \"run.json#/arms/b/rate\"'", "WRONG")):
        accepted = proposed.replace("accepted: false", "accepted: true").replace("run.json#/arms/a/rate", value)
        (tmp_path / "review.bindings.yaml").write_text(accepted)
        main(["review", "draft.md", "--results", "run.json", "--json"])
        assert [one["verdict"] for one in json.loads(capsys.readouterr().out)["claims"]] == [verdict]
    (tmp_path / "draft.md").write_text("# Draft\n\nThe rate doubled to 0.5 in the third arm.\n")
    main(["review", "draft.md", "--results", "run.json", "--json"])
    assert [one["verdict"] for one in json.loads(capsys.readouterr().out)["claims"]] == ["UNSUPPORTED"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--results", "none.json"], "none.json"),
        (["--results", "bad.json"], "bad.json: is no JSON"),
        (["--bindings", "bad.yaml"], "bad.yaml"),
    ],
)
def test_files_that_cannot_be_read_are_told_in_one_line(
    complete: Path, words: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(complete.parent)
    (complete.parent / "bad.json").write_text("{")
    (complete.parent / "bad.yaml").write_text("bindings: [{number: x}]\n")
    assert main(["review", str(complete), *words]) == 2
    err = capsys.readouterr().err
    assert told in err and err.count("\n") == 1


def test_the_labelled_documents_fail_for_their_known_reasons() -> None:
    """Each with its line: two values of one experiment, an interval that its SD cannot give, a range rounded outward, words beyond the evidence."""
    seeds = Path(__file__).parents[2] / "../shared/seeds"
    if not seeds.is_dir():
        pytest.skip(f"{seeds} is not there")
    found = {}
    for number in ("001", "002"):
        [file] = seeds.glob(f"{number}_*")
        review = review_file(file)
        assert review.verdict == "FAIL"
        found |= {(number, one.line, one.text): one.verdict for one in review.claims if one.flagged}
    known = {
        ("001", 360, "71.3%"): "WRONG",
        ("001", 361, "< 0.001"): "WRONG",
        ("001", 168, "(11.2%, 11.4%)"): "WRONG",
        ("002", 247, "+14 to +48pp"): "OVERCLAIMED",
        ("002", 275, "protects"): "OVERCLAIMED",
        ("002", 334, "0/4"): "WRONG",
    }
    assert {place: found.get(place) for place in known} == known
