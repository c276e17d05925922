"""Options come from the command line, the environment, the ini file, in this order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.run.settings import OPTIONS, resolve


def settled(given: dict[str, object] | None = None, environ: dict[str, str] | None = None, ini: dict[str, str] | None = None) -> object:
    return resolve(Path("/root-of-it"), given or {}, lambda name: (ini or {}).get(name, ""), environ or {})


def test_every_option_has_a_flag_an_ini_key_and_a_variable() -> None:
    """The outside names: --harness-…, harness_…, HARNESS_…."""
    assert {option.flag for option in OPTIONS} == {
        f"--harness-{name}"
        for name in (
            *("scale", "plan", "run-dir", "store", "seeds", "models", "budget-usd", "budget-gpu-hours", "offline"),
            *("engine", "sessions", "ray-address", "mixed-gpus", "no-report", "falsified-ok"),
        )
    }
    assert {(option.ini, option.env) for option in OPTIONS if option.name == "budget-usd"} == {("harness_budget_usd", "HARNESS_BUDGET_USD")}


def test_the_command_line_wins_over_the_environment_and_that_over_the_ini_file() -> None:
    """One value from each source; the nearest to the user holds."""
    environ, ini = {"HARNESS_SCALE": "pilot"}, {"harness_scale": "full"}
    assert settled({"scale": "smoke"}, environ, ini).scale == "smoke"  # type: ignore[attr-defined]
    assert settled({}, environ, ini).scale == "pilot"  # type: ignore[attr-defined]
    assert settled({}, {}, ini).scale == "full"  # type: ignore[attr-defined]
    assert settled().scale == "smoke"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("HARNESS_SCALE", "very huge", "HARNESS_SCALE=very huge is not valid. Write the name of a scale, such as smoke, pilot or full"),
        ("HARNESS_MODELS", " , ", "Write the name of a model set, or members with commas between"),
        ("HARNESS_SEEDS", "1,x", "whole numbers with commas"),
        ("HARNESS_SEEDS", "1,1", "A seed stands twice"),
        ("HARNESS_BUDGET_USD", "-3", "Write a number of at least 0"),
        ("HARNESS_BUDGET_USD", "nan", "Write a number of at least 0"),
        ("HARNESS_OFFLINE", "perhaps", "neither yes nor no"),
    ],
)
def test_a_bad_value_names_its_source_and_the_mend(name: str, value: str, told: str) -> None:
    """The line says which variable holds what, and what to write."""
    with pytest.raises(HarnessError, match=told.replace("(", "\\(")):
        settled({}, {name: value})


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.read is not None], ids=lambda option: option.name)
def test_an_empty_value_on_the_command_line_is_no_default(option: Any) -> None:
    """A shell variable that is not set would choose the default without a word; in the environment and the ini file nothing else means it."""
    with pytest.raises(HarnessError, match=f"{option.flag} is empty"):
        settled({option.name: ""})
    assert settled({}, {option.env: ""}, {option.ini: ""}) == settled()
