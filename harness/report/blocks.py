"""What a section is made of. The texts in a block are dressed for one medium already (see `Numbers`): what renders a block lays out and escapes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


@dataclass(frozen=True, kw_only=True)
class Prose:
    """A paragraph; a `warning` stands out."""

    text: str
    warning: bool = False


@dataclass(frozen=True, kw_only=True)
class Column:
    """A heading; the cells of a numeric column stand to the right."""

    heading: str
    numeric: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells below columns; the first cell heads its row. A row that is too short has an empty rest. The page folds a `folded` table up behind its
    title; the clean result shows the first `most` rows."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    folded: bool = False
    most: int = 40


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing in files named `stem`: `draw` makes it, `addresses` are those of the numbers in it, `alt` says what it shows to those who do not see it."""

    stem: str
    alt: str
    caption: str
    draw: Callable[[], Drawing]
    addresses: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Texts that a model read or wrote, each below its label, for the reader to compare: shown, and never obeyed. These are raw."""

    title: str
    texts: Sequence[tuple[str, str]]
    open: bool = False


Block = Prose | Table | Figure | Texts
