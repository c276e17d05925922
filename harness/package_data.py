"""Where data lie: a bare name is a file of the project, `package:` before it means what ships with harness. Neither stands in for the other."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from harness.errors import HarnessError

PREFIX = "package:"
KINDS = ("banks", "model_sets", "personas")
HERE = Path(__file__).parent


def resolve_data(root: Path, name: str) -> Path:
    """The path of `banks/x.jsonl` below the project's root, or of `package:banks/x.jsonl` among the shipped data."""
    return shipped_data() / shipped_name(name) if name.startswith(PREFIX) else root / name


def shipped_name(name: str) -> str:
    """`banks/x.jsonl` of `package:banks/x.jsonl`. Raises HarnessError for what lies elsewhere: in a checkout it may be there, once installed it is not."""
    inside = PurePosixPath(name.removeprefix(PREFIX))
    if inside.parts[:1] not in [(kind,) for kind in KINDS] or ".." in inside.parts:
        raise HarnessError(f"{name!r} does not ship with harness", mend=f"Begin it with one of: {', '.join(PREFIX + kind for kind in KINDS)}")
    return str(inside)


def resolve_named(root: Path, kind: str, name: str) -> tuple[Path, str]:
    """(folder, name) of something in a folder of its kind: `villain` or `package:villain` in `personas`."""
    folder = resolve_data(root, f"{PREFIX}{kind}" if name.startswith(PREFIX) else kind)
    return folder, name.removeprefix(PREFIX)


def shipped_too(path: str) -> str:
    """What a message adds where the project lacks `personas/villain.yaml` and harness ships it; "" where it does not."""
    kind, _, file = path.partition("/")
    if kind not in KINDS or not os.path.isfile(shipped_data() / path):
        return ""
    return f", or use {PREFIX}{path if kind == 'banks' else file.removesuffix('.yaml')}, which ships with harness"


def shipped_data() -> Path:
    """The folder that holds personas/, banks/ and model_sets/: inside the installed package, or the root of the checkout that is installed in place."""
    inside = HERE / "data"
    return inside if inside.is_dir() else HERE.parent


def shipped_pages() -> dict[str, Path]:
    """The pages of the documentation by their names: those inside the installed package, or those of the checkout that is installed in place."""
    inside = HERE / "data" / "docs"
    folder = inside if inside.is_dir() else HERE.parent / "docs"
    return {path.stem: path for path in sorted(folder.glob("*.md"))}
