"""A cell of a distributed run that waits for what others are doing: it runs again once that is done, and its accelerator works for another cell meanwhile."""

from __future__ import annotations

from _pytest.outcomes import OutcomeException


class PutAside(OutcomeException):
    """Raised in a cell that waits for `key`. An outcome of pytest's, so that fixtures are torn down after it, and no Exception, so that no code of an
    experiment takes it for a failure. Even where a test catches everything the cell is put aside: what it says without its judge is no result."""

    pending = ""  # the last one that was raised in this process since `clear`

    def __init__(self, key: str) -> None:
        super().__init__("put aside until its judge has answered")
        self.key = PutAside.pending = key

    @classmethod
    def clear(cls) -> None:
        cls.pending = ""
