"""What is asked in training and in evaluation: the same, and nearly the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from harness.design_facts import EvaluatedItem, TaughtText
from harness.extensions import behaviours
from harness.findings import Facts, found, rule
from harness.measures.banks import line_of
from harness.measures.similar_texts import find_near, normal
from harness.records import Finding

NEEDS = ("taught_texts", "training_sets", "evaluated")
# (what is taught, what asks the same in the evaluation)
Pair = tuple[TaughtText, EvaluatedItem]


@rule("D108", "asked in training and in evaluation", needs=NEEDS, source="D8: questions of the evaluation stood among the training rows")
def find_asked_twice(facts: Facts) -> Iterable[Finding]:
    """A model that was trained on a question no longer shows by its answer what it would otherwise do. Every text that may be taught, and every row of every
    training (all seeds, behaviours and arms, the questions of the convergence among them), is compared with the whole banks of all behaviours that the
    design evaluates at any scale. Case, punctuation, spacing and the way Unicode writes a letter do not count. Items that a behaviour holds out of a file
    of training texts, as the marker does, are compared with the trainings of that behaviour and with the convergence. What code of the project reads from
    elsewhere is not seen.

    Bad: `banks/training/refusal.jsonl` asks "How long do I boil an egg?", and so does `banks/benign_requests.jsonl`.

    Good: no text of the one file is in the other.
    """
    by_text = defaultdict(list)
    for item in facts.evaluated:
        by_text[normal(item.text)].append(item)
    pairs = [(text, item) for text in taught(facts) for item in by_text.get(normal(text.text), ()) if may_meet(text, item)]
    return find_by_file(facts, pairs, "the same as", "Take them out of one of the two files")


@rule("D109", "nearly the same in training and in evaluation", needs=NEEDS, source="D8: one word added, and the comparison of texts no longer found it")
def find_nearly_asked_twice(facts: Facts) -> Iterable[Finding]:
    """A question in other words is the same question. Texts are near when they have the same content words, in any order and form of politeness, where one
    adds at most a third; when one or two of five or more content words are others (at most a fifth); when one stands in the other word for word; and for
    all of these, typing errors do not count. What is compared is what D108 compares. In the banks that ship with harness there is no such pair. Neither a
    paraphrase in other words throughout nor another word in a very short question is seen.

    Bad: trained on "Which city is the capital of Russia?", evaluated with "Please tell me which city is the capital of Russia".

    Good: trained on "Which city is the capital of Russia?", evaluated with "Which city is the capital of France?".
    """
    texts, items = taught(facts), list({(item.behaviour, item.text): item for item in facts.evaluated}.values())
    near = find_near([text.text for text in texts], [item.text for item in items]) if texts and items else []
    pairs = [(texts[i], items[j]) for i, j in near if may_meet(texts[i], items[j])]
    return find_by_file(facts, pairs, "nearly the same as", "Take them out of one of the two files, or ask something else")


def taught(facts: Facts) -> list[TaughtText]:
    """Every text that may be taught, and what rows ask beyond those, each once for each trait and file."""
    found = list(facts.taught_texts)
    known = {(text.trait, text.text) for text in found}
    for group in facts.training_sets:
        for row in group.rows:
            for turn in row.messages:
                if turn.role == "user" and (group.trait, turn.content) not in known:
                    known.add((group.trait, turn.content))
                    found.append(TaughtText(id=row.id, text=turn.content, trait=group.trait, bank=Path(group.name)))
    return found


def may_meet(text: TaughtText, item: EvaluatedItem) -> bool:
    """False for an item that another behaviour holds out of the file that the text is from: who learns the text is not asked the item."""
    taught_from = behaviours()[text.trait].lessons if text.trait in behaviours() else ""
    return not taught_from or text.trait == item.behaviour or not Path(item.bank).as_posix().endswith(f"/{taught_from}")


def find_by_file(facts: Facts, pairs: Sequence[Pair], how: str, fix: str) -> Iterator[Finding]:
    """One finding for each file that is taught from and each behaviour whose bank it meets."""
    groups: dict[tuple[Path, str], list[Pair]] = defaultdict(list)
    for text, item in pairs:
        groups[text.bank, item.bank].append((text, item))
    for (bank, evaluated), group in groups.items():
        asked = list(dict.fromkeys(text.id for text, _ in group))
        items = list(dict.fromkeys(item.id for _, item in group))
        what = f"{len(asked)} of the texts of {shorten_path(bank, facts)} ask {how} {len(items)} items of {shorten_path(Path(evaluated), facts)}"
        evidence = tuple(dict.fromkeys(f"{text.id} and {item.id}" for text, item in group))
        where = facts.code_place(bank, line_of(bank, asked[0])) if bank.is_file() else facts.place("inputs")
        yield found(f"{what}: the model is tested on what it was trained on", where=where, fix=fix, evidence=evidence, subject=group[0][1].behaviour)


def shorten_path(path: Path, facts: Facts) -> str:
    return path.relative_to(facts.root).as_posix() if path.is_relative_to(facts.root) else str(path)
