"""numbers.csv: every number of the report as it is shown, with its exact value and its address in results.json."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

from harness.plaintext import one_line
from harness.report.addresses import Lookup
from harness.report.numbers import Used

HEADER = ("address", "shown", "value")
# A number with its unit, an interval's end, a time: all that may begin with a sign. Whatever else begins like a formula gets an apostrophe.
PLAIN = re.compile(r"[+-]?[\d,]*\.?\d+(e[+-]?\d+)?( [A-Za-z%-]{1,20})?")
FORMULA = re.compile(r"\s*[=@+\t\r＝＋＠-]")


def numbers_csv(used: Iterable[Used], tree: dict[str, Any]) -> str:
    """The table, sorted by address. A text that a spreadsheet would execute gets an apostrophe in front, as OWASP advises (CSV injection)."""
    lookup = Lookup(tree)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    for one in sorted(used, key=lambda one: (one.address, one.shown)):
        writer.writerow(map(without_formula, (one_line(one.address), one_line(one.shown), as_text(lookup.at(one.address)))))
    return stream.getvalue()


def without_formula(text: str) -> str:
    return f"'{text}" if FORMULA.match(text) and not PLAIN.fullmatch(text) else text


def as_text(value: Any) -> str:
    """Numbers with all their digits, texts on one line, None as nothing."""
    return "" if value is None else repr(value) if isinstance(value, float) else one_line(str(value))
