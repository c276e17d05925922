"""Rules about the files of items and texts: duplicates, and how many are asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from harness.design.preregistration import inputs_of
from harness.design_facts import Bank
from harness.errors import HarnessError
from harness.findings import Facts, found, relative, rule
from harness.measures.banks import line_of
from harness.measures.similar_texts import find_near, normal
from harness.records import Finding, Place


@rule("D111", "duplicates in a bank", needs=("banks",), source="C6: of 750 prompts 262 were different")
def find_duplicates(facts: Facts) -> Iterable[Finding]:
    """An item that is there twice is counted as two: intervals become too narrow, and what it shows weighs double. Every bank that the design evaluates or
    teaches is read whole, and its items are compared as D108 (the same) and D109 (nearly the same) compare texts. A multiple-choice question with other
    options is another item. Variations that a bank declares as such are not compared.

    Bad: `"Name three uses of baking soda."` as r-012, and `"Please name three uses of baking soda"` as r-077.

    Good: one of the two, and another request in the other's place.
    """
    widest = {bank.path: bank for bank in sorted(facts.banks, key=lambda bank: len(bank.texts)) if bank.texts}
    for path, bank in widest.items():
        names, texts = list(bank.texts), list(bank.texts.values())
        same = same_texts(bank.texts)
        near = [(names[i], names[j]) for i, j in find_near(texts)]
        for pairs, how in ((same, "the same"), (near, "nearly the same")):
            if pairs:
                where = Place(file=relative(path, facts.root), line=line_of(path, pairs[0][1], bank.texts[pairs[0][1]]))
                what = f"{len(pairs)} {'pair' if len(pairs) == 1 else 'pairs'} of {len(names)} items ask {how}, and each would count twice"
                yield found(what, where=where, fix="Take one of each pair out", evidence=[f"{a} and {b}" for a, b in pairs], subject=bank.name)


def same_texts(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """(the first, another) of ids whose texts are the same."""
    groups = defaultdict(list)
    for name, text in texts.items():
        groups[normal(text)].append(name)
    return [(first, other) for first, *others in groups.values() for other in others]


@rule("D120", "counts of inputs as declared", needs=("experiment", "banks"), source="D7: 67,000 rows stood where 6,000 were meant; D22: another file was read")
def find_wrong_counts(facts: Facts) -> Iterable[Finding]:
    """A scale that asks for more than a bank holds stops in the middle of a run, or goes on with less than the plan counts on. So every declared input must be
    there, every bank of an evaluated behaviour too, and each must hold what the scale asks for: items, training texts, rows that repeat them, questions of
    the convergence and answers to them. Nothing else is read in the place of a file that is missing. Numbers that code of the project asks for are not seen.

    Bad: `requests: 500`, and `banks/benign_requests.jsonl` has 100 lines; `inputs: [banks/benign_request.jsonl]`.

    Good: `requests: 100`, and a bank of 100 requests or more.
    """
    try:
        inputs_of(facts.experiment, facts.root)
    except HarnessError as error:
        yield found(error.what, where=facts.place("inputs"), fix=error.mend.rstrip(".") or "Correct inputs", subject="inputs")
    for bank in facts.banks:
        if bank.asked is not None and not bank.items and not bank.path.exists():
            told = f"{relative(bank.path, facts.root)}, the bank of {bank.name}, is not there: nothing stands in for it"
            yield found(told, where=place_of(facts, bank), fix="Put the file there, or correct the setting banks", subject=bank.name)
        elif bank.asked is not None and bank.asked > bank.items:
            told = f"{bank.size} asks for {bank.asked} of {bank.name}, and there are {bank.items} ({relative(bank.path, facts.root)})"
            yield found(told, where=place_of(facts, bank), fix=f"Lower {bank.size}, or write more", subject=bank.name)


def place_of(facts: Facts, bank: Bank) -> Place:
    return facts.place("scales", facts.scale, "settings", bank.size)


@rule("S411", "N above the distinct items", needs=("spec", "banks"), continues=True, source="M10: ten items, each answered many times, were counted as many")
def find_inflated_counts(facts: Facts) -> Iterable[Finding]:
    """Items carry the interval, repeated answers to one item do not. A threshold whose `n` is more than its behaviour's bank holds, or than the scale asks of
    it, gives the plan a power that the run cannot have. A threshold is linked to a bank by its name, or by the setting that its `n` names; duplicates in
    the bank count once.

    Bad: `refusal: {n: 400}`, with 100 requests answered four times each.

    Good: `refusal: {n: requests}`.
    """
    for name, threshold in facts.spec.thresholds.items():
        n = facts.settings.get(threshold.n) if isinstance(threshold.n, str) else threshold.n
        if isinstance(n, int):
            yield from above(facts, name, threshold.n, n)


def above(facts: Facts, name: str, declared: str | int, n: int) -> Iterator[Finding]:
    banks = [bank for bank in facts.banks if bank.texts and (bank.name == name or bank.size == declared)]
    if not banks:
        return
    bank = min(banks, key=distinct)
    if n > distinct(bank):
        told = f"the threshold {name} counts on N = {n}, and {bank.name} has {distinct(bank)} different items to ask"
        yield found(told, where=facts.place("thresholds", name), fix=f"Write n: {bank.size}, and let that be the number of items", subject=name)


def distinct(bank: Bank) -> int:
    """The different items that are asked of a bank."""
    items = len(set(map(normal, bank.texts.values())))
    return items if bank.asked is None else min(items, bank.asked)
