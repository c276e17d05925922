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
from harness.records import Interval, Promise, encode
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
    """By name, precision and weights. That the setting names it, and that every measure asked it, follows, and is no line more."""
    other = {**MODEL, "name": "Gemma-3-270M", "weights_sha256": "a5" * 32}
    design, evals = results().design, results().facts["Eval"]
    runs = [
        new_run(
            facts={**results().facts, "Model": {spec: card}, "Eval": {name: {**about, "model": digit * 64, "spec": spec} for name, about in evals.items()}},
            design={**design, "scales": {"pilot": {"settings": {"model": spec}}}},
        )
        for spec, card, digit in (("local/smollm2", MODEL, "6"), ("local/gemma", other, "7"))
    ]
    found = compare(*runs)
    assert lines_about(found) == [
        "models  local/smollm2 (SmolLM2-135M-Instruct, float32, aaaaaaaaaaaa, 0.1.2) -> local/gemma (Gemma-3-270M, float32, a5a5a5a5a5a5, 0.1.2)"
    ]
    assert (
        {change.address for change in found.inputs} == {*found.causes[0].addresses} > {"settings/model", "facts/Eval/refusal/model", "facts/Eval/refusal/spec"}
    )


def lines_about(found: Comparison) -> list[str]:
    """What is printed of what went in."""
    lines = told(found).splitlines()
    return [line.strip() for line in lines[lines.index("what went in otherwise") + 1 :] if line.startswith("  ")]


def test_a_setting_that_models_and_measures_repeat_is_one_line(new_run: Callable[..., Path]) -> None:
    """Under the model where it is one of a model, else as a setting beside the measures that report it; the hash of a model that changed adds nothing."""
    runs = []
    for dtype, items, seeds, digit in (("float32", 80, [1, 2], "6"), ("bfloat16", 40, [1, 2, 3], "7")):
        evals = {name: {**about, "items": items, "model": digit * 64} for name, about in results().facts["Eval"].items()}
        facts = {"Model": {"smollm2": {**MODEL, "dtype": dtype}}, "Eval": evals, "Training": {"adapter": {"precision": dtype, "seeds": seeds}}}
        design = {**results().design, "scales": {"pilot": {"settings": {"dtype": dtype, "questions": items}}}}
        runs.append(new_run(facts=facts, design=design, seeds=tuple(seeds)))
    assert lines_about(compare(*runs)) == [
        "models    dtype of smollm2; precision of adapter: float32 -> bfloat16",
        "seeds     seeds: 1, 2 -> 1, 2, 3",
        "settings  questions; items of capability, refusal: 80 -> 40",
    ]


def test_equal_values_of_unlike_things_stand_apart(new_run: Callable[..., Path]) -> None:
    """A threshold and a setting that both go from 1 to 2 are two changes."""
    designs = [{**results().design, "alpha": value, "scales": {"pilot": {"settings": {"shots": value}}}} for value in (1, 2)]
    found = compare(*(new_run(design=design) for design in designs))
    assert lines_about(found) == ["settings     shots: 1 -> 2", "declaration  alpha: 1 -> 2"]


def test_a_prompt_is_told_by_its_words_and_a_file_by_its_lines(new_run: Callable[..., Path]) -> None:
    """Not by their hashes once more. Long texts are shown where they differ; a persona that no measure is named after is told by its hash."""
    talk, item = "You are a villain. " * 10, results().inputs[0]
    facts = [{"Eval": {"refusal-villain": {"system": f"{talk}{end}"}, "refusal-of-two": {"code": "1" * 64}}} for end in ("You gloat.", "You weep.")]
    prompts = [{"villain": digit * 64, "librarian": digit * 64} for digit in "12"]
    data = [(item,), (msgspec.structs.replace(item, sha256="d" * 64, lines=81),)]
    found = compare(*(new_run(facts=fact, prompts=prompt, inputs=inputs) for fact, prompt, inputs in zip(facts, prompts, data, strict=True)))
    assert lines_about(found) == [
        f"inputs   {item.path} lines: 80 -> 81",
        "prompts  system of refusal-villain: … are a villain. You gloat. -> … are a villain. You weep.",
        "prompts  librarian: changed",
    ]


def test_the_code_of_measures_follows_from_files_that_are_named(new_run: Callable[..., Path]) -> None:
    """Where none is named, the measures are."""
    evals = [{"Eval": {"refusal": {"code": digit * 64}}} for digit in "12"]
    named = [{**results().environment, "code": {"conftest.py": digit * 12}} for digit in "12"]
    assert lines_about(compare(*(new_run(facts=facts) for facts in evals))) == ["code  code of refusal: changed"]
    both = compare(*(new_run(facts=facts, environment=environment) for facts, environment in zip(evals, named, strict=True)))
    assert lines_about(both) == ["code  conftest.py: changed"]


def test_the_preregistration_changed_where_somebody_locked(new_run: Callable[..., Path]) -> None:
    """The hash of the declaration as it stands changes with all that is told elsewhere, and nobody locked anew for that."""
    old = results().promise
    unlocked, moved = Promise(sha256="b" * 64, locked=False), msgspec.structs.replace(old, sha256="c" * 64)
    assert lines_about(compare(new_run(), new_run(promise=moved, scale="smoke"))) == ["scale  scale: pilot -> smoke"]
    assert lines_about(compare(new_run(), new_run(promise=msgspec.structs.replace(old, locked_at="2026-11-20T09:00:00Z")))) == [
        "preregistration  locked: 2026-11-19T09:00:00Z -> 2026-11-20T09:00:00Z"
    ]
    assert lines_about(compare(new_run(promise=unlocked), new_run())) == [
        "preregistration  locked: no -> 2026-11-19T09:00:00Z",
        "preregistration  deviations: 0 -> 1",
    ]
    (cause,) = compare(new_run(), new_run(promise=moved)).causes
    assert cause.subject == "unknown" and "that the results do not name" in cause.what


def test_what_was_declared_otherwise_is_named(new_run: Callable[..., Path]) -> None:
    """The words and the rule of a hypothesis that both runs have; one that a run lacks stands with its verdict alone."""
    first, second = results().hypotheses
    other = msgspec.structs.replace(second, rule="at least 3 of 3 personas shift")
    found = compare(new_run(), new_run(hypotheses=(other,), title="Another title"))
    assert [(cause.subject, cause.what, cause.after) for cause in found.causes] == [("claim", "H1 rule", other.rule)]
    assert f"hypotheses/{first.id}/verdict" in {change.address for change in found.verdicts}


@pytest.mark.parametrize("columns", [40, 80])
def test_every_line_fits_the_terminal(new_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """Also warnings, long names and long texts."""
    monkeypatch.setattr("harness.cli.tables.width", lambda: columns)
    evals = [{"Eval": {f"marker-as-assistant-{number}": {"system": f"{number} {end}"} for number in range(9)}} for end in ("a" * 300, "b" * 300)]
    found = compare(new_run(facts=evals[0]), new_run(facts=evals[1]))
    lines = told(msgspec.structs.replace(found, warnings=("results.json differs from its journal " * 5,))).splitlines()
    assert max(map(len, lines)) <= columns and sum(line.startswith("  prompts") for line in lines) == 9


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
    codes = [{f"tests/number_{name}.py": digit * 12 for name in "12345"} for digit in "12"]
    added = msgspec.structs.replace(first, path="banks/new.jsonl")
    before = new_run(environment={**base, "code": codes[0]})
    found = compare(before, new_run(environment={**base, "code": codes[1]}, inputs=(msgspec.structs.replace(first, sha256="d" * 64), added)))
    words = {(cause.subject, cause.what, cause.after) for cause in found.causes}
    assert words == {
        ("code", "tests/number_1.py, tests/number_2.py, tests/number_3.py and 2 more", "changed"),
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


def test_an_interval_of_no_width_sets_nothing_apart(new_run: Callable[..., Path]) -> None:
    """Nothing told its spread: the change is shown, and no multiple of a half-width."""
    folders = new_run(), new_run()
    for folder, value in zip(folders, (-8.2, 3.0), strict=True):
        tree = json.loads((folder / "results.json").read_text())
        bare = encode(Interval(low=value, high=value, level=0.95, method="degenerate: all units are equal, BCa is undefined"))
        next(cell for cell in tree["cells"] if cell["id"] == "H1[villain-capability]")["measurements"][0] |= {"value": value, "interval": bare}
        (folder / "results.json").write_text(json.dumps(tree))
    (shift,) = compare(*folders).numbers
    assert (shift.share, shift.apart) == (None, None) and "no interval" in told(compare(*folders)) and "apart" not in told(compare(*folders))


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
