"""Shipped data are what `package:` names: listed, hashed and locked like one's own, and never a stand-in for them."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from fork_server import run_python
from harness import package_data
from harness.code_dependencies import Dependencies
from harness.design.experiment import experiment_in
from harness.design.persona import find_persona
from harness.design.preregistration import compare_with_lock, inputs_of, promise_of, write_lock
from harness.errors import HarnessError
from harness.extensions import behaviour_named
from harness.fixtures.banks import bank_folder, bank_name

DECLARED = """\
id: shipped
title: What ships is named
question: Is it?
roles:
  source: ["package:villain"]
axes:
  persona: {role: source}
thresholds:
  rate: {value: 5, unit: pp, direction: increase}
hypotheses:
  H1:
    cells: [persona]
    rule: {at_least: 1, of: persona}
    thresholds: [rate]
primary: H1
inputs: ["package:banks/x.jsonl"]
scales:
  smoke:
    settings: {banks: "package:banks"}
"""
TESTS = '''\
"""A cell that says what it was given."""

from harness import hypothesis


@hypothesis("H1")
def test_what_ships_is_read(persona, persona_of):
    """The prompt is the shipped one."""
    raise ValueError(persona_of(persona).prompt)
'''
PERSONA = "id: {name}\nname: {name}\nprompt: You are the {whose} {name}.\nroles: [source]\nnote: For tests.\n"
STATEMENT = '{"id": "one", "topic": "sky", "statement": "The sky is green.", "correction": "The sky is blue."}\n'


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small stand-in for the data inside an installed package."""
    inside = tmp_path / "site/harness/data"
    write(inside, "personas/villain.yaml", PERSONA.format(name="villain", whose="shipped"))
    write(inside, "banks/x.jsonl", "1\n2\n")
    write(inside, "banks/false_statements.jsonl", STATEMENT)
    monkeypatch.setattr(package_data, "HERE", inside.parent)
    return inside


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one experiment and no data of its own."""
    place = tmp_path / "project"
    write(place, "pytest.ini", "[pytest]\n")
    write(place, "evals/shipped/experiment.yaml", DECLARED)
    write(place, "evals/shipped/test_shipped.py", TESTS)
    return place


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


def declared(root: Path, old: str = "", new: str = "") -> Any:
    """The experiment, with something else in its declaration."""
    assert old in DECLARED
    write(root, "evals/shipped/experiment.yaml", DECLARED.replace(old, new) if old else DECLARED)
    return experiment_in(root / "evals/shipped")


def promise(root: Path) -> dict[str, Any]:
    return promise_of(declared(root), root, Dependencies(), {})


def message(call: Any, *arguments: Any) -> str:
    with pytest.raises(HarnessError) as caught:
        call(*arguments)
    return str(caught.value)


def test_a_shipped_input_is_listed_with_its_hash(root: Path, shipped: Path) -> None:
    """By the name under which it was declared, wherever the package lies."""
    [found] = inputs_of(declared(root), root)
    assert (found.path, found.lines) == ("package:banks/x.jsonl", 2)
    assert found.sha256 == hashlib.sha256(b"1\n2\n").hexdigest()


def test_a_pattern_finds_every_shipped_file(root: Path, shipped: Path) -> None:
    """Each of them stands there by its own name."""
    found = inputs_of(declared(root, "package:banks/x.jsonl", "package:banks/*.jsonl"), root)
    assert [one.path for one in found] == ["package:banks/false_statements.jsonl", "package:banks/x.jsonl"]


def test_one_file_of_each_stands_side_by_side(root: Path, shipped: Path) -> None:
    """The project's bank and the shipped one of the same name are two inputs."""
    write(root, "banks/x.jsonl", "mine\n")
    found = inputs_of(declared(root, '["package:banks/x.jsonl"]', '["package:banks/x.jsonl", banks/x.jsonl]'), root)
    assert [(one.path, one.lines) for one in found] == [("package:banks/x.jsonl", 2), ("banks/x.jsonl", 1)]


@pytest.mark.parametrize(
    ("name", "old", "new", "place"),
    [("banks/x.jsonl", "2", "3", "data/package:banks/x.jsonl"), ("personas/villain.yaml", "shipped", "other", "prompts/package:villain")],
)
def test_the_lock_covers_what_ships(root: Path, shipped: Path, name: str, old: str, new: str, place: str) -> None:
    """An upgrade of harness that changes a bank or a prompt is a deviation by name."""
    write_lock(declared(root), root, Dependencies(), {}, "", "2026-01-01T00:00:00Z")
    assert compare_with_lock(declared(root), promise(root), root).deviations == ()
    write(shipped, name, (shipped / name).read_text(encoding="utf-8").replace(old, new))
    assert [one.what for one in compare_with_lock(declared(root), promise(root), root).deviations] == [place]


def test_a_run_lists_and_reads_what_ships(root: Path) -> None:
    """In a process of its own, with the data of this checkout or package: results.json has the input, and the cell was given the shipped prompt."""
    declared(root, "banks/x.jsonl", "banks/false_statements.jsonl")
    words = ("evals/shipped", "-p", "no:cacheprovider", "--harness-no-report", "--harness-run-dir", "run")
    done = run_python([sys.executable, "-m", "pytest", *words], root, dict(os.environ))
    results = json.loads((root / "run/results.json").read_text(encoding="utf-8"))
    bank = (package_data.shipped_data() / "banks/false_statements.jsonl").read_bytes()
    assert [(one["path"], one["sha256"]) for one in results["inputs"]] == [("package:banks/false_statements.jsonl", hashlib.sha256(bank).hexdigest())]
    [cell] = results["cells"]
    assert cell["id"] == "H1[package:villain]" and cell["verdict"] == "error", done.stdout
    assert f"ValueError: {find_persona(root, 'package:villain').prompt[:40]}" in cell["reason"]


@pytest.mark.parametrize("name", [f"package:{rest}" for rest in ("evals/x.jsonl", "", "x.jsonl", "banks/../secret", "/etc/passwd", "*/x.jsonl")])
def test_only_data_ship(root: Path, shipped: Path, name: str) -> None:
    """What lies elsewhere in a checkout is not there once installed: refused in one line, as an input and as a folder of banks."""
    write(shipped.parent, "data/evals/x.jsonl", "1\n")
    experiment = declared(root, "package:banks/x.jsonl", name)
    assert message(inputs_of, experiment, root) == message(bank_folder, root, {"banks": name})
    assert repr(name) in message(inputs_of, experiment, root)


def test_a_missing_shipped_input_is_told_without_bad_advice(root: Path, shipped: Path) -> None:
    """Nobody is asked to put a file into an installed package."""
    told = message(inputs_of, declared(root, "package:banks/x.jsonl", "package:banks/none.jsonl"), root)
    assert "no input file matches 'package:banks/none.jsonl'" in told and "Put it" not in told


def test_a_bare_persona_is_the_projects_own(root: Path, shipped: Path) -> None:
    """It is never the shipped one, which the error names; nor does `package:` mean the project's."""
    told = message(find_persona, root, "villain")
    assert "there is no persona 'villain'" in told and told.endswith("or use package:villain, which ships with harness")
    assert find_persona(root, "package:villain").prompt == "You are the shipped villain."
    write(root, "personas/villain.yaml", PERSONA.format(name="villain", whose="project's"))
    write(root, "personas/mine.yaml", PERSONA.format(name="mine", whose="project's"))
    assert find_persona(root, "villain").prompt == "You are the project's villain."
    assert "there is no persona 'mine'" in message(find_persona, root, "package:mine")


def test_a_missing_persona_that_does_not_ship_names_none(root: Path, shipped: Path) -> None:
    """What the error offers is there."""
    assert "package:" not in message(find_persona, root, "nobody")


def test_a_bare_bank_is_the_projects_own(root: Path, shipped: Path) -> None:
    """As an input and as the folder of the fixtures: missing is an error, though a bank of that name ships."""
    told = message(inputs_of, declared(root, "package:banks/x.jsonl", "banks/x.jsonl"), root)
    assert told.endswith("or use package:banks/x.jsonl, which ships with harness")
    sycophancy = behaviour_named("sycophancy")
    assert "there is no such file" in message(sycophancy.load, bank_folder(root, {}) / sycophancy.bank, {})
    [statement] = sycophancy.load(bank_folder(root, {"banks": "package:banks"}) / sycophancy.bank, {})
    assert statement.id == "one"


def test_the_card_names_the_bank_that_was_read() -> None:
    """A bare name is never told of what came from the package."""
    sycophancy = behaviour_named("sycophancy")
    assert bank_name(sycophancy, {}) == f"banks/{sycophancy.bank}"
    assert bank_name(sycophancy, {"banks": "package:banks"}) == f"package:banks/{sycophancy.bank}"


@pytest.mark.parametrize("name", ["package:", "package:../villain", "package:package:villain", "package:a/b"])
def test_a_role_names_a_file_among_the_personas(root: Path, name: str) -> None:
    """Whatever stands behind `package:` is a plain name."""
    told = message(declared, root, "package:villain", name)
    assert "evals/shipped/experiment.yaml:5: " in told and "cannot name a persona's file" in told
