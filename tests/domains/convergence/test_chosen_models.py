"""The sets that ship: who is in them, by what rule, and how members are picked."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiment_room import DATA, models
from harness.domains.convergence.fixtures.model_set import members_of, served_first
from harness.errors import HarnessError
from harness.models.capabilities import list_price
from harness.models.model_sets import load_model_set
from harness.models.responder import ModelEntry

ROOT = Path(__file__).parents[3]
ROUTER = "openrouter/"


def compared(name: str) -> list[ModelEntry]:
    return [one for one in members_of(ROOT, name) if one.kind == "model"]


def output_price(member: ModelEntry) -> float:
    """US dollars per million tokens of output: the ceiling of the set, or the vendor's list price."""
    if member.price is not None:
        return member.price[1]
    vendor, _, model = member.spec.partition("/")
    price = list_price(vendor, model)
    assert price is not None, f"{member.name} has no price"
    return price.output


def test_the_sets_of_earlier_studies_name_their_models(shared: Path) -> None:
    """Level 1 has the 23 models of the public recording, in its order; the extended one has fifteen."""
    assert [one.spec for one in compared("level1")] == [f"{ROUTER}{model}" for model in models(DATA)]
    assert len(compared("extended_level1")) == 15


def test_the_frontier_has_23_for_three_levels() -> None:
    """All are served; the first eight are two each of four families, so that the smallest level can tell families apart."""
    found = compared("frontier")
    assert len(found) == 23 and not any(one.retired for one in found)
    families = [one.group for one in found[:8]]
    assert sorted(families.count(family) for family in set(families)) == [2, 2, 2, 2]


def test_the_presets_follow_their_rules() -> None:
    """cost_optimized is the cheapest member of each vendor among the first fifteen, quick its four cheapest, each in the order of the set before."""
    fifteen = compared("frontier")[:15]
    cheapest = {one.provider: min((other for other in fifteen if other.provider == one.provider), key=output_price).name for one in fifteen}
    chosen = [one for one in fifteen if one.name in cheapest.values()]
    assert [(one.name, one.spec) for one in compared("cost_optimized")] == [(one.name, one.spec) for one in chosen]
    four = sorted(chosen, key=output_price)[:4]
    assert [(one.name, one.spec) for one in compared("quick")] == [(one.name, one.spec) for one in chosen if one in four]


@pytest.mark.parametrize("name", ["extended_level1", "frontier", "level1", "offline", "quick", "cost_optimized"])
def test_equal_models_are_stated_equally(name: str) -> None:
    """One model has the same provider, region, architecture and size in every set; every member of these sets has a provider."""
    frontier = {one.name: one for one in compared("frontier")}
    for one in compared(name):
        assert one.provider, one.name
        other = frontier.get(one.name, one)
        assert [getattr(one, key) for key in ("provider", "region", "architecture", "size")] == [
            getattr(other, key) for key in ("provider", "region", "architecture", "size")
        ]


def test_members_are_picked_with_their_controls() -> None:
    """In declared order, whatever order they are named in; the repeat of who is not picked is left out."""
    assert [one.name for one in members_of(ROOT, "frontier#llama-3.1-405b,gpt-4o")][:3] == ["gpt-4o", "llama-3.1-405b", "gpt-4o_again"]
    picked = [one.name for one in members_of(ROOT, "frontier#glm-4.5,kimi-k2")]
    assert picked == ["kimi-k2", "glm-4.5", "null_words", "null_words_again", "null_stock", "echo"]
    with pytest.raises(HarnessError, match=r"the set has no member 'gpt-40' to compare.*Did you mean 'gpt-4o'"):
        members_of(ROOT, "frontier#gpt-40,kimi-k2")


def test_a_set_may_be_named_by_its_path() -> None:
    assert members_of(ROOT, "model_sets/quick.yaml") == members_of(ROOT, "quick")


def test_a_level_takes_the_first_that_are_served_and_let_on() -> None:
    """Retired ones and ones that the level before did not let on do not count; controls stay."""
    found = members_of(ROOT, "extended_level1")
    assert [one.name for one in served_first(found, 15) if one.kind == "model"] == [one.name for one in compared("extended_level1") if not one.retired]
    chosen = served_first(found, 2, {"kimi-k2", "gpt-4o", "claude-3-opus", "glm-4.5"})
    assert [one.name for one in chosen][:3] == ["glm-4.5", "kimi-k2", "gpt-4o_again"]


@pytest.mark.parametrize(("fields", "told"), [("size: 0", "write all parameters in billions"), ("architecture: mixture", "Invalid enum value 'mixture'")])
def test_mistakes_in_what_is_stated_are_one_line(tmp_path: Path, fields: str, told: str) -> None:
    """The member and the mistake are named."""
    path = tmp_path / "set.yaml"
    path.write_text(f"title: t\nmembers:\n  a: {{spec: null/words, {fields}}}\n")
    with pytest.raises(HarnessError, match=f"a is not a member: .*{told}"):
        load_model_set(path)
