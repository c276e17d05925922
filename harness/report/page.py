"""index.html: the whole report in one file that loads nothing and runs nothing."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from harness.report import view as views
from harness.report.addresses import leaves
from harness.report.card import Card
from harness.report.clean_result import SEAL_LENGTH, common_names, format_json, split_sections
from harness.report.escape import one_line, visible
from harness.report.headline import units
from harness.report.numbers import Numbers, Used
from harness.report.sample_rows import Comparison, Samples
from harness.report.sections import build_sections
from harness.report.table import FIGURES, MissingFigure, escape_html, image_of, to_html
from harness.report.trajectories import grids, shown_in
from harness.report.verdict_matrix import ABSENT, matrices
from harness.report.view import View

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

MOST = 2_000_000  # bytes of the page
HEROES = 800_000  # of these for further pages of the hero figure; what does not fit is named as a file
SIZES = ((8, 60, 1000), (4, 40, 1000), (2, 20, 500), (1, 8, 200), (0, 0, 100))  # items, comparisons, rows of a table
HERO_PAGE = re.compile(r"hero-\d+")
MIME = {"svg": "image/svg+xml", "png": "image/png"}


def page(view: View, card: Card, samples: Samples, pictures: Mapping[str, bytes]) -> tuple[str, list[Used]]:
    """(the page of a run, every number in it). `pictures` are its figures by file name. The page shows fewer samples and rows where it would be larger than
    MOST bytes; that of a run whose other parts alone are larger is as large as they are."""
    images = data_uris(pictures)
    for items, comparisons, rows in SIZES:
        numbers = Numbers(view.tree, show=_data, dress=escape_html, code=in_code)
        text = render(view, card, samples.comparisons(items, comparisons), numbers, images, rows, samples)
        if len(text.encode()) <= MOST - SEAL_LENGTH:
            break
    return text, numbers.used


def render(view: View, card: Card, compared: list[Comparison], numbers: Numbers, images: Mapping[str, str], most_rows: int, samples: Samples) -> str:
    from markupsafe import Markup

    shown = grids(view)
    setup, found = split_sections(build_sections(view, numbers))
    more_heroes, hero_files = further_heroes(images)
    body = (
        environment()
        .get_template("index.html.j2")
        .render(
            **common_names(numbers, view, card, samples),
            compared=compared,
            comparison_count=samples.count,
            images=images,
            image=lambda stem: image_of(stem, images),
            more_heroes=more_heroes,
            hero_files=hero_files,
            grids=shown,
            grid_owners={grid.declared.of for grid in shown},
            rows=[row for row in view.rows if not shown_in(shown, row)],
            grid_rows=[row for row in view.rows if shown_in(shown, row)],
            most_rows=most_rows,
            setup=setup,
            sections=found,
            blocks=lambda section: to_html(section.blocks, images),
            css=Markup(files("harness.report").joinpath("templates/page.css").read_text(encoding="utf-8")),
            matrices=matrices(view),
            symbols=views.SYMBOLS,
            absent=ABSENT,
            plan=plan_lines(view),
        )
    )
    return f"{body.rstrip()}\n"


def further_heroes(images: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The further pages of the hero figure: (stems of the first ones, which are embedded in at most HEROES bytes, stems of the rest)."""
    stems = sorted((stem for stem in images if HERO_PAGE.fullmatch(stem)), key=lambda stem: int(stem.rpartition("-")[2]))
    count = sum(size <= HEROES for size in accumulate(len(images[stem]) for stem in stems))
    return stems[:count], stems[count:]


def data_uris(pictures: Mapping[str, bytes]) -> dict[str, str]:
    """Stem to the figure as a data URI: its SVG, or its PNG where that is smaller. Raises MissingFigure where one of both was taken out."""
    found: dict[str, str] = {}
    for name in pictures:
        other = name.replace(".svg", ".png") if name.endswith(".svg") else name.replace(".png", ".svg")
        if other not in pictures and not name.endswith("-narrow.svg"):
            raise MissingFigure(f"{FIGURES}/{other} is not there", mend="Make the report again: harness report FOLDER")
    for stem in dict.fromkeys(name.rpartition(".")[0] for name in pictures):
        kinds = {kind: pictures[f"{stem}.{kind}"] for kind in MIME if f"{stem}.{kind}" in pictures}
        kind = min(kinds, key=lambda kind: len(kinds[kind]))
        found[stem] = f"data:{MIME[kind]};base64,{base64.b64encode(kinds[kind]).decode()}"
    return found


@cache
def environment() -> Environment:
    """HTML templates: everything is escaped, and an undefined name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("harness.report"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True, finalize=plain
    )
    found.filters |= {
        "units": units,
        "shown": escape_html,
        "line": lambda text: escape_html(one_line(str(text))),
        "pretty": lambda value: escape_html(format_json(value)),
    }
    return found


def in_code(text: str) -> Markup:
    """A name or a path."""
    from markupsafe import Markup

    return Markup("<code>{}</code>").format(escape_html(one_line(text)))


def plain(value: Any) -> Any:
    """The net below the filters: no expression of the template lets a hidden character through, an attribute's no more than a paragraph's."""
    from markupsafe import Markup

    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def plan_lines(view: View) -> list[tuple[str, str, bool]]:
    """(name, address, is a number) for whatever the plan holds beside its table of hypotheses."""
    found = [(where, value) for where, value in leaves(view.tree["plan"], "plan") if not where.startswith("plan/hypotheses/")]
    return [
        (where.removeprefix("plan/").replace("/", " · "), where, isinstance(value, (int, float)) and not isinstance(value, bool))
        for where, value in found
        if value not in ({}, [])
    ]


def _data(value: Any, text: str, where: str) -> Markup:
    from markupsafe import Markup

    raw = "" if value is None else value
    return Markup('<data value="{}" title="{}"{}>{}</data>').format(raw, one_line(where), Markup(' class="none"') if value is None else "", escape_html(text))
