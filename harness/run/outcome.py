"""Five outcomes from three phases. Only an assertion of the experiment's own code falsifies; whatever else goes wrong is an error of the pipeline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import pytest

from harness.commands import install_missing
from harness.errors import Inconclusive
from harness.plaintext import shorten_text
from harness.records import Kind, Verdict
from harness.run.redact import plain

GOOD: dict[Kind, Verdict] = {"hypothesis": "supported", "gate": "passed", "kill": "passed", "control": "passed"}
BAD: dict[Kind, Verdict] = {"hypothesis": "falsified", "gate": "failed", "kill": "failed", "control": "failed"}
# Assertion helpers that speak for the test that calls them.
HELPERS = ("numpy/testing/", "torch/testing/", "unittest/", "_pytest/")
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
DETAIL_LIMIT = 6000
REASON_LIMIT = 300


class Stop(Exception):
    """A gate or kill criterion stands in the way of a cell."""

    def __init__(self, verdict: Verdict, by: str, reason: str) -> None:
        super().__init__(reason)
        self.verdict, self.by, self.reason = verdict, by, reason


@dataclass(frozen=True)
class Outcome:
    """A verdict with its reason (one line) and, where something failed, the detail pytest showed; `keep` where a later run may take it over."""

    verdict: Verdict
    reason: str = ""
    detail: str = ""
    stopped_by: str = ""
    keep: bool = True


def outcome_of(kind: Kind, phase: str, error: BaseException | None, detail: str, home: Path) -> Outcome:
    """The outcome of one phase (setup, call, teardown) that ended with `error` or without; `home` is the experiment's folder."""
    if error is None:
        return Outcome(GOOD[kind])
    detail = ADDRESS.sub("0x…", plain(detail))[:DETAIL_LIMIT]
    if isinstance(error, Stop):
        return Outcome(error.verdict, error.reason, stopped_by=error.by)
    if isinstance(error, Inconclusive):
        return Outcome("inconclusive", first_line(error))
    if isinstance(error, pytest.skip.Exception):
        return Outcome("inconclusive", f"skipped by its test: {first_line(error)}", keep=False)  # whatever it lacked may be there next time
    if phase == "call" and isinstance(error, AssertionError) and spoken_by(error.__traceback__, home):
        return Outcome(BAD[kind], first_line(error), detail)
    mend = install_missing(text_of(error)) if isinstance(error, ImportError) else ""
    return Outcome("error", f"{phase}: {type(error).__name__}: {first_line(error)}{f'. {mend}' if mend else ''}", detail)


def spoken_by(traceback: TracebackType | None, home: Path) -> bool:
    """True where the assertion stands in the experiment's folder, or in an assertion helper; one deep in a library is a broken pipeline."""
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return False
    file = traceback.tb_frame.f_code.co_filename
    return Path(file).is_relative_to(home) or any(helper in file for helper in HELPERS)


def first_line(error: BaseException) -> str:
    return reason_of(text_of(error).strip() or type(error).__name__)


def text_of(error: BaseException) -> str:
    """What an exception says; one that cannot say it is named by its type."""
    if isinstance(error, pytest.FixtureLookupError):
        return f"there is no fixture {error.argname!r}"
    try:
        return str(error)
    except Exception:
        return type(error).__name__


def reason_of(text: str) -> str:
    """The first line of a text, short and fit to be kept: no keys, no addresses, no half characters."""
    return shorten_text(ADDRESS.sub("0x…", plain(text).split("\n")[0]), REASON_LIMIT)


def place_of(error: BaseException) -> str:
    """What was raised, and in which line of which file, in one line."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    at = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    return f"{at}{type(error).__name__}: {first_line(error)}"
