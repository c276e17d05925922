"""How a review is printed and kept: exit codes, JSON, the table of claims, SARIF, annotations of GitHub, and verdicts that go stale."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness.cli import main
from harness.report.generated import seal_text
from harness.review.claims import claim
from harness.review.document import parse_document
from harness.review.findings import finding
from harness.review.rendering import render
from harness.review.review import review_document
from harness.review.verdict import verdict_of
from sample_clean_result import card, clean_result

PROMPTING = Path(__file__).parents[2] / "reports" / "examples" / "persona_prompting"
TEXT = clean_result(card())


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run folder whose report the version of today wrote, in the present folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(PROMPTING, tmp_path / "run")
    (tmp_path / "run" / "clean_result.md").write_text(seal_text(render(tmp_path / "run").text), encoding="utf-8")
    return Path("run")


def edit(folder: Path, old: str, new: str) -> int:
    """Changes the first place of a text, and returns its line."""
    path = folder / "clean_result.md"
    before, found, after = path.read_text(encoding="utf-8").partition(old)
    assert found
    path.write_text(before + new + after, encoding="utf-8")
    return before.count("\n") + 1


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["review", *arguments])
    out, err = capsys.readouterr()
    assert err == ""
    return code, out


@pytest.mark.parametrize(
    ("old", "new", "code", "verdict"),
    [
        ("# ", "# ", 0, "PASS"),
        ("`numbers.csv` (every number shown", "`numbers.csv` (almost every number shown", 1, "CONCERNS"),
        ("−14.9 pp", "−24.9 pp", 2, "FAIL"),
    ],
)
def test_the_exit_code_is_the_verdict(run: Path, old: str, new: str, code: int, verdict: str, capsys: pytest.CaptureFixture[str]) -> None:
    """0 PASS, 1 CONCERNS, 2 FAIL; the last line says it, and of several files the worst counts."""
    edit(run, old, new)
    found, out = printed(capsys, "run")
    assert found == code and out.splitlines()[-1] == f"Verdict: {verdict}"
    (run.parent / "x.md").write_text(TEXT)
    assert printed(capsys, "x.md", "run")[0] == code


def test_json_has_claims_with_places_and_addresses(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = edit(run, "−14.9 pp", "−24.9 pp")
    code, out = printed(capsys, "run", "--json")
    value = json.loads(out)
    assert code == 2 and list(value) == ["file", "verdict", "reproducibility", "structure", "claims", "findings"] and value["verdict"] == "FAIL"
    assert {tuple(one) for one in value["claims"]} == {("line", "column", "end", "text", "kind", "verdict", "reason", "address")}
    (wrong,) = (one for one in value["claims"] if one["verdict"] == "WRONG")
    text = (run / "clean_result.md").read_text().split("\n")[line - 1]
    assert wrong["line"] == line and text[wrong["column"] - 1 : wrong["end"] - 1] == wrong["text"] == "−24.9"
    assert printed(capsys, "run", "--format", "json")[1] == out


def test_the_table_of_claims_has_a_row_for_each_sentence(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong first, with what results say; what is confirmed after it."""
    line = edit(run, "−14.9 pp", "−24.9 pp")
    lines = printed(capsys, "run", "--format", "markdown")[1].splitlines()
    assert lines[0].startswith("**run/clean_result.md: FAIL.** Reproducibility COMPLETE")
    head = lines.index("| Claim | Verdict |")
    assert lines[head + 1] == "|---|---|" and f"(line {line}) | **WRONG.** '−24.9': results say '−14.9'" in lines[head + 2]
    assert all(one.endswith("| **CONFIRMED.** |") for one in lines[head + 3 : head + 20])


def test_sarif_and_annotations_name_the_place(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Findings and claims that are not confirmed, by file, line and column."""
    line = edit(run, "−14.9 pp", "−24.9 pp")
    (run.parent / "draft.md").write_text(clean_result(card(data_hash="TBD")))
    sarif = json.loads(printed(capsys, "run", "draft.md", "--format", "sarif")[1])
    jsonschema.validate(sarif, SARIF)
    (made,) = sarif["runs"]
    assert [(one["ruleId"], one["level"]) for one in made["results"] if one["level"] != "note"] == [("claim/wrong", "error"), ("card/data-hash", "warning")]
    place = made["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "run/clean_result.md" and place["region"]["startLine"] == line and place["region"]["startColumn"] > 1
    assert {one["ruleId"] for one in made["results"]} <= {rule["id"] for rule in made["tool"]["driver"]["rules"]}
    first, second = printed(capsys, "run", "draft.md", "--format", "github")[1].splitlines()
    assert re.match(rf"::error file=run/clean_result\.md,line={line},col=\d+,endColumn=\d+,title=claim/wrong::WRONG '−24.9': results say", first)
    assert re.match(r"::warning file=draft\.md,line=\d+,col=\d+,title=card/data-hash::", second)


SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["ruleId", "level", "message", "locations"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}},
                            },
                        },
                    }
                },
            },
        },
    },
}


def test_verdicts_that_are_kept_go_stale_with_their_sentence(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--record keeps them beside the text and an event in the timeline; an edit is stale in its own sentence alone, other results in all."""
    assert not (run / "review.verdicts.json").exists()
    assert printed(capsys, "run", "--record")[1].splitlines()[-2:] == ["Verdict: PASS", "Recorded: PASS"]
    assert "| reviewed |" in (run / "clean_result.md").read_text() and "verdict PASS, structure COMPLETE" in (run / "clean_result.md").read_text()
    line = edit(run, "−14.9 pp", "−24.9 pp")
    *_, recorded, stale = printed(capsys, "run")[1].splitlines()
    assert recorded == "Recorded: PASS, stale in 1 sentence"
    assert stale.startswith(f"stale: the sentence that was CONFIRMED on line {line} has changed since: 'Effect")
    (kept,) = json.loads(printed(capsys, "run", "--json")[1])["recorded"]["stale"]
    assert (kept["line"], kept["verdict"]) == (line, "CONFIRMED")
    edit(run, "−24.9 pp", "−14.9 pp")
    assert printed(capsys, "run")[1].splitlines()[-1] == "Recorded: PASS"
    tree = json.loads((run / "results.json").read_text())
    (run / "results.json").write_text(json.dumps(tree | {"caveats": [*tree["caveats"], "One more."]}))
    assert printed(capsys, "run")[1].splitlines()[-1] == "Recorded: PASS, stale: the results have changed since"


def test_claims_of_any_text_are_looked_for_where_results_are_named(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --results there is a verdict, and it can be kept beside the text; a file that is not there is one line."""
    (run.parent / "x.md").write_text(TEXT)
    (run.parent / "r.json").write_text('{"benign": {"rise": 1.5}, "requests": 40}')
    value = json.loads(printed(capsys, "x.md", "--results", "r.json", "--record", "--json")[1])
    assert value["verdict"] in ("PASS", "CONCERNS", "FAIL") and value["claims"] and value["recorded"]["verdict"] == value["verdict"]
    assert list(json.loads((run.parent / "review.verdicts.json").read_text())["documents"]) == ["x.md"]
    (run.parent / "r.json").write_text('{"benign": {"rise": 2.5}, "requests": 40}')
    assert "stale: the results have changed since" in printed(capsys, "x.md", "--results", "r.json")[1]
    assert main(["review", "x.md", "--results", "gone.json"]) == 2
    assert "gone.json" in capsys.readouterr().err


def test_a_file_of_verdicts_that_is_damaged_is_one_line(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "review.verdicts.json").write_text("{")
    assert main(["review", "run"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "holds no verdicts of a review" in err


def line_with(words: str) -> int:
    return next(number for number, line in enumerate(TEXT.split("\n"), start=1) if words in line)


@pytest.mark.parametrize(
    ("words", "verdict", "reason", "expected"),
    [
        ("# Short training", "WRONG", "", "FAIL"),
        ("Refusals of benign requests rose", "WRONG", "", "FAIL"),
        ("Refusals of benign requests rose", "OVERCLAIMED", "", "CONCERNS"),
        ("Refusals of benign requests rose", "UNSUPPORTED", "unbound: it has no address", "PASS"),
        ("Refusals of benign requests rose", "UNSUPPORTED", "no such value: it is not in the file", "CONCERNS"),
        ("One model.", "WRONG", "", "CONCERNS"),
        ("Refusals of benign requests rose", "CONFIRMED", "", "PASS"),
    ],
)
def test_the_verdict_on_a_text_follows_from_its_claims(words: str, verdict: Any, reason: str, expected: str) -> None:
    """FAIL for WRONG in title or TL;DR, CONCERNS for whatever else a reader should look at; an unbound number alone is none."""
    review = review_document(parse_document(TEXT), "x.md", [claim(line_with(words), 1, "1", "number", verdict, reason)])
    assert review.verdict == expected


def test_a_contradiction_fails_a_text_and_a_missing_part_concerns_it() -> None:
    document = parse_document(TEXT)
    assert verdict_of(document, [], [finding("claims/contradiction", 9, 1, "12 here and 13 there")]) == "FAIL"
    assert verdict_of(document, [], [finding("card/data-hash", 9, 1, "the card does not state it")]) == "CONCERNS"
    titled = parse_document(f"---\ntitle: A claim (LOW confidence)\n---\n{TEXT.partition(chr(10))[2]}")
    assert verdict_of(titled, [claim(2, 8, "A claim", "words", "WRONG")], []) == "FAIL"
