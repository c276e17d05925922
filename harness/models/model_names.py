"""Names of models: is the one that answered the one that was asked?"""

from __future__ import annotations

import re

# A dated suffix, as vendors write them: -20250929 (2025-09-29 too), -05-06, -0613, and -001 for a version. `-mini`, `-5` and `-410` are other models.
MONTH, DAY = "(0[1-9]|1[0-2])", "(0[1-9]|[12]\\d|3[01])"
DATED = re.compile(rf"[-@](20\d\d{MONTH}{DAY}|{MONTH}-{DAY}|{MONTH}{DAY}|2\d{MONTH}|00\d)")
# What says how a router reaches a model, and not which it is. Other words behind a colon are (Ollama's sizes).
ROUTES = re.compile(r"(:(free|nitro|floor|exacto|beta|online|thinking|extended)|[:-]latest|@main)+$")
# Routes on which a model answers otherwise: with the web, after thinking, with more context. Who asked for one may be told the plain name.
MODES = re.compile(r":(online|thinking|extended)(?=:|-latest|$)")


def same_model(asked: str, reported: str) -> bool:
    """True where the reported name is the asked one, or that with a date: an alias is answered by its snapshot, never a snapshot by another.

    Case, the route to a model (`:free`), `latest` and a vendor's prefix that only one of the names has do not count. A mode (`:thinking`) that was not
    asked for does.
    """
    if asked and asked == reported:
        return True
    if {*MODES.findall(reported.strip().casefold())} - {*MODES.findall(asked.strip().casefold())}:
        return False
    (maker, asked), (other, reported) = plain_name(asked), plain_name(reported)
    if maker and other and not (f"/{maker}".endswith(f"/{other}") or f"/{other}".endswith(f"/{maker}")):
        return False
    rest = reported.removeprefix(asked)
    return bool(asked) and reported.startswith(asked) and (not rest or DATED.fullmatch(rest) is not None)


def plain_name(name: str) -> tuple[str, str]:
    """(the vendor's prefix or "", the model) in one spelling: claude-4-sonnet is claude-sonnet-4, 4-5 is 4.5, 2025-09-29 is 20250929."""
    maker, _, model = ROUTES.sub("", name.strip().casefold()).rpartition("/")
    model = re.sub(r"(20\d\d)-(\d\d)-(\d\d)(?!\d)", r"\1\2\3", model)
    model = re.sub(r"(?<=\d)-(\d)(?=[-@]|$)", r".\1", model)
    return maker, re.sub(r"^claude-(\d[\d.]*)-([a-z]+)", r"claude-\2-\1", model)
