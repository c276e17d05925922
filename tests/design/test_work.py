"""The plan knows which trainings several cells share, and asks the project without touching a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from growing import times_as_long
from harness.design.plan import plan_of, work_left
from harness.design.spec import ExperimentSpec
from harness.design.work import pieces_of, work_lines
from harness.errors import HarnessError
from harness.records import Cost, PlannedCellRecord
from sample_universe import universe
from toy import Toy, harness

HOOK = """

def pytest_harness_work(settings, cell, declaration):
    log("asked " + cell["owner"])
    if cell["kind"] != "hypothesis":
        return None
    persona = cell["params"]["persona"]
    assert persona in declaration["roles"]["source"] and settings["items"] == 200
    return [{"key": f"{persona}-{seed}", "name": f"training of {persona}, seed {seed}"} for seed in cell["seeds"]]
"""


def piece(key: str) -> dict[str, str]:
    return {"key": key, "name": f"training {key}"}


def test_pieces_are_counted_by_key() -> None:
    """Three cells, five pieces, three distinct; those of more than one cell are listed, the most shared first."""
    needed = [("a", [piece("x"), piece("y")]), ("b", [piece("x"), piece("y")]), ("c", [piece("y"), piece("z"), piece("z")]), ("d", None), ("e", [])]
    assert pieces_of(needed) == {
        "pieces": 7,
        "distinct": 3,
        "shared": [{"key": "y", "name": "training y", "also": [], "cells": 3}, {"key": "x", "name": "training x", "also": [], "cells": 2}],
    }


def test_without_an_answer_nobody_counted() -> None:
    """No hook, or None for every cell: null, not zero pieces, and no line; an empty list is an answer."""
    assert pieces_of([("a", None)]) == {"pieces": None, "distinct": None, "shared": []}
    assert work_lines(pieces_of([("a", None)])) == []
    assert pieces_of([("a", [])])["pieces"] == 0


def test_at_most_twelve_shared_pieces_are_listed() -> None:
    """Fourteen shared pieces: twelve lines, and how many more."""
    lines = work_lines(pieces_of([(cell, [piece(f"{n:02d}") for n in range(14)]) for cell in "ab"]))
    assert lines[0] == "  work: 28 pieces needed, 14 distinct (14 need not be done again); 14 shared by several cells"
    assert len(lines) == 14 and lines[1] == "    training 00: 2 cells" and lines[-1] == "    … and 2 more"


@pytest.mark.parametrize("answer", ["x", {"key": "x"}, [{"key": "x"}], [{"key": "", "name": "n"}], [{"key": 1, "name": "n"}], [None]])
def test_an_answer_that_is_no_list_of_pieces_is_refused(answer: Any) -> None:
    """The line names the hook and the cell, and shows the form."""
    with pytest.raises(HarnessError, match=r"pytest_harness_work answered .* for H1\[a\]. Return a list of"):
        pieces_of([("H1[a]", answer)])


def test_the_plan_tells_shared_trainings(toy: Toy) -> None:
    """Six hypothesis cells, one training for each persona and seed: six pieces, three distinct, each shared by two cells, in text and JSON."""
    toy.write("conftest.py", (toy.root / "conftest.py").read_text() + HOOK)
    work = json.loads(harness(toy, "plan", "evals", "--json").stdout)[0]["work"]
    assert (work["pieces"], work["distinct"], len(work["to_do"])) == (6, 3, 12)
    assert [one["cells"] for one in work["shared"]] == [2, 2, 2]
    told = toy.run("--harness-plan", "-k", "villain").stdout
    assert "work: 2 pieces needed, 1 distinct (1 need not be done again); 1 shared by several cells" in told
    assert "training of villain, seed 1: 2 cells" in told
    assert {line.split()[0] for line in toy.thrown()} == {"asked"}


def test_a_run_never_asks_for_pieces(toy: Toy) -> None:
    """The hook belongs to the plan: a run does not call it."""
    toy.write("conftest.py", (toy.root / "conftest.py").read_text() + HOOK)
    toy.run("-m", "gate")
    assert toy.thrown() and not any(line.startswith("asked") for line in toy.thrown())


def test_without_the_hook_the_plan_says_null(toy: Toy) -> None:
    """A project that tells nothing of its trainings has null, and no line."""
    done = harness(toy, "plan", "evals", "--json")
    assert json.loads(done.stdout)[0]["work"]["pieces"] is None
    assert "work:" not in harness(toy, "plan", "evals").stdout


def counting(cells: int) -> Callable[[], object]:
    """Counts four pieces of work of each of so many cells."""
    needed = [(f"c{cell}", [piece(f"{cell % 50}-{n}") for n in range(4)]) for cell in range(cells)]
    return lambda: pieces_of(needed)


def planning(cells: int) -> Callable[[], object]:
    """Plans so many cells of one hypothesis: cost, power, seed noise and shared work."""
    bar = {"value": 5, "unit": "pp", "direction": "increase", "expected_baseline": 0.5, "expected_effect": 20, "n": 200, "seed_sd": 3}
    names = [f"a{n}" for n in range(cells)]
    hypothesis = {"cells": ["a"], "rule": {"at_least": cells // 2, "of": "a"}, "thresholds": ["t"]}
    plain = {"id": "x", "title": "t", "question": "q", "axes": {"a": names}, "thresholds": {"t": bar}, "hypotheses": {"H1": hypothesis}, "primary": "H1"}
    design = ExperimentSpec.model_validate({**plain, "scales": {"smoke": {}}}).model_dump(mode="json")
    found = msgspec.structs.replace(universe(Cost(seconds=1), {}), design=design, cells=tuple(cell_of(name) for name in names))
    needed = [(name, [piece(name[:2])]) for name in names]
    assert plan_of(found)["cost"]["seconds"] == cells
    return lambda: (plan_of(found), work_left(found, lambda key: False), pieces_of(needed))


@pytest.mark.parametrize(("work", "cells"), [(counting, 2000), (planning, 125)])
def test_work_grows_with_the_cells(work: Callable[[int], Callable[[], object]], cells: int) -> None:
    """Four times the cells take no more than about four times as long (16 would be pair by pair). How long: benchmarks/own_costs.py."""
    assert times_as_long(work(4 * cells), work(cells)) < 8


def cell_of(name: str) -> PlannedCellRecord:
    return PlannedCellRecord(
        id=f"H1[{name}]", owner="H1", kind="hypothesis", nodeid=name, params={"a": name}, statement="", polarity="", needs=(), key=name, selected=True
    )


def test_equal_work_under_several_names_comes_first() -> None:
    """A training that two cells call differently is one piece, told with both names before work that is merely shared."""
    needed = [("a", [{"key": "k", "name": "advice into a"}, piece("x")]), ("b", [{"key": "k", "name": "advice into b"}, piece("x")]), ("c", [piece("x")])]
    found = pieces_of(needed)
    assert found["distinct"] == 2 and [one["key"] for one in found["shared"]] == ["k", "x"] and found["shared"][0]["also"] == ["advice into b"]
    assert "advice into a (the same as advice into b): 2 cells" in work_lines(found)[1]
