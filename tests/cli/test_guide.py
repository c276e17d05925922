"""`harness guide` on a terminal and in a pipe."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from harness.cli import main
from harness.cli.wrap_markdown import wrap_markdown
from harness.package_data import shipped_pages

CODE = re.compile(r"```.*?```", re.DOTALL)
MARKUP = re.compile(r"[-|\\\s]")


@pytest.fixture(params=[40, 80, 200])
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The width of a terminal."""
    width: int = request.param
    for module in ("tables", "wrap_markdown", "guide"):
        monkeypatch.setattr(f"harness.cli.{module}.width", lambda: width, raising=False)
    return width


def test_a_pipe_gets_the_markdown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    for name, path in shipped_pages().items():
        assert main(["guide", name]) == 0 and capsys.readouterr().out.startswith(path.read_text(encoding="utf-8").rstrip())


def test_every_page_fits_the_terminal_and_keeps_its_words_and_its_code(columns: int) -> None:
    """Code, headings and words that are wider stay whole: nothing else is wider than the terminal, and nothing is lost or moved."""
    for path in shipped_pages().values():
        text = path.read_text(encoding="utf-8")
        shown = "\n".join(wrap_markdown(text))
        assert CODE.findall(shown) == CODE.findall(text)
        rest = [line for line in CODE.sub("", shown).splitlines() if not re.match("#|<!--", line) and max(map(len, line.split()), default=0) < columns - 6]
        assert max(map(len, rest)) <= columns, path
        assert Counter(MARKUP.sub("", CODE.sub("", shown))) == Counter(MARKUP.sub("", CODE.sub("", text))), path


@pytest.mark.parametrize("columns", [30], indirect=True)
def test_what_a_terminal_shows(columns: int) -> None:
    """Lines of one paragraph are joined, items hang, tables have columns, code does not move."""
    page = """\
# A heading that is wider than the terminal

A paragraph whose words go on
for two lines, with `a name`.
- an item that is longer than a line
  and goes on
  - one inside it, which is long, too
1. a numbered one of some length here
<!-- file: a/very/long/path/of/a/file.yaml -->
```sh
a command --that is --wider than the terminal
| no table

```
| name | what it is |
|---|---:|
| `a\\|b` | a cell of so many words |
| c | |
After it."""
    assert wrap_markdown(page) == [
        "# A heading that is wider than the terminal",
        "",
        "A paragraph whose words go on",
        "for two lines, with `a name`.",
        "- an item that is longer than",
        "  a line and goes on",
        "  - one inside it, which is",
        "    long, too",
        "1. a numbered one of some",
        "   length here",
        "<!-- file: a/very/long/path/of/a/file.yaml -->",
        "```sh",
        "a command --that is --wider than the terminal",
        "| no table",
        "",
        "```",
        "name   what it is",
        "----   ----------",
        "`a|b`  a cell of so many words",
        "c",
        "After it.",
    ]


def test_the_command_wraps_on_a_terminal(columns: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Also the list of pages below."""
    assert main(["guide", "guarantees"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = lines[next(number for number, line in enumerate(lines) if line.startswith("Pages (harness guide PAGE):")) :]
    assert max(map(len, listed)) <= columns and "runs" in " ".join(listed)
