"""The tests and options that the documentation names exist, and the reference is the code's. Sphinx checks the links (test_site.py)."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from harness.run.settings import OPTIONS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("[!.]*/*.md"), *ROOT.glob("docs/decisions/*.md"), *ROOT.glob("reports/examples/*.md")])


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_test_that_is_named_exists() -> None:
    """`tests/…::name` in any page is a function of that file, and `tests/….py` a file."""
    for page in PAGES:
        for path, name in re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", page.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{page} names {path}"
            assert not name or f"def {name}(" in text_of(path), f"{page} names {path}::{name}"


def test_every_option_that_is_named_exists() -> None:
    """A page names no option that the plugin does not have."""
    known = {option.flag for option in OPTIONS}
    for page in PAGES:
        assert set(re.findall(r"--harness-[a-z]+(?:-[a-z]+)*", page.read_text(encoding="utf-8"))) <= known, page


def test_the_reference_is_current() -> None:
    """Whoever changes an option, a fixture or a record runs `make docs`."""
    assert reference().text() == text_of("docs/reference.md")


def reference() -> Any:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_experiments_are_collected_together() -> None:
    """`pytest evals` finds every experiment, though their files bear the same names."""
    command = [sys.executable, "-m", "pytest", "evals", "--collect-only", "-q", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_"))}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout
    for folder in sorted(path.parent.name for path in (ROOT / "evals").glob("*/experiment.yaml")):
        assert f"evals/{folder}/test_gates.py::" in ran.stdout


def test_llms_txt_names_every_guide() -> None:
    """Each link of llms.txt leads to a file, and each guide and reference page of the site is among them."""
    linked = set(re.findall(r"\]\(([^)]+)\)", text_of("llms.txt")))
    assert all((ROOT / name).is_file() for name in linked)
    guides = yaml.safe_load(text_of("docs/toc.yml"))["subtrees"][0]["entries"]
    assert {f"{entry['file']}.md" for entry in guides} <= linked
