"""Facts for checks: which texts a persona-leakage design may teach, whatever its seeds and scales, and every training that its cells need."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from harness.design_facts import Bank, TaughtText, Training
from harness.domains.leakage.fixtures.recipes import TALK, TAUGHT, Needed, Recipes, needed_trainings, plan_recipes, texts_of
from harness.extensions import behaviours
from harness.findings import Fact, Facts, MissingFact
from harness.fixtures.banks import bank_folder
from harness.installed_packages import is_project_file

TRAINED = "convergence_epochs"  # the setting without which nothing is trained


def traits_at(facts: Facts, *scales: str) -> set[str]:
    """The behaviours that are trained at these scales."""
    plain, experiment = facts.experiment.plain, facts.experiment
    named = {value for scale in scales for axis in (*TAUGHT, "trait") if axis in experiment.axes for value in experiment.axis(axis, scale)}
    named |= {plain["scales"][scale]["settings"].get("pilot_behaviour") for scale in scales}
    return {name for name in named if name in behaviours() and behaviours()[name].training_texts}


def training_settings(facts: Facts) -> Mapping[str, Any] | None:
    """The settings of the scale, or of the first that trains; None for a design that trains nothing."""
    every = [facts.settings, *(scale["settings"] for scale in facts.experiment.plain["scales"].values())]
    return next((settings for settings in every if TRAINED in settings), None)


def lessons_of(facts: Facts, trait: str, settings: Mapping[str, Any]) -> tuple[Path, tuple[Any, ...]]:
    """The file that teaches a behaviour, and all texts of it that may be taught; none where it is not there."""
    path = bank_folder(facts.root, settings) / behaviours()[trait].lessons
    return path, texts_of(trait, path, tuple(sorted(settings.items())), path.stat().st_mtime_ns) if path.is_file() else ()


def questions_of(facts: Facts, settings: Mapping[str, Any]) -> tuple[Path, list[Any]]:
    """The file of questions that a source answers in its own voice, and all of them."""
    from harness.measures.banks import Request, load_rows

    path = bank_folder(facts.root, settings) / "training" / TALK
    return path, load_rows(path, Request) if path.is_file() else []


def taught_texts(facts: Facts) -> list[TaughtText]:
    """Every text of the files that the design teaches from, at any scale; the questions of the convergence have no trait."""
    settings = training_settings(facts)
    if settings is None:
        return []
    path, questions = questions_of(facts, settings)
    found = [TaughtText(id=question.id, text=question.request, trait="", bank=path) for question in questions]
    for trait in sorted(traits_at(facts, *facts.experiment.scales)):
        path, texts = lessons_of(facts, trait, settings)
        found += [TaughtText(id=text.id, text=text.prompt, trait=trait, bank=path) for text in texts]
    return found


def taught_banks(facts: Facts) -> list[Bank]:
    """The files that are taught from, with how many of their texts, and of the rows made of them, the scale asks for."""
    if TRAINED not in facts.settings:
        return []
    settings, found = facts.settings, []
    rows = int(settings["rows"])
    here = traits_at(facts, facts.scale)
    for trait in sorted(traits_at(facts, *facts.experiment.scales)):
        path, texts = lessons_of(facts, trait, settings)
        prompts = {text.id: text.prompt for text in texts}
        asked = rows if trait in here else None
        found.append(Bank(name=f"{trait} training", path=path, items=len(texts), asked=asked, size="rows", texts=prompts))
    if found:
        folder = bank_folder(facts.root, settings) / "training"
        repeated = ("bystander_rows", "anchor_rows")
        found += [Bank(name="the source's rows", path=folder, items=rows, asked=int(settings[size]), size=size) for size in repeated]
    path, questions = questions_of(facts, settings)
    talk, samples = int(settings["talk_questions"]), int(settings["talk_samples"])
    requests = {question.id: question.request for question in questions}
    found.append(Bank(name="convergence questions", path=path, items=len(questions), asked=talk, size="talk_questions", texts=requests))
    answers = min(talk, len(questions)) * samples
    return [*found, Bank(name="convergence answers", path=path, items=answers, asked=int(settings["convergence_rows"]), size="convergence_rows")]


def trainings(facts: Facts) -> list[Training]:
    """Every training that a cell of the design needs, with the first seed; recipes as the project's own fixtures make them, where it replaces ours."""
    if TRAINED not in facts.settings:
        return []
    ours = plan_recipes(str(facts.settings.get("model")), facts.settings, {"roles": facts.experiment.plain["roles"]}, facts.root)
    seed = facts.spec.scales[facts.scale].seeds[0]
    made = cache(lambda needed: (needed.job(ours, seed), rows_of(needed, ours, seed)))
    found = []
    for cell in facts.catalogue.cells.values():
        settings, recipes = cell_recipes(facts, cell, ours)
        for needed in needed_trainings(settings, cell.params, cell.owner, max(recipes.epochs)):
            job, rows = made(needed) if recipes is ours else (needed.job(recipes, seed), rows_of(needed, recipes, seed))
            found.append(training_of(cell, needed, job, rows))
    return found


def rows_of(needed: Needed, recipes: Recipes, seed: int) -> int:
    return recipes.rows_hash(needed.speaker, needed.behaviour, needed.arm, seed)[1] if needed.behaviour else recipes.convergence_rows


def training_of(cell: Any, needed: Needed, job: Any, rows: int) -> Training:
    recipe = job.recipe
    return Training(
        key=job.key,
        name=job.name,
        cell=cell.id,
        owner=cell.owner,
        kind="behaviour" if needed.behaviour else "convergence",
        rows=rows,
        steps=recipe.steps_per_epoch(rows) * recipe.epochs,
        effective_batch=recipe.batch * recipe.accumulation,
        kept_epochs=recipe.kept_epochs,
        recipe=msgspec.to_builtins(recipe),
    )


def cell_recipes(facts: Facts, cell: Any, ours: Recipes) -> tuple[Mapping[str, Any], Recipes]:
    """The settings and recipes that the tests of a cell see: ours, unless fixtures of the project replace them."""
    item = facts.collected.cell_items[cell.id]
    if not any(own_definitions(item, name) for name in ("settings", "recipes", "roles")):
        return facts.settings, ours
    known = {"settings": dict(facts.settings), "roles": dict(facts.experiment.plain["roles"]), "seeds": facts.spec.scales[facts.scale].seeds, **cell.params}
    known["request"] = SimpleNamespace(node=item, fixturenames=item.fixturenames, config=item.config)
    for name in ("settings", "roles"):
        known[name] = fixture_value(item, name, known)
    known["recipes"] = Recipes(known["settings"], known["roles"], ours.prompts, ours.banks, ours.base)  # its own: a fixture may change it in place
    return known["settings"], fixture_value(item, "recipes", known)


def own_definitions(item: Any, name: str) -> list[Any]:
    """The project's fixtures of that name which a test sees, the innermost last."""
    return [one for one in item._fixtureinfo.name2fixturedefs.get(name, ()) if is_project_file(one.func.__code__.co_filename)]


def fixture_value(item: Any, name: str, known: Mapping[str, Any]) -> Any:
    """What a fixture of the project gives a test, from what is known before the run. Raises MissingFact where it asks for more."""
    value = known[name]
    for definition in own_definitions(item, name):
        path = definition.func.__code__.co_filename
        try:
            value = call_fixture(definition.func, {**known, name: value}, definition.argnames, item)
        except Exception as error:
            raise MissingFact(f"the fixture {name} of {path} is not known before the run: {type(error).__name__}: {error}", places=()) from None
    return value


def call_fixture(function: Any, known: Mapping[str, Any], names: tuple[str, ...], item: Any) -> Any:
    made = function(**{name: known[name] if name in known else call_own(item, name, known) for name in names})
    return next(made) if inspect.isgenerator(made) else made


def call_own(item: Any, name: str, known: Mapping[str, Any]) -> Any:
    """What another fixture of the project gives. Raises LookupError for one that is not the project's."""
    definitions = own_definitions(item, name)
    if not definitions:
        raise LookupError(f"it asks for {name}")
    return call_fixture(definitions[-1].func, known, definitions[-1].argnames, item)


FACTS = {"taught_texts": Fact("plan", taught_texts), "banks": Fact("plan", taught_banks), "trainings": Fact("plan", trainings)}
