"""A report of `harness check` is kept until something changes that it rests on, and is then made again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from harness.check.read_files import ReadFiles, state_of
from toy import Toy, harness

# A rule of the project that reads the plan and a model set, and leaves a line wherever it runs.
CONFTEST = '''


def pytest_harness_checks():
    from harness.findings import found, rule

    @rule("ZZ101", "coins", needs=("universe", "personas", "yaml"), severity="warning", source="a coin was overlooked")
    def find_coins(facts):
        """It matters.

        Bad: one.

        Good: none.
        """
        log("checked")
        words = [persona.prompt for persona in facts.personas.values()] + [entry.sha256 for entry in facts.universe.inputs]
        words += (HERE / "model_sets/coins.yaml").read_text().split()
        yield found(f"{len(facts.tests)} tests", where=facts.place("roles"), fix="Count them", evidence=words)

    return [find_coins]
'''


@pytest.fixture
def project(toy: Toy) -> Toy:
    toy.write("conftest.py", (toy.root / "conftest.py").read_text() + CONFTEST)
    toy.write("model_sets/coins.yaml", "models: [fair]\n")
    toy.write("helper.py", "SIDES = 2\n")
    toy.edit("evals/coins/test_coins.py", "from harness import", "import helper\nfrom harness import")
    toy.write("pytest.ini", "[pytest]\npythonpath = .\n")
    toy.write("thrown", "")
    return toy


def check(toy: Toy, *words: str) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = json.loads(harness(toy, "check", "evals", "--format", "json", *words).stdout)["findings"]
    return findings


def times(toy: Toy) -> int:
    """How often the rule has run."""
    return toy.thrown().count("checked")


def test_an_equal_check_is_read_from_the_store(project: Toy) -> None:
    first = check(project)
    assert first and check(project) == first and times(project) == 1
    assert harness(project, "check", "evals").stdout.startswith("evals/coins/experiment.yaml:4 ZZ101 ") and times(project) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("personas/villain.yaml", "id: villain\nname: villain\nprompt: You are mean.\nroles: [source]\nnote: For tests.\n"),
        ("banks/coins.jsonl", '{"id": "two"}\n'),
        ("banks/more.jsonl", '{"id": "three"}\n'),
        ("model_sets/coins.yaml", "models: [bent]\n"),
        ("helper.py", "SIDES = 3\n"),
        ("helper/__init__.py", "SIDES = 3\n"),
        ("pytest.ini", "[pytest]\npythonpath = . evals\n"),
        ("evals/coins/test_more.py", "def test_more(): pass\n"),
        ("evals/coins/conftest.py", "X = 1\n"),
        ("evals/conftest.py", "X = 1\n"),
        ("evals/coins/experiment.lock.json", "{}\n"),
        ("evals/more/test_other.py", "def test_other(): pass\n"),
    ],
)
def test_a_file_that_is_changed_or_new_makes_it_again(project: Toy, name: str, text: str) -> None:
    check(project)
    project.write(name, text)
    harness(project, "check", "evals")
    (kept,) = (project.root / ".harness/store/checks").rglob("*.json")
    assert times(project) == 2 or "lock" in name, kept.read_text()[:2000]  # an altered lock is refused before a rule runs


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("evals/coins/experiment.yaml", "question: Which coins are biased?", "question: Which?"),
        ("evals/coins/test_coins.py", "The bank is there.", "There is a bank."),
        ("conftest.py", "It matters.", "It matters much."),
    ],
)
def test_an_edit_makes_it_again(project: Toy, name: str, old: str, new: str) -> None:
    check(project)
    project.edit(name, old, new)
    check(project)
    assert times(project) == 2


@pytest.mark.parametrize("name", ["banks/coins.jsonl", "evals/coins/test_coins.py", "helper.py", "personas/villain.yaml"])
def test_a_file_that_is_gone_makes_it_again(project: Toy, name: str) -> None:
    first = check(project)
    (project.root / name).unlink()
    done = harness(project, "check", "evals", "--format", "json")
    assert done.returncode in (1, 2) and json.loads(done.stdout or "{}").get("findings") != first and "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("--scale", "full"), ("--select", "ZZ")])
def test_other_arguments_make_another_report(project: Toy, words: tuple[str, ...]) -> None:
    check(project)
    check(project, *words)
    check(project, *words)
    assert times(project) == 2


def test_a_variable_of_the_environment_makes_it_again(project: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conftest may read any of them."""
    check(project)
    monkeypatch.setenv("COIN_FLAT", "1")
    check(project)
    assert times(project) == 2


def test_a_run_in_between_changes_nothing(project: Toy) -> None:
    """What runs write (reports, the store) is nothing that a check rests on."""
    check(project)
    project.run("-k", "bank")
    check(project)
    assert times(project) == 2  # once at the first check, and never by the run at smoke scale but for the folder reports/ in the root
    check(project)
    project.run("-k", "bank")
    check(project)
    assert times(project) == 2


def test_a_report_with_a_rule_that_did_not_run_is_not_kept(project: Toy) -> None:
    """What it lacked may be there next time."""
    project.edit("conftest.py", '        log("checked")\n', "        log(\"checked\")\n        raise OSError('no tokenizer')\n")
    for count in (1, 2):
        assert json.loads(harness(project, "check", "evals", "--format", "json").stdout)["not_run"] and times(project) == count


def test_a_report_is_kept_until_what_a_rule_lacked_appears(project: Toy) -> None:
    """Where the rule says in which places that would be."""
    lacking = "from harness.findings import MissingFact\n        raise MissingFact('no tokenizer', places=[HERE / 'models/m'])"
    project.edit("conftest.py", '        log("checked")\n', f'        log("checked")\n        {lacking}\n')
    for _ in range(2):
        assert json.loads(harness(project, "check", "evals", "--format", "json").stdout)["not_run"] and times(project) == 1
    project.write("models/m/snapshots/1/tokenizer.json", "{}")
    check(project)
    check(project)
    assert times(project) == 2
    project.write("models/m/snapshots/1/tokenizer.json", "{ }")
    check(project)
    assert times(project) == 3


def test_a_refused_experiment_keeps_nothing(project: Toy) -> None:
    project.edit("evals/coins/experiment.yaml", "primary:", "primry:")
    assert harness(project, "check", "evals").returncode == 2 and not (project.root / ".harness").exists()
    project.edit("evals/coins/experiment.yaml", "primry:", "primary:")
    assert check(project)


def test_a_damaged_entry_is_made_again(project: Toy) -> None:
    first = check(project)
    (kept,) = (project.root / ".harness/store/checks").rglob("*.json")
    kept.write_text(kept.read_text().replace("Count them", "Forget it"))
    assert check(project) == first and times(project) == 2


def test_a_store_that_cannot_be_written_costs_time_alone(project: Toy) -> None:
    project.write(".harness", "a file stands where the folder would be\n")
    assert check(project) == check(project) and times(project) == 2


def test_collecting_writes_nothing(project: Toy) -> None:
    before = sorted(project.root.rglob("*"))
    assert project.run("--collect-only", "-p", "no:cacheprovider").returncode == 0
    assert [path for path in sorted(project.root.rglob("*")) if "__pycache__" not in path.parts] == [path for path in before if "__pycache__" not in path.parts]


# The files that are read


@pytest.fixture
def reading() -> ReadFiles:
    """A recorder whose hook is called by hand: one of the process could not be taken off again."""
    return ReadFiles()


def test_files_of_a_model_count_that_native_code_reads(reading: ReadFiles, tmp_path: Path) -> None:
    """The tokenizer's own file is read in Rust; Python opens the settings beside it."""
    for name in ("tokenizer_config.json", "tokenizer.json", "chat_template.jinja", "README.md"):
        (tmp_path / name).write_text("{}")
    reading.hook("open", (str(tmp_path / "tokenizer_config.json"), "r", os.O_RDONLY))
    states = reading.states(tmp_path / "project")
    assert states is not None and {Path(path).name for path in states} == {"tokenizer_config.json", "tokenizer.json", "chat_template.jinja"}
    (tmp_path / "chat_template.jinja").write_text("{{ bos }}")
    assert [Path(path).name for path, state in states.items() if state_of(path) != state] == ["chat_template.jinja"]


def test_what_is_written_is_not_read(reading: ReadFiles, tmp_path: Path) -> None:
    for flags in (os.O_WRONLY | os.O_CREAT, os.O_RDWR, os.O_WRONLY | os.O_APPEND):
        reading.hook("open", (str(tmp_path / "x"), None, flags))
    reading.hook("open", (str(tmp_path / ".harness/store/plans/x.json"), "r", os.O_RDONLY))
    reading.hook("open", (3, "r", os.O_RDONLY))
    assert not [path for path in reading.first if path.startswith(str(tmp_path))]


def test_a_file_that_changes_while_it_is_checked_keeps_no_report(reading: ReadFiles, tmp_path: Path) -> None:
    (tmp_path / "bank").write_text("one")
    reading.hook("open", (str(tmp_path / "bank"), "r", os.O_RDONLY))
    assert reading.states(tmp_path) is not None
    (tmp_path / "bank").write_text("one and two")
    assert reading.states(tmp_path) is None


def test_a_file_that_was_looked_for_in_vain_counts(reading: ReadFiles, tmp_path: Path) -> None:
    reading.hook("open", (str(tmp_path / "score.yaml"), "r", os.O_RDONLY))
    states = reading.states(tmp_path / "project")
    assert states == {str(tmp_path / "score.yaml"): "absent"}


def test_a_compiled_module_counts_by_its_source(reading: ReadFiles, tmp_path: Path) -> None:
    reading.hook("open", (str(tmp_path / "__pycache__/helper.cpython-311.pyc"), "rb", os.O_RDONLY))
    assert list(reading.first) == [str(tmp_path / "helper.py")]


def test_large_files_are_compared_by_size_and_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.check.read_files.HASHED", 3)
    (tmp_path / "weights").write_text("large")
    assert state_of(str(tmp_path / "weights")).startswith("5 ")
