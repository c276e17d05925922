"""clean_result.md: the claim, what it rests on, and where each of its numbers stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.report import view as views
from harness.report.addresses import below
from harness.report.blocks import Figure
from harness.report.card import Card
from harness.report.escape import code, fence_text, in_markdown, one_line
from harness.report.numbers import Numbers, Used
from harness.report.sample_rows import Batch, Sample, few_files
from harness.report.sections import SETUP, Built, build_sections
from harness.report.table import to_markdown
from harness.report.trajectories import grids, shown_in
from harness.report.view import View

if TYPE_CHECKING:
    from jinja2 import Environment

LONGEST = 1200  # characters of one field of a sample; the whole row is in the file
PLAIN = re.compile(r"(p )?([<>=] )?[+−]?\$?[\d.,e−]+( [A-Za-z%-]+)?|not measured|[A-Za-z-]+ not declared")
CUT = " […] (cut here; the whole row is in the file)"


@dataclass(frozen=True)
class CleanResult:
    """The text and every number in it."""

    text: str
    used: tuple[Used, ...]


def clean_result(view: View, card: Card, batches: list[Batch], figure: str) -> CleanResult:
    """The clean result of a run; `figure` is the path of the hero figure relative to the run folder."""
    numbers = Numbers(view.tree, show=number, dress=in_markdown, code=code)
    template = environment().get_template("clean_result.md.j2")
    body = template.render(**names(numbers, view, card, batches), figure=figure)
    text = f"{body.rstrip()}\n\n{address_table(numbers.used)}"
    return CleanResult(text=text, used=tuple(numbers.used))


def names(numbers: Numbers, view: View, card: Card, batches: list[Batch]) -> dict[str, Any]:
    """What every template may call by name; the page uses the same."""
    shown = grids(view)
    setup, found = split_sections(build_sections(view, numbers))
    return {
        "n": numbers,
        "num": numbers.num,
        "told": numbers.text,
        "has": numbers.has,
        "view": view,
        "r": view.results,
        "card": card,
        "batches": batches,
        "sampled": few_files(batches, view.results.seeds[0] if view.results.seeds else 0),
        "ends": ends(view),
        "below": below,
        "views": views,
        "grids": shown,
        "grid_owners": {grid.declared.of for grid in shown},
        "rows": [row for row in view.rows if not shown_in(shown, row)],
        "grid_rows": [row for row in view.rows if shown_in(shown, row)],
        "setup": setup,
        "sections": found,
        "stems": [block.stem for section in (*setup, *found) for block in section.blocks if isinstance(block, Figure)],
    }


def split_sections(sections: list[Built]) -> tuple[list[Built], list[Built]]:
    """(those that describe the setup, those that tell results)."""
    return [one for one in sections if one.position < SETUP], [one for one in sections if one.position >= SETUP]


def environment() -> Environment:
    """Markdown templates: nothing is escaped by itself, so every text goes through told(), md, code or block."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("harness.report"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False, keep_trailing_newline=True
    )
    found.filters |= {
        "md": in_markdown,
        "code": code,
        "tcode": partial(code, table=True),
        "block": fence_text,
        "blocks": lambda section: to_markdown(section.blocks),
        "sample": sample_block,
        "pretty": format_json,
        "card_value": card_value,
    }
    return found


def ends(view: View) -> list[views.Row]:
    """The cells of the primary hypothesis with the smallest and the largest p: both, so that neither is picked for its looks."""
    primary = [result.id for _, result in view.hypotheses[:1]]
    tested = [row for row in view.effects.values() if row.cell.owner in primary and row.measurement and row.measurement.p is not None]
    ordered = sorted(tested, key=lambda row: (row.measurement.p if row.measurement and row.measurement.p is not None else 1.0, row.cell.id))
    return ordered[:1] + ordered[-1:] if len(ordered) > 1 else ordered


def number(_value: Any, shown: str, _where: str) -> str:
    """A number as it is; escaped where its unit (a text of the author's) is more than a word."""
    return shown if PLAIN.fullmatch(shown) else in_markdown(shown)


def sample_block(sample: Sample) -> str:
    """A drawn row as a code block."""
    lines = [f"{one_line(name)}: {value if len(value) <= LONGEST else value[:LONGEST] + CUT}" for name, value in sample.fields]
    return fence_text("\n".join(lines))


def format_json(value: Any) -> str:
    """JSON to be read by people."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str)


def card_value(field: dict[str, Any]) -> str:
    """A field of the card in a Markdown table: value and address, or why there is none."""
    if "missing" in field:
        return f"**missing** | {in_markdown(field['why'])}"
    if "not_applicable" in field:
        return f"not applicable | {in_markdown(field['not_applicable'])}"
    value, where = field["value"], field["from"]
    shown = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return f"{code(shown, table=True)} | {', '.join(code(place, table=True) for place in ([where] if isinstance(where, str) else where))}"


def address_table(used: list[Used]) -> str:
    """Shown text to address, for everything with a number in it."""
    lines = [f"| {number(None, use.shown, use.address)} | {code(use.address, table=True)} |" for use in used]
    return "\n".join(["## Where each number is", "", ADDRESS_NOTE, "", "| shown | address in `results.json` |", "|---|---|", *lines, ""])


ADDRESS_NOTE = (
    "Numbers are rounded to the nearest at the digits shown; a number that rounding would put on a "
    "bound it is not at keeps more digits. `#` counts the things of a list, `#verdict=blocked` those with that verdict."
)
