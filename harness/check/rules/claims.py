"""The rule about words that claim more than a design can show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.findings import Facts, found, rule
from harness.records import Finding, Place

CAUSAL = (
    r"caus(?:e|es|ed|ing|al|ally|ation)|protect(?:s|ed|ive)?|prevent(?:s|ed)?|drives?|driven|drove|due to|because of|owing to|thanks to|lead(?:s)? to|led to"
    r"|result(?:s|ed)? in|bring(?:s)? about|give(?:s)? rise to|induce(?:s|d)?|responsible for|explain(?:s)? why|the reason (?:for|why)"
    r"|immune to|immuni[sz]e(?:s|d)?|trigger(?:s|ed)?|account(?:s|ed)? for|ensure(?:s|d)?|confer(?:s|red)?|eliminate(?:s|d)?|cure(?:s|d)?"
)
CERTAIN = (
    r"prov(?:e|es|ed|en)|proof|always|never (?!\w+ed\b)\w+|guarantee(?:s|d)?|inevitabl[ey]|universal(?:ly)?|invariabl[ey]|undeniabl[ey]"
    r"|definitive(?:ly)?|(?:all|every|any) (?:large |language |ai |chat )*(?:models?|llms?|assistants?|personas)"
)
CAUSES, CLAIMS = (re.compile(rf"\b({words})\b", re.IGNORECASE) for words in (CAUSAL, f"{CAUSAL}|{CERTAIN}"))
# A claim that is denied, asked, or about what is compared is none.
DENIED = re.compile(r"\b(not|no|nothing|nobody|neither|nor|cannot|whether|if|n't|hardly)\W+(?:\w+\W+){0,3}$", re.IGNORECASE)
QUESTION = "the question"
ASKING = re.compile(r"\s*(why|how)\b", re.IGNORECASE)


@rule(
    "R503",
    "causal verb without the design for it",
    needs=("spec", "yaml", "catalogue"),
    severity="warning",
    source="R4: the title said that training protects the model; there was no control, and one seed",
)
def find_overclaims(facts: Facts) -> Iterable[Finding]:
    """The title and the docstring of a hypothesis stand in the report as the result. "Causes" needs a positive control, which shows that the effect could be
    seen, a negative one, which shows that nothing else makes it, and more than one seed; so do "always", "proves" and "all models". Reads the title, the
    docstrings of hypotheses, and questions that begin with why or how, for such words; denied ones do not count. Verbs such as lowers or moves are not
    looked for.

    Bad: `title: The warm persona protects models from flattery`, with one seed and no control.

    Good: `title: A warm persona's prompt lowers agreement with false statements`.
    """
    lacking = lacking_of(facts)
    if lacking:
        for what, text, where in claims_of(facts):
            if word := claimed(text, CAUSES if what == QUESTION else CLAIMS):
                fix = "Say what was measured (lowers, differs, goes with), or add what the word needs"
                yield found(f'{what} says "{word}", and the design has {" and ".join(lacking)}', where=where, fix=fix, subject=word)


def claims_of(facts: Facts) -> Iterator[tuple[str, str, Place]]:
    """(what it is, its text, where it stands) of all that is read as the result."""
    yield "the title", facts.spec.title, facts.place("title")
    if ASKING.match(facts.spec.question):
        yield QUESTION, facts.spec.question, facts.place("question")
    for name in facts.spec.hypotheses:
        for declaration in {cell.declaration.where: cell.declaration for cell in facts.catalogue.owners.get(name, ())}.values():
            path, _, line = declaration.where.rpartition(":")
            yield f"the statement of {name}", declaration.statement, facts.code_place(Path(path), int(line))


def claimed(text: str, words: re.Pattern[str]) -> str:
    """The first of the words that is not denied, "" where there is none."""
    return next((match[1] for match in words.finditer(text) if not DENIED.search(text[: match.start()])), "")


def lacking_of(facts: Facts) -> list[str]:
    """What such a claim needs and the design does not have, at no scale."""
    kinds = {cell.declaration.polarity for cells in facts.catalogue.owners.values() for cell in cells if cell.declaration.kind == "control"}
    lacking = [f"no {polarity} control" for polarity in ("positive", "negative") if polarity not in kinds]
    replicated = any(len(scale.seeds) > 1 or replicates(scale.settings) for scale in facts.spec.scales.values())
    return lacking if replicated else [*lacking, "one seed at every scale"]


def replicates(settings: dict[str, object]) -> bool:
    """Whether a scale repeats everything by a setting of its own, as simulations do."""
    runs = settings.get("runs", 1)
    return isinstance(runs, int) and runs > 1
