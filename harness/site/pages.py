"""The pages of the site: jinja2 templates with everything escaped, one style and one script, both allowed by their hashes alone."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from harness.report import view as views
from harness.report.page import environment
from harness.report.table import escape_html
from harness.site.changes import format_side
from harness.site.runs import RunSummary, short
from harness.site.samples import SampleFile, SampleRow

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

GENERATOR = "harness site"  # in each page: only pages that say so are ever removed
PAGE_BYTES = 1_500_000  # of the rows of one page of samples
ROW_BYTES = 200_000  # a longer row is named and not shown: with it a page would pass 2 MB
DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # a commit or a sha256: its beginning will do
MINUTE = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z?")


class Faceted(Protocol):
    """A row that can be filtered."""

    @property
    def facets(self) -> Mapping[str, tuple[str, ...]]:
        """The values of each filter."""


class Pages:
    """Renders the pages of one site."""

    def __init__(self, site: Path, reports: Path) -> None:
        self.site, self.reports = site, reports

    @cached_property
    def templates(self) -> Environment:
        from jinja2 import PackageLoader
        from markupsafe import Markup

        found = environment().overlay(loader=PackageLoader("harness.site"))
        style, script = (files("harness.site").joinpath("assets", name).read_text(encoding="utf-8") for name in ("site.css", "site.js"))
        policy = (
            f"default-src 'none'; script-src {source_hash(script)}; style-src {source_hash(style)}; img-src data: 'self'; base-uri 'none'; form-action 'none'"
        )
        found.globals |= {"style": Markup(style), "script": Markup(script), "policy": policy, "generator": GENERATOR, "symbols": views.SYMBOLS}
        found.globals |= {"filters": filters, "side": format_side, "minute": minute}
        found.filters["cut"] = lambda text: escape_html(f"{text[:12]}…" if DIGEST.fullmatch(text) else short(text))
        return found

    def render(self, template: str, page: str, **names: Any) -> str:
        """The text of a page; `url` in a template leads from it to a place of the site, given from the root of the site."""
        home = (self.site / page).parent

        def url(target: str) -> str:
            return quote(Path(os.path.relpath(self.site / target, home)).as_posix())

        def source(run: RunSummary, name: str) -> str:
            return url(os.path.relpath(self.reports / run.folder / name, self.site))

        return self.templates.get_template(template).render(url=url, source=source, **names) + "\n"

    def fragment(self, macro: str, *values: Any) -> Markup:
        """What a macro of rows.html.j2 makes of some values."""
        found: Markup = getattr(self.templates.get_template("rows.html.j2").module, macro)(*values)
        return found


def source_hash(text: str) -> str:
    """How a content policy names an inline style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def filters(rows: Sequence[Faceted], names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """(name, values) of the filters that have something to choose from."""
    found = [(name, sorted({value for row in rows for value in row.facets[name]})) for name in names]
    return [(name, values) for name, values in found if len(values) > 1]


def minute(time: str) -> str:
    """A time to the minute; anything that is not an ISO time as it is."""
    found = MINUTE.fullmatch(time)
    return f"{found[1]} {found[2]}" if found else time


@dataclass
class SamplePage:
    """A page of samples that grows row by row: the files that it shows, its rows, their HTML, its bytes."""

    files: list[SampleFile] = field(default_factory=list)
    rows: list[SampleRow] = field(default_factory=list)
    parts: list[Markup] = field(default_factory=list)
    size: int = 0

    def add(self, html: Markup) -> None:
        self.parts.append(html)
        self.size += len(html.encode())


def sample_pages(pages: Pages, samples: Iterable[SampleFile]) -> list[SamplePage]:
    """The rows of all samples files on as few pages as their bytes allow, in the order of the files."""
    made = [SamplePage()]
    for file in samples:
        opening = pages.fragment("opening", file)
        made[-1].files.append(file)
        made[-1].add(opening)
        for row in file.rows:
            html = pages.fragment("sample", row)
            html = html if len(html.encode()) <= ROW_BYTES else pages.fragment("too_long", row)
            if made[-1].size + len(html.encode()) > PAGE_BYTES:
                made.append(SamplePage(files=[file]))
                made[-1].add(opening)
            made[-1].rows.append(row)
            made[-1].add(html)
    return [page for page in made if page.files]
