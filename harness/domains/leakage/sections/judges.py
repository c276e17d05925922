"""How the judges did on labelled answers that they had not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Prose, Table
from harness.report.numbers import Numbers
from harness.report.record_format import Count, Real, Share, format_field, format_text

Counted = tuple[Count, Count]
COUNTED = {"sensitivity": "sensitivity", "specificity": "specificity", "no_verdict_on_incoherent": "no verdict on incoherent"}
RATES = {"kappa": "kappa", "agreement_with_substring": "agreement with substring"}
NOT_STATED = "not stated"


class JudgeCalibration(SectionRecord, frozen=True, kw_only=True):
    """A judge, named by the behaviour that it judges, on labelled answers.

    Pairs are (hits, of): `sensitivity` among positives, `specificity` among negatives, `no_verdict_on_incoherent` of incoherent answers that it rightly
    leaves undecided. `kappa` is Cohen's (1960), with the labels; `agreement_with_substring` is the share of labels that a crude phrase list meets.
    """

    judge: str
    rubric: str = ""
    sensitivity: Counted | None = None
    specificity: Counted | None = None
    no_verdict_on_incoherent: Counted | None = None
    kappa: Real | None = None
    agreement_with_substring: Share | None = None

    def __post_init__(self) -> None:
        for key in COUNTED:
            pair = getattr(self, key)
            if pair is not None and not (pair[0] <= pair[1] and pair[1] > 0):
                raise ValueError(f"{key} is no pair (hits, of)")


class Judges:
    """One row for each judge."""

    id, title, position = "judges", "Calibration of the judges", 10
    record = JudgeCalibration

    def build(self, records: Mapping[str, JudgeCalibration], numbers: Numbers) -> Iterator[Block]:
        stated = {key: heading for key, heading in {**COUNTED, **RATES}.items() if any(getattr(record, key) is not None for record in records.values())}
        yield Prose(text="Rates are hits of cases; in brackets their exact (Clopper-Pearson) intervals at ninety-five per cent.")
        columns = [Column(heading=heading) for heading in ("behaviour", "judge", "rubric", *stated.values())]
        yield Table(title="", columns=columns, rows=[row(numbers, at, record, list(stated)) for at, record in records.items()])


def row(numbers: Numbers, at: str, record: JudgeCalibration, keys: list[str]) -> list[str]:
    texts = [format_text(numbers, at, record, key) for key in ("name", "judge", "rubric")]
    return texts + [format_rate(numbers, at, record, key) for key in keys]


def format_rate(numbers: Numbers, at: str, record: JudgeCalibration, key: str) -> str:
    if key in COUNTED and getattr(record, key) is not None:
        return numbers.share(below(at, key))
    return format_field(numbers, at, record, key, "rate", NOT_STATED)
