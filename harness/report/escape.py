"""Text that somebody else wrote (a model, a test's assertion message) made harmless: shown, never obeyed.

Control characters, terminal escapes, bidirectional overrides, zero-width and tag characters become visible escapes such as `\\x1b` and `\\u202e`.
"""

from __future__ import annotations

import re

from harness.plaintext import escape_of, is_hidden, one_line, visible

__all__ = ["code", "fence_text", "in_markdown", "longest_run", "one_line", "pieces", "visible"]

WEB = r"(?<![^\s`|])[^\s`|]*(?:https?://|www\.)[^\s`|]*[^\s`|.,;:!?]"  # a web address, with what is written onto it
MARKDOWN = re.compile(rf"(?P<web>{WEB})|[\\`*\[\]<>|~$]|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])")
LEADING = re.compile(r"^(\s*)([#+\-=>]|\d+[.)](?=\s))")


def pieces(text: str, *, keep: str = "\n\t") -> list[tuple[str, bool]]:
    """The text as runs of (shown, is_escape); the characters in `keep` stay as they are."""
    rest = text.translate(dict.fromkeys(map(ord, keep)))
    if rest.isascii() and rest.isprintable():  # nearly every text: known at once
        return [(text, False)] if text else []
    runs: list[tuple[str, bool]] = []
    for char in text:
        strange = char not in keep and is_hidden(char)
        shown = escape_of(char) if strange else char
        if runs and runs[-1][1] == strange:
            runs[-1] = (runs[-1][0] + shown, strange)
        else:
            runs.append((shown, strange))
    return runs


def in_markdown(text: str) -> str:
    """The text as one line of Markdown that renders as itself: no markup, link, image, HTML, table cell or heading comes out of it.

    Web addresses are code: elsewhere GitHub makes links of them, with the escapes inside.
    """
    escaped = MARKDOWN.sub(lambda found: f"`{found[0]}`" if found["web"] else f"\\{found[0]}", one_line(text))
    return LEADING.sub(lambda found: f"{found[1]}{_leading(found[2])}", escaped)


def _leading(mark: str) -> str:
    return f"{mark[:-1]}\\{mark[-1]}" if mark[-1] in ".)" else f"\\{mark}"


def longest_run(text: str, char: str = "`") -> int:
    """The length of the longest run of a character."""
    return max((len(run) for run in re.findall(f"{re.escape(char)}+", text)), default=0)


def fence_text(text: str) -> str:
    """The text as a Markdown code block whose fence is longer than any run of backticks inside."""
    body = visible(text.replace("\r\n", "\n"))
    fence = "`" * max(3, longest_run(body) + 1)
    return f"{fence}text\n{body}\n{fence}"


def code(text: str, *, table: bool = False) -> str:
    """The text as a Markdown code span; in a table its pipes are escaped, since a table is split before code is seen."""
    body = one_line(text) or " "
    fence = "`" * (longest_run(body) + 1)
    pad = " " if body.startswith("`") or body.endswith("`") else ""
    span = f"{fence}{pad}{body}{pad}{fence}"
    return span.replace("|", "\\|") if table else span
