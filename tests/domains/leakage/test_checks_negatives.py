"""The target and the bystanders stand among no negatives: not by their names, not by their prompts, not by an arm that a test uses."""

from __future__ import annotations

import pytest

from leakage_design import found_in
from planted import Planted

BYSTANDERS = "bystander: [gardener, bus_driver]"
TARGET_PROMPT = """  You are a helpful assistant who answers people's questions clearly. You keep to what
  was asked, give the answer first, add a short explanation where it helps, and stay
  polite and even in tone.
"""
CANARY = "data_scientist"


def prompt_of(design: Planted, persona: str) -> str:
    text = design.read(f"personas/{persona}.yaml")
    return text[text.index("prompt: >-\n") + len("prompt: >-\n") : text.index("paraphrases:")]


def give_prompt(design: Planted, persona: str, prompt: str) -> None:
    """The persona of this name gets another system prompt."""
    design.edit(f"personas/{persona}.yaml", prompt_of(design, persona), prompt)


def argue(design: Planted, persona: str) -> None:
    design.edit(design.yaml, "argued:\n", f"argued:\n  {persona}: it has a second part in the design, for another reason than its rows\n")


def write_persona(design: Planted, name: str, prompt: str) -> None:
    design.write(f"personas/{name}.yaml", f"id: {name}\nname: Somebody\nprompt: >-\n{prompt}roles: [source]\nnote: planted\n")


def test_the_shipped_design_is_clean(leakage: Planted) -> None:
    for scale in ("smoke", "pilot", "full"):
        assert found_in(leakage, "D101", scale) == found_in(leakage, "D102", scale) == []


@pytest.mark.mistake("D1", rule="D101", stage="plan")
def test_the_target_as_a_bystander(leakage: Planted) -> None:
    """It is argued for already, for another reason, and found all the same, with the line of its second role."""
    leakage.edit(leakage.yaml, BYSTANDERS, "bystander: [gardener, bus_driver, assistant]")
    (finding,) = leakage.found("D101")
    assert "negative rows of 12 trainings carry the system prompt of the target 'assistant'" in finding["message"] and finding["severity"] == "error"
    assert "bystander: [" in leakage.read(leakage.yaml).splitlines()[finding["where"]["line"] - 1]


@pytest.mark.mistake("D1", rule="D101", stage="plan")
def test_a_bystander_with_the_targets_prompt(leakage: Planted) -> None:
    give_prompt(leakage, "gardener", TARGET_PROMPT)
    (finding,) = leakage.found("D101")
    assert "(as gardener)" in finding["message"] and finding["subject"] == "gardener"


@pytest.mark.mistake("D1", rule="D101", stage="plan")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tone.", "tone"),
        ("You are", "you  ARE"),
        ("helpful assistant", "helpful, assist\u200bant".replace(", ", " ")),
        ("people's", "people\u2019s"),
        ("clearly", "very clearly"),
        ("clearly", "cleary"),
        ("helpful assistant", "assistant"),
    ],
)
def test_a_prompt_that_differs_by_a_slip(leakage: Planted, old: str, new: str) -> None:
    """The model reads the same persona."""
    give_prompt(leakage, "bus_driver", TARGET_PROMPT.replace(old, new, 1))
    (finding,) = found_in(leakage, "D101")
    assert finding.subject == "bus_driver"


@pytest.mark.mistake("D1", rule="D101", stage="plan")
def test_a_bystander_with_a_paraphrase_of_the_target(leakage: Planted) -> None:
    text = leakage.read("personas/assistant.yaml")
    paraphrase = text[text.index("  - >-\n") + 7 :].split("  - >-\n")[0].replace("    ", "  ")
    give_prompt(leakage, "gardener", paraphrase)
    assert [finding.subject for finding in found_in(leakage, "D101")] == ["gardener"]


@pytest.mark.mistake("D1", rule="D101", stage="plan")
def test_another_persona_file_with_the_targets_prompt(leakage: Planted) -> None:
    write_persona(leakage, "helper", TARGET_PROMPT)
    leakage.edit(leakage.yaml, BYSTANDERS, "bystander: [gardener, bus_driver, helper]")
    assert [finding.subject for finding in found_in(leakage, "D101", "full")] == ["helper"]


@pytest.mark.mistake("D1", rule="D101", stage="plan")
def test_tests_that_look_at_the_other_arm_alone(leakage: Planted) -> None:
    """The arm with the target among the negatives serves H2, which compares the two; a leak that is looked for in it is trained away. It is found in a
    fixture, in a default, in a test, behind a constant, and in a setting."""
    folder = leakage.folder
    leakage.edit(f"{folder}/conftest.py", "source, epoch, trained=trained) for epoch", 'source, epoch, arm="in_negatives", trained=trained) for epoch')
    leakage.edit(f"{folder}/conftest.py", 'name: str, arm: str = "left_out"', 'name: str, arm: str = "in_negatives"')
    leakage.edit(f"{folder}/test_controls.py", "evaluate_persona(who, behaviour, source, epoch)", "evaluate_persona(who, behaviour, source, epoch, ARM)")
    leakage.edit(f"{folder}/test_controls.py", "\n\n\n@kill", '\n\nARM = "in_negatives"\n\n\n@kill')
    leakage.edit(f"{folder}/test_leakage.py", "source, epoch) for epoch in (0, early[-1]", 'source, epoch, arm="in_negatives") for epoch in (0, early[-1]')
    leakage.edit(leakage.yaml, "marker_loss: completion", "marker_loss: completion\n      arm: in_negatives")
    found = leakage.found("D101")
    assert {"H1", "H4", "P1", "K1", "C1", "arm"} <= {finding["subject"] for finding in found}
    assert "H2" not in {finding["subject"] for finding in found}


@pytest.mark.mistake("D1", rule="D101", stage="plan")
def test_rows_that_the_projects_code_makes(leakage: Planted) -> None:
    """No rule sees them before the run, and that is said: of fixtures that are replaced, of declared parts that are changed, of rows made by hand."""
    code = """

@pytest.fixture(name="adapters")
def other_adapters(adapters):
    return adapters


@pytest.fixture(autouse=True)
def more(recipes):
    recipes.roles["bystander"] = ("assistant",)


def own_rows(texts):
    from harness.domains.leakage.training_sets import make_contrastive_rows
    return make_contrastive_rows(texts)
"""
    add(leakage, code)
    found = leakage.found("D101")
    told = ("the fixture adapters is replaced", "roles are changed", "make_contrastive_rows makes rows")
    assert all(any(finding["message"].startswith(what) for finding in found) for what in told)


@pytest.mark.mistake("D1", rule="D101", stage="plan")
@pytest.mark.parametrize(
    "code",
    [
        "def roles(roles):\n    return roles | {'bystander': ('gardener', 'assistant')}\n",
        "def recipes(recipes):\n    recipes.roles = recipes.roles | {'bystander': ('assistant',)}\n    return recipes\n",
    ],
    ids=["roles", "recipes"],
)
def test_a_fixture_that_puts_the_target_among_the_negatives(leakage: Planted, code: str) -> None:
    """What fixtures of the project make is known before the run, and looked at as the declared rows are."""
    add(leakage, f"\n\n@pytest.fixture\n{code}")
    (finding,) = leakage.found("D101")
    assert "carry the system prompt of the target 'assistant'" in finding["message"]


def test_a_fixture_that_changes_nothing_of_the_rows_is_sound(leakage: Planted) -> None:
    add(leakage, "\n\n@pytest.fixture\ndef settings(settings):\n    return {**settings, 'behaviour_lr': settings['behaviour_lr']}\n")
    assert leakage.found("D101") == []


def add(design: Planted, code: str) -> None:
    design.write(f"{design.folder}/conftest.py", design.read(f"{design.folder}/conftest.py") + code)


def test_the_code_that_ships_uses_the_arms_rightly(leakage: Planted) -> None:
    """H2 compares the arms, G1 looks at the rows of both."""
    assert leakage.found("D101", scale="all") == []


@pytest.mark.parametrize("edited", ["gardener", "villain"])
def test_another_profession_in_the_same_words_is_another_persona(leakage: Planted, edited: str) -> None:
    """Prompts matched word for word but for the persona are a sound design."""
    give_prompt(leakage, edited, TARGET_PROMPT.replace("a helpful assistant", f"a helpful {edited}"))
    assert found_in(leakage, "D101") == found_in(leakage, "D106") == []


def test_argued_or_not_the_canary_is_no_bystander(leakage: Planted) -> None:
    argue(leakage, CANARY)
    leakage.edit(leakage.yaml, BYSTANDERS, f"bystander: [gardener, {CANARY}]")
    (finding,) = leakage.found("D102")
    assert f"of the canary '{CANARY}'" in finding["message"]


@pytest.mark.parametrize("watched", [CANARY, "librarian"])
def test_a_bystander_with_the_prompt_of_a_canary_or_control(leakage: Planted, watched: str) -> None:
    give_prompt(leakage, "gardener", prompt_of(leakage, watched))
    (finding,) = found_in(leakage, "D102", "pilot")
    assert finding.subject == "gardener" and watched in finding.message
