"""Who answered: models, guises of models and controls, the dead ones first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from harness.plaintext import by_number
from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Prose, Table
from harness.report.numbers import Numbers
from harness.report.record_format import Amount, Count, format_field, format_list, format_text

Kind = Literal["model", "guise", "repeat", "null", "echo"]
KINDS: tuple[Kind, ...] = get_args(Kind)  # in the order in which they are told
WORDS = {"model": "models", "guise": "guises", "repeat": "models asked again", "null": "null models", "echo": "echoes of the prompt"}
STATUSES = {"ok": "ok", "truncated": "truncated", "refused": "refused", "empty": "empty", "error": "errors"}
TOKENS = {"input_tokens": "tokens in", "cached_tokens": "of these cached", "output_tokens": "tokens out", "reasoning_tokens": "of these thought"}
NUMBERS = {"answers": "answers", **STATUSES, "hits": "from the cache", **TOKENS, "usd": "cost"}
# What a model set may state of a member; what it states of nobody has no column.
ABOUT = {"maker": "provider", "region": "region", "architecture": "architecture", "size": "parameters (billions)"}
UNKNOWN = "unknown"
LONGEST = 200  # characters of a trouble


class RespondentSummary(SectionRecord, frozen=True, kw_only=True):
    """What one respondent was asked and gave: answers by status, errors by kind, `hits` in the cache, tokens and dollars (None is unknown, never zero);
    `cached_tokens` came from the vendor's prompt cache, `reasoning_tokens` were thought. `refusals` are those whose category the vendor named.

    `trouble` says why it is not `alive`; `versions` and `providers` are those that its answers name. `maker`, `region`, `architecture` and `size` (all
    parameters, in billions) are as the model set states them, empty where they are not public.
    """

    spec: str
    kind: Kind
    family: str
    base: bool
    answers: Count
    ok: Count
    truncated: Count
    refused: Count
    empty: Count
    error: Count
    errors: dict[str, Count]
    hits: Count
    alive: bool
    trouble: str
    versions: tuple[str, ...]
    providers: tuple[str, ...]
    input_tokens: Count | None
    output_tokens: Count | None
    usd: Amount | None
    maker: str = ""
    region: str = ""
    architecture: str = ""
    size: Amount | None = None
    cached_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    refusals: dict[str, Count] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if sum(getattr(self, status) for status in STATUSES) != self.answers:
            raise ValueError("answers are not as many as those of all statuses together")
        if sum(self.errors.values()) != self.error:
            raise ValueError("errors are not as many by their kinds as in all")
        if self.alive == bool(self.trouble):
            raise ValueError("who is not alive has a trouble, and nobody else")


class Respondents:
    """The dead in a warning, how many there are of each kind, and a row for each."""

    id, title, position = "respondents", "Who answered", 40
    record = RespondentSummary

    def build(self, records: Mapping[str, RespondentSummary], numbers: Numbers) -> Iterator[Block]:
        ordered = sorted(records.items(), key=lambda item: (item[1].alive, KINDS.index(item[1].kind), by_number(item[0])))
        if dead := [format_trouble(numbers, at) for at, record in ordered if not record.alive]:
            yield Prose(text=type(dead[0])("Dead: ") + type(dead[0])(", ").join(dead) + ".", warning=True)
        counts = [format_count(numbers, "Members", "#")]
        counts += [format_count(numbers, WORDS[kind], f"#kind={kind}") for kind in KINDS if any(record.kind == kind for record in records.values())]
        yield Prose(text=type(counts[0])("; ").join(counts) + ". A persona on one set of weights is a guise, not a model.")
        stated = [key for key in ABOUT if any(getattr(record, key) for record in records.values())]
        columns = [Column(heading=heading) for heading in ("member", "life", "kind", "family", *(ABOUT[key] for key in stated))]
        columns += [Column(heading=heading, numeric=True) for heading in NUMBERS.values()]
        columns += [Column(heading=heading) for heading in ("kinds of errors", "kinds of refusals", "spec", "versions", "providers")]
        yield Table(title="", columns=columns, rows=[row(numbers, at, record, stated) for at, record in ordered])


def format_trouble(numbers: Numbers, at: str) -> str:
    return numbers.text(below(at, "name")) + " (" + numbers.text(below(at, "trouble"), LONGEST) + ")"


def format_count(numbers: Numbers, word: str, counted: str) -> str:
    found = numbers.num(f"sections/{Respondents.id}/{counted}")
    return type(found)(f"{word}: ") + found


def row(numbers: Numbers, at: str, record: RespondentSummary, stated: Sequence[str]) -> list[str]:
    about = [numbers.text(below(at, "name")), numbers.dress("alive" if record.alive else "DEAD")]
    kind = numbers.dress(record.kind + (", base weights" if record.base else ""))
    counts = [format_field(numbers, at, record, key, "usd" if key == "usd" else "count", UNKNOWN) for key in NUMBERS]
    texts = [
        *(format_kinds(numbers, at, record, name) for name in ("errors", "refusals")),
        format_text(numbers, at, record, "spec"),
        *(format_list(numbers, at, record, name) for name in ("versions", "providers")),
    ]
    made = [format_field(numbers, at, record, key, "ratio", "not public") if key == "size" else format_text(numbers, at, record, key) for key in stated]
    return [*about, kind, format_text(numbers, at, record, "family"), *made, *counts, *texts]


def format_kinds(numbers: Numbers, at: str, record: RespondentSummary, field: str) -> str:
    shown = [numbers.dress(name) + " " + numbers.num(below(at, field, name), "count") for name in getattr(record, field)]
    return type(shown[0])(", ").join(shown) if shown else numbers.dress("none")
