"""The two exceptions that the house itself raises: a mistake of the user's, and a question the evidence cannot decide."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from harness.commands import install_missing
from harness.plaintext import one_line, shorten_text

LONGEST_LINE = 2000


class HarnessError(Exception):
    """A mistake told in one line: where it is, what is wrong, and the mend. `code` is that of the rule that it breaks, where there is one."""

    def __init__(self, what: str, *, where: str = "", mend: str = "", code: str = "") -> None:
        where = where.replace(os.getcwd() + os.sep, "")  # what can be read at a glance
        self.what, self.where, self.mend, self.code = what, where, mend, code
        told = f"[{code}] {what}" if code else what
        line = f"{where}: {told}" if where else told
        # What a file, a model or a command line held may stand in it: shown, never obeyed by a terminal, and always one line.
        super().__init__(shorten_text(one_line(f"{line}. {mend}" if mend else line), LONGEST_LINE))


@contextmanager
def explain_failure(what: str, where: str, mend: str = "Repair or uninstall the package that provides it") -> Iterator[None]:
    """Turns whatever the code of another package raises inside, a skip of pytest's and SystemExit included, into one line: `what`, and what was raised."""
    try:
        yield
    except BaseException as error:
        import pytest

        if isinstance(error, HarnessError | Inconclusive | KeyboardInterrupt | GeneratorExit | pytest.exit.Exception):
            raise
        raise HarnessError(f"{what}: {type(error).__name__}: {error}", where=where, mend=install_missing(str(error)) or mend) from error


@contextmanager
def explain_user_code(what: str, mend: str = "Correct it there") -> Iterator[None]:
    """Turns an exception in code that was written for an experiment (a scorer, a measure, a judge, a responder) into one line: `what`, what was raised, and in
    which line. An assertion there is a mistake too: it claims nothing of the result."""
    try:
        yield
    except (HarnessError, Inconclusive):
        raise
    except Exception as error:
        told = ": ".join(filter(None, (type(error).__name__, str(error))))
        raise HarnessError(f"{what}: {told}", where=find_line(error), mend=install_missing(str(error)) or mend) from error


def find_line(error: BaseException) -> str:
    """file:line of the project's own code that an exception went through last, or where it was raised if it went through none."""
    from harness.opened_files import is_project_code

    lines = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    file, line = next((place for place in reversed(lines) if is_project_code(place[0])), lines[-1])
    return f"{file}:{line}"


class Inconclusive(Exception):
    """Raised inside a test when its evidence can neither support nor falsify the registered criterion. `code` is that of the rule behind it, if any."""

    def __init__(self, what: object = "", *, code: str = "") -> None:
        super().__init__(f"[{code}] {what}" if code else what)


def nearest(word: str, known: Iterable[str]) -> str:
    """Did you mean …? or the list of what may stand there."""
    import difflib

    options = list(known)
    close = difflib.get_close_matches(word, options, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(options) or 'none'}"
