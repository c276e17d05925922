"""What a threshold declares for the simulation of similarities is refused in one line where it cannot be simulated."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.design.experiment import experiment_in
from harness.design.spec import ExperimentSpec
from harness.errors import HarnessError

DECLARED = """\
id: alike
title: Models answer alike
question: Do they?
axes: {topic: [safety]}
thresholds:
  alike:
    {value: 0.1, unit: similarity, direction: increase, expected_effect: 0.2, n: prompts,
     simulation: {models: compared, model_sd: spread, prompt_sd: 0.1, residual_sd: 0.1}}
hypotheses:
  H1: {cells: [topic], rule: {at_least: 1, of: topic}, thresholds: [alike]}
primary: H1
scales:
  smoke: {settings: {prompts: 20, compared: 4, spread: 0.05}}
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("compared: 4", "compared: 1", "at smoke: models is 1; a comparison needs a whole number of at least 2"),
        ("models: compared", "models: 0", "models is 0; a comparison needs"),
        ("models: compared", "models: 2.5", "models is 2.5; a comparison needs"),
        ("prompt_sd: 0.1", "prompt_sd: -0.1", "prompt_sd: input should be greater than or equal to 0"),
        ("spread: 0.05", "spread: -0.05", "takes its model_sd from spread, which is -0.05"),
        ("prompts: 20", "prompts: 2.5", "takes its n from prompts, which is 2.5"),
        ("models: compared", "modles: compared", "does not take 'modles'"),
    ],
)
def test_what_cannot_be_simulated_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in DECLARED
    with pytest.raises(HarnessError) as caught:
        declared(tmp_path, DECLARED.replace(old, new))
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_an_sd_may_come_from_a_setting(tmp_path: Path) -> None:
    assert declared(tmp_path, DECLARED).thresholds["alike"].simulation["model_sd"] == "spread"


def declared(folder: Path, text: str) -> ExperimentSpec:
    (folder / "alike").mkdir()
    (folder / "alike/experiment.yaml").write_text(text)
    return experiment_in(folder / "alike").spec
