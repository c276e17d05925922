"""index.html: the whole report in one file that loads nothing and runs nothing."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from harness.report import view as views
from harness.report.addresses import leaves
from harness.report.card import Card
from harness.report.clean_result import format_json, names
from harness.report.escape import one_line, visible
from harness.report.numbers import Numbers
from harness.report.sample_rows import Batch, group_by_cells
from harness.report.table import escape_html, image_of, to_html
from harness.report.verdict_matrix import ABSENT, matrices
from harness.report.view import View

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def page(view: View, card: Card, batches: list[Batch], pictures: Mapping[str, bytes]) -> str:
    """The page of a run; `pictures` are its figures by file name, of which the SVGs are embedded."""
    from markupsafe import Markup

    numbers = Numbers(view.tree, show=_data, dress=escape_html, code=in_code)
    images = {name.removesuffix(".svg"): Markup(base64.b64encode(picture).decode()) for name, picture in pictures.items() if name.endswith(".svg")}
    template = environment().get_template("index.html.j2")
    body = template.render(
        **names(numbers, view, card, batches),
        sample_groups=group_by_cells(batches),
        image=lambda stem: image_of(stem, images),
        blocks=lambda section: to_html(section.blocks, images),
        css=Markup(files("harness.report").joinpath("templates/page.css").read_text(encoding="utf-8")),
        matrices=matrices(view),
        symbols=views.SYMBOLS,
        absent=ABSENT,
        plan=plan_lines(view),
    )
    return f"{body.rstrip()}\n"


def environment() -> Environment:
    """HTML templates: everything is escaped, and an undefined name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("harness.report"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True, finalize=plain
    )
    found.filters |= {"shown": escape_html, "line": lambda text: escape_html(one_line(str(text))), "pretty": lambda value: escape_html(format_json(value))}
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
