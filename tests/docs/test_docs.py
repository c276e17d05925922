"""The documentation says what is so: its example works, its links lead somewhere, the tests it names exist, the reference is the code's."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.run.settings import OPTIONS

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path for path in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("reports/examples/*.md")] if ".venv" not in path.parts
)
FILE = re.compile(r"<!-- file: (?P<path>\S+) -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)
BLOCK = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
PARSERS = {"yaml": yaml.safe_load, "python": ast.parse}
LINK = re.compile(r"\]\((?!https?://|#)(?P<to>[^)#\s]+)")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with our fixtures, personas and banks, and no experiment but the one that evals/README.md writes."""
    for name in ("fixtures", "personas", "banks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pytest.ini",):
        shutil.copy(ROOT / name, tmp_path / name)
    for found in FILE.finditer(text_of("evals/README.md")):
        path = tmp_path / found["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found["text"], encoding="utf-8")
    return tmp_path


def command(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in the project, as a newcomer types it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_"))}
    program = (
        [sys.executable, "-c", "import sys; from harness.cli import main; sys.exit(main())"] if words[0] == "harness" else [sys.executable, "-m", words[0]]
    )
    return subprocess.run([*program, *words[1:]], cwd=project, env=clean, capture_output=True, text=True, timeout=60)


def test_the_example_is_collected(project: Path) -> None:
    """The three files of evals/README.md are an experiment of four cells."""
    done = command(project, "pytest", "evals", "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(line.partition("::")[2] for line in done.stdout.splitlines() if "::" in line) == [
        "test_a_careful_role_lowers_agreement[package:librarian]",
        "test_a_careful_role_lowers_agreement[package:medical_doctor]",
        "test_other_words_for_the_assistant_do_not_count_as_care",
        "test_there_is_room_to_fall",
    ]


def test_the_example_is_planned_as_told(project: Path) -> None:
    """`harness plan` prints the block that evals/README.md shows, but for the simulation's fine print."""
    pytest.importorskip("gguf")
    done = command(project, "harness", "plan", "evals/careful_roles")
    if "is not installed" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    shown = next(found["text"] for found in BLOCK.finditer(text_of("evals/README.md")) if found["text"].startswith("plan of"))
    assert [line.partition(" (1000")[0] for line in done.stdout.splitlines()] == [line.partition(" (1000")[0] for line in shown.splitlines()]


def test_mistakes_are_told_as_shown(project: Path) -> None:
    """The lines of "Break it" are those that the commands print."""
    told = text_of("evals/README.md")
    declared, tests = project / "evals/careful_roles/experiment.yaml", project / "evals/careful_roles/test_careful_roles.py"
    for path, old, new in (
        (declared, "unit: pp", "unti: pp"),
        (declared, "at_least: 1", "at_least: 3"),
        (declared, "medical_doctor]", "assistant]"),
        (tests, 'needs="G1"', 'needs="G7"'),
    ):
        before = path.read_text(encoding="utf-8")
        path.write_text(before.replace(old, new), encoding="utf-8")
        done = command(project, "harness", "plan", "evals/careful_roles", "--json")
        path.write_text(before, encoding="utf-8")
        assert done.returncode == 2, done.stderr
        line = json.loads(done.stdout)["error"]
        assert line[line.index(path.name) :] in told, line


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    """A link names a file or folder of the repository."""
    targets = [found["to"] for found in LINK.finditer(page.read_text(encoding="utf-8"))]
    lost = [to for to in targets if not (page.parent / to).exists()]
    assert not lost, f"{named(page)} links to {lost}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_block_of_yaml_and_python_is_valid(page: Path) -> None:
    """What is shown as YAML or Python parses as such."""
    blocks = [found for found in BLOCK.finditer(page.read_text(encoding="utf-8")) if found["kind"] in PARSERS]
    wrong = [f"{found['text']}\n{why}" for found in blocks if (why := complaint(found))]
    assert not wrong, "\n".join([named(page), *wrong])


def complaint(block: re.Match[str]) -> str:
    """Why a block does not parse as what it is said to be; empty where it does."""
    try:
        PARSERS[block["kind"]](block["text"])
    except (yaml.YAMLError, SyntaxError) as error:
        return str(error) or type(error).__name__
    return ""


def test_every_test_that_is_named_exists() -> None:
    """`tests/…::name` in any page is a function of that file, and `tests/….py` a file."""
    for page in PAGES:
        for path, name in re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", page.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{named(page)} names {path}"
            assert not name or f"def {name}(" in text_of(path), f"{named(page)} names {path}::{name}"


def test_every_option_that_is_named_exists() -> None:
    """A page names no option that the plugin does not have."""
    known = {option.flag for option in OPTIONS}
    for page in PAGES:
        assert set(re.findall(r"--harness-[a-z]+(?:-[a-z]+)*", page.read_text(encoding="utf-8"))) <= known, named(page)


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
    ran = command(ROOT, "pytest", "evals", "--collect-only", "-q", "-p", "no:cacheprovider")
    assert ran.returncode == 0, ran.stdout
    for folder in sorted(path.parent.name for path in (ROOT / "evals").glob("*/experiment.yaml")):
        assert f"evals/{folder}/test_gates.py::" in ran.stdout
