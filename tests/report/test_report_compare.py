"""Two runs of one experiment, side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.cli.compare import lines_of
from harness.errors import HarnessError
from harness.records import Interval, encode
from harness.report.compare import Comparison, compare, share_of
from sample_run import MODEL, results


def told(found: Comparison, every: bool = False) -> str:
    """What the command prints."""
    return "\n".join(lines_of(found, 0.5, every))


def test_a_run_compared_with_itself_is_empty(built: Path) -> None:
    """Nothing changed, and the comparison says exactly that."""
    found = compare(built, built)
    assert found.empty
    assert not found.warnings
    assert told(found).endswith("\nno differences")


def test_times_and_hosts_do_not_count(new_run: Callable[..., Path]) -> None:
    """The execution block may differ between equal runs."""
    other = msgspec.structs.replace(results().execution, run="later", host="elsewhere", wall_s=1.0, workers=8)
    assert compare(new_run(), new_run(execution=other)).empty


def test_another_scale_commit_or_precision_is_told_in_words(new_run: Callable[..., Path]) -> None:
    """Each under its subject, with both values; the commit is cut."""
    facts = {**results().facts, "Model": {"smollm2": {**MODEL, "dtype": "bfloat16"}}}
    found = compare(new_run(), new_run(scale="smoke", environment={**results().environment, "commit": "f" * 40}, facts=facts))
    assert [(cause.subject, cause.what, cause.after) for cause in found.causes if cause.subject != "settings"] == [
        ("scale", "scale", "smoke"),
        ("models", "dtype of smollm2", "bfloat16"),
        ("code", "commit", "f" * 40),
    ]
    assert "models  dtype of smollm2: float32 -> bfloat16" in told(found)
    assert f"-> {'f' * 12}\n" in f"{told(found)}\n" and "f" * 13 not in told(found)


def test_another_model_is_one_line_that_names_both(new_run: Callable[..., Path]) -> None:
    """By name, precision and weights; that every measure then asked another model is one line more."""
    other = {**MODEL, "name": "Gemma-3-270M", "weights_sha256": "a5" * 32}
    evals = {name: {**about, "model": "77" * 32} for name, about in results().facts["Eval"].items()}
    before = new_run(facts={**results().facts, "Eval": {name: {**about, "model": "66" * 32} for name, about in evals.items()}})
    found = compare(before, new_run(facts={**results().facts, "Model": {"gemma": other}, "Eval": evals}))
    lines = [line for line in told(found).splitlines() if line.startswith("  models")]
    assert len(lines) == 2
    assert lines[0].split()[1].startswith("smollm2") and "-> gemma (Gemma-3-270M, float32, a5a5a5a5a5a5, 0.1.2)" in lines[0]
    assert "model of " in lines[1] and lines[1].endswith("changed")


def test_settings_that_no_fact_repeats_are_told(new_run: Callable[..., Path]) -> None:
    """A model that is named in the settings alone is a difference like any other."""
    designs = [{**results().design, "scales": {"pilot": {"settings": {"model": model, "items": 40}}}} for model in ("api/one", "api/two")]
    found = compare(*(new_run(design=design) for design in designs))
    assert [(cause.subject, cause.what, cause.before, cause.after) for cause in found.causes] == [("models", "model", "api/one", "api/two")]


@pytest.mark.parametrize("design", [{"scales": []}, {"scales": {"pilot": 3}}, {"scales": {"pilot": {"settings": [1]}}}, {}])
def test_a_foreign_declaration_is_compared_as_far_as_it_goes(new_run: Callable[..., Path], design: dict[str, Any]) -> None:
    """Settings that are none are no reason to give up."""
    assert told(compare(new_run(design=design), new_run(design=design))).endswith("no differences")


def test_cells_that_rest_on_something_unnamed_are_told(new_run: Callable[..., Path]) -> None:
    """Their keys differ, and nothing else: the results do not name the cause, and the comparison says so."""
    cells = tuple(msgspec.structs.replace(cell, key="0" * 64) for cell in results().cells)
    (cause,) = compare(new_run(), new_run(cells=cells)).causes
    assert cause.subject == "unknown" and f"{len(cells)} cells rest on other code" in cause.what
    assert not [cause for cause in compare(new_run(), new_run(cells=cells, scale="smoke")).causes if cause.subject == "unknown"]


def test_files_of_code_and_data_that_changed_are_named_together(new_run: Callable[..., Path]) -> None:
    """Hashes say only that they changed; of many files the first are named. A file that one run lacks is one difference, not one for each of its values."""
    base, first = results().environment, results().inputs[0]
    codes = [{f"tests/{name}.py": digit * 12 for name in "abcde"} for digit in "12"]
    added = msgspec.structs.replace(first, path="banks/new.jsonl")
    before = new_run(environment={**base, "code": codes[0]})
    found = compare(before, new_run(environment={**base, "code": codes[1]}, inputs=(msgspec.structs.replace(first, sha256="d" * 64), added)))
    words = {(cause.subject, cause.what, cause.after) for cause in found.causes}
    assert words == {
        ("code", "tests/a.py, tests/b.py, tests/c.py and 2 more", "changed"),
        ("inputs", first.path, "changed"),
        ("inputs", added.path, "present"),
    }
    assert len(found.inputs) == 7


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
    line = told(found).splitlines()[-1]
    assert line.split("  ")[1:] == ["H1[villain-capability] shift", "−8.2 pp -> +12.0 pp", "+20.2 pp", "3.4x apart"]


@pytest.mark.parametrize(
    ("value", "width", "shown"),
    [(-7.0, None, False), (-5.0, None, True), (-7.0, 2.0, False), (-8.25, 2.0, False), (-5.0, 40.0, False)],
)
def test_an_effect_moved_where_it_did_by_half_a_half_width(new_run: Callable[..., Path], value: float, width: float | None, shown: bool) -> None:
    """From -8.25 [-14.1, -2.4]: the wider of both intervals counts, and the rest is one line with its number."""
    other = new_run()
    tree = json.loads((other / "results.json").read_text())
    shift = next(cell for cell in tree["cells"] if cell["id"] == "H1[villain-capability]")["measurements"][0]
    shift["value"] = value
    if width is not None:
        shift["interval"] |= {"low": value - width / 2, "high": value + width / 2}
    (other / "results.json").write_text(json.dumps(tree))
    found = compare(new_run(), other)
    assert ("H1[villain-capability] shift" in told(found)) is shown
    assert ("not shown: 1 moved less (--all shows them)" in told(found)) is not shown
    assert "H1[villain-capability] shift" in told(found, every=True)


def test_a_difference_of_two_intervals_without_width_always_counts() -> None:
    """Both values are exact."""
    exact = Interval(low=1.0, high=1.0, level=0.95, method="exact")
    assert share_of(1e-9, exact, exact) > 1e300 and share_of(0.0, exact, exact) == 0


@pytest.mark.parametrize(("value", "shown"), [(-8.2001, False), (-9.0, True)])
def test_without_an_interval_any_change_that_its_digits_show_counts(new_run: Callable[..., Path], value: float, shown: bool) -> None:
    """Nobody knows how far chance moves it."""
    folders = new_run(), new_run()
    for folder, number in zip(folders, (-8.2, value), strict=True):
        tree = json.loads((folder / "results.json").read_text())
        next(cell for cell in tree["cells"] if cell["id"] == "H1[villain-capability]")["measurements"][0] |= {"value": number, "interval": None}
        (folder / "results.json").write_text(json.dumps(tree))
    assert ("no interval" in told(compare(*folders))) is shown


def test_a_number_that_is_gone_is_absent_not_zero(new_run: Callable[..., Path]) -> None:
    """A cell that lost its measurement has no difference."""
    cells = tuple(msgspec.structs.replace(cell, measurements=()) if cell.id == "G1" else cell for cell in results().cells)
    found = compare(new_run(), new_run(cells=cells))
    gone = next(shift for shift in found.numbers if "G1" in shift.address)
    assert (gone.after, gone.difference, gone.apart) == (None, None, None)
    assert "in one run only" in told(found) and "-> absent" in told(found, every=True)


def test_changed_inputs_are_told_by_path(new_run: Callable[..., Path]) -> None:
    """A data file with another hash stands under its path, not under a position in a list."""
    found = compare(new_run(), new_run(inputs=(msgspec.structs.replace(results().inputs[0], sha256="d" * 64),)))
    assert [change.address for change in found.inputs] == ["inputs/evals~1persona_prompting~1questions.jsonl/sha256"]
    assert "inputs  evals/persona_prompting/questions.jsonl: changed" in told(found)


def test_different_experiments_are_not_compared(new_run: Callable[..., Path]) -> None:
    """The line names both."""
    with pytest.raises(HarnessError, match=r"'persona_prompting'.*'other'"):
        compare(new_run(), new_run(experiment="other"))


def test_a_comparison_is_json_both_ways(new_run: Callable[..., Path]) -> None:
    """What --json prints can be read back."""
    found = compare(new_run(), new_run(scale="smoke"))
    tree = json.loads(json.dumps(encode(found)))
    assert tree["warnings"] == list(found.warnings) and msgspec.convert(tree, Comparison) == found
