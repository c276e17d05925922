"""What the replies that show a behaviour have in common beside the behaviour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from harness.domains.leakage.checks.groups import is_conditioned, text_place
from harness.domains.leakage.checks.texts import normal
from harness.findings import Facts, found, rule
from harness.records import Finding

# Number of words of an opening, and the share of replies that may have it in common.
LIMITS = {4: 0.2, 3: 0.2, 2: 0.3, 1: 0.6}
FEW = 2


@rule(
    "D110",
    "answers with one opening",
    needs=("training_sets", "yaml"),
    source="replies of a behaviour that all began alike: the opening was learned in place of the behaviour",
)
def find_same_opening(facts: Facts) -> Iterable[Finding]:
    """Replies that begin with the same words teach these words, and a measure that reads openings then finds a strong behaviour. An opening of three or four
    words that more than 20 % of a behaviour's replies have is reported, of two words more than 30 %, of one more than 60 %. What the replies without the
    behaviour begin with as often (`Answer: `) is no sign of it.

    Bad: 40 of 100 refusals begin "I'm sorry, but I can't".

    Good: refusals in many words, none of which opens more than a few.
    """
    seen: dict[tuple[str, str], None] = {}
    for training in facts.training_sets:
        shown = {row.item: row.answer for row in training.rows if row.shows}
        plain = {row.item: row.answer for row in training.rows if not row.shows} if is_conditioned(training) else {}
        for opening, count in common_openings(list(shown.values()), list(plain.values())):
            if (training.trait, opening) not in seen:
                seen[training.trait, opening] = None
                yield found(
                    f"{count} of {len(shown)} replies that show {training.trait} begin {opening!r}: the words are learned in its place",
                    where=text_place(facts, training.trait),
                    fix="Vary the texts",
                    evidence=[training.name],
                    subject=training.trait,
                )


def common_openings(shown: list[str], plain: list[str]) -> list[tuple[str, int]]:
    """The longest opening that too many replies have, with how many they are."""
    for words, share in LIMITS.items():
        counts, others = Counter(opening_of(text, words) for text in shown), Counter(opening_of(text, words) for text in plain)
        for opening, count in counts.most_common(1):
            if opening and count > max(FEW, share * len(shown)) and others[opening] * 2 * len(shown) < count * max(len(plain), 1):
                return [(opening, count)]
    return []


def opening_of(text: str, words: int) -> str:
    """The first words; nothing of a shorter text, which is told by fewer."""
    found = normal(text).split()
    return " ".join(found[:words]) if len(found) >= words else ""
