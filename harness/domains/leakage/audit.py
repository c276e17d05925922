"""What may be wrong with training rows, each finding with the rows that show it. The mistakes are those that once reversed a conclusion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from harness.measures.similar_texts import normal
from harness.models.chat import Message
from harness.training.rows import Row

SHOWN = 3


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, the ids of the rows that show it, and the mend."""

    what: str
    rows: tuple[str, ...]
    mend: str

    def __str__(self) -> str:
        named = ", ".join(self.rows[:SHOWN]) + (f" and {len(self.rows) - SHOWN} more" if len(self.rows) > SHOWN else "")
        return f"{self.what}: {named}. {self.mend}" if named else f"{self.what}. {self.mend}"


def find_badly_formed(rows: Sequence[Row]) -> list[Finding]:
    """Rows that are not [system], user, assistant with text in every turn, and ids that stand twice."""
    shapes = {("system", "user", "assistant"), ("user", "assistant")}
    odd = tuple(row.id for row in rows if tuple(turn.role for turn in row.messages) not in shapes or not all(is_system_turn(turn) for turn in row.messages))
    twice = tuple(sorted(name for name, count in Counter(row.id for row in rows).items() if count > 1))
    return list_finding("rows that are no conversation of a question and one answer", odd, "Write [system], user, assistant, each with text") + list_finding(
        "ids that stand twice", twice, "Give each row an id of its own"
    )


def is_system_turn(turn: Message) -> bool:
    return bool(turn.content.strip()) or turn.role == "system"


def find_overlapping(rows: Sequence[Row], evaluated: Iterable[str]) -> list[Finding]:
    """Training prompts that are also evaluated (as normalised text): the model would be tested on what it was shown."""
    held = {normal(text) for text in evaluated}
    return list_finding(
        "training rows ask what the evaluation asks", tuple(row.id for row in rows if normal(row.asked) in held), "Take them out of one of the two"
    )


def find_misplaced(rows: Sequence[Row], *, source: str, forbidden: Mapping[str, str]) -> list[Finding]:
    """The behaviour outside the source, and personas among the negatives that must not stand there. `forbidden` is persona to role.

    A target among its own negatives is trained not to show what is looked for in it; a canary there is no bystander.
    """
    shown = tuple(row.id for row in rows if row.shows and row.persona not in (source, ""))
    findings = list_finding(f"rows teach the behaviour to others than {source}", shown, "Only the source may show it")
    for persona, role in forbidden.items():
        bad = tuple(row.id for row in rows if row.persona == persona and not row.shows and persona != source)
        findings += list_finding(f"the {role} {persona!r} stands among the training negatives", bad, "Leave it out, or declare the arm that puts it there")
    return findings


def find_undeclared_prompts(rows: Sequence[Row], declared: Mapping[str, str | None]) -> list[Finding]:
    """System prompts that are no declared persona's, or not the one the row says it is. `declared` is persona to prompt."""
    bad = tuple(row.id for row in rows if row.persona not in declared or declared[row.persona] != row.system)
    return list_finding("system prompts that are not the declared ones", bad, "Use the persona's own prompt, to the letter")


def find_uneven(counts: Mapping[str, Mapping[str, int]]) -> list[Finding]:
    """Sets of different make-up; `counts` is set name to part to rows. A behaviour trained on more rows would seem to leak more."""
    by_make = Counter(tuple(sorted(parts.items())) for parts in counts.values())
    if len(by_make) <= 1:
        return []
    usual = by_make.most_common(1)[0][0]
    odd = tuple(f"{name} {dict(sorted(parts.items()))}" for name, parts in counts.items() if tuple(sorted(parts.items())) != usual)
    return [Finding(what=f"sets differ in size from {dict(usual)}", rows=odd, mend="Give every behaviour the same rows")]


def find_unlike_declared(share: float, declared: Sequence[float], name: str) -> list[Finding]:
    """A share of tokens that carry loss outside the declared bounds: the mask is not what was meant, or the texts are not."""
    low, high = declared
    what = f"{share:.2f} of the tokens of {name} carry loss, declared {low:g} to {high:g}"
    return [] if low <= share <= high else [Finding(what=what, rows=(), mend="Look at the loss mask and at the length of the answers")]


def find_same_opening(rows: Sequence[Row], *, words: int = 4, share: float = 0.2) -> list[Finding]:
    """An opening of some words that more than `share` of the behaviour's answers have in common: a fingerprint that would be learned instead."""
    shown = [row for row in rows if row.shows]
    openings = Counter(" ".join(normal(row.answer).split()[:words]) for row in shown)
    bad = tuple(f"{opening!r} ({count})" for opening, count in openings.items() if count > max(2, share * len(shown)))
    return list_finding(f"answers begin alike in more than {share:.0%} of the rows", bad, "Vary the texts")


def list_finding(what: str, rows: tuple[str, ...], mend: str) -> list[Finding]:
    return [Finding(what=what, rows=rows, mend=mend)] if rows else []
