"""A control whose violation is registered to falsify a hypothesis does so where it is violated, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from harness.design.spec import ExperimentSpec
from harness.records import Cell, Check, Verdict
from harness.verdict.hypotheses import decide_hypotheses
from toy import Toy

VIOLATED = "control C1 violated, which is registered to falsify it; by its rule alone it would be "


def design(**declared: Any) -> ExperimentSpec:
    hypothesis = {"cells": ["who"], "rule": {"at_least": 1, "of": "who"}, **declared}
    words = {"id": "x", "title": "x", "question": "x", "primary": "H1", "axes": {"who": ["a"]}, "scales": {"smoke": {}}}
    return ExperimentSpec.model_validate(words | {"hypotheses": {"H1": hypothesis}})


def decided(spec: ExperimentSpec, cell: Verdict, **controls: Verdict) -> tuple[str, str]:
    """(verdict, reason) of H1 with one cell and these controls."""
    cells = [Cell(id="H1[a]", owner="H1", kind="hypothesis", nodeid="x", params={"who": "a"}, key="k", verdict=cell, stopped_by="G1")]
    checks = {name: Check(id=name, kind="control", statement="", verdict=verdict, reason="", cells=(name,)) for name, verdict in controls.items()}
    (result,) = decide_hypotheses(spec, cells, checks)
    return result.verdict, result.reason


@pytest.mark.parametrize("cell", ["supported", "falsified", "inconclusive", "missing"])
def test_a_violated_falsifier_decides_whatever_the_cells_say(cell: Verdict) -> None:
    """Also where another guard is not verified: nothing that this one may say would undo it."""
    verdict, reason = decided(design(falsified_by=["C1"]), cell, C1="failed", C2="inconclusive")
    assert verdict == "falsified" and reason.startswith(VIOLATED)


@pytest.mark.parametrize("control", ["inconclusive", "missing", "error", "blocked", "killed"])
@pytest.mark.parametrize("guards", [None, [], ["C1"]])
def test_a_control_that_is_not_violated_falsifies_nothing(control: Verdict, guards: list[str] | None) -> None:
    """It guards all the same, named under guarded_by or not: what the rule says is undecided."""
    verdict, reason = decided(design(falsified_by=["C1"], guarded_by=guards), "supported", C1=control)
    assert verdict == "inconclusive" and reason == f"control C1 not verified ({control}); by its rule alone it would be supported"


@pytest.mark.parametrize("cell", ["blocked", "killed"])
def test_what_was_never_run_is_not_falsified(cell: Verdict) -> None:
    assert decided(design(falsified_by=["C1"]), cell, C1="failed")[0] == cell


def test_without_the_declaration_a_violated_control_leaves_it_undecided() -> None:
    assert decided(design(), "supported", C1="failed") == ("inconclusive", "control C1 violated; by its rule alone it would be supported")
    assert decided(design(falsified_by=["C1"]), "supported", C1="passed")[0] == "supported"


@pytest.mark.parametrize(("heads", "verdict"), [(0.9, "falsified"), (0.62, "inconclusive")])
def test_a_run_tells_which_control_falsified_it(toy: Toy, heads: float, verdict: str) -> None:
    """A second fair coin that moves as much as the others; one whose interval leaves it open. The clean result gives the rule and the reason."""
    toy.edit("evals/coins/experiment.yaml", "    threshold_axis: behaviour\n", "    threshold_axis: behaviour\n    falsified_by: [C1]\n")
    toy.edit("evals/coins/test_coins.py", 'coin.throw("second", 0.5)', f'coin.throw("second", {heads})')
    toy.reporting().run()
    results = toy.results()
    (found,) = results["hypotheses"]
    assert (found["verdict"], toy.cells()["C1"]) == (verdict, "failed" if verdict == "falsified" else "inconclusive")
    assert found["rule"].endswith("; falsified where control C1 is violated") and found["counts"]["supported"] >= 2
    told = VIOLATED if verdict == "falsified" else "control C1 not verified (inconclusive)"
    assert found["reason"].startswith(told)
    text = (toy.last_run / "clean_result.md").read_text()
    assert told in text


@pytest.mark.parametrize(("name", "told"), [("C9", "which is no control"), ("G1", "which is no control"), ("C1", "which is a positive control")])
def test_only_a_control_in_which_nothing_may_show_falsifies(toy: Toy, name: str, told: str) -> None:
    toy.edit("evals/coins/experiment.yaml", "    threshold_axis: behaviour\n", f"    threshold_axis: behaviour\n    falsified_by: [{name}]\n")
    toy.edit("evals/coins/test_coins.py", '@control("C1", "negative")', '@control("C1", "positive")')
    done = toy.run()
    assert done.returncode and f"H1 is falsified by '{name}', {told}" in done.stdout + done.stderr


@pytest.mark.parametrize("key", ["falsified_by", "guarded_by"])
def test_a_control_is_named_once(toy: Toy, key: str) -> None:
    toy.edit("evals/coins/experiment.yaml", "    threshold_axis: behaviour\n", f"    threshold_axis: behaviour\n    {key}: [C1, C1]\n")
    done = toy.run()
    assert done.returncode and f"{key} of H1 names C1 twice" in done.stdout + done.stderr
