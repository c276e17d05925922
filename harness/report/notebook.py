"""What the objects of the Python interface share: data frames, where pandas is installed; HTML in which every text is escaped; figures that show themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.commands import install_extra
from harness.errors import HarnessError
from harness.plaintext import one_line, shorten_text
from harness.report import number_format

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

ABSENT = "–"
LONGEST = 400  # characters of a cell


def to_data_frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None, index: str | None = None) -> DataFrame:
    """One line for each row; None stays missing. Raises HarnessError where pandas is not installed."""
    try:
        import pandas
    except ModuleNotFoundError:
        raise HarnessError("data frames need pandas", mend=install_extra("data")) from None
    frame = pandas.DataFrame.from_records([dict(row) for row in rows], columns=None if columns is None else list(columns))
    return frame if index is None else frame.set_index(index)


def to_notebook(title: str, paragraphs: Iterable[str], headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A title, paragraphs and a table as HTML: no text of them becomes markup, and no control character is obeyed."""
    from markupsafe import Markup

    from harness.report.blocks import Column, Table
    from harness.report.table import escape_html, table_in_html

    table = Table(
        title="",
        columns=[Column(heading=escape_html(one_line(name))) for name in headings],
        rows=[[escape_html(as_cell(cell)) for cell in row] for row in rows],
    )
    texts = [Markup("<p>{}</p>").format(escape_html(one_line(text))) for text in paragraphs if text]
    return str(Markup("<div><strong>{}</strong>{}{}</div>").format(escape_html(one_line(title)), Markup("").join(texts), table_in_html(table)))


def as_cell(value: Any) -> str:
    """A value as a cell shows it: what is missing as a dash, never as 0."""
    if value is None or value != value:
        return ABSENT
    if isinstance(value, float):
        return number_format.significant(value)
    return shorten_text(one_line(str(value)), LONGEST)


def show_itself(figure: Figure) -> Figure:
    """The same figure, which a notebook shows although pyplot, which would teach it to, was not imported."""

    def draw() -> bytes:
        import io

        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=figure.dpi)
        return stream.getvalue()

    figure.__dict__["_repr_png_"] = draw
    return figure
