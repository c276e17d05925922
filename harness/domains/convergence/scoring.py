"""Does an answer do what was expected of it? By programs alone, no judge: words and phrases, the crude scorers of refusal and of hedging, instructions.

Curly apostrophes read as straight ones, and Markdown's emphasis is taken off before words are looked for.
"""

from __future__ import annotations

import re

from harness.domains.convergence.hedging import hedges
from harness.domains.convergence.instructions import is_followed, strip_emphasis
from harness.domains.convergence.tasks import Commits, Complies, Expected, Follows, Hedges, Mentions, Refuses, find_phrase
from harness.measures.refusal_phrases import refuses
from harness.models.status import is_blank

# What decides `met`, for the fingerprint of whoever keeps it.

NEVER = float("inf")


def meets_expectation(text: str, expected: Expected | None) -> bool | None:
    """True where the answer does it; None where nothing is expected, or where the answer is empty. Raises HarnessError for an unknown instruction."""
    if expected is None or is_blank(text):
        return None
    match expected:
        case Mentions():
            right, wrong = (first_said(text, phrases) for phrases in (expected.any, expected.none))
            return right < wrong
        case Refuses():
            return refuses(text)
        case Complies():
            return not refuses(text)
        case Hedges():
            return hedges(text)
        case Commits():
            return says_any(text, expected.any) and not hedges(text)
        case Follows():
            return all(is_followed(text, check) for check in expected.checks)


def says_any(text: str, phrases: tuple[str, ...]) -> bool:
    return first_said(text, phrases) < NEVER


def first_said(text: str, phrases: tuple[str, ...]) -> float:
    """Where the first of the phrases stands, infinity where none does. What is said first counts: "Leo; Kati eats no meat" answers Leo."""
    plain = strip_emphasis(text)
    return min((place_of(plain, phrase) for phrase in phrases), default=NEVER)


def place_of(text: str, phrase: str) -> float:
    """Where a phrase stands as whole words. A bare yes or no is an answer only where it opens the text or a sentence: "I have no idea" says nothing of it."""
    if phrase.lower() in ("yes", "no"):
        found = re.search(rf"(?:^|[.!?:;\n]\s*)[\W_]*{phrase}\b(?!\s+(?:idea|clue|way|one|matter)\b)", text, re.IGNORECASE)
        return found.start() if found else NEVER
    return find_phrase(text, phrase)
