"""Errors pass: within a session they are one and the same for every cell, and the next session asks again."""

from __future__ import annotations

from harness.appendlog import AppendLog
from harness.samples import collect_samples


def scoring(fails: set[int], seen: list[int]):
    def score(chunk):
        seen.append(chunk[0])
        return [{"item": item, "status": "error" if item in fails else "ok"} for item in chunk]

    return score


def test_a_chunk_with_an_error_is_kept_for_the_session_alone(tmp_path):
    """Asked again in the same session it gives the same rows without asking; in the next, only what was broken is asked again, and then kept."""
    log, first, second = (AppendLog(tmp_path / name) for name in ("log", "first", "second"))
    chunks, seen = [[0, 1], [2, 3], [4, 5]], []
    once = collect_samples(log, chunks, scoring({3}, seen), passing=first)
    assert collect_samples(log, chunks, scoring(set(), seen), passing=first) == once
    assert seen == [0, 2, 4]
    assert once[3]["status"] == "error"
    later = collect_samples(log, chunks, scoring(set(), seen), passing=second)
    assert seen == [0, 2, 4, 2]
    assert [row["status"] for row in later] == ["ok"] * 6
    assert collect_samples(log, chunks, scoring({0, 2, 4}, seen), passing=AppendLog(tmp_path / "third")) == later
    assert len(seen) == 4


def test_a_cell_that_saw_an_outage_runs_again(toy):
    """The verdict of a cell whose samples hold a passing error is told, and not taken over: the next session asks again, and then it stays."""
    toy.edit("conftest.py", 'return [{"item": item, ', 'return [{"status": "error" if os.environ.get("OUTAGE") and item == chunk[0] else "ok", "item": item, ')
    toy.run(env={"OUTAGE": "1"})
    during = toy.thrown()
    toy.run()
    after = toy.thrown()[len(during) :]
    assert sum(line.startswith("throw") for line in during) == sum(line.startswith("throw") for line in after) > 0
    toy.run()
    assert len(toy.thrown()) == len(during) + len(after), "whole answers are kept, and so are the cells that rest on them"
