"""Commands that a message tells the user to type: they work where they are pasted."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

DISTRIBUTION = "harness-evals"
MODULES = {"harness": "harness.cli", "pip": "pip", "pytest": "pytest"}
# The modules that each extra of pyproject.toml brings, those included that its packages need.
EXTRAS = {
    "local": "accelerate gguf huggingface_hub peft safetensors sklearn tokenizers torch transformers",
    "api": "anthropic httpx openai",
    "data": "pandas pyarrow",
    "fast": "llvmlite numba",
    "inspect": "zstandard",
    "ray": "ray",
    "serving": "fastapi uvicorn",
    "bench": "datasets lm_eval",
}
MISSING = re.compile(r"No (?:module named|package metadata was found for) '?([\w-]+)")


def command(program: str, *words: str | Path) -> str:
    """`program` (harness, pip or pytest) with its words, quoted for a shell; a path below the current folder is given from there.

    A program that is not this environment's where the user types it is called by its Python.
    """
    return shlex.join([*called(program), *map(shorten, words)])


def shorten(word: str | Path) -> str:
    """A path as seen from the current folder, where it lies below it."""
    return str(word.relative_to(Path.cwd())) if isinstance(word, Path) and word.is_absolute() and word.is_relative_to(Path.cwd()) else str(word)


@cache
def called(program: str) -> list[str]:
    """How a program of this environment is called here: by its name, where that is first in PATH, else by the Python that runs now."""
    found, own = shutil.which(program), os.path.dirname(sys.executable)
    if found and os.path.dirname(os.path.abspath(found)) == own:
        return [program]
    if program == "pip" and find_spec("pip") is None and shutil.which("uv"):
        return ["uv", "pip"]
    return [shorten(Path(sys.executable)), "-m", MODULES[program]]


def install(*requirements: str) -> str:
    """The command that installs requirements (and options) into this environment."""
    own = ["--python", sys.executable] if called("pip")[0] == "uv" else []
    return command("pip", "install", *own, *requirements)


def install_extra(name: str) -> str:
    """The command that installs an extra of this package."""
    return install(f"{DISTRIBUTION}[{name}]")


def install_missing(text: str) -> str:
    """The command that installs the extra which holds the module that an error says is missing; "" where it is none of this package's."""
    missing = MISSING.search(text)
    extra = next((extra for extra, modules in EXTRAS.items() if missing and missing[1].replace("-", "_") in modules.split()), "")
    return install_extra(extra) if extra else ""
