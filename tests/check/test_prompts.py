"""Conditions that a model reads as one, system prompts that nobody declared, and lengths that tell roles apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from planted import Planted
from small_folders import PLAIN, byte_tokenizer

# The prompts of the first study, by their lengths: 12 tokens, 19 and 25, 32 to 45, 38.
SHORT = {"assistant": 12, "gardener": 19, "bus_driver": 25, "data_scientist": 38, "villain": 32, "comedian": 45}
ADDING = PLAIN.replace("{% for", "{% if messages[0].role != 'system' %}<|system|>You are HelperBot.<|end|>{% endif %}{% for", 1)
DROPPING = "{{ bos_token }}{% for m in messages if m.role != 'system' %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}<|assistant|>"
ADVISING = PLAIN.replace("{{ m.content }}", "{{ m.content }} Be kind and thorough as always.")


def set_prompt(design: Planted, name: str, prompt: str) -> None:
    text = design.read(f"personas/{name}.yaml")
    design.write(f"personas/{name}.yaml", text[: text.index("prompt:")] + f'prompt: "{prompt}"\n' + text[text.index("paraphrases:") :])


def with_template(design: Planted, template: str, folder: Path) -> None:
    """The smoke scale of a design asks a model with this chat template."""
    byte_tokenizer(template).save_pretrained(folder)
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").write_bytes(b"")
    design.edit(design.yaml, "model: local/smollm2", f"model: local/{folder}")


# --- D104


@pytest.mark.mistake("D3", rule="D104", stage="plan")
def test_a_template_without_a_place_for_system_prompts(prompting: Planted, tmp_path: Path) -> None:
    with_template(prompting, DROPPING, tmp_path / "model")
    (finding,) = prompting.found("D104")
    assert "drops the system prompt" in finding["message"] and finding["stage"] == "plan"


@pytest.mark.mistake("D3", rule="D104", stage="plan")
def test_two_conditions_render_alike(leakage: Planted) -> None:
    prompt = " ".join(leakage.read("personas/villain.yaml").partition("prompt: >-")[2].partition("paraphrases:")[0].split())
    set_prompt(leakage, "comedian", prompt)
    assert len(leakage.found("D104")) == 1


def test_a_paraphrase_that_is_the_prompt(prompting: Planted) -> None:
    """The negative control would compare the assistant with itself."""
    set_prompt(prompting, "assistant", "You are a helpful assistant that gives people clear answers. You stick to the question, begin with the answer,"
               " explain briefly where that is useful, and remain courteous and calm.")  # fmt: skip
    (finding,) = prompting.found("D104")
    assert "assistant, paraphrase 1 and assistant render to the same" in finding["message"]


def test_a_paraphrase_in_other_punctuation(prompting: Planted) -> None:
    set_prompt(prompting, "assistant", "you are a helpful assistant that gives people clear answers! You stick to the question; begin with the answer;"
               " explain briefly where that is useful, and remain courteous and calm")  # fmt: skip
    assert len(prompting.found("D104")) == 1


# --- D105


@pytest.mark.mistake("D3", rule="D105", stage="plan")
def test_a_template_that_adds_words_to_every_turn(prompting: Planted, tmp_path: Path) -> None:
    with_template(prompting, ADVISING, tmp_path / "model")
    (finding,) = prompting.found("D105")
    assert "is not read as declared" in finding["message"]


@pytest.mark.mistake("D3", rule="D105", stage="plan")
@pytest.mark.parametrize("template", ["smollm2", ADDING])
def test_a_template_slips_in_its_own_prompt(prompting: Planted, tmp_path: Path, template: str) -> None:
    """Where a test renders by itself; the toolkit takes it out."""
    if template != "smollm2":
        with_template(prompting, template, tmp_path / "model")
    assert not prompting.found("D105")
    prompting.write(
        f"{prompting.folder}/conftest.py", "def ask(model, text):\n    return model.tokenizer.apply_chat_template([{'role': 'user', 'content': text}])\n"
    )
    (finding,) = prompting.found("D105")
    assert "apply_chat_template" in finding["message"] and finding["where"]["line"] == 2


def test_a_template_that_adds_nothing_may_be_used(prompting: Planted, tmp_path: Path) -> None:
    with_template(prompting, PLAIN, tmp_path / "model")
    prompting.write(
        f"{prompting.folder}/conftest.py", "def ask(model, text):\n    return model.tokenizer.apply_chat_template([{'role': 'user', 'content': text}])\n"
    )
    assert not prompting.found("D105") and not prompting.found("D104")


@pytest.mark.mistake("D4", rule="D105", stage="plan")
@pytest.mark.parametrize(
    "line",
    [
        "if persona_prompt:\n        turns.insert(0, persona_prompt)",
        "turns = [persona_prompt] + turns if persona_prompt else turns",
        "persona_prompt = persona_prompt or 'You are helpful.'",
        "if not persona_prompt:\n        return turns",
    ],
)
def test_an_empty_prompt_is_taken_for_none(prompting: Planted, line: str) -> None:
    prompting.write(f"{prompting.folder}/conftest.py", f"def build(turns, persona_prompt):\n    {line}\n    return turns\n")
    (finding,) = prompting.found("D105")
    assert "persona_prompt is tested for truth" in finding["message"]


@pytest.mark.mistake("D4", rule="D105", stage="plan")
@pytest.mark.parametrize("text", ["", "  "])
def test_a_persona_with_an_empty_prompt_is_refused(prompting: Planted, text: str) -> None:
    set_prompt(prompting, "comedian", text)
    assert any("empty prompt" in finding["message"] for finding in prompting.report("--select", "D105")["findings"])


@pytest.mark.parametrize("turn", ["{'role': 'system', 'content': 'Be brief.'}", "Message(role='system', content='Be brief.')"])
def test_a_system_turn_in_the_code(prompting: Planted, turn: str) -> None:
    prompting.write(f"{prompting.folder}/conftest.py", f"def build(Message):\n    return {turn}\n")
    assert len(prompting.found("D105")) == 1


@pytest.mark.mistake("D3", rule="D105", stage="plan")
@pytest.mark.parametrize(
    "prompt", ["'You are a helpful assistant.'", "persona_of(persona).prompt + ' Be honest.'", "f'{persona_of(persona).prompt} Be honest.'"]
)
def test_a_prompt_that_a_test_writes_by_itself(prompting: Planted, prompt: str) -> None:
    prompting.edit(f"{prompting.folder}/test_persona_prompting.py", "persona_of(persona).prompt", prompt)
    (finding,) = prompting.found("D105")
    assert "not declared" in finding["message"]


def test_a_condition_without_a_prompt_is_left_alone(prompting: Planted) -> None:
    prompting.edit(f"{prompting.folder}/test_persona_prompting.py", 'persona_of("assistant").prompt', "None")
    assert not prompting.found("D105")


def test_a_prompt_that_is_compared_with_none_is_left_alone(prompting: Planted) -> None:
    code = "def build(turns, prompt, Message):\n    return turns if prompt is None else [Message(role='system', content=prompt), *turns]\n"
    prompting.write(f"{prompting.folder}/conftest.py", code)
    assert not prompting.found("D105")


# --- D118


def words(count: int) -> str:
    return " ".join(["cat"] * count)


@pytest.mark.mistake("D14", rule="D118", stage="plan")
def test_the_lengths_of_the_first_study(leakage: Planted) -> None:
    for name, count in SHORT.items():
        set_prompt(leakage, name, f"You are {name}: {words(count - 5)}")
    found = leakage.found("D118")
    assert len(found) > 2 and all("rho of length" in finding["message"] for finding in found)
    assert {finding["severity"] for finding in found} == {"warning"}


@pytest.mark.mistake("D14", rule="D118", stage="plan")
@pytest.mark.parametrize("names", [["gardener", "bus_driver"], ["data_scientist"], ["assistant"], ["librarian"]])
@pytest.mark.parametrize("count", [15, 90])
def test_one_role_is_shorter_or_longer_than_all_others(leakage: Planted, names: list[str], count: int) -> None:
    for name in names:
        set_prompt(leakage, name, f"You are {name}: {words(count)}")
    assert leakage.found("D118")


def test_a_target_apart_from_its_sources(prompting: Planted) -> None:
    """There it is enough to say so."""
    set_prompt(prompting, "assistant", "You are a helpful assistant.")
    assert not prompting.found("D118")
    prompting.edit(prompting.yaml, "a prompt's length and wording change with the persona", "a prompt's wording changes with the persona")
    assert len(prompting.found("D118")) == 1


@pytest.mark.parametrize("count", [30, 38])
def test_lengths_that_overlap_tell_nothing(leakage: Planted, count: int) -> None:
    set_prompt(leakage, "gardener", f"You are a gardener: {words(count)}")
    assert not leakage.found("D118")


@pytest.mark.parametrize("design", ["leakage", "prompting", "convergence", "coin_design", "evolution"])
def test_sound_designs(design: str, request: pytest.FixtureRequest) -> None:
    planted = request.getfixturevalue(design)
    for code in ("D104", "D105", "D118"):
        assert not planted.found(code), code


def test_a_model_that_is_not_here_is_told(leakage: Planted) -> None:
    """The rules are not taken for clean."""
    assert {entry["code"] for entry in leakage.report("--select", "D104,D105,D118", scale="full")["not_run"]} == {"D104", "D105", "D118"}
