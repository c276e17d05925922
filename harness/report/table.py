"""One table and the other blocks of a section, written as Markdown and as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.report.blocks import Block, Figure, Prose, Table, Texts
from harness.report.escape import fence_text, pieces

if TYPE_CHECKING:
    from markupsafe import Markup

FIGURES = "figures"
LONGEST = 3000  # characters of one text
LEFT_OUT = "More of this section is in `index.html`."
CUT = " […] (cut here; the whole text is in results.json)"


class MissingFigure(HarnessError):
    """A figure of the report is not among the files that the page is made of."""


def shorten_text(text: str) -> str:
    """A text of at most LONGEST characters; an empty one says that it is."""
    return (text if len(text) <= LONGEST else text[:LONGEST] + CUT) or "(empty)"


def fill_rows(table: Table) -> list[list[str]]:
    """The rows, each with as many cells as there are columns."""
    return [[*row, *[""] * (len(table.columns) - len(row))] for row in table.rows]


# Markdown -------------------------------------------------------------------------------------------------------------------------------------


def to_markdown(blocks: Sequence[Block], room: int = 100_000) -> str:
    """Paragraphs, pipe tables, images and fenced texts, with an empty line between: at most about `room` characters. Tables share what the other blocks leave
    and lose their last rows; where even that is too long, whole blocks are left out, and the text says so."""
    tables = sum(isinstance(block, Table) for block in blocks)
    rest = room - sum(len(block_in_markdown(block)) for block in blocks if not isinstance(block, Table))
    texts = [block_in_markdown(block, max(0, rest) // max(1, tables)) for block in blocks]
    kept = [text for place, text in enumerate(texts) if sum(map(len, texts[: place + 1])) <= room or is_warning(blocks[place])]
    return "\n\n".join([*kept, *([LEFT_OUT] if len(kept) < len(texts) else [])]) + "\n"


def is_warning(block: Block) -> bool:
    return isinstance(block, Prose) and block.warning


def block_in_markdown(block: Block, room: int = 100_000) -> str:
    if isinstance(block, Prose):
        return f"**{block.text}**" if block.warning else block.text
    if isinstance(block, Figure):
        return f"![{block.alt}]({FIGURES}/{block.stem}.png)\n\n*{block.caption}*"
    if isinstance(block, Texts):
        return "\n\n".join([f"**{block.title}**", *(f"{label}:\n\n{quote_text(shorten_text(text))}" for label, text in block.texts)])
    return table_in_markdown(block, room)


def table_in_markdown(table: Table, room: int = 100_000) -> str:
    """A pipe table with its first rows: at most those that it wants to show, and those that fit the room."""
    rows = [[column.heading for column in table.columns], ["---"] * len(table.columns), *fill_rows(table)[: table.most]]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    while len(lines) > 3 and sum(map(len, lines)) + len(lines) > room:
        lines.pop()
    shown = len(lines) - 2
    rest = f"\n\nThe first {shown} of {len(table.rows)} rows; `index.html` has them all." if shown < len(table.rows) else ""
    return (f"**{table.title}**\n\n" if table.title else "") + "\n".join(lines) + rest


def quote_text(text: str) -> str:
    """A text as a code block inside a quotation."""
    return "\n".join(f"> {line}" for line in fence_text(text).split("\n"))


# HTML -----------------------------------------------------------------------------------------------------------------------------------------


def to_html(blocks: Sequence[Block], images: Mapping[str, str]) -> Markup:
    """The same as HTML; `images` maps the stem of each figure to its data URI. Raises MissingFigure where one is not among them."""
    from markupsafe import Markup

    return Markup("\n").join(block_in_html(block, images) for block in blocks)


def block_in_html(block: Block, images: Mapping[str, str]) -> Markup:
    from markupsafe import Markup

    if isinstance(block, Prose):
        return (Markup('<p class="gap">{}</p>') if block.warning else Markup("<p>{}</p>")).format(block.text)
    if isinstance(block, Figure):
        return figure_in_html(block, images)
    if isinstance(block, Texts):
        return texts_in_html(block)
    table = table_in_html(block)
    if not block.folded:
        return (Markup("<h3>{}</h3>\n").format(block.title) if block.title else Markup("")) + table
    return Markup('<details><summary>{}</summary>\n<div style="--paper: var(--panel)">{}</div>\n</details>').format(block.title, table)


def table_in_html(table: Table) -> Markup:
    from markupsafe import Markup

    kinds = [Markup(' class="num"') if column.numeric else "" for column in table.columns]
    head = Markup("").join(Markup('<th scope="col"{}>{}</th>').format(kind, column.heading) for kind, column in zip(kinds, table.columns, strict=True))
    rows = Markup("\n").join(row_in_html(row, kinds) for row in fill_rows(table))
    box = '<div class="scroll" tabindex="0" role="region" aria-label="{}"><table>\n<thead><tr>{}</tr></thead>\n<tbody>{}</tbody>\n</table></div>'
    return Markup(box).format(Markup(table.title).striptags() or "Table", head, rows)


def row_in_html(row: Sequence[str], kinds: Sequence[str]) -> Markup:
    from markupsafe import Markup

    cells = (Markup("<td{}>{}</td>").format(kind, cell) for kind, cell in zip(kinds[1:], row[1:], strict=True))
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(row[0], Markup("").join(cells))


def figure_in_html(figure: Figure, images: Mapping[str, str]) -> Markup:
    from markupsafe import Markup

    image = Markup('<img alt="{}" src="{}">').format(figure.alt, image_of(figure.stem, images))
    box = '<figure><div class="scroll" tabindex="0" role="region" aria-label="Figure">{}</div>\n<figcaption>{}</figcaption></figure>'
    return Markup(box).format(image, figure.caption)


def image_of(stem: str, images: Mapping[str, str]) -> Markup:
    """The data URI of a figure. Raises MissingFigure where it is not among the images."""
    from markupsafe import Markup

    if stem not in images:
        raise MissingFigure(f"{FIGURES}/{stem}.svg is not there", mend="Make the report again: harness report FOLDER")
    return Markup(images[stem])


def texts_in_html(texts: Texts) -> Markup:
    from markupsafe import Markup

    parts = [Markup('<div><h4>{}</h4><pre dir="auto">{}</pre></div>').format(label, escape_html(shorten_text(text))) for label, text in texts.texts]
    opened = Markup(" open") if texts.open else ""
    return Markup('<details{}><summary>{}</summary>\n<div class="pair">{}</div>\n</details>').format(opened, texts.title, Markup("").join(parts))


def escape_html(text: str) -> Markup:
    """Untrusted text: escaped, with every hidden character as a marked, visible escape."""
    from markupsafe import Markup, escape

    return Markup("").join(Markup('<span class="esc">{}</span>').format(run) if strange else escape(run) for run, strange in pieces(text))
