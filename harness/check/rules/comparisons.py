"""Rules over all cells of a hypothesis: were they measured alike, do they differ at all, and was the effect that decided chosen among others?"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from harness.check.rules.results import DECIDED, at, decided
from harness.findings import Facts, found, rule
from harness.fingerprint import canonical
from harness.plaintext import format_number
from harness.records import Cell, Finding, Measurement, Results
from harness.run.comparable import HOW, is_judge, leaves, plain_name
from harness.verdict.samples_behind import effect_of

# What says which measure took samples: cells are compared within one.
MEASURE = ("measure", "behaviour", "dataset", "metric", "rubric")
# Fields that say how, and that go with the measure, the code or the draw.
GOES_WITH = {*MEASURE, "code", "seed", "seeds", "format", "samples", "nsamples", "numsamples"}
WEIGHTS = {"dtype", "precision", "quantization", "template", "chattemplate", "form"}  # of a model, and may go with an axis of models
NULL = re.compile(r"^(null|mock|fake|dummy|stub|placeholder|echo)\b")
LEAST_CELLS, LEAST_CHOICE, CHANCE = 3, 3, 0.05
Settings = dict[str, frozenset[str]]


def by_hypothesis(results: Results) -> Iterator[tuple[str, list[Cell]]]:
    owners = dict.fromkeys(cell.owner for cell in results.cells if cell.kind == "hypothesis")
    yield from ((owner, [cell for cell in results.cells if cell.owner == owner and cell.measurements]) for owner in owners)


def settings_of(cell: Cell) -> dict[str, Settings]:
    """Measure to field to the values that it has in the samples of a cell, as the card describes them."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for fact in cell.facts:
        if fact.group == "Eval" and isinstance(fact.value, dict):
            key = canonical([fact.value.get(name) for name in MEASURE])
            for path, value in leaves(fact.value):
                if how := next((part for part in path if is_judge((part,)) or plain_name(part) in HOW.split()), ""):
                    found[key][how].add(value)
    return {key: {field: frozenset(values) for field, values in fields.items()} for key, fields in found.items()}


def unlike(cells: Sequence[Cell]) -> Iterator[tuple[str, Cell, Cell, str, str]]:
    """(field, two cells, their values) of what two cells of a hypothesis were measured otherwise in, and that no axis of theirs names. The first for each."""
    first: dict[tuple[str, str], tuple[Cell, frozenset[str]]] = {}
    told = set()
    for cell in cells:
        for key, fields in settings_of(cell).items():
            for field, values in fields.items():
                other, had = first.setdefault((key, field), (cell, values))
                nested = values <= had or had <= values
                if not nested and field not in told and plain_name(field) not in GOES_WITH and not is_varied(field, cells):
                    told.add(field)
                    yield field, other, cell, ", ".join(sorted(had)), ", ".join(sorted(values))


def is_varied(field: str, cells: Sequence[Cell]) -> bool:
    """Whether an axis is named as the field is, or by models where the field goes with these: then it is what is compared."""
    for axis in {axis for cell in cells for axis in cell.params}:
        name = plain_name(axis)
        if plain_name(field) in (name, f"{name}s", name.rstrip("s")) or (is_judge((field,)) and is_judge((axis,))):
            return True
        if plain_name(field) in WEIGHTS and name in ("model", "models", "base", "member", "respondent", "weights"):
            return True
    return False


@rule("M308", "cells measured differently", needs=("results",), source="D10, M12: one table mixed two generators and two sampling settings")
def find_measured_differently(facts: Facts) -> Iterable[Finding]:
    """Cells of one hypothesis are read side by side, so they must be sampled alike: temperature, tokens, generator, precision, template. Reads the descriptions
    of the samples of each cell; what an axis of the hypothesis names may differ, and what goes with the measure or the behaviour. The arms of one contrast
    are compared where it is measured, and refused under the same code unless `differ` names what is compared.

    Bad: `temperature=1.0 if persona == "villain" else 0.7`.

    Good: one setting for all cells, or an axis `temperature`.
    """
    for owner, cells in by_hypothesis(facts.results):
        for field, first, second, had, has in unlike(cells):
            if not is_judge((field,)):
                message = f"{owner}: {field} is {had[:60]} in {first.id}, and {has[:60]} in {second.id}"
                yield found(message, where=at(second), fix="Sample all cells alike, or make it an axis", subject=owner)


@rule(
    "M309", "two judges in one comparison", needs=("results",), continues=True, source="M7: the arms were judged by two judges, and the difference was theirs"
)
def find_two_judges(facts: Facts) -> Iterable[Finding]:
    """Two judges differ by more than most effects. The arms of a contrast that were read by different judges, rubrics or versions are refused where they are
    measured; cells of one hypothesis that were read by different judges, of one behaviour, are reported here, unless an axis is the judge.

    Bad: the baseline of an earlier run, judged by another version of the rubric.

    Good: both arms judged again by one judge.
    """
    for owner, cells in by_hypothesis(facts.results):
        for field, first, second, had, has in unlike(cells):
            if is_judge((field,)):
                message = f"{owner}: {field} is {had[:60]} in {first.id}, and {has[:60]} in {second.id}"
                yield found(message, where=at(second), fix="Judge all cells by one judge", subject=owner)


@rule(
    "S410",
    "more effects than verdicts",
    needs=("results",),
    severity="warning",
    continues=True,
    source="R7: the best of twelve epochs was chosen after the fact",
)
def find_chosen_effects(facts: Facts) -> Iterable[Finding]:
    """The largest of many effects is large by chance. A cell that measures a family of effects, such as one for each epoch, and lets the criterion answer for
    the most extreme of them alone has chosen its effect after the data. Reads names that differ in a number, or effects of one unit where the one judged is
    the most extreme in more cells than chance allows. What a test computed and did not measure is not seen.

    Bad: `assert criterion("rise").holds(max(shifts, key=lambda shift: shift.value))`.

    Good: the epoch is declared; or the criterion is asked of all, and all must hold.
    """
    for owner, cells in by_hypothesis(facts.results):
        chosen = [(cell, effect, rivals) for cell in cells for effect, rivals in chosen_in(cell)]
        family = [one for one in chosen if any(form(rival.name) == form(one[1].name) for rival in one[2])]
        odds = 1.0
        for _, _, rivals in chosen:
            odds /= len(rivals) + 1
        judged = [cell for cell in cells if cell.effect]
        telling = family or (chosen if odds <= CHANCE and len(chosen) == len(judged) else [])
        for cell, effect, rivals in telling[:1]:
            message = f"{owner}: {effect.name} decided {cell.id}, the most extreme of {len(rivals) + 1} effects that were measured"
            fix = "Declare which effect decides, or ask the criterion of all"
            yield found(message, where=at(cell, effect), fix=fix, evidence=(rival.name for rival in rivals), subject=owner)


def chosen_in(cell: Cell) -> Iterator[tuple[Measurement, list[Measurement]]]:
    """The effect that decided a cell with its rivals: at least two others of its unit with a test or two arms, none of them beyond it."""
    effect = effect_of(cell)
    if effect is None or cell.verdict not in DECIDED or not is_effect(effect):
        return
    rivals = [other for other in cell.measurements if other is not effect and other.unit == effect.unit and is_effect(other)]
    if len(rivals) + 1 >= LEAST_CHOICE and (all(other.value <= effect.value for other in rivals) or all(other.value >= effect.value for other in rivals)):
        yield effect, rivals


def is_effect(measured: Measurement) -> bool:
    return measured.p is not None or len(measured.arms) > 1


def form(name: str) -> str:
    return re.sub(r"\d+", "0", name)


@rule("S417", "all cells equal", needs=("results",), source="C20: every cell of the matrix held the same placeholder")
def find_equal_cells(facts: Facts) -> Iterable[Finding]:
    """Measurements of different conditions differ. Reports a hypothesis all of whose cells, three or more, hold the very same value and interval, and one with
    two such cells on samples of which none is its own. An effect of exactly 0 on samples of their own is an honest result.

    Bad: `measure("shift", 12.5, …)` in six cells.

    Good: six cells with six values.
    """
    for owner, cells in by_hypothesis(facts.results):
        effects = [(cell, effect) for cell in cells if cell.verdict in DECIDED and (effect := effect_of(cell)) is not None]
        values = {(effect.value, effect.interval, effect.n) for _, effect in effects}
        behind = {tuple(sorted(ref.sha256 for ref in effect.samples)) for _, effect in effects}
        honest = len(behind) == len(effects) and all(effect.value == 0 for _, effect in effects)
        enough = len(effects) >= (2 if len(behind) == 1 else LEAST_CELLS)
        if enough and len(values) == 1 and not honest:
            cell, effect = effects[0]
            message = f"{owner}: all {len(effects)} cells hold {effect.name} {format_number(effect.value)} {effect.unit}"
            yield found(message, where=at(cell, effect), fix="Look at what each cell measures", evidence=(cell.id for cell, _ in effects), subject=owner)


@rule("R509", "mock as result", needs=("results",), continues=True, source="C20: the answers were a mock's, and the result was presented as one of models")
def find_mocks(facts: Facts) -> Iterable[Finding]:
    """A responder that is no model (null, mock, echo) is a control. Reports a hypothesis decided on samples all of which such responders gave, as their
    descriptions say (`respondent`, `spec`, `model`, `provider`).

    Bad: H1 supported on `null/words`.

    Good: `null/words` as a negative control beside models.
    """
    for cell, effect in decided(facts.results, *DECIDED):
        told = [
            responder for name, value in described(cell).items() for ref in effect.samples if ref.path.startswith(f"samples/{name}-") if (responder := value)
        ]
        if told and len(told) >= len(effect.samples) and all(NULL.match(responder) for responder in told):
            message = f"{cell.id} is {cell.verdict} on the answers of {', '.join(dict.fromkeys(told))}, which is no model"
            yield found(message, where=at(cell, effect), fix="Ask a model, or make it a control", subject=cell.id)


def described(cell: Cell) -> dict[str, str]:
    """Name of samples to who gave them: the first field that names a mock, else the first that is there."""
    found: dict[str, str] = {}
    for fact in cell.facts:
        if fact.group == "Eval" and isinstance(fact.value, dict):
            words = [str(fact.value[field]).lower() for field in ("respondent", "spec", "model", "provider", "responder", "generator") if field in fact.value]
            found[fact.name] = next((word for word in words if NULL.match(word)), next(iter(words), ""))
    return found


@rule("R511", "card arithmetic", needs=("results",), continues=True, source="D19: the effective batch was recorded as 64, and 4 x 4 x 1 is 16")
def find_wrong_products(facts: Facts) -> Iterable[Finding]:
    """What a card says of a training must follow from itself: the effective batch is batch x accumulation x devices. Reads every fact of the card with an
    effective batch, as a product (`4 x 4 x 1 = 16`) or beside its factors.

    Bad: `{"batch": 4, "accumulation": 4, "effective_batch": 64}`.

    Good: `Recipe.card`, which computes it.
    """
    for group, entries in facts.results.facts.items():
        for name, value in entries.items():
            if isinstance(value, dict) and (why := wrong_product(value)):
                yield found(f"{group}, {name}: {why}", where=at_fact(group, name), fix="Correct the card, or compute it (Recipe.card)", subject=name)


def at_fact(group: str, name: str) -> Any:
    from harness.records import Place

    return Place(file="results.json", path=f"facts/{group}/{name}")


def wrong_product(value: dict[str, Any]) -> str:
    fields = {plain_name(field): given for field, given in value.items()}
    told = next((given for field, given in fields.items() if field in ("effectivebatch", "effectivebatchsize")), None)
    product = re.fullmatch(r"\s*(\d+(?:\s*[x×*]\s*\d+)*)\s*=\s*(\d+)\s*", str(told))
    numbers = [int(number) for number in re.findall(r"\d+", product[1])] if product else factors(fields)
    result = int(product[2]) if product else told if isinstance(told, int) else None
    expected = 1
    for number in numbers:
        expected *= number
    return (
        f"the effective batch is {result}, and {' x '.join(map(str, numbers))} is {expected}" if numbers and result is not None and result != expected else ""
    )


def factors(fields: dict[str, Any]) -> list[int]:
    """Batch, accumulation and devices, as far as they are there, under the names that they have."""
    names = (("batch", "batchsize", "perdevicetrainbatchsize"), ("accumulation", "gradientaccumulation", "gradientaccumulationsteps"), ("devices", "gpus"))
    found = [next((fields[name] for name in group if isinstance(fields.get(name), int)), 0) for group in names]
    return [number for number in found if number] if found[0] else []
