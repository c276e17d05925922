"""The two exceptions that the house itself raises: a mistake of the user's, and a question the evidence cannot decide."""

from __future__ import annotations

import os


class HarnessError(Exception):
    """A mistake told in one line: where it is, what is wrong, and the mend."""

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        where = where.replace(os.getcwd() + os.sep, "")  # what can be read at a glance
        self.what, self.where, self.mend = what, where, mend
        line = f"{where}: {what}" if where else what
        super().__init__(f"{line}. {mend}" if mend else line)


class Inconclusive(Exception):
    """Raised inside a test when its evidence can neither support nor falsify the registered criterion."""
