"""`harness guide`: pages of the documentation, for whoever has the package and no checkout."""

from __future__ import annotations

import argparse
from typing import Any

from harness.cli.command import CLEAN, Answer, add_command
from harness.errors import HarnessError, nearest

FIRST = "agents"
MORE = "On a terminal it is wrapped at its width, and tables are drawn; a file or another program gets the Markdown as it is."


def add(commands: Any) -> None:
    guide = add_command(commands, "guide", run, "print a page of the documentation; without a name, the one page for coding agents and people in a hurry", MORE)
    guide.add_argument("page", nargs="?", default=FIRST, help="such as asking, python or reference (default: agents)")


def run(arguments: argparse.Namespace) -> Answer:
    """Raises HarnessError for a page that does not ship with the package."""
    from harness.cli.tables import UNBOUNDED, width, wrap
    from harness.cli.wrap_markdown import wrap_markdown
    from harness.package_data import shipped_pages

    pages = shipped_pages()
    if arguments.page not in pages:
        raise HarnessError(f"there is no page {arguments.page!r}", where="guide", mend=f"{nearest(arguments.page, pages)} Pages: {', '.join(pages)}")
    text = pages[arguments.page].read_text(encoding="utf-8")
    others = f"Pages (harness guide PAGE): {', '.join(pages)}"
    lines = wrap_markdown(text) if width() < UNBOUNDED else text.splitlines()
    return CLEAN, {"page": arguments.page, "text": text, "pages": list(pages)}, [*lines, "", *wrap(others)]
