"""The reproducibility card: each field that a text does not state is one finding, in whatever form the card is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.review.document import parse_document
from harness.review.fields import FIELDS
from harness.review.findings import Finding
from harness.review.review import review_document, review_file
from sample_clean_result import FORMS, ROWS, card, clean_result

CODES = [code for *_, code in ROWS]
NOTHING = ["", "-", "—", "TBD", "unknown", "`unknown`", "missing", "**missing**: nothing stands there", "not recorded", "see #99", "{{value}}", "N/A"]


def findings(setup: str) -> list[Finding]:
    return [one for one in review_document(parse_document(clean_result(setup)), "x.md").findings if one.code.startswith("card/")]


def codes(setup: str) -> list[str]:
    return [one.code.removeprefix("card/") for one in findings(setup)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("code", CODES)
def test_a_field_that_is_left_open_is_one_finding(form: str, code: str) -> None:
    """A row that is not there, or whose value states nothing: exactly that field is named."""
    for value in (None, *NOTHING):
        assert codes(card(form, **{code.replace("-", "_"): value})) == [code], (form, value)


def test_the_fields_are_those_of_the_card() -> None:
    """Codes and labels are distinct, and each is tried above."""
    assert [field.code for field in FIELDS] == [f"card/{code}" for code in CODES]
    labels = [part.label for field in FIELDS for part in field.parts]
    assert len(labels) == len(set(labels))


def test_the_three_fields_that_a_published_result_lacked_are_found() -> None:
    """No hash of the data, ranges of versions, no command: what its independent review named, and nothing else."""
    setup = card(data_hash=None, environment_versions="transformers>=4.48, torch 2.6.0", environment_command=None)
    assert sorted(codes(setup)) == ["data-hash", "environment-command", "environment-versions"]


@pytest.mark.parametrize(
    ("code", "value", "says"),
    [
        ("environment-versions", "transformers>=4.48", "no exact version"),
        ("environment-versions", "torch 2.x", "no exact version"),
        ("environment-python", ">=3.11", "no exact version"),
        ("environment-versions", "those of the image", "no version"),
        ("environment-commit", "main", "no commit"),
        ("environment-python", "the system's", "no version"),
        ("data-hash", "the latest on the hub", "no version or hash"),
        ("training-batch", "16", "without its factors"),
        ("eval-judge", "N/A", "without a reason"),
        ("eval-judge", "", "blank"),
        ("data-hash", "not recorded", "not known: 'not recorded'"),
    ],
)
def test_a_value_that_is_none_says_what_is_wrong_with_it(code: str, value: str, says: str) -> None:
    """A range is no version, a branch no commit, one number no product."""
    (found,) = findings(card(**{code.replace("-", "_"): value}))
    assert found.code == f"card/{code}" and says in found.message


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("training-batch", "16 (per_device=4, grad_accum=4)"),
        ("training-parallelism", "not applicable: one device"),
        ("data-hash", "downloaded on 2026-04-14"),
        ("eval-judge", "N/A — a phrase list decides"),
        ("environment-commit", "not applicable, the code is in the appendix"),
        ("training-decay", "0"),
        ("compute-api-cost", "$0"),
        ("environment-versions", '{"torch": "2.6.0", "peft": "0.15.1"}'),
    ],
)
def test_what_states_a_field_is_no_finding(code: str, value: str) -> None:
    assert codes(card(**{code.replace("-", "_"): value})) == []


def test_a_finding_points_at_the_value_or_at_its_group() -> None:
    """A row that says "unknown" by line and column; a row that is not there by the heading of its group or by the first row of the group."""
    text = clean_result(card("headings", training_lr="unknown", data_hash=None))
    first, second = (one for one in review_document(parse_document(text), "x.md").findings)
    lines = text.split("\n")
    assert lines[first.line - 1][first.column - 1 :] == "unknown |" and first.code == "card/training-lr"
    assert lines[second.line - 1] == "### Data" and second.column == 1
    (found,) = findings(card(data_hash=None))
    assert clean_result(card()).split("\n")[found.line - 1].startswith("| Data | Source |")


def test_one_row_among_several_that_is_not_known_is_a_finding() -> None:
    """Four streams of data, three of them without a hash; a dash beside a value is a stage without that setting."""
    streams = (
        "\n\n### Data\n\n| Stream | Source | Hash |\n|---|---|---|\n| a | a.jsonl | sha256 1234567 |\n| b | b.jsonl | **not recorded** |\n| c | c.jsonl | — |"
    )
    (found,) = findings(card(data_source=None, data_hash=None) + streams)
    assert found.code == "card/data-hash" and "not recorded" in found.message
    assert codes(card(data_source=None, data_hash=None) + streams.replace("**not recorded**", "md5 89abcde")) == []


def test_stages_may_stand_beside_each_other() -> None:
    """A column for each stage, with the names of the fields in the first."""
    stages = "\n\n### Training\n\n| | convergence | behaviour |\n|---|---|---|\n| LR | 5e-5 | 1e-5 |\n| Epochs | 20 | 3 |\n| Optimizer | AdamW | TBD |"
    assert codes(card(training_lr=None, training_epochs=None) + stages) == []


def test_running_text_in_a_list_states_fields_too() -> None:
    """Names with values inside a line, as people write them; what it leaves out is missed all the same."""
    setup = "- **Model:** Qwen2.5-0.5B\n- EM LoRA r=32, lr=5e-6, 4 epochs, bf16, batch_size=4, grad_accum=4, seed 42\n- **Hardware:** 2x H100, ~87 min\n"
    found = codes(setup)
    stated = {"model-base", "training-lora", "training-lr", "training-epochs", "training-precision", "training-batch", "training-seeds"}
    assert not (stated | {"compute-hardware", "compute-wall-time"}) & set(found)
    assert {"training-optimizer", "training-schedule", "data-hash", "compute-gpu-hours", "environment-command"} <= set(found)


def test_a_block_of_shell_in_the_setup_is_the_command() -> None:
    assert codes(card(environment_command=None) + "\n\n```bash\npython -m pytest evals\n```") == []
    assert codes(card(environment_command=None) + "\n\n```json\n{}\n```") == ["environment-command"]


TRAINING = {code.replace("-", "_"): None for code in CODES if code.startswith("training-")}


@pytest.mark.parametrize(
    "says",
    [
        "No training was done.",
        "Inference only: nothing was trained.",
        "### Training — N/A (analysis of stored answers)",
        "| Training | not applicable | no training |",
    ],
)
def test_without_training_no_field_of_training_is_asked_for(says: str) -> None:
    """Where the text says so; where it is silent, all of them are."""
    assert codes(f"{says}\n\n{card(**TRAINING)}") == []
    assert codes(card(**TRAINING)) == [code for code in CODES if code.startswith("training-")]


def test_who_trained_is_asked_whatever_else_the_text_says() -> None:
    """A filled learning rate outweighs a sentence, and lost training data is no lack of training."""
    assert codes(f"The control had no training.\n\n{card(training_decay=None)}") == ["training-decay"]
    assert len(codes(f"No training data was lost.\n\n{card(**TRAINING)}")) == 15


EXAMPLES = sorted((Path(__file__).parents[2] / "reports" / "examples").glob("*/clean_result.md"))


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
def test_the_examples_are_complete(path: Path) -> None:
    """The reports that this project shows; and without the row of a field, that field is missing."""
    text = path.read_text(encoding="utf-8")
    assert review_file(path).findings == ()
    for row, code in (("Data | `sha256`", "data-hash"), ("Eval | `method`", "eval-method"), ("Environment | `packages`", "environment-versions")):
        lines = [line for line in text.split("\n") if not line.startswith(f"| {row} |")]
        assert [one.code for one in review_document(parse_document("\n".join(lines)), "x").findings] == [f"card/{code}"]


def test_a_report_of_ours_with_an_incomplete_card_is_incomplete(built: Path) -> None:
    """What its own line says is missing is found: a field in the text, and one of a part whose card is a file of its own."""
    found = review_file(built)
    lines = (built / "clean_result.md").read_text().split("\n")
    (said,) = (line for line in lines if "Reproducibility: INCOMPLETE (3)" in line)
    assert "`Data / preprocessing`, `Eval / refusal / judge`, `Eval / refusal / judge_prompt_version`" in said
    assert {one.code: lines[one.line - 1] for one in found.findings} == {
        "card/eval-judge": said,
        "card/data-preprocessing": next(line for line in lines if line.startswith("| Data | `preprocessing` |")),
    }
