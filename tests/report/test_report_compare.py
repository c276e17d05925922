"""Two runs of one experiment, side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from harness.errors import HarnessError
from harness.records import Interval, encode
from harness.report.compare import compare
from sample_run import MODEL, results


def test_a_run_compared_with_itself_is_empty(built: Path) -> None:
    """Nothing changed, and the comparison says exactly that."""
    found = compare(built, built)
    assert found.empty
    assert not found.warnings
    assert found.lines()[-1] == "nothing changed"


def test_times_and_hosts_do_not_count(new_run: Callable[..., Path]) -> None:
    """The execution block may differ between equal runs."""
    other = msgspec.structs.replace(results().execution, run="later", host="elsewhere", wall_s=1.0, workers=8)
    assert compare(new_run(), new_run(execution=other)).empty


def test_another_scale_commit_or_model_is_warned_about(new_run: Callable[..., Path]) -> None:
    """Both values are told."""
    facts = {**results().facts, "Model": {"smollm2": {**MODEL, "dtype": "bfloat16"}}}
    found = compare(new_run(), new_run(scale="smoke", environment={**results().environment, "commit": "f" * 40}, facts=facts))
    told = "\n".join(found.lines())
    assert len(found.warnings) == 3
    assert "WARNING scale differs: pilot against smoke" in told
    assert "float32 against bfloat16" in told
    assert "f" * 40 in told


def test_a_changed_number_tells_its_difference_and_whether_the_intervals_part(new_run: Callable[..., Path]) -> None:
    """-8.25 becomes +12: the change is +20.25 pp and the intervals lie apart; the verdict that went with it is told too."""
    base = new_run()
    tree = json.loads((base / "results.json").read_text())
    other = new_run()
    cell = next(cell for cell in tree["cells"] if cell["id"] == "H1[villain-capability]")
    cell["measurements"][0] |= {"value": 12.0, "interval": encode(Interval(low=6.0, high=18.0, level=0.95, method="bootstrap"))}
    cell["verdict"] = "falsified"
    (other / "results.json").write_text(json.dumps(tree))
    found = compare(base, other)
    assert [(shift.difference, shift.apart) for shift in found.numbers] == [(20.25, True)]
    assert [change.address for change in found.verdicts] == ["cells/H1[villain-capability]/verdict"]
    assert found.lines()[-1].endswith("−8.2 pp -> +12.0 pp (change +20.2 pp) INTERVALS DO NOT OVERLAP")


def test_a_number_that_is_gone_is_absent_not_zero(new_run: Callable[..., Path]) -> None:
    """A cell that lost its measurement has no difference."""
    cells = tuple(msgspec.structs.replace(cell, measurements=()) if cell.id == "G1" else cell for cell in results().cells)
    found = compare(new_run(), new_run(cells=cells))
    gone = next(shift for shift in found.numbers if "G1" in shift.address)
    assert (gone.after, gone.difference, gone.apart) == (None, None, None)
    assert any("-> absent" in line for line in found.lines())


def test_changed_inputs_are_told_by_path(new_run: Callable[..., Path]) -> None:
    """A data file with another hash stands under its path, not under a position in a list."""
    found = compare(new_run(), new_run(inputs=(msgspec.structs.replace(results().inputs[0], sha256="d" * 64),)))
    assert [change.address for change in found.inputs] == ["inputs/evals~1persona_prompting~1questions.jsonl/sha256"]


def test_different_experiments_are_not_compared(new_run: Callable[..., Path]) -> None:
    """The line names both."""
    with pytest.raises(HarnessError, match=r"'persona_prompting'.*'other'"):
        compare(new_run(), new_run(experiment="other"))


def test_a_comparison_is_json_both_ways(new_run: Callable[..., Path]) -> None:
    """What --json prints can be read back."""
    found = compare(new_run(), new_run(scale="smoke"))
    assert json.loads(json.dumps(encode(found)))["warnings"] == list(found.warnings)
