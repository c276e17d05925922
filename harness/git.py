"""What git knows of a checkout. Every answer is None where there is no git or no checkout: nothing may depend on it."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path


def ask_git(root: Path, *words: str) -> str | None:
    """What a git command prints, without the last newline; None where it fails."""
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, encoding="utf-8", errors="replace", timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def commit_of(root: Path) -> tuple[str | None, bool | None]:
    """(commit, whether tracked files differ from it), or (None, None) where there is no git checkout."""
    commit = ask_git(root, "rev-parse", "HEAD")
    if commit is None:
        return None, None
    # Reports and locks written by the runs themselves are not the code that ran.
    return commit, bool(ask_git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!reports"))


def author_of(root: Path) -> str:
    """Who works here: git's user.name, else the login name, "" where neither is known."""
    try:
        return ask_git(root, "config", "user.name") or getpass.getuser()
    except (OSError, KeyError):
        return ""


def first_commit(path: Path) -> tuple[str, str, str] | None:
    """(time in UTC, commit, author) of the commit that added a file; None where it is not in git."""
    told = ask_git(path.parent, "log", "--diff-filter=A", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd%x09%H%x09%an", "--", path.name)
    parts = (told or "").splitlines()[-1:]
    time, _, rest = parts[0].partition("\t") if parts else ("", "", "")
    commit, _, author = rest.partition("\t")
    return (time, commit, author) if commit else None
