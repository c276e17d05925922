"""A scale may bring rules and thresholds of its own; YAML may share blocks between scales."""

from __future__ import annotations

import pytest

from harness.design.experiment import order_scales
from toy import Toy

YAML = "evals/coins/experiment.yaml"
SEEDS = "    seeds: [1]\n"


def test_a_scale_decides_by_its_own_rule(toy: Toy) -> None:
    """Asked for three of three personas at smoke scale only, the same cells no longer support: the librarian's coin is fair."""
    toy.run()
    assert toy.results()["verdict"] == "supported"
    toy.edit(YAML, SEEDS, SEEDS + "    rules:\n      H1: {at_least: 3, of: persona, each: {at_least: 1, of: behaviour}}\n")
    toy.run()
    found = toy.results()
    assert found["verdict"] != "supported" and found["hypotheses"][0]["rule"].startswith("at least 3 of the persona values")


def test_a_scale_holds_cells_to_its_own_bar(toy: Toy) -> None:
    """A bar of 45 pp at smoke scale, other fields kept: coins that moved by 40 stay short of it."""
    toy.edit(YAML, "items: 200, chunk: 50", "items: 3000, chunk: 3000")
    toy.edit(YAML, SEEDS, SEEDS + "    thresholds:\n      heads: {value: 45}\n")
    toy.run()
    found = toy.results()
    bars = {bar["name"]: bar for bar in found["thresholds"]}
    assert bars["heads"]["value"] == 45 and bars["heads"]["direction"] == "increase" and bars["tails"]["value"] == 5
    verdicts = toy.cells()
    assert verdicts["H1[villain-heads]"] == "falsified" and verdicts["H1[villain-tails]"] == "supported"


def test_a_scale_may_have_any_name(toy: Toy) -> None:
    """Beside smoke, pilot and full: it runs by its name, and checks of all scales go from the smallest up."""
    toy.edit(YAML, SEEDS, SEEDS + "  medium:\n    settings: {items: 240, chunk: 50, pause: 0.0}\n")
    assert toy.run("--harness-scale", "medium").returncode == 0
    found = toy.results()
    assert found["scale"] == "medium" and not any("chosen for speed" in caveat for caveat in found["caveats"])
    assert order_scales(["full", "medium", "large", "smoke"]) == ["smoke", "medium", "large", "full"]
    assert "declares no scale 'huge'" in toy.run("--harness-scale", "huge").stdout


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ("    rules:\n      H9: {at_least: 1, of: persona}\n", ["unknown hypothesis 'H9'", "experiment.yaml:26"]),
        ("    rules:\n      H1: {at_least: 4, of: persona}\n", ["at least 4 of persona can never hold at scale smoke"]),
        ("    thresholds:\n      head: {value: 6}\n", ["unknown threshold 'head'", "Did you mean 'heads'?"]),
        ("    thresholds:\n      heads: {valeu: 6}\n", ["valeu", "xtra inputs are not permitted"]),
        ("    thresholds:\n      heads: {value: -6}\n", ["value", "greater than 0"]),
    ],
)
def test_mistakes_of_a_scale_are_one_line(toy: Toy, added: str, told: list[str]) -> None:
    """What a scale replaces must exist, and what it becomes must be sound."""
    toy.edit(YAML, SEEDS, SEEDS + added)
    ran = toy.run()
    assert ran.returncode != 0 and all(part in ran.stdout for part in told), ran.stdout
    assert "Traceback" not in ran.stdout


def test_merged_keys_may_be_replaced_but_not_repeated(toy: Toy) -> None:
    """`<<` brings a block in and a key beside it goes before; the same key written twice is still a mistake."""
    toy.edit(YAML, "    settings: {items: 200, chunk: 50, pause: 0.0}\n" + SEEDS, "    settings: &small {items: 200, chunk: 50, pause: 0.0}\n" + SEEDS)
    toy.edit(YAML, "    settings: {items: 400, chunk: 50, pause: 0.0}\n", "    settings: {<<: *small, items: 240}\n")
    assert toy.run("--harness-plan", "--harness-scale=full").returncode == 0
    toy.edit(YAML, "{<<: *small, items: 240}", "{<<: *small, items: 240, items: 250}")
    assert "the key 'items' stands twice" in toy.run("--harness-plan", "--harness-scale=full").stdout
