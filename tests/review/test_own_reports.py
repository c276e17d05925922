"""Our own reports: what was changed in generated text is found at its line, what was not raises nothing, and numbers of notes.md are bound or named."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from harness.appendlog import AppendLog
from harness.report.addresses import value_at
from harness.report.build import view_of
from harness.report.generated import seal_text
from harness.review.own import OwnReview, compare
from harness.review.rendering import Rendered, render
from harness.review.review import Review, review_file
from harness.review.seal import edited_lines, hash_of
from harness.review.tokens import tokens_of

EXAMPLES = sorted(path.parent for path in (Path(__file__).parents[2] / "reports" / "examples").glob("*/clean_result.md"))
WORDS = ("not", "never", "larger", "confirmed", "because", "seven")
DIGIT, SIGN, WORD = re.compile(r"\d"), re.compile(r"[+−]|(?<!\w)-(?=[\d.])"), re.compile(r"[^\W\d_]{2,}")


@cache
def rendered(folder: Path) -> Rendered:
    return render(folder)


@cache
def text_of(folder: Path) -> str:
    return (folder / "clean_result.md").read_text(encoding="utf-8")


def review(folder: Path, text: str) -> OwnReview:
    return compare(rendered(folder), text.split("\n"))


def alarms(found: OwnReview) -> list[tuple[int, str]]:
    """(line, verdict or code) of all that a reader should look at."""
    return [(one.line, one.verdict) for one in found.claims if one.flagged] + [(one.line, one.code) for one in found.findings]


def mutate(text: str, draw: random.Random) -> tuple[str, int]:
    """(the text with one digit, sign or word in the place of another, its line)."""
    kind = draw.choice((DIGIT, SIGN, WORD))
    body = text[: text.rindex("[//]: #")]
    found = draw.choice(list(kind.finditer(body)))
    others = {DIGIT: "0123456789", SIGN: "−" if found[0] == "+" else "+", WORD: WORDS}[kind]
    new = draw.choice([other for other in others if other != found[0]])
    return text[: found.start()] + new + text[found.end() :], body.count("\n", 0, found.start()) + 1


def other_words(folder: Path) -> set[int]:
    """The lines that the version of today would write in other words than the one that wrote the example."""
    lines = text_of(folder).split("\n")
    today = {tuple(token.key for token in line.tokens) for line in rendered(folder).lines}
    return {number for number, line in enumerate(lines, start=1) if tuple(token.key for token in tokens_of(line)) not in today}


@pytest.mark.parametrize("folder", EXAMPLES, ids=[folder.name for folder in EXAMPLES])
def test_each_of_125_changes_is_found_at_its_line(folder: Path) -> None:
    """One digit, sign or word of the generated text changed: a claim on its line is WRONG, and no other line raises an alarm. Only where another version of
    harness wrote that very line in other words, lines of the same kind may."""
    draw, older = random.Random(f"{folder.name} 1"), other_words(folder)
    assert len(older) < 20
    for _ in range(125):
        changed, line = mutate(text_of(folder), draw)
        found = alarms(review(folder, changed))
        assert (line, "WRONG") in found and {verdict for _, verdict in found} == {"WRONG"}, (line, found)
        assert {place for place, _ in found} <= ({line} | older if line in older else {line}), (line, found)


@pytest.mark.parametrize("folder", EXAMPLES, ids=[folder.name for folder in EXAMPLES])
def test_words_of_another_version_are_no_fault(folder: Path) -> None:
    """A report that was written in other words, with hyphens for minus signs: its seal says that nobody edited it, and, after an edit, where that was."""
    text = rendered(folder).text.replace("−", "-").replace("every number", "all numbers").replace("## Source issues\n", "An end.\n\n## Source issues\n")
    older = seal_text(text.replace("Drawn at random by a stated seed; `index.html` shows more. ", ""))
    assert alarms(review(folder, older)) == []
    same = {tuple(token.key for token in line.tokens) for line in rendered(folder).lines}
    draw = random.Random(f"{folder.name} 2")
    for changed, line in (mutate(older, draw) for _ in range(30)):
        if tuple(token.key for token in tokens_of(older.split("\n")[line - 1])) in same:
            assert alarms(review(folder, changed)) == [(line, "WRONG")]


@pytest.mark.parametrize("folder", EXAMPLES, ids=[folder.name for folder in EXAMPLES])
@pytest.mark.parametrize(("today", "before"), [("## Source issues\n", "An end.\n\n## Source issues\n"), ("## Source issues\n", "")])
def test_an_edit_beside_lines_of_another_version_is_found_alone(folder: Path, today: str, before: str) -> None:
    """Another version wrote a line more, or a line less, right behind the one that a person edited, and other words further down."""
    text = rendered(folder).text.replace("every number", "all numbers")
    lines = text[: text.index(today)].rstrip().count("\n") + 1
    older = seal_text(text.replace(today, before)).split("\n")
    older[lines - 1] = older[lines - 1].replace("**What would", "**Nothing would")
    assert alarms(review(folder, "\n".join(older))) == [(lines, "WRONG")]


def test_an_edit_is_found_among_many_passages_of_another_version() -> None:
    """Ten lines of older words, a line less behind one of three edited lines: few candidates are tried in vain."""
    drawn = [f"line {number} of the report, whose words are its own" for number in range(300)]
    sealed = [line.replace("report", "paper") if number % 30 == 7 else line for number, line in enumerate(drawn) if number != 101]
    for edited in ({100}, {50, 100, 290}):
        lines = [line.replace("line", "row") if number in edited else line for number, line in enumerate(sealed)]
        assert edited_lines(lines, drawn, hash_of(sealed)) == {number + 1 for number in edited}


@pytest.mark.parametrize("folder", EXAMPLES, ids=[folder.name for folder in EXAMPLES])
def test_the_examples_raise_no_alarm(folder: Path) -> None:
    """As they are shipped, and as the version of today writes them; most of their numbers have an address, at which something stands."""
    for found in (review_file(folder), review(folder, seal_text(rendered(folder).text))):
        assert not any(one.flagged for one in found.claims) and found.findings == ()
    assert review_file(folder).verdict == "PASS"
    tree, addresses = view_of(folder).tree, {one.address for one in found.claims if one.address.startswith("results.json#/")}
    assert len(addresses) > 80 and all(value_at(tree, where.partition("#/")[2]) is not None for where in addresses)


LEAKAGE = next(folder for folder in EXAMPLES if folder.name == "persona_leakage")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A run folder with notes, its report as the version of today writes it."""
    folder = Path(shutil.copytree(LEAKAGE, tmp_path / "run"))
    write_report(folder)
    return folder


def write_report(folder: Path, change: Callable[[str], str] = str) -> None:
    (folder / "clean_result.md").write_text(change(seal_text(render(folder).text)), encoding="utf-8")


def flagged(found: Review) -> list[tuple[int, str]]:
    return [(one.line, one.verdict) for one in found.claims if one.flagged] + [(one.line, one.code) for one in found.findings]


def lines_of(folder: Path) -> list[str]:
    return (folder / "clean_result.md").read_text(encoding="utf-8").split("\n")


def test_a_changed_number_is_wrong_with_what_results_say(copied: Path) -> None:
    """The claim is the number itself, by line and column, and names the address."""
    write_report(copied, lambda text: text.replace("`H1[villain-refusal]`: −0.2 pp", "`H1[villain-refusal]`: +10.2 pp", 1))
    found = review_file(copied)
    (wrong,) = (one for one in found.claims if one.flagged)
    line = lines_of(copied)[wrong.line - 1]
    assert line[wrong.column - 1 : wrong.end - 1] == wrong.text == "+10.2" and found.verdict == "FAIL"
    assert wrong.reason == "results say '−0.2'" and wrong.address == "results.json#/cells/H1[villain-refusal]/measurements/shift of the target/value"


@pytest.mark.parametrize(
    ("old", "new", "text", "reason"),
    [
        ("1 seed; scale", "seed; scale", "seed", "results say '1' before this"),
        ("Gates and controls: all", "Gates and most controls: all", "most", "the generated text does not say this"),
        ("**Confidence: LOW**", "**Confidence: HIGH**", "HIGH", "the generated text says 'LOW'"),
        ("requests, p = .", "requests, p < .", "<", "results say '='"),
        ("None counts as an effect or as its absence.", "None counts as an effect.", ".", "the generated text says 'or as its absence' before this"),
    ],
)
def test_words_put_in_taken_out_or_exchanged_are_wrong(copied: Path, old: str, new: str, text: str, reason: str) -> None:
    write_report(copied, lambda written: new.join(written.split(old, 1)))
    (wrong,) = (one for one in review_file(copied).claims if one.flagged)
    assert (wrong.verdict, wrong.text, wrong.reason) == ("WRONG", text, reason)


@pytest.mark.parametrize(
    ("section", "verdict"), [("# ", "FAIL"), ("### Background", "FAIL"), ("| cell | measurement |", "FAIL"), ("### Standing caveats", "CONCERNS")]
)
def test_the_verdict_depends_on_where_the_fault_is(copied: Path, section: str, verdict: str) -> None:
    """FAIL for a fault in title, TL;DR or headline table; CONCERNS anywhere else."""
    lines = lines_of(copied)
    start = next(number for number, line in enumerate(lines) if line.startswith(section)) + (section != "# ")
    place = next(number for number in range(start, len(lines)) if re.search(r"[a-z]{4,}", lines[number]))
    lines[place] = re.sub(r"[a-z]{4,}", "elsewhere", lines[place], count=1)
    (copied / "clean_result.md").write_text("\n".join(lines), encoding="utf-8")
    found = review_file(copied)
    assert found.verdict == verdict and flagged(found) == [(place + 1, "WRONG")]


def test_text_that_a_person_adds_is_left_to_the_review_of_any_text(copied: Path) -> None:
    """It is not wrong for being new: its lines are given, and its numbers are bound to nothing."""
    write_report(copied, lambda text: text.replace("### Next steps\n", "In 3 of 7 pilots it was +12.5 pp.\nNobody knows why.\n\n### Next steps\n", 1))
    lines = lines_of(copied)
    line = lines.index("Nobody knows why.") + 1
    assert compare(render(copied), lines).added == ((line - 1, line),)
    found = review_file(copied)
    told = [(one.text, one.verdict) for one in found.claims if one.line == line - 1]
    assert {text for text, _ in told} == {"3", "7", "+12.5 pp"} and {verdict for _, verdict in told} == {"UNSUPPORTED"}
    assert flagged(found) == [] and found.verdict == "PASS"


def test_text_below_the_seal_is_added_too(copied: Path) -> None:
    write_report(copied, lambda text: f"{text}\nPS: seen in 9 of 10 runs.\n")
    found = review_file(copied)
    assert [(one.text, one.verdict) for one in found.claims if lines_of(copied)[one.line - 1].startswith("PS")] == [("9", "UNSUPPORTED"), ("10", "UNSUPPORTED")]
    assert flagged(found) == []


def test_lines_that_were_taken_out_are_one_finding_where_they_stood(copied: Path) -> None:
    before = lines_of(copied)
    start = next(number for number, line in enumerate(before) if line.startswith("- Without an answer"))
    (copied / "clean_result.md").write_text("\n".join(before[:start] + before[start + 1 :]), encoding="utf-8")
    found = review_file(copied)
    (removed,) = found.findings
    assert removed.code == "claims/removed" and "Without an answer" in removed.message and lines_of(copied)[removed.line - 1].startswith("**Confidence")
    assert found.verdict == "CONCERNS" and not any(one.flagged for one in found.claims)


def test_a_sentence_written_anew_is_removed_and_added(copied: Path) -> None:
    write_report(copied, lambda text: re.sub(r"- SUPPORTED: H2\b.*", "- Only one of our further ideas did well, which surprised all 5 of us.", text, count=1))
    found = review_file(copied)
    (removed,) = found.findings
    assert removed.code == "claims/removed" and "surprised" in lines_of(copied)[removed.line - 1]
    assert [one.text for one in found.claims if one.line == removed.line] == ["5"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("−", "-"),
        lambda text: text.replace("\n\n", "  \n\n\n"),
        lambda text: text.replace("|---|", "| :-------: |").replace("| :-------: |", "| ------ |"),
        lambda text: text.replace(" behaviours that are trained", "\nbehaviours that are trained", 1),
        lambda text: text[: text.rindex("[//]: #")],
        lambda text: f"---\nlabels: [result]\n---\n{text}",
    ],
    ids=["CRLF", "hyphens for minus", "blank lines", "a wider table", "a line broken in two", "no seal", "front matter"],
)
def test_what_an_editor_does_to_a_text_is_no_fault(copied: Path, change: Callable[[str], str]) -> None:
    with (copied / "clean_result.md").open("w", encoding="utf-8", newline="") as stream:
        stream.write(change(seal_text(render(copied).text)))
    found = review_file(copied)
    assert flagged(found) == [] and found.verdict == "PASS"


def test_a_report_that_is_older_than_its_results_is_wrong_in_its_numbers_alone(copied: Path) -> None:
    """Nobody edited it, as its seal proves: a number that results do not give any more is named, other words are not."""
    tree = json.loads((copied / "results.json").read_text())
    cell = next(cell for cell in tree["cells"] if cell["id"] == "H1[villain-refusal]")
    next(one for one in cell["measurements"] if one["name"] == "shift of the target")["value"] = -7.3
    tree["question"] = f"Otherwise put: {tree['question']}"
    (copied / "results.json").write_text(json.dumps(tree))
    wrong = [one for one in review_file(copied).claims if one.flagged]
    assert wrong and {(one.verdict, one.text) for one in wrong} == {("WRONG", "−0.2")}
    assert all("'−7.3' now" in one.reason and "harness report makes it again" in one.reason for one in wrong)


def test_events_after_an_edit_are_not_missed(copied: Path) -> None:
    """The timeline goes on while an edited text stays as it is."""
    write_report(copied, lambda text: text.replace("all 14 passed", "all 13 passed", 1))
    AppendLog(copied / "history.jsonl").append([{"event": "reviewed", "time": "2026-11-27T09:00:00Z", "note": "PASS with 3 notes"}])
    assert [verdict for _, verdict in flagged(review_file(copied))] == ["WRONG"]


def test_a_seal_that_was_changed_is_named(copied: Path) -> None:
    write_report(copied, lambda text: re.sub(r"(text above: )(.)", lambda found: found[1] + ("0" if found[2] != "0" else "1"), text))
    assert flagged(review_file(copied)) == [(len(lines_of(copied)) - 1, "claims/seal")]


def test_results_that_cannot_be_read_are_one_finding(copied: Path) -> None:
    """Structure and card are reviewed all the same."""
    (copied / "results.json").write_text("{")
    found = review_file(copied)
    assert flagged(found) == [(1, "claims/results")] and found.verdict == "CONCERNS" and found.structure == "COMPLETE"


NOTES = """# Notes

## Takeaways
- The shift of {{cells/H1[villain-refusal]/measurements/shift of the target/value}} is far below 12.5 pp, and 3 of 40 pilots agree.
MANY
## Caveats
- One model of 135 million parameters; see H1 and {{cells/H1[nobody]/verdict}}.

## Next steps
- Draw 24 more requests.

## Surprising
- About 7 % of answers were empty.
"""


def test_every_number_of_the_notes_is_bound_or_named(copied: Path) -> None:
    """With an address: confirmed with it. Without: named with its line in notes.md wherever the report shows it, and once where it does not."""
    many = "".join(f"- In pilot {place} the shift was {place}.25 pp.\n" for place in range(1, 16))
    (copied / "notes.md").write_text(NOTES.replace("MANY", many))
    write_report(copied)
    found, lines = review_file(copied), lines_of(copied)
    unbound = [one for one in found.claims if one.kind == "note" and one.reason.startswith("unbound: notes.md:")]
    expected = {"12.5 pp", "3", "40", "135", "24", "7 %", *(f"{place}.25 pp" for place in range(1, 16))}
    assert expected <= {one.text for one in unbound}
    shown = [one for one in unbound if "`notes.md`" not in lines[one.line - 1]]
    assert all(lines[one.line - 1][one.column - 1 : one.end - 1] == one.text for one in shown) and {"12.5 pp", "135", "7 %"} <= {one.text for one in shown}
    bound = [one for one in found.claims if one.verdict == "CONFIRMED" and lines[one.line - 1].startswith(("- The shift of", "- **Takeaway.** The shift of"))]
    assert {(one.text, one.address.rpartition("/")[2]) for one in bound} == {("−0.2", "value")} and len(bound) == 2
    assert not any(one.flagged for one in unbound)
    (broken,) = (one for one in found.claims if one.flagged)
    assert broken.reason == "no such value: notes.md:22 names an address that leads nowhere" and "nothing stands at" in lines[broken.line - 1]
