"""Every fenced block of a page is run or checked, by its language.

The pages of RUN are run from top to bottom: a block below `<!-- file: PATH -->` is written to that file, commands are run, and a block of text is compared
with the output of the commands above it. A block that cannot run says why: `<!-- not run: REASON -->`. Syntax, programs and options are checked all the same.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from harness import cli

ROOT = Path(__file__).parents[2]
RUN = ("evals/README.md", "README.md")
RUN_ON_EXAMPLES = ("docs/runs.md",)  # where reports/examples and reports/parents are
# A page whose files and edits are written and run by tests of their own.
RUN_ELSEWHERE = {
    "docs/extending.md": ("tests/test_fourth_domain.py", "tests/test_extending.py"),
    "docs/ci.md": ("tests/docs/test_ci_workflow.py",),
    "docs/asking.md": ("tests/docs/test_asking_page.py",),
    "docs/exchange.md": ("tests/docs/test_exchange.py",),
}
COMMENT = re.compile(r"<!-- (?P<key>file|edit|not run): (?P<value>.+) -->")


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    text: str
    file: str = ""
    edit: str = ""
    not_run: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def read_blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, each with the comment directly above it."""
    tokens = MarkdownIt().parse((ROOT / page).read_text(encoding="utf-8"))
    blocks = []
    for above, token in pairwise([None, *tokens]):
        if token is not None and token.type == "fence" and token.map:
            comment = COMMENT.match(above.content) if above and above.type == "html_block" else None
            marks = {comment["key"].replace(" ", "_"): comment["value"]} if comment else {}
            blocks.append(Block(page, token.map[0] + 1, token.info, token.content, **marks))
    return blocks


PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *ROOT.glob("[!.]*/README.md"), *ROOT.glob("docs/*.md")])
BLOCKS = [block for page in PAGES for block in read_blocks(page)]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_is_handled(block: Block, pytestconfig: pytest.Config) -> None:
    """Its language has a check; its files and its text are run, or it says why they are not."""
    check_language(block, pytestconfig)
    if block.file or block.edit:
        tests = RUN_ELSEWHERE.get(block.page, ())
        assert block.page in RUN or any(block.page in (ROOT / test).read_text(encoding="utf-8") for test in tests), f"{block}: no test writes this file"
    elif block.language == "text":
        assert block.page in (*RUN, *RUN_ON_EXAMPLES) or block.not_run, f"{block}: nothing compares this text; say `<!-- not run: why -->`"


def check_language(block: Block, config: pytest.Config) -> None:
    checks: dict[str, Callable[[], object]] = {
        "diff": lambda: check_edit(block),
        "jsonl": lambda: [json.loads(line) for line in block.text.splitlines()],
        "python": lambda: check_python(block.text),
        "sh": lambda: check_commands(block, config),
        "text": lambda: None,
        "toml": lambda: check_entry_points(block),
        "yaml": lambda: yaml.safe_load(block.text),
    }
    assert block.language in checks, f"{block}: no check for blocks of {block.language or 'no language'}"
    checks[block.language]()


def check_edit(block: Block) -> None:
    """The removed lines are in the file that the comment above names."""
    text = (ROOT / block.edit).read_text(encoding="utf-8")
    assert block.edit and all(line[1:] in text for line in block.text.splitlines() if line.startswith("-")), block


def check_python(code: str) -> None:
    """It parses, and what it imports from this package exists."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "harness":
            module = import_module(str(node.module))
            assert all(hasattr(module, alias.name) for alias in node.names), ast.unparse(node)


def check_entry_points(block: Block) -> None:
    """Each entry point names an object that a file of the same page defines."""
    files = {other.file: other.text for other in BLOCKS if other.page == block.page}
    for group in tomllib.loads(block.text)["project"]["entry-points"].values():
        for module, _, name in (address.partition(":") for address in group.values()):
            path = module.replace(".", "/")
            text = files.get(f"{path}.py") or files[f"{path}/__init__.py"]
            assert re.search(rf"^(def {name}\(|{name} =)", text, re.MULTILINE), f"{module}:{name}"


def check_commands(block: Block, config: pytest.Config) -> None:
    """Each program is known here, and its own parser takes the options. `<words>` stand for a value of the reader's."""
    for line in block.text.splitlines():
        for command in re.split(r"&&|\|", re.sub(r"<[^>]*>", "VALUE", line)):
            program, *words = shlex.split(command, comments=True) or [""]
            assert program in PROGRAMS, f"{block}: no check for the program {program!r}"
            PROGRAMS[program](words, block, config)


def check_make(words: list[str], block: Block, config: pytest.Config) -> None:
    check_target(words)


def check_target(words: list[str]) -> None:
    """With `--always-make` every target prints its recipe; a file or folder that bears the name does not."""
    command = ["make", "--dry-run", "--always-make", *words]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    assert "Nothing to be done" not in done.stdout, f"make has no target {words}"


def check_harness(words: list[str], block: Block, config: pytest.Config) -> None:
    cli.parser().parse_args(words)


def check_pip(words: list[str], block: Block, config: pytest.Config) -> None:
    """With `--help` pip reads the options before it and installs nothing."""
    subprocess.run([sys.executable, "-m", "pip", *words, "--help"], check=True, capture_output=True, timeout=60)


def check_pytest(words: list[str], block: Block, config: pytest.Config) -> None:
    known, unknown = config._parser.parse_known_and_unknown_args(words)
    assert not unknown, f"{block}: pytest has no {unknown}"
    for path in known.file_or_dir:
        written = any(other.file.startswith(f"{path}/") for other in BLOCKS) or "harness init" in block.text
        assert written or (ROOT / path).exists(), f"{block}: there is no {path}"


def accept(words: list[str], block: Block, config: pytest.Config) -> None:
    """A command of the shell."""


PROGRAMS = {"": accept, ".": accept, "sed": accept, "make": check_make, "harness": check_harness, "pip": check_pip, "pytest": check_pytest}


def test_inline_commands_exist() -> None:
    """`make TARGET` and `python FILE` in a sentence or a table, which are no blocks."""
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in set(re.findall(r"`make ([^`]+)`", text)):
            check_target(target.split())
        for script in re.findall(r"`python (\S+\.py)[^`]*`", text):
            assert (ROOT / script).exists(), f"{page} names {script}"


@pytest.mark.parametrize("page", sorted({block.page for block in BLOCKS if block.language == "python" and not block.file and not block.not_run}))
def test_python_blocks_run(page: str, tmp_path: Path) -> None:
    """The blocks of a page are run as one script, since later ones use names of earlier ones."""
    code = "\n".join(block.text for block in read_blocks(page) if block.language == "python" and not block.file and not block.not_run)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-"], input=code, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


class Project:
    """A folder in which the commands of a page are run as a newcomer types them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("pytest.ini", "[pytest]\n")

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_"))}
        environment |= {"COLUMNS": "120", "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(command, shell=True, cwd=self.root, env=environment, capture_output=True, text=True, timeout=600)
        if "is not installed" in done.stderr:
            pytest.skip(done.stderr.strip())
        return done


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with the experiment of the guide."""
    project = Project(tmp_path)
    for block in read_blocks("evals/README.md"):
        if block.file or block.edit:
            project.write(block.file, block.text)
    return project


def test_pages_show_what_their_commands_print(project: Project) -> None:
    """The guide and the README, one after the other: the second reuses samples of the first."""
    for page in RUN:
        output = ""
        for block in read_blocks(page):
            if block.file or block.edit:
                project.write(block.file, block.text)
            elif block.language == "sh" and not block.not_run:
                done = project.run(block.text)
                assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
                output = done.stdout
            elif block.language == "text" and not block.not_run:
                compare_output(block, output)
    check_run_folder(project.root / "reports/careful_roles/latest")


@pytest.mark.parametrize("page", RUN_ON_EXAMPLES)
def test_pages_on_the_examples_show_what_their_commands_print(page: str, tmp_path: Path) -> None:
    """In a copy of them; a command that finds differences says so by its exit code."""
    project, output = Project(tmp_path), ""
    for name in ("examples", "parents"):
        shutil.copytree(ROOT / "reports" / name, tmp_path / "reports" / name)
    for block in read_blocks(page):
        if block.language == "sh":
            done = project.run(block.text)
            assert done.returncode in (0, 1) and not done.stderr, f"{block}\n{done.stdout}{done.stderr}"
            output = done.stdout
        elif block.language == "text":
            compare_output(block, output)


def compare_output(block: Block, output: str) -> None:
    """Each line of the block is a line of the output, in the same order. `…` stands for anything."""
    lines = iter(line.rstrip() for line in output.splitlines())
    for shown in block.text.splitlines():
        # Where a test is slow, its progress breaks pytest's line of letters.
        if shown.strip() not in ("", "…") and not shown.endswith("%]"):
            pattern = re.escape(re.sub(r"\d{8}-\d{6}-\w{4}", "RUN", shown)).replace("…", ".*").replace("RUN", r"\d{8}-\d{6}-\w{4}")
            assert any(re.fullmatch(pattern, line) for line in lines), f"{block}: not printed: {shown}\n{output}"


def check_run_folder(run: Path) -> None:
    """A run holds what docs/reports.md lists."""
    listing = next(block.text for block in BLOCKS if block.page == "docs/reports.md" and block.language == "text")
    names = re.findall(r"^  (\S+)", listing, re.MULTILINE)
    assert names
    assert not [name for name in names if not (run / name).exists()]


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("experiment.yaml", "unit: pp", "unti: pp"),
        ("experiment.yaml", "at_least: 1", "at_least: 3"),
        ("experiment.yaml", "medical_doctor]", "assistant]"),
        ("test_careful_roles.py", 'needs="G1"', 'needs="G7"'),
    ],
)
def test_an_error_is_reported_as_shown(project: Project, path: str, old: str, new: str) -> None:
    """The messages of "Break it" are those that the command prints."""
    file = project.root / "evals/careful_roles" / path
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    done = project.run("harness plan evals/careful_roles --json")
    assert done.returncode == 2, done.stderr
    message = json.loads(done.stdout)["error"]
    assert message[message.index(path) :] in (ROOT / "evals/README.md").read_text(encoding="utf-8"), message
