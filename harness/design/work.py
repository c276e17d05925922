"""Equal work: which pieces (trainings) the cells need, and which of them several cells share, so that they are done once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.errors import HarnessError
from harness.plaintext import count_of

SHOWN = 12
UNTOLD: dict[str, Any] = {"pieces": None, "distinct": None, "shared": []}


def pieces_of(needed: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """`pieces` in all, `distinct` by key, and those `shared` by several cells: key, name, number of cells, other names of the same work.

    Work that goes by several names comes first (equal trainings of different cells, which nobody would guess), then the most shared.

    `needed` are (cell, what the project's hook answered for it); None is no answer, and without any the numbers are None: nobody counted.
    Raises HarnessError for an answer that is no list of pieces.
    """
    answered = [(cell, validate_pieces(cell, pieces)) for cell, pieces in needed if pieces is not None]
    if not answered:
        return dict(UNTOLD)
    names: dict[str, list[str]] = {}
    cells: dict[str, set[str]] = {}
    for cell, pieces in answered:
        for piece in pieces:
            known = names.setdefault(piece["key"], [])
            known += [piece["name"]] if piece["name"] not in known else []
            cells.setdefault(piece["key"], set()).add(cell)
    shared: list[dict[str, Any]] = [
        {"key": key, "name": names[key][0], "also": names[key][1:], "cells": len(users)} for key, users in cells.items() if len(users) > 1
    ]
    shared.sort(key=lambda one: (-len(one["also"]), -one["cells"], one["name"], one["key"]))
    return {"pieces": sum(len(pieces) for _, pieces in answered), "distinct": len(names), "shared": shared}


def validate_pieces(cell: str, pieces: Any) -> list[dict[str, str]]:
    """The hook's answer for a cell: a list of {"key", "name"}, both text."""
    sound = isinstance(pieces, list) and all(isinstance(piece, dict) and {"key", "name"} <= piece.keys() for piece in pieces)
    if not sound or not all(isinstance(piece[part], str) and piece[part] for piece in pieces for part in ("key", "name")):
        mend = 'Return a list of {"key": …, "name": …}, or None'
        raise HarnessError(f"pytest_harness_work answered {pieces!r:.80} for {cell}", mend=mend)
    return pieces  # type: ignore[no-any-return]


def work_lines(work: dict[str, Any]) -> list[str]:
    """Lines for the terminal: the counts, and the first shared pieces; none where nobody counted."""
    if work["pieces"] is None:
        return []
    shared = work["shared"]
    spared = work["pieces"] - work["distinct"]
    lines = [f"  work: {work['pieces']} pieces needed, {work['distinct']} distinct ({spared} need not be done again); {len(shared)} shared by several cells"]
    lines += [f"    {one['name']}{alias(one['also'])}: {count_of(one['cells'], 'cell', 'cells')}" for one in shared[:SHOWN]]
    return lines + ([f"    … and {len(shared) - SHOWN} more"] if len(shared) > SHOWN else [])


def alias(names: list[str]) -> str:
    """What else the same work is called."""
    return f" (the same as {names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''})" if names else ""
