"""How far the models agree: by capability, by model and overall, each with its interval and with what chance would give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Literal

from harness.domains.convergence.sections.agreement_figure import BASELINES, draw
from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Figure, Table
from harness.report.numbers import Numbers
from harness.report.record_format import Count, Share, Similarity, format_field, format_interval

FORMS = {"p": "p column", "p_holm": "p column", "n_prompts": "count", "n_models": "count"}
HEADINGS = {**BASELINES, "p": "p", "p_holm": "Holm p", "n_prompts": "prompts", "n_models": "models"}
DRAWN = ("value", "low", "high", *BASELINES)
REST = ", with its interval; below each point what it is held against."
Rows = Mapping[str, "AgreementRow"]


class AgreementRow(SectionRecord, frozen=True, kw_only=True):
    """The mean similarity, by `measure`, of two models' answers to one prompt: in the capability `of`, between the model `of` and the others, or overall.

    `low` and `high` bound it. It is held against answers to any other prompt and to others of the same capability, against the prompt given back (`echo`)
    and a `null` model. `p` is against chance, `p_holm` the same after Holm over the rows of its kind. None is not measured.
    """

    kind: Literal["capability", "model", "overall"]
    of: str
    measure: str
    value: Similarity | None
    low: Similarity | None
    high: Similarity | None
    mismatched_any: Similarity | None
    mismatched_same: Similarity | None
    echo: Similarity | None
    null: Similarity | None
    p: Share | None
    p_holm: Share | None
    n_prompts: Count
    n_models: Count

    def __post_init__(self) -> None:
        if (self.kind == "overall") == bool(self.of):
            raise ValueError("of names a capability or a model, and nothing overall")
        if (self.low is None) != (self.high is None) or (self.low or 0) > (self.high or 0):
            raise ValueError("low and high bound no interval")


class Agreement:
    """The capabilities drawn above all of them together; a table of these, and one of the models."""

    id, title, position = "agreement", "Agreement", 200
    record = AgreementRow

    def build(self, records: Rows, numbers: Numbers) -> Iterator[Block]:
        lines = {at: record for kind in ("capability", "overall") for at, record in records.items() if record.kind == kind}
        if lines:
            yield figure(numbers, lines)
            yield table(numbers, lines, "capability", "Agreement by capability")
        models = [item for item in records.items() if item[1].kind == "model"]
        if models:
            models.sort(key=lambda item: (item[1].value is None, -(item[1].value or 0)))
            yield table(numbers, dict(models), "model", "Each model with the others, the most agreeing first")


def figure(numbers: Numbers, lines: Rows) -> Figure:
    measure = numbers.text(below(next(iter(lines)), "measure"))
    return Figure(
        stem="agreement",
        alt="Agreement by capability with intervals and baselines; the same numbers stand in the table below.",
        caption=type(measure)("The mean similarity of two models' answers to one prompt, by ") + measure + REST,
        draw=partial(draw, list(lines.values())),
        addresses=[below(at, key) for at, record in lines.items() for key in DRAWN if getattr(record, key) is not None],
    )


def table(numbers: Numbers, rows: Rows, heading: str, title: str) -> Table:
    """Baselines that no row states have no column."""
    stated = {key: name for key, name in HEADINGS.items() if any(getattr(record, key) is not None for record in rows.values())}
    columns = [Column(heading=heading), *(Column(heading=name, numeric=True) for name in ("agreement", "interval", *stated.values()))]
    return Table(title=title, columns=columns, rows=[row(numbers, at, record, list(stated)) for at, record in rows.items()])


def row(numbers: Numbers, at: str, record: AgreementRow, keys: list[str]) -> list[str]:
    name = numbers.text(below(at, "of")) if record.of else numbers.dress("overall")
    value, *others = (format_field(numbers, at, record, key, FORMS.get(key, "similarity")) for key in ("value", *keys))
    return [name, value, format_interval(numbers, at, record), *others]
