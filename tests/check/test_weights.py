"""The same weights under two names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from planted import Planted
from small_folders import make_folder

SET = "model_sets/offline.yaml"


@pytest.fixture
def two_folders(tmp_path: Path) -> tuple[Path, Path]:
    """A model and a copy of it with another template."""
    first, second = make_folder(tmp_path / "base"), tmp_path / "instruct"
    shutil.copytree(first, second)
    (second / "chat_template.jinja").write_text("{% for m in messages %}{{ m.content }}{% endfor %}")
    return first, second


def add_members(design: Planted, *lines: str) -> None:
    design.edit(SET, "  smollm2: {", "".join(f"  {line}\n" for line in lines) + "  smollm2: {")


@pytest.mark.mistake("D16", rule="D117", stage="plan")
def test_base_against_instruct_on_the_same_weights_at_another_seed(convergence: Planted) -> None:
    convergence.edit(SET, "smollm2_again: {spec: local/smollm2, kind: repeat, family: SmolLM2, seed: 1}", "base: {spec: local/smollm2, base: true, seed: 1}")
    (finding,) = convergence.found("D117")
    assert finding["where"]["file"] == SET and finding["where"]["line"] > 1 and finding["stage"] == "plan"


@pytest.mark.mistake("D16", rule="D117", stage="plan")
def test_two_folders_with_one_content(convergence: Planted, two_folders: tuple[Path, Path]) -> None:
    first, second = two_folders
    add_members(convergence, f"base: {{spec: local/{first}, base: true}}", f"instruct: {{spec: local/{second}}}")
    (finding,) = convergence.found("D117")
    assert finding["message"].startswith("instruct (")


@pytest.mark.mistake("D16", rule="D117", stage="plan")
def test_two_settings_name_one_model(prompting: Planted) -> None:
    prompting.edit(prompting.yaml, "model: local/smollm2,", "model: local/smollm2, base_model: local/smollm2,", count=0)
    assert len(prompting.found("D117")) == 1


@pytest.mark.mistake("D16", rule="D117", stage="plan")
@pytest.mark.parametrize("literal", ['{"base": "local/smollm2", "instruct": "local/smollm2"}', '["local/smollm2", "local/gemma3-270m", "local/smollm2"]'])
def test_a_list_in_the_code_names_one_model_twice(prompting: Planted, literal: str) -> None:
    prompting.write(f"{prompting.folder}/conftest.py", f"MODELS = {literal}\n")
    (finding,) = prompting.found("D117")
    assert finding["where"] == {"file": f"{prompting.folder}/conftest.py", "line": 1}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("openai/gpt-4o", "openrouter/openai/gpt-4o"),
        ("openai/gpt-4o", "openai/gpt-4o-2024-08-06"),
        ("vllm/qwen@http://localhost:1/v1", "vllm/qwen@http://localhost:2/v1"),
    ],
)
def test_one_model_behind_two_addresses(convergence: Planted, first: str, second: str) -> None:
    add_members(convergence, f'one: {{spec: "{first}", price: [1, 1]}}', f'two: {{spec: "{second}", price: [1, 1]}}')
    assert len(convergence.found("D117")) == 1


def test_guises_and_repeats_are_meant_to_be_the_same(convergence: Planted) -> None:
    """Nor are the shipped sets reported at other scales."""
    assert not convergence.found("D117", "all")


@pytest.mark.parametrize("settings", ["model: local/smollm2, judge_model: local/smollm2,", "model: local/smollm2,"])
def test_a_judge_may_be_the_model(prompting: Planted, settings: str) -> None:
    prompting.edit(prompting.yaml, "model: local/smollm2,", settings, count=0)
    assert not prompting.found("D117", "all")


def test_weights_that_are_not_here_are_told(convergence: Planted) -> None:
    add_members(convergence, "absent: {spec: local/nowhere/at-all}")
    (missing,) = convergence.report("--select", "D117")["not_run"]
    assert "nowhere/at-all are not here" in missing["why"]
