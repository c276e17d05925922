"""`harness --version`: which code answers."""

from __future__ import annotations

import argparse
import platform
from pathlib import Path
from typing import Any

import harness
from harness.cli.command import write_out
from harness.commands import DISTRIBUTION


class PrintVersion(argparse.Action):
    """Prints the version and ends."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:  # noqa: ARG002
        write_out(version_line(Path(harness.__file__).parent.parent))
        parser.exit()


def version_line(root: Path) -> str:
    """`harness-evals 0.1.0 (commit 0d3cdab4, changed), Python 3.11.7`; `root` is the folder that holds the package: a checkout, or site-packages."""
    from harness.git import commit_of

    commit, changed = commit_of(root) if (root / ".git").exists() else (None, None)
    of = f" (commit {commit[:8]}{', changed' if changed else ''})" if commit else ""
    return f"{DISTRIBUTION} {harness.__version__}{of}, Python {platform.python_version()}"
