"""How a measurement follows from its samples: written down where nothing but the samples went in (`derive`), and computed again from their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import HarnessError
from harness.records import Calibration, Measurement, decode
from harness.run.outcomes import Outcomes, mean_over_runs, read_field
from harness.samples import Row

Rows = Mapping[str, Sequence[Row]]


def derive(op: str, terms: Sequence[tuple[float, Sequence[Mapping[str, Any]]]], **settings: Any) -> dict[str, Any] | None:
    """The derivation: {"op", "terms": [[weight, [[[sha256 of the samples, field, item field], … one for each run], … one for each seed]], …], "stream": the
    name of the random numbers} and settings.

    None where an outcome was not read from samples, or was edited since.
    """
    arms = [arm for _, term in terms for arm in term]
    if not all(isinstance(arm, Outcomes) and not arm.edited for arm in arms):
        return None
    return {"op": op, "terms": [[float(weight), [parts_of(arm) for arm in term]] for weight, term in terms], "stream": [], **settings}


def parts_of(arm: Any) -> list[list[str]]:
    return [[part.gathered.ref.sha256, part.field, part.item] for part in arm.parts]


def recompute(derived: Mapping[str, Any], rows: Rows, name: str) -> Measurement:
    """The measurement `name` computed again (value, interval, N, p) from the rows of its samples by the sha256 of their files; it names no sources.

    Raises HarnessError for samples that are not in `rows` and for a derivation that this version does not know.
    """
    from harness.run.measuring import Measure

    measure = Measure(stream=derived.get("stream", [name]))  # earlier versions drew by the measurement's name
    if derived["op"] == "corrected":
        apparent = recompute(derived["of"], rows, derived["name"])
        return measure.corrected(name, apparent, decode(derived["calibration"], Calibration), limit=derived["limit"])
    terms = [(weight, [read_again(parts, rows, name) for parts in term]) for weight, term in derived["terms"]]
    match derived["op"]:
        case "rate":
            return measure.rate(name, terms[0][1][0], exact=derived["exact"])
        case "mean":
            return measure.mean(name, terms[0][1][0], derived["unit"])
        case "contrast":
            return measure.contrast(name, terms, unit=derived["unit"])
        case "standardised":
            return measure.standardised(name, terms[0][1], terms[1][1], unit=derived["unit"])
        case "correlation":
            return measure.correlation(name, terms[0][1][0], terms[1][1][0], sampling_unit=derived["sampling_unit"])
        case op:
            raise HarnessError(f"{name} was computed by {op!r}, which this version does not know", mend="Use the version that wrote it")


def read_again(parts: Sequence[Sequence[str]], rows: Rows, name: str) -> dict[str, Any]:
    """Outcomes by item id from the rows of their samples."""
    for sha256, *_ in parts:
        if sha256 not in rows:
            raise HarnessError(f"the samples {sha256[:12]} of {name} are not here", mend="Give the rows of all samples that it rests on")
    return mean_over_runs([read_field(rows[sha256], field, item) for sha256, field, item in parts])
