"""Rules about the arms of a sweep: is an arm what its name says, and is it another one than the others?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.domains.evolution.design_facts import DeclaredArm
from harness.errors import HarnessError
from harness.findings import Facts, found, rule
from harness.plaintext import format_number
from harness.records import Finding

NUMBER = re.compile(r"(?P<word>[A-Za-z_]*)\s*[=:]?\s*(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE]-?\d+)?)(?P<percent>\s*%)?")


@rule("D121", "label and parameter differ", needs=("arms",), source='E3: the arm "rho 0.4, beta 20" was simulated with rho .3')
def find_wrong_labels(facts: Facts) -> Iterable[Finding]:
    """Tables and figures show an arm by its name, so that a name which says another number than the simulation has is a wrong result. Compares each number in a
    name with the parameters that the word before it names, in `arms.yaml` and in arms that the code makes with literal values, and words that are values of a
    parameter (`harmful`) with the value that the arm has. Words that name no parameter are compared by decimals alone.

    Bad: `rho 0.4, beta 20: {landscape.rho: 0.3, selection.beta: 20}`.

    Good: `rho 0.4, beta 20: {landscape.rho: 0.4, selection.beta: 20}`.
    """
    texts = values_of_texts(facts.arms)
    for arm in facts.arms:
        for told in (*wrong_numbers(arm), *wrong_words(arm, texts)):
            where, fix = facts.code_place(arm.path, arm.line), "Correct the name or the parameter"
            yield found(f"the arm {arm.name!r} {told}", where=where, fix=fix, subject=arm.name)


def wrong_numbers(arm: DeclaredArm) -> Iterator[str]:
    changed, whole = flatten(arm.overrides), flatten(arm.whole)
    for match in NUMBER.finditer(arm.name):
        word, number = match["word"].lower(), float(match["number"])
        numbers = {number, number / 100} if match["percent"] else {number}
        known = numbers_at(word, changed) or numbers_at(word, whole)
        if known and not numbers & set(known.values()):
            path, value = next(iter(known.items()))
            yield f"says {word} {match['number']}, and {path} is {format_number(value)}"
        elif not known and number % 1 and not numbers & set(numbers_at("", changed).values()):
            yield f"says {match['number']}, which none of its parameters is"


def numbers_at(word: str, values: Mapping[str, Any]) -> dict[str, float]:
    """The numbers at and below parameters of a name ("": all), and the lengths of lists there."""
    found = {}
    for path, value in values.items():
        if not word or any(is_named(part, word) for part in path.lower().split(".")):
            number = len(value) if isinstance(value, list) else value
            if isinstance(number, int | float) and not isinstance(number, bool):
                found[path] = float(number)
    return found


def is_named(part: str, word: str) -> bool:
    """`correlation` is named by itself, by `corr` and by `correlations`."""
    return part == word or (len(word) > 2 and part.startswith(word)) or (len(part) > 3 and word.startswith(part))


def flatten(value: Any, before: str = "") -> dict[str, Any]:
    """Dotted path to each value that is no mapping; lists stand there with their items."""
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    own = {before: value} if before and not isinstance(value, Mapping) else {}
    return own | {path: one for name, part in inner for path, one in flatten(part, f"{before}.{name}" if before else str(name)).items()}


def values_of_texts(arms: Iterable[DeclaredArm]) -> dict[str, set[str]]:
    """Path to the texts that arms have there."""
    every: dict[str, set[str]] = {}
    for arm in arms:
        for path, value in flatten(arm.overrides).items():
            if isinstance(value, str):
                every.setdefault(path, set()).add(value)
    return every


def wrong_words(arm: DeclaredArm, texts: Mapping[str, set[str]]) -> Iterator[str]:
    words = set(re.findall(r"\w+", arm.name.lower()))
    for path, value in flatten(arm.overrides).items():
        others = texts.get(path, set()) - {value} if isinstance(value, str) and value not in words else set()
        for other in sorted(others & words):
            yield f"says {other}, and {path} is {value}"


@rule("D122", "two arms equal", needs=("simulations",), source="E1: the swept parameter was a no-op, so that all points of the sweep were one")
def find_equal_arms(facts: Facts) -> Iterable[Finding]:
    """Arms with the same seeds and the same parameters are one arm under two names: their difference is zero, and a sweep over them finds no effect.
    Compares all parameters of each arm at the sizes of the scale, defaults included. It does not see that a parameter differs which nothing reads; there gate
    G3 of the shipped experiment compares the runs.

    Bad: `mutation 0.001: {mutation.rate: 0}` beside `mutation 0.01: {mutation.rate: 0}`.

    Good: each arm differs from every other in at least one parameter.
    """
    first: dict[Any, DeclaredArm] = {}
    for arm, simulation in facts.simulations:
        if isinstance(simulation, HarnessError):
            continue
        other = first.setdefault(simulation, arm)
        if other.name != arm.name:
            message = f"the arms {other.name!r} and {arm.name!r} have the same parameters"
            yield found(message, where=facts.code_place(arm.path, arm.line), fix="Leave one out, or change what they should differ in", subject=arm.name)


@rule("D115", "parameter nobody reads", needs=("simulations",), continues=True, source="E11: a configured key was read by nobody; E1: a parameter did nothing")
def find_impossible_arms(facts: Facts) -> Iterable[Finding]:
    """An arm that names a parameter which no simulation has, or sets one so that it does nothing, is refused where it is simulated, after others have run. The
    rule asks for each arm of `arms.yaml` before anything runs.

    Bad: `rho 0.4, beta 20: {landscape.rho: 0.4, selection.betta: 20}`.

    Good: `rho 0.4, beta 20: {landscape.rho: 0.4, selection.beta: 20}`.
    """
    for arm, refusal in facts.simulations:
        if isinstance(refusal, HarnessError):
            yield found(
                str(refusal).partition("\n")[0], where=facts.code_place(arm.path, arm.line), fix="Correct the parameter, or leave it out", subject=arm.name
            )
