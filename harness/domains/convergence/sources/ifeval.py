"""IFEval (Zhou et al., 2023): requests with instructions that a program can verify.

Something is expected only where every instruction of a prompt has a check of ours that means exactly the same; half of a prompt's instructions would be
another task. Ours read curly quotes as straight ones and look through Markdown's emphasis, and `wrapped_in` wants something between the quotes; the
source's checks read the bare characters. Nothing else sets the mapped ones apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from harness.domains.convergence.instructions import usable
from harness.domains.convergence.sources.placed import Placed, place_task
from harness.domains.convergence.sources.table import json_lines
from harness.domains.convergence.tasks import Follows, Instruction
from harness.errors import HarnessError, nearest

FILE = "ifeval/input_data.jsonl"
# From an instruction's parameters to our check's fields; None where it has no equal.
Made = Callable[[Mapping[str, Any]], dict[str, Any] | None]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt, the ids of its instructions, and the parameters of each."""

    key: int
    prompt: str
    instruction_id_list: tuple[str, ...]
    kwargs: tuple[dict[str, Any], ...]


def no_letter(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Fewer than one is none; we have no check that counts letters."""
    none = given["let_relation"] == "less than" and given["let_frequency"] == 1
    return {"check": "no_letter", "text": given["letter"]} if none else None


def skip_instruction(_: Mapping[str, Any]) -> None:
    """There is no equal check."""


EQUAL: dict[str, Made] = {
    "keywords:forbidden_words": lambda given: {"check": "avoids", "words": given["forbidden_words"]},
    "keywords:letter_frequency": no_letter,
    "punctuation:no_comma": lambda given: {"check": "no_commas"},  # noqa: ARG005  it has no parameters
    "startend:quotation": lambda given: {"check": "wrapped_in", "text": '"'},  # noqa: ARG005  it has no parameters
}
# Why ours do not mean the same: they count other things, want more, or there is none.
UNEQUAL = {
    "change_case:capital_word_frequency": "no check",
    "change_case:english_capital": "the answer must be English as well",
    "change_case:english_lowercase": "the answer must be English as well",
    "combination:repeat_prompt": "no check",
    "combination:two_responses": "no check",
    "detectable_content:number_placeholders": "no check",
    "detectable_content:postscript": "no check",
    "detectable_format:constrained_response": "the option may stand anywhere; with one_of it is the whole answer",
    "detectable_format:json_format": "any JSON; ours asks for keys or a length",
    "detectable_format:multiple_sections": "no check",
    "detectable_format:number_bullet_lists": "only * and - are bullets there, and no blank need follow",
    "detectable_format:number_highlighted_sections": "no check",
    "detectable_format:title": "no check",
    "keywords:existence": "parts of words count there",
    "keywords:frequency": "at least or fewer than n, and parts of words count; keyword_count is exact",
    "language:response_language": "no check",
    "length_constraints:nth_paragraph_first_word": "no check",
    "length_constraints:number_paragraphs": "*** stands between paragraphs there",
    "length_constraints:number_sentences": "at least or fewer than n, cut by another rule",
    "length_constraints:number_words": "don't and well-known are two words there, one here",
    "startend:end_checker": "ours lets punctuation follow, and wants whole words",
}
MADE: dict[str, Made] = EQUAL | dict.fromkeys(UNEQUAL, skip_instruction)


def tasks(text: str, path: Path) -> list[Placed]:
    """The prompts, in file order; the domain is the group of the first instruction, such as punctuation."""
    return [task(where, row) for where, row in json_lines(text, path, Row)]


def task(where: str, row: Row) -> Placed:
    if not row.instruction_id_list or len(row.instruction_id_list) != len(row.kwargs):
        raise HarnessError(f"{len(row.instruction_id_list)} instructions with {len(row.kwargs)} kwargs", where=where, mend="Each instruction has its own.")
    checks = [instruction(name, given, where) for name, given in zip(row.instruction_id_list, row.kwargs, strict=True)]
    whole = tuple(check for check in checks if check is not None)
    expected = Follows(checks=whole) if len(whole) == len(checks) else None
    return place_task(where, "instruction_following", row.instruction_id_list[0].partition(":")[0], row.prompt, expected)


def instruction(name: str, given: Mapping[str, Any], where: str) -> Instruction | None:
    """Our check, or None where we have no equal one. Raises HarnessError for an id that the source does not define and a parameter that is not there."""
    if name not in MADE:
        raise HarnessError(f"there is no instruction {name!r}", where=where, mend=nearest(name, MADE))
    try:
        fields = MADE[name](given)
        check = None if fields is None else msgspec.convert(fields, Instruction)
    except (KeyError, msgspec.ValidationError) as error:
        raise HarnessError(f"the kwargs of {name} do not fit: {error}", where=where, mend="Copy the file again.") from None
    if check is not None:
        usable(check, where)
    return check
