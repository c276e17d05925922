"""Which rows of the samples are shown: by a stated seed, and of either side of the judge's word."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.appendlog import AppendLog
from harness.fingerprint import file_fingerprint
from harness.records import SamplesRef, encode
from harness.report.build import build
from harness.report.sample_rows import GREAT, IN_PROSE, Batch, choose_rows, few_files, split_field
from harness.store import write_json
from sample_leakage import answers, leakage, write_leakage


def test_positive_and_negative_answers_are_shown_by_the_judge(tmp_path: Path) -> None:
    """The judge's word splits the samples before the substring's; both sides appear, and a row without a word is on neither side."""
    rows = answers()
    assert split_field(rows) == "judged"
    sides = [rows[place]["judged"] for place in choose_rows(rows, "judged", 4, ("x",))]
    assert sides.count(True) == sides.count(False) == 2
    build(write_leakage(tmp_path))
    text = (tmp_path / "clean_result.md").read_text()
    assert "positive and negative by the field `judged`" in text
    assert text.count("**positive**") == text.count("**negative**") == 2


@pytest.mark.parametrize("name", ["judged", "refused", "agrees", "correct"])
def test_an_outcome_goes_before_any_other_field(name: str) -> None:
    """A flag of the bookkeeping does not split the samples where an outcome can."""
    assert split_field([{"cached": True, name: True}, {"cached": False, name: False}]) == name
    assert split_field([{"cached": True, name: True}, {"cached": False, name: True}]) == "cached"


def test_of_a_great_many_files_the_clean_result_shows_some() -> None:
    """Up to sixty files all are shown; of more, those that the seed draws, in their order, the same each time."""
    many = [Batch(path=f"samples/{place:03}.jsonl", cells=(), addresses=(), trouble="", split_by="", samples=(), seed="") for place in range(GREAT + 40)]
    assert few_files(many[:GREAT], 1) == many[:GREAT]
    shown = [batch.path for batch in few_files(many, 1)]
    assert len(shown) == IN_PROSE and shown == sorted(shown)
    assert shown == [batch.path for batch in few_files(many, 1)] != [batch.path for batch in few_files(many, 2)]


def test_several_files_of_one_cell_are_each_shown(tmp_path: Path) -> None:
    """A cell that measured three personas has three files: each keeps its own rows, sides and seed."""
    names = ("source", "target", "canary")
    refs = []
    for name in names:
        path = tmp_path / "samples" / f"P1-{name}.jsonl"
        AppendLog(path).append({**row, "text": f"{name} says {row['item']}"} for row in answers())
        refs.append(SamplesRef(path=f"samples/{path.name}", sha256=file_fingerprint(path), rows=24))
    write_json(tmp_path / "results.json", encode(leakage(refs=tuple(refs))))
    build(tmp_path)
    text = (tmp_path / "clean_result.md").read_text()
    for name in names:
        part = text.partition(f"From `samples/P1-{name}.jsonl`")[2].partition("###")[0]
        assert part.count("**positive**") == part.count("**negative**") == 2
        assert part.count(f"{name} says") == 4
