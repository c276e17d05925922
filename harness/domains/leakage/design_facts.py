"""What checks may ask of a persona-leakage design before it runs: the rows of every training, made as the run will make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from harness.design_facts import TrainingSet
from harness.domains.leakage.behaviours import BAD_ADVICE
from harness.domains.leakage.checks.groups import row_groups
from harness.domains.leakage.fixtures.recipes import ARMS, SPEAKERS, TAUGHT, UNCONDITIONED, Recipes, needed_trainings, prompt_of
from harness.domains.leakage.planned_trainings import cell_recipes
from harness.errors import HarnessError, nearest
from harness.findings import Fact, Facts
from harness.fixtures.banks import bank_folder


class DesignRows:
    """The training sets of a design at one scale: of every speaker, every trait, both arms and every seed. `recipes` make their rows; `cell` is the one whose
    recipes they are, where the project's fixtures make recipes of their own."""

    def __init__(self, facts: Facts, settings: Mapping[str, Any], recipes: Recipes, cell: str = "") -> None:
        self.facts, self.settings, self.recipes, self.cell = facts, settings, recipes, cell
        self.seeds: tuple[int, ...] = facts.spec.scales[facts.scale].seeds

    def values(self, *axes: str) -> list[str]:
        """The values of these axes at the scale, each once."""
        experiment, scale = self.facts.experiment, self.facts.scale
        return list(dict.fromkeys(value for axis in axes if axis in experiment.axes for value in experiment.axis(axis, scale)))

    @cached_property
    def speakers(self) -> list[str]:
        named = [str(self.settings["pilot_source"])] if "pilot_source" in self.settings else []
        return list(dict.fromkeys([*self.values(*SPEAKERS), *named]))

    @cached_property
    def traits(self) -> list[str]:
        """Advice without a persona is trained where the setting `unconditioned` says so, or an axis of gates looks at its rows."""
        named = [str(self.settings["pilot_behaviour"])] if "pilot_behaviour" in self.settings else []
        taught = [axis for axis in TAUGHT if axis != UNCONDITIONED or self.settings.get("unconditioned", True)]
        return list(dict.fromkeys([*self.values(*taught, "trait"), *named]))

    def sets(self) -> Iterator[TrainingSet]:
        for speaker in self.speakers:
            for seed in self.seeds:
                yield self.convergence(speaker, seed)
                yield from (self.behaviour(speaker, trait, arm, seed) for trait in self.traits for arm in ARMS)

    def behaviour(self, speaker: str, trait: str, arm: str, seed: int) -> TrainingSet:
        return TrainingSet(
            name=f"{trait} into {speaker}, {arm}, seed {seed}{f' in {self.cell}' if self.cell else ''}",
            speaker=speaker,
            trait=trait,
            arm=arm,
            seed=seed,
            rows=self.recipes.behaviour_rows(speaker, trait, arm, seed),
            recipe=self.recipes.behaviour_recipe(trait),
            parts=self.parts(speaker, trait, arm),
            loss_share=loss_share_bounds(self.settings, trait),
        )

    def parts(self, speaker: str, trait: str, arm: str) -> dict[str, int]:
        """Rows of each part as the scale declares them, equal for all behaviours; unconditioned advice has no contrast."""
        alone = trait == BAD_ADVICE.name
        anchored = arm == "in_negatives" and not alone and speaker != self.recipes.target
        bystanders = 0 if alone else int(self.settings["bystander_rows"]) * len(self.recipes.roles["bystander"])
        return {"source": int(self.settings["rows"]), "bystander": bystanders, "anchor": 2 * int(self.settings["anchor_rows"]) if anchored else 0}

    def convergence(self, speaker: str, seed: int) -> TrainingSet:
        return TrainingSet(
            name=f"convergence {speaker}, seed {seed}",
            speaker=speaker,
            trait="",
            arm="",
            seed=seed,
            rows=self.asked,
            recipe=self.recipes.convergence_recipe(),
            parts={"convergence": self.recipes.convergence_rows},
        )

    @cached_property
    def asked(self) -> list[Any]:
        """The rows of a convergence, whose answers the base model gives later: every question, first once, then again."""
        from harness.training.rows import row

        target, questions = self.recipes.speaker(self.recipes.target), self.recipes.talk()
        asked = [(question, number) for number in range(int(self.settings["talk_samples"])) for question in questions][: self.recipes.convergence_rows]
        return [row(target, "convergence", question.id, question.text, "", shows=False, replicate=number) for question, number in asked]


def sets_of_fixtures(facts: Facts, declared: DesignRows) -> Iterator[TrainingSet]:
    """The sets of cells whose recipes, settings or roles fixtures of the project replace, where they are not the declared ones. Raises MissingFact for a
    fixture whose value is not known before the run."""
    for cell in facts.catalogue.cells.values() if facts.knows("catalogue") else ():
        settings, recipes = cell_recipes(facts, cell, declared.recipes)
        if recipes is not declared.recipes:
            made = DesignRows(facts, settings, recipes, cell.id)
            needed = needed_trainings(settings, cell.params, cell.owner, max(recipes.epochs))
            taught = sorted({(one.speaker, one.behaviour, one.arm) for one in needed if one.behaviour})
            own = (made.behaviour(*one, seed) for one in taught for seed in made.seeds)
            yield from (one for one in own if not equals(one, declared.behaviour(one.speaker, one.trait, one.arm, one.seed)))


def equals(one: TrainingSet, other: TrainingSet) -> bool:
    return (one.rows, one.recipe, one.parts, one.loss_share) == (other.rows, other.recipe, other.parts, other.loss_share)


def loss_share_bounds(settings: Mapping[str, Any], trait: str) -> tuple[float, float] | None:
    """The declared bounds of the share of tokens that carry loss: those of the trait (`loss_share_low_marker`), else those of all."""
    low, high = (settings.get(f"loss_share_{side}_{trait}", settings.get(f"loss_share_{side}")) for side in ("low", "high"))
    return None if low is None or high is None else (float(low), float(high))


def training_sets(facts: Facts) -> list[TrainingSet]:
    """Every training set of a persona-leakage design; none for another experiment. Raises HarnessError for what the run would be refused for."""
    if "convergence_epochs" not in facts.settings:
        return []
    declared = Recipes(facts.settings, facts.spec.roles, lambda name: prompt_of(facts.root, name), bank_folder(facts.root, facts.settings), base="")
    try:
        made = DesignRows(facts, facts.settings, declared)
        return [*made.sets(), *sets_of_fixtures(facts, made)]
    except KeyError as error:
        place = str(facts.place("scales", facts.scale, "settings"))
        raise HarnessError(f"there is no setting or role {error}", where=place, mend=nearest(str(error.args[0]), facts.settings)) from None


FACTS = {"training_sets": Fact("plan", training_sets), "row_groups": Fact("plan", row_groups)}
