"""Where data lie: a bare name is a file of the project, `package:` before it means what ships with harness. Neither stands in for the other."""

from __future__ import annotations

from pathlib import Path

PREFIX = "package:"
HERE = Path(__file__).parent


def resolve_data(root: Path, name: str) -> Path:
    """The path of `banks/x.jsonl` below the project's root, or of `package:banks/x.jsonl` among the shipped data."""
    return shipped_data() / name.removeprefix(PREFIX) if name.startswith(PREFIX) else root / name


def resolve_named(root: Path, kind: str, name: str) -> tuple[Path, str]:
    """(folder, name) of something in a folder of its kind: `villain` or `package:villain` in `personas`."""
    folder = resolve_data(root, f"{PREFIX}{kind}" if name.startswith(PREFIX) else kind)
    return folder, name.removeprefix(PREFIX)


def shipped_data() -> Path:
    """The folder that holds personas/, banks/ and model_sets/: inside the installed package, or the root of the checkout that is installed in place."""
    inside = HERE / "data"
    return inside if inside.is_dir() else HERE.parent
