"""Trainings that are compared are made alike, and the checkpoints that are asked for are kept."""

from __future__ import annotations

import pytest

from planted import Planted

CONFTEST = "evals/persona_leakage/conftest.py"
RECIPES = """

@pytest.fixture
def recipes(recipes, settings):
    from msgspec.structs import replace

    class Own(type(recipes)):
        def convergence(self, source, seed):
            job = super().convergence(source, seed)
            return replace(job, recipe=replace(job.recipe, {change})) if source == "{who}" else job

    return Own(settings, recipes.roles, recipes.prompts, recipes.banks, recipes.base)
"""
SETTINGS = """

@pytest.fixture
def settings(settings, request):
    return {{**settings, {change}}} if "{axis}" in request.fixturenames else settings
"""


def add(design: Planted, text: str) -> None:
    design.write(CONFTEST, design.read(CONFTEST) + text)


@pytest.mark.mistake("T1", rule="T201", stage="declare")
@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("evals/persona_leakage/experiment.yaml", "epoch: [0, 2]\n", "epoch: [0, 1, 2]\n", "experiment.yaml"),
        ("evals/persona_leakage/experiment.yaml", 'convergence_keep: "2"', 'convergence_keep: "1 3"', "experiment.yaml"),
        ("evals/persona_leakage/test_controls.py", "behaviour, 0, f", "behaviour, 1, f", "test_controls.py"),
        ("evals/persona_leakage/test_leakage.py", "for epoch in (0, last)}\n    shift", "for epoch in (0, 1, last)}\n    shift", "test_leakage.py"),
        ("evals/persona_leakage/test_leakage.py", "masked, source, last, arm=arm", 'masked, source, settings["samples"], arm=arm', "test_leakage.py"),
    ],
    ids=["axis", "more than there are", "a number in a test", "a loop", "a setting"],
)
def test_an_epoch_that_is_not_kept_is_found(leakage: Planted, file: str, old: str, new: str, place: str) -> None:
    leakage.edit(file, old, new)
    findings = leakage.found("T201")
    assert findings and all(finding["where"]["file"].endswith(place) and finding["where"]["line"] > 1 for finding in findings)


@pytest.mark.mistake("T1", rule="T201", stage="declare")
def test_each_scale_is_held_against_its_own_recipe(leakage: Planted) -> None:
    leakage.edit("evals/persona_leakage/experiment.yaml", 'convergence_keep: "2 8 20"', 'convergence_keep: "2 20"')
    assert leakage.found("T201") == [] and len(leakage.found("T201", scale="pilot")) == 1


@pytest.mark.mistake("D18", rule="T202", stage="plan")
@pytest.mark.parametrize(
    "text",
    [
        RECIPES.format(change="batch=8", who="librarian"),
        RECIPES.format(change="accumulation=2", who="librarian"),
        SETTINGS.format(change='"convergence_batch": 16', axis="negative"),
        SETTINGS.format(change='"convergence_rows": 16', axis="negative"),
        SETTINGS.format(change='"behaviour_batch": 2', axis="checked"),
    ],
    ids=["batch", "accumulation", "by a fixture of settings", "rows", "behaviours"],
)
def test_another_batch_for_a_control_is_found(leakage: Planted, text: str) -> None:
    add(leakage, text)
    findings = [finding for finding in leakage.found("T202") if finding["subject"] == "H1"]
    assert findings and all(finding["where"]["file"].endswith("experiment.yaml") for finding in findings)


@pytest.mark.mistake("D18", rule="T202", stage="plan")
def test_another_batch_for_one_of_the_sources_is_found(leakage: Planted) -> None:
    add(leakage, RECIPES.format(change="batch=16", who="comedian"))
    assert "H1" in {finding["subject"] for finding in leakage.found("T202", scale="pilot")}


@pytest.mark.mistake("D13", rule="T203", stage="plan")
@pytest.mark.parametrize(
    "text",
    [
        RECIPES.format(change="learning_rate=0.00005", who="librarian"),
        RECIPES.format(change='schedule="constant"', who="assistant"),
        RECIPES.format(change="lora=replace(job.recipe.lora, r=8)", who="librarian"),
        SETTINGS.format(change='"convergence_lr": 0.005', axis="negative"),
        SETTINGS.format(change='"convergence_epochs": 3, "convergence_keep": "2 3"', axis="degenerate"),
        SETTINGS.format(change='"max_length": 64', axis="checked"),
    ],
    ids=["learning rate", "schedule", "rank", "settings", "epochs", "length"],
)
def test_a_control_by_another_recipe_is_found(leakage: Planted, text: str) -> None:
    add(leakage, text)
    assert "H1" in {finding["subject"] for finding in leakage.found("T203")}


def test_the_shipped_trainings_are_alike(leakage: Planted) -> None:
    """Except that the target among the negatives makes more rows, and so more steps, of the second arm of H2."""
    assert leakage.check("--select", "T201,T203", scale="all") == []
    assert {finding["subject"] for finding in leakage.check("--select", "T202", scale="all")} <= {"H2"}


def test_a_field_that_an_axis_varies_may_differ(leakage: Planted) -> None:
    leakage.edit("evals/persona_leakage/experiment.yaml", "  marked: [marker]\n", "  marked: [marker]\n  lr: [0.0005, 0.001]\n")
    leakage.edit("evals/persona_leakage/experiment.yaml", "H6:\n    cells: [source]", "H6:\n    cells: [source, lr]")
    leakage.edit("evals/persona_leakage/test_leakage.py", "leaks(source, cells_of", "leaks(source, lr, cells_of")
    add(leakage, '\n\n@pytest.fixture\ndef settings(settings, request):\n    params = getattr(request.node, "callspec", None)\n')
    add(leakage, '    return {**settings, "convergence_lr": params.params["lr"]} if params and "lr" in params.params else settings\n')
    assert not [finding for finding in leakage.found("T203") if finding["subject"] == "H6"]


def test_a_design_that_trains_nothing_is_clean(prompting: Planted) -> None:
    assert prompting.check("--select", "T201,T202,T203") == []


def test_what_is_not_known_before_the_run_is_said(leakage: Planted) -> None:
    add(leakage, "\n\n@pytest.fixture\ndef recipes(recipes, model):\n    return recipes if model else None\n")
    report = leakage.report("--select", "T202")
    assert "the fixture recipes" in report["not_run"][0]["why"]
