"""Two roles of one persona, two names of one prompt, and personas that are not fit for what they do."""

from __future__ import annotations

import pytest

from planted import Planted


def subjects(design: Planted, code: str, scale: str = "smoke") -> set[str]:
    found = design.check("--select", code, scale=scale)
    assert all(finding["where"]["line"] and finding["severity"] == "error" and finding["stage"] == "declare" for finding in found)
    return {finding["message"].split("'")[1] for finding in found}


# --- D103


@pytest.mark.mistake("D11", rule="D103", stage="declare")
def test_the_canary_in_the_bystander_pool(leakage: Planted) -> None:
    """It is refused where the declaration is read, under the code of the rule."""
    leakage.edit(leakage.yaml, "bystander: [gardener, bus_driver]", "bystander: [gardener, data_scientist]")
    assert subjects(leakage, "D103", "all") == {"data_scientist"}


@pytest.mark.mistake("D17", rule="D103", stage="declare")
def test_the_librarian_is_canary_and_negative_control(leakage: Planted) -> None:
    leakage.edit(leakage.yaml, "canary: [data_scientist]", "canary: [librarian]")
    assert subjects(leakage, "D103") == {"librarian"}


@pytest.mark.mistake("D11", rule="D103", stage="declare")
@pytest.mark.parametrize("reason", ["it is a calm persona", "{canary & bystander: nothing is trained on it}"])
def test_no_reason_makes_a_canary_a_bystander(leakage: Planted, reason: str) -> None:
    leakage.edit(leakage.yaml, "bystander: [gardener, bus_driver]", "bystander: [gardener, data_scientist]")
    leakage.edit(leakage.yaml, "argued:\n", f"argued:\n  data_scientist: {reason}\n")
    (finding,) = leakage.found("D103")
    assert "'data_scientist' is both canary and bystander" in finding["message"]


@pytest.mark.mistake("D17", rule="D103", stage="declare")
@pytest.mark.parametrize("role", ["negative_control: [librarian]", "canary: [villain]", "negative_control: [villain]", "bystander_pool: [comedian]"])
def test_a_control_is_no_source(leakage: Planted, role: str) -> None:
    """Whatever reason is given, and under whatever name a role goes that is known by a word in it."""
    name, who = role.split(": ")
    declared = {"negative_control": "negative_control: [librarian]", "canary": "canary: [data_scientist]"}.get(name, "roles:\n")
    leakage.edit(leakage.yaml, declared, f"{declared.strip()}\n  {role}\n" if declared.endswith("\n") else role)
    persona = who.strip("[]")
    leakage.edit(leakage.yaml, "argued:\n", f"argued:\n  {persona}: it is measured in tests of its own\n")
    if persona == "librarian":
        leakage.edit(leakage.yaml, "source: [villain,", "source: [villain, librarian,")
    assert subjects(leakage, "D103") == {persona}


def test_one_reason_is_not_for_three_roles(leakage: Planted) -> None:
    """The shipped reason is for the target as degenerate control alone."""
    leakage.edit(leakage.yaml, "source: [villain,", "source: [assistant, villain,")
    assert len(leakage.found("D103")) == 3
    pairs = "{target & degenerate: a test of its own, target & source: another one, source & degenerate: the same training}"
    leakage.edit(leakage.yaml, "converged onto itself it is the degenerate control, in tests of its own; nothing is counted twice", pairs)
    assert not leakage.found("D103")


def test_the_target_among_the_bystanders_is_not_argued_for(leakage: Planted) -> None:
    leakage.edit(leakage.yaml, "bystander: [gardener,", "bystander: [assistant, gardener,")
    assert {"target and bystander" in finding["message"] for finding in leakage.found("D103")} == {True, False}


def test_a_pair_that_nobody_plays_is_refused(leakage: Planted) -> None:
    leakage.edit(leakage.yaml, "  assistant: converged", "  assistant: {target & canary: nobody plays it}  #")
    with pytest.raises(AssertionError, match="is no pair of the roles"):
        leakage.report()


@pytest.mark.parametrize("prompt", ["You are a villain.", "you are a  VILLAIN"])
def test_two_names_for_one_prompt(coin_design: Planted, prompt: str) -> None:
    coin_design.edit("personas/librarian.yaml", "You are a librarian.", prompt)
    assert subjects(coin_design, "D103") == {"librarian"}


def test_a_canary_under_another_name_has_the_prompt_of_a_bystander(leakage: Planted) -> None:
    text = leakage.read("personas/data_scientist.yaml").replace("id: data_scientist", "id: statistician")
    leakage.write("personas/statistician.yaml", text)
    leakage.edit(leakage.yaml, "bystander: [gardener,", "bystander: [statistician,")
    assert subjects(leakage, "D103") == {"statistician"}


def test_a_scale_makes_the_canary_a_source(leakage: Planted) -> None:
    """Only there."""
    leakage.edit(leakage.yaml, "      source: [villain]\n", "      source: [data_scientist]\n")
    assert subjects(leakage, "D103", "smoke") == {"data_scientist"}
    assert not leakage.found("D103", "full")


@pytest.mark.parametrize("design", ["leakage", "prompting", "convergence", "coin_design"])
def test_sound_designs_have_neither(design: str, request: pytest.FixtureRequest) -> None:
    planted = request.getfixturevalue(design)
    assert not planted.found("D103", "all") and not planted.found("D119", "all")


# --- D119


@pytest.mark.mistake("M9", rule="D119", stage="declare")
@pytest.mark.parametrize("scale", ["smoke", "full"])
def test_a_persona_that_answers_wrongly_is_no_canary(leakage: Planted, scale: str) -> None:
    leakage.edit(leakage.yaml, "canary: [data_scientist]", "canary: [wrong_answerer]")
    assert subjects(leakage, "D119", scale) == {"wrong_answerer"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("negative_control: [librarian]", "negative_control: [wrong_answerer]"),
        ("source: [villain,", "source: [wrong_answerer, villain,"),
        ("bystander: [gardener, bus_driver]", "bystander: [bus_driver, wrong_answerer]"),
        ("  canary: [data_scientist]\n  bystander: [gardener, bus_driver]", "  canary: [gardener]\n  bystander: [bus_driver]"),
        ("degenerate: [assistant]", "degenerate: [wrong_answerer]"),
    ],
)
def test_a_persona_in_a_role_that_its_file_does_not_name(leakage: Planted, old: str, new: str) -> None:
    leakage.edit(leakage.yaml, old, new)
    assert len(leakage.found("D119", "full")) == 1


def test_a_role_of_the_experiments_own_is_not_judged(prompting: Planted) -> None:
    prompting.edit(prompting.yaml, "roles:\n", "roles:\n  witness: [bus_driver]\n")
    assert not prompting.found("D119")


def test_a_role_of_its_own_is_judged_where_a_persona_names_it(prompting: Planted) -> None:
    prompting.edit(prompting.yaml, "roles:\n", "roles:\n  witness: [bus_driver, gardener]\n")
    prompting.edit("personas/gardener.yaml", "roles: [bystander]", "roles: [bystander, witness]")
    assert subjects(prompting, "D119") == {"bus_driver"}


@pytest.mark.mistake("T22", rule="D119", stage="declare")
def test_a_role_of_a_persona_that_is_not_there(coin_design: Planted) -> None:
    coin_design.edit(coin_design.yaml, "source: [villain", "source: [villian")
    (finding,) = coin_design.check("--select", "D119")
    assert "there is no persona 'villian'" in finding["message"]
