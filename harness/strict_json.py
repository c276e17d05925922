"""Text and JSON that come from outside, read strictly: UTF-8, nothing cut off, no NaN, and every mistake with its line."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from harness.errors import HarnessError
from harness.textfile import decode_text, read_bytes

# A string, in which NaN is a word, or one of the constants that Python reads and JSON does not know.
CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)', re.DOTALL)


class NotANumberError(ValueError):
    """NaN or an infinity stands where JSON has a value."""


def text_of(path: Path) -> tuple[str, str]:
    """(the text without a byte order mark, sha256 of the bytes). Raises HarnessError for a file that is missing, unreadable, empty or not UTF-8."""
    data = read_bytes(path)
    text = decode_text(data, path)
    if not text.strip():
        raise HarnessError("the file is empty", where=str(path), mend="Copy it again; an empty file holds no answers and no prompts.")
    return text, hashlib.sha256(data).hexdigest()


def refuse_constant(constant: str) -> NoReturn:
    raise NotANumberError(constant)


def refuse_repeated_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once: of two values neither counts."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return made


DECODER = json.JSONDecoder(parse_constant=refuse_constant, object_pairs_hook=refuse_repeated_keys)


def value_of(text: str, path: Path, first: int = 1) -> Any:
    """The JSON value of a text that begins in line `first` of its file. Raises HarnessError with the line."""
    try:
        return DECODER.decode(text)
    except NotANumberError as error:
        mend = "JSON has no such number; write null where a number is unknown."
        raise HarnessError(f"{error} is no JSON", where=f"{path}:{first + constant_line(text)}", mend=mend) from None
    except json.JSONDecodeError as error:
        cut = error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip())
        what = f"{'cut off' if cut else 'broken JSON'}: {error.msg.removesuffix(' at')}, column {error.colno}"
        raise HarnessError(what, where=f"{path}:{first + error.lineno - 1}", mend="Copy the file again; nothing is read around a broken place.") from None
    except (ValueError, RecursionError) as error:
        raise HarnessError(f"cannot be read as JSON: {str(error)[:80]}", where=f"{path}:{first}", mend="Copy the file again.") from None


def constant_line(text: str) -> int:
    """The line, from 0, of the first NaN or infinity outside of strings."""
    return next((text.count("\n", 0, found.start()) for found in CONSTANT.finditer(text) if found[1]), 0)
