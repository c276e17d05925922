"""Documents that others wrote, reviewed by hand before they were reviewed by the program. What the hand found is written down here."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from harness.review.document import parse_document
from harness.review.fields import FIELDS
from harness.review.review import Review, review_document, review_file

DRAFTS = "data/review/personas/drafts"
SEED_002 = "seeds/002_f79aee81c8be90c5.txt"
# Draft to the fields that its setup states; nothing states the others.
STATED = {
    "2026-04-11_tulu_dpo_em.md": {
        "model-base", "training-method", "training-checkpoint", "training-lora", "training-lr", "training-epochs", "training-seeds", "data-source",
        "data-sizes", "eval-metric", "eval-dataset", "eval-method", "eval-samples", "compute-hardware", "compute-wall-time",
    },
    "2026-04-10_proximity_transfer.md": {
        "model-base", "training-method", "training-lora", "training-lr", "training-epochs", "training-batch", "training-seeds", "data-sizes",
    },
    "2026-04-11_fineweb_raw_projection.md": {
        "model-base", "training-length", "data-source", "data-sizes", "compute-hardware", "compute-wall-time",
    },
}  # fmt: skip
# The card of the plan in seed 002: four lines of names and values.
PLANNED = {
    "training-method", "training-checkpoint", "training-lora", "training-lr", "training-epochs", "training-batch", "training-length", "training-seeds",
    "data-sizes", "eval-metric", "eval-dataset", "eval-method", "compute-wall-time", "compute-gpu-hours", "compute-api-cost",
}  # fmt: skip


def real(shared: Path, name: str) -> Path:
    path = shared / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


def missing(review: Review) -> set[str]:
    return {one.code.removeprefix("card/") for one in review.findings if one.code.startswith("card/")}


def structure(review: Review) -> list[str]:
    return sorted(one.message.split("`")[1] if "missing" in one.code else one.code for one in review.findings if one.code.startswith("structure/"))


@pytest.mark.parametrize("name", STATED)
def test_a_draft_lacks_what_a_reader_does_not_find_in_it(shared: Path, name: str) -> None:
    """Exactly the fields that nothing in it states; no confidence in the title, no summary, no detailed report."""
    found = review_file(real(shared, f"{DRAFTS}/{name}"))
    assert missing(found) == {field.code.removeprefix("card/") for field in FIELDS} - STATED[name]
    assert structure(found) == ["# Detailed report", "## TL;DR", "structure/title"]


def test_the_plan_of_a_task_has_a_card_of_four_lines(shared: Path) -> None:
    """The Markdown of the plan, which the page of the task shows indented."""
    lines = real(shared, SEED_002).read_text(encoding="utf-8").split("\n")
    start, end = (next(n for n, line in enumerate(lines) if line.strip() == mark) for mark in ("<!-- epm:plan v1 -->", "### Caveats (pre-registered)"))
    found = review_document(parse_document(textwrap.dedent("\n".join(lines[start:end]))), "plan")
    assert missing(found) == {field.code.removeprefix("card/") for field in FIELDS} - PLANNED


@pytest.mark.parametrize("seed", ["000_0c08d4951c137bb6", "001_9ee63a3ffd1d677b", "002_f79aee81c8be90c5", "003_b9f02ad7c01823dd"])
def test_no_seed_is_a_clean_result(shared: Path, seed: str) -> None:
    """A readme, an account of results, the page of a task and a proposal: none has the parts, the hash of its data, or exact versions."""
    found = review_file(real(shared, f"seeds/{seed}.txt"))
    assert structure(found) == ["# Detailed report", "## TL;DR", "structure/title"]
    assert {"data-hash", "environment-versions", "environment-commit"} <= missing(found)
    assert ("environment-command" in missing(found)) == (seed[:3] != "001")  # which shows the command, under Reproducibility
