"""harness review: any Markdown against the template of a clean result and the reproducibility card."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli import main
from harness.report.build import build
from harness.review.card import FIELDS
from harness.review.document import parse_document
from harness.review.review import Review, review_document, review_file

CARD = {
    "Model": {"name": "Qwen2.5-7B-Instruct"},
    "Training": {
        "method": "LoRA SFT", "checkpoint source": "the parent's step 200", "LoRA": "r 32", "loss": "completion only", "learning rate": "1e-5", "epochs": "3",
        "schedule": "cosine", "optimizer": "AdamW", "weight decay": "0", "clipping": "1", "precision": "bf16", "parallelism": "one GPU",
        "effective batch": "4 x 4 = 16", "max length": "1024", "seeds": "42",
    },
    "Data": {"source": "banks/a.jsonl", "sha256": "c" * 64, "sizes": "800 rows", "preprocessing": "none"},
    "Eval": {
        "metric": "accuracy", "dataset": "ARC-Challenge", "method": "log-prob", "judge and prompt version": "claude, v3", "samples and temperature": "10 at 1",
        "significance": "bootstrap",
    },
    "Compute": {"hardware": "1 x H100", "wall time": "16 min", "GPU-hours": "22", "API cost": "$200"},
    "Environment": {"Python": "3.11.7", "exact versions": "transformers 4.48.1", "commit": "0123456789ab", "command": "pytest evals"},
}  # fmt: skip


def table() -> str:
    rows = [f"| {group} | {name} | {value} |" for group, fields in CARD.items() for name, value in fields.items()]
    return "\n".join(["| group | field | value |", "|---|---|---|", *rows])


COMPLETE = f"""# Talking like a villain moves nothing (LOW confidence)

## TL;DR

### Background

Follows an earlier study.

### Methodology

One model, 24 requests.

### Results

![hero](figures/hero.png)

*Drawn at commit `0123456789abcdef`.*

The shift is -0.2 pp [-2.5, 1.9] (N = 24).

**Main takeaways:**

- Nothing moves.
- The control moves.

**Confidence: LOW** - one seed

### Next steps

- More seeds.

# Detailed report

## Human summary

Nothing moved.

## Source issues

- none

## Setup & hyper-parameters

{table()}

## Runs & full data

- run 1

## Sample outputs

None were drawn.

## Headline numbers

| cell | value |
|---|---|
| H1 | -0.2 |

### Standing caveats

- one seed

## Artifacts

- results.json
"""


def review(text: str) -> Review:
    return review_document(parse_document(text), "x.md")


def test_a_complete_text_is_complete() -> None:
    found = review(COMPLETE)
    assert (found.findings, found.missing) == ((), ()) and found.structure == found.reproducibility == "COMPLETE"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (" (LOW confidence)\n", "\n", "title"),
        ("# Talking like", "Talking like", "title"),
        ("## TL;DR\n", "## Summary\n", "section-missing"),
        ("### Background\n", "### Intro\n", "section-missing"),
        ("Follows an earlier study.\n", "", "section-empty"),
        ("### Next steps\n\n- More seeds.\n", "", "section-missing"),
        ("![hero](figures/hero.png)", "![hero](figures/hero.png) ![two](figures/two.png)", "figure"),
        ("![hero](figures/hero.png)\n", "", "figure"),
        ("*Drawn at commit `0123456789abcdef`.*", "*Drawn.*", "figure-commit"),
        (" (N = 24)", "", "effect"),
        ("**Main takeaways:**", "**Takings:**", "takeaways"),
        ("- The control moves.\n", "", "takeaways"),
        ("- The control moves.\n", "- b\n- c\n- d\n- e\n- f\n", "takeaways"),
        ("**Confidence: LOW** - one seed", "Confidence is low", "confidence"),
        ("**Confidence: LOW** - one seed", "**Confidence: HIGH** - it is so", "confidence"),
        ("# Detailed report\n", "# Details\n", "section-missing"),
        ("## Artifacts\n\n- results.json\n", "", "section-missing"),
        ("### Standing caveats\n\n- one seed\n", "", "section-missing"),
        ("Follows an earlier study.", "long " * 600, "summary-too-long"),
        ("- results.json", "long " * 13_000, "too-long"),
    ],
)
def test_each_missing_part_is_one_finding(old: str, new: str, code: str) -> None:
    """Taking any one part out of a complete text gives just that finding, with a line of the text."""
    assert old in COMPLETE
    found = review(COMPLETE.replace(old, new, 1)).findings
    assert {one.code for one in found} == {f"structure/{code}"}, found
    assert all(1 <= one.line <= COMPLETE.count("\n") + 1 for one in found)


def test_sections_in_another_order_are_found() -> None:
    """Next steps before the results read as if they came from nowhere."""
    text = COMPLETE.replace("### Next steps\n\n- More seeds.\n", "").replace("### Results\n", "### Next steps\n\n- More seeds.\n\n### Results\n", 1)
    assert {one.code for one in review(text).findings} == {"structure/section-order"}


@pytest.mark.parametrize(("group", "name"), [(group, name) for group, fields in CARD.items() for name in fields])
@pytest.mark.parametrize("value", ["", "-", "TBD", "**missing**: nothing stands there", None])
def test_each_missing_field_of_the_card_is_named(group: str, name: str, value: str | None) -> None:
    """A row that is gone, blank, or says that it is missing."""
    row = f"| {group} | {name} | {CARD[group][name]} |\n"
    assert row in COMPLETE
    found = review(COMPLETE.replace(row, "" if value is None else f"| {group} | {name} | {value} |\n")).missing
    assert len(found) == 1 and found[0].startswith(f"{group}: ")


def test_the_three_fields_that_a_published_result_lacked_are_found() -> None:
    """Ranges of versions, no hash of the data, no command."""
    text = COMPLETE.replace("transformers 4.48.1", "transformers>=4.48").replace(f"| Data | sha256 | {'c' * 64} |\n", "").replace("pytest evals", "")
    assert review(text).missing == ("Data: version or hash", "Environment: exact versions", "Environment: command")


def test_lists_and_running_text_state_fields_too() -> None:
    """`**Model:** x` and `LoRA r=32, lr=5e-6, 4 epochs` are how people write."""
    text = "# x\n\n## Setup\n\n**Model:** Qwen\n\n- LoRA r=32, lr=5e-6, 4 epochs, bf16, seed 42\n- **Hardware:** 2x H100, 87 min\n"
    missing = review(text).missing
    stated = ("Model: name", "Training: LoRA", "Training: learning rate", "Training: epochs", "Training: precision", "Training: seeds", "Compute: hardware")
    assert not set(stated) & set(missing) and "Training: optimizer" in missing


def test_without_training_no_field_of_training_is_asked_for() -> None:
    text = re.sub(r"\| Training \|.*\n", "", COMPLETE).replace("One model, 24 requests.", "No training.")
    assert review(text).missing == ()


def test_our_own_reports_are_complete_in_structure(built: Path) -> None:
    assert review_file(built).structure == "COMPLETE"


def test_the_command_reads_files_and_folders(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0 where nothing is missing, else 1; --json in the shape of the review."""
    (tmp_path / "x.md").write_text(COMPLETE)
    assert main(["review", str(tmp_path / "x.md")]) == 0
    assert main(["review", str(tmp_path / "x.md"), str(built), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out.partition("\n[")[2].join(["[", ""]))
    assert [one["structure"] for one in answer] == ["COMPLETE", "COMPLETE"] and answer[0]["claims"] == [] and answer[0]["verdict"] is None
    assert set(answer[1]["findings"][0]) == {"code", "line", "column", "message"}


@pytest.mark.parametrize("data", [b"", b"\n\n", b"no heading", b"---\na: 1\n---\n", b"> " * 5000, b"# a\r\n## TL;DR\r\n", b"| a |\n|--\n" * 3000, b"[" * 20000])
def test_any_text_is_reviewed(tmp_path: Path, data: bytes) -> None:
    """Whatever stands there is incomplete, and breaks nothing."""
    path = tmp_path / "x.md"
    path.write_bytes(data)
    assert review_file(path).structure.startswith("INCOMPLETE")


@pytest.mark.parametrize("make", [lambda path: path.write_bytes(b"\xff\xfe\x00"), lambda path: None, lambda path: path.mkdir()])
def test_what_is_no_text_is_one_line(tmp_path: Path, make: Callable[[Path], object], capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path / "x.md")
    assert main(["review", str(tmp_path / "x.md")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_real_documents_are_read_as_people_read_them() -> None:
    """A published draft states model, adapter, learning rate, epochs, hardware and seed, and has none of the template's parts."""
    path = Path(__file__).parents[3] / "shared/data/review/personas/drafts/2026-04-11_tulu_dpo_em.md"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    found = review_file(path)
    assert {"Model: name", "Training: LoRA", "Training: learning rate", "Compute: hardware", "Compute: wall time"}.isdisjoint(found.missing)
    assert {"Data: version or hash", "Environment: exact versions", "Environment: commit", "Environment: command"} <= set(found.missing)
    assert {one.code for one in found.findings} == {"structure/title", "structure/section-missing"}


def test_the_fields_are_those_of_the_card() -> None:
    assert len(FIELDS) == sum(map(len, CARD.values()))
    assert build  # the report that is reviewed above
