"""Which number an answer gives. What is no clear number is none."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator

NUMBER = re.compile(
    r"(?<![\w.,^/])(?P<sign>(?<![\d)])(?<![\d)]\s)[-+]\s?)?[$€£¥]?\s?(?P<own>-)?(?P<whole>\d[\d.,\u00a0\u2009\u202f]*(?<![.,\u00a0\u2009\u202f])|\.\d+)"
    r"(?:[eE](?P<e>[-+]?\d+)|\s*[×x*·]\s*10\s*(?:\^|\*\*)\s*[({]?(?P<ten>[-+]?\d+)|(?:\s(?P<over>\d+))?\s?/\s?(?P<under>\d+)(?!\s?/))?(?![\d])"
)
PLAIN = re.compile(r"\d+(?:\.\d+)?|\.\d+|\d{1,3}(?:(?P<mark>[,\u00a0\u2009\u202f])\d{3})(?:(?P=mark)\d{3})*(?:\.\d+)?")
STATED = re.compile(r"\\boxed\s*\{|#{4}|answer\W{0,3}:|answer\s+is:?", re.IGNORECASE)
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")


def read_number(text: str, _: object = None) -> float | None:
    """The number that an answer gives: in the last \\boxed{}, behind the last "####" or "Answer:", else the last of all. Signs, thousands ("1,234.5"),
    fractions ("3/4", "1 1/2", "½"), powers of ten and units are read; a percentage is the number before its sign. None where that number is not clear, as in
    "1,5"."""
    plain = plain_digits(text)
    stated = [found.end() for found in STATED.finditer(plain)]
    line = plain[stated[-1] :].lstrip().partition("\n")[0] if stated else ""
    if numbers := list(numbers_in(line.rpartition("=")[2])):
        return numbers[0]
    numbers = [] if stated and STATED.findall(plain)[-1] != "####" and line.strip() else list(numbers_in(plain))
    return numbers[-1] if numbers else None


def plain_digits(text: str) -> str:
    r"""The text with the digits of any script as 0 to 9, vulgar fractions and \frac as 1/2, raised digits behind a ^, one sign for minus."""
    text = re.sub(r"\\[dt]?frac\s*\{\s*(\d+)\s*\}\s*\{\s*(\d+)\s*\}", r" \1/\2", text).replace("\\,", "").replace("{,}", ",").replace("\\$", "$")
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+", lambda found: "^" + found[0].translate(SUPERSCRIPTS), text)
    return "".join(map(plain_sign, text.replace("\\times", "×").replace("\\cdot", "·")))


def plain_sign(sign: str) -> str:
    if sign in "−﹣－":
        return "-"
    if "⁄" in (made := unicodedata.normalize("NFKC", sign)):
        return " " + made.replace("⁄", "/")
    digit = unicodedata.decimal(sign, None)
    return sign if digit is None else str(digit)


def numbers_in(text: str) -> Iterator[float | None]:
    """The numbers of a text in order, None for what is a number but not a clear one."""
    return (value_of_number(found) for found in NUMBER.finditer(text))


def value_of_number(found: re.Match[str]) -> float | None:
    if not PLAIN.fullmatch(found["whole"]):
        return None
    whole = re.sub(r"[,\u00a0\u2009\u202f]", "", found["whole"])
    try:
        value = float(f"{whole}e{found['e'] or found['ten'] or 0}")
        if found["under"]:
            value = value + int(found["over"]) / int(found["under"]) if found["over"] else value / int(found["under"])
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    negative = (found["sign"] or "").startswith("-") or found["own"]
    return (-value if negative else value) if math.isfinite(value) else None
