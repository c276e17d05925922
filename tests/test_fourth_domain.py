"""The fourth domain of docs/extending.md, in a package of its own outside the checkout, adds a measure, a unit, a section, a responder, a rule and fixtures by
its entry points alone; its experiment runs, stands in the report, and runs again when the package's code is edited."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from demo_domain import install_checks
from toy import written

REPO = Path(__file__).parents[1]
GUIDE = (REPO / "docs/extending.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE))
PACKAGE = {name: text for name, text in FILES.items() if name.startswith("baking/")}
EXPERIMENT = {"pytest.ini": "[pytest]\n"} | {name: text for name, text in FILES.items() if name.startswith("evals/")}


class Bakery:
    """The package as pip leaves it, and a project that uses it."""

    def __init__(self, folder: Path) -> None:
        self.site, self.project = folder / "site", folder / "project"
        for root, files in ((self.site, PACKAGE), (self.project, EXPERIMENT)):
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
        info = self.site / "baking-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: baking\nVersion: 1.0\n")
        (info / "RECORD").write_text("".join(f"{name},,\n" for name in PACKAGE))
        (info / "entry_points.txt").write_text("[harness.domains]\nbaking = baking:DOMAIN\n[harness.responders]\nbakery = baking.baker:open_baker\n")

    def pytest(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_"))}
        environment["PYTHONPATH"] = os.pathsep.join([str(self.site), str(REPO)])
        command = [sys.executable, "-m", "pytest", "evals", "-q", "-p", "no:cacheprovider", *words]
        return subprocess.run(command, cwd=self.project, env=environment, capture_output=True, text=True, timeout=120)

    def refusal(self) -> str:
        """What a run says that is refused at collection, without a traceback."""
        done = self.pytest()
        assert done.returncode == 2 and "Traceback" not in done.stdout + done.stderr, done.stdout
        return done.stdout

    def run(self, experiment: str = "bread") -> dict[str, Any]:
        """results.json of a run."""
        done, ended = self.pytest(), sorted((self.project / f"reports/{experiment}").glob("2*/results.json"), key=written)
        assert ended, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(ended[-1].read_text())
        assert all(cell["verdict"] != "error" for cell in found["cells"]), done.stdout
        return found

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.site / name).read_text()
        assert old in text
        (self.site / name).write_text(text.replace(old, new))


@pytest.fixture
def bakery(tmp_path: Path) -> Bakery:
    return Bakery(tmp_path)


def test_a_domain_from_outside_runs_and_is_reported(bakery: Bakery) -> None:
    found = bakery.run()
    assert found["verdict"] == "supported"
    assert {cell["id"]: cell["measurements"][0]["unit"] for cell in found["cells"]} == {"H1[rye]": "crumbs", "H1[white]": "crumbs"}
    rye = next(cell for cell in found["cells"] if cell["id"] == "H1[rye]")["measurements"][0]["value"]
    assert found["sections"]["loaves"]["rye in smoke"] == {"name": "rye in smoke", "crumbs": rye} and 70 < rye < 73
    text = (bakery.project / "reports/bread/latest/clean_result.md").read_text()
    assert "### Loaves" in text and "sections/loaves/rye in smoke/crumbs" in (bakery.project / "reports/bread/latest/numbers.csv").read_text()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("baking/crumbs.py", "10.0 *", "11.0 *"),
        ("baking/baker.py", "else 7", "else 8"),
        ("baking/fixtures.py", "number % 4", "number % 5"),
        ("baking/loaves.py", "crumbs: float", "crumbs: float\n    flour: str = ''"),
    ],
)
def test_an_edit_of_the_domain_runs_its_cells_again(bakery: Bakery, name: str, old: str, new: str) -> None:
    """And without one, equal work is reused."""
    bakery.run()
    assert bakery.run()["execution"]["reused"] == ["H1[rye]", "H1[white]"]
    bakery.edit(name, old, new)
    assert "H1[rye]" not in bakery.run()["execution"]["reused"]


def test_a_report_outlives_the_domain_that_made_it(bakery: Bakery) -> None:
    """Without the package the section says so, and everything else is there."""
    bakery.run()
    shutil.rmtree(bakery.site)
    environment = {**os.environ, "PYTHONPATH": str(REPO)}
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "report", "reports/bread/latest"], cwd=bakery.project, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "No installed package knows the section 'loaves'" in (bakery.project / "reports/bread/latest/clean_result.md").read_text()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("DOMAIN = ", "DOMAIN = 3  # ", "the domain 'baking' is int, not a harness.protocols.Domain"),
        ("DOMAIN = ", "import no_such_module\nDOMAIN = ", "the domain 'baking' cannot be loaded"),
        ("baking.fixtures", "baking.gone", "its fixtures baking.gone cannot be loaded"),
        ("[KNOWLEDGE]", "[KNOWLEDGE, KNOWLEDGE]", "the behaviour 'baking_knowledge' exists already"),
        ("[KNOWLEDGE]", "[replace(KNOWLEDGE, scorer=None)]", "its behaviours() cannot be read: ValueError: the behaviour 'baking_knowledge' has neither"),
        ("[KNOWLEDGE]", "[replace(KNOWLEDGE, phrases=lambda text: True)]", "the phrases of the behaviour 'baking_knowledge' have no labelled answers"),
        ("[KNOWLEDGE]", "[replace(KNOWLEDGE, phrases=str.isupper)]", "the phrases of the behaviour 'baking_knowledge' must be a plain function"),
        ("[KNOWLEDGE]", "[replace(KNOWLEDGE, unit='percent')]", "unit of the behaviour 'baking_knowledge' is 'percent', not 'pp' or 'points'"),
        ("[KNOWLEDGE]", "[replace(KNOWLEDGE, name=3)]", "a behaviour is named 3"),
        ('name = "baking"', 'title = "baking"', "the domain 'baking' is named None"),
        ('("baking.fixtures",)', '"baking.fixtures"', "its fixtures are 'baking.fixtures'"),
        ("[Loaves()]", "[Loaves]", "which is no harness.protocols.Section: it is a class"),
        ("[Loaves()]", "[type('Empty', (), {'id': 'x', 'title': 'X', 'position': 1})()]", "Section: it has no build, record"),
        ("[Loaves()]", "[type('Odd', (Loaves,), {'position': None})()]", "position of the section 'loaves' is None"),
        ("[Loaves()]", "[type('Odd', (Loaves,), {'record': dict})()]", "record of the section 'loaves' is <class 'dict'>"),
        ('1000.0, "crumbs', "float('nan'), \"crumbs", "'crumbs' from 0 to nan is no unit"),
        ('{"crumbs": (', '{"p": (', "'p' from 0 to 1000 is no unit"),
        ("DOMAIN = ", "import pytest; pytest.importorskip('no_such_module')\nDOMAIN = ", "the domain 'baking' cannot be loaded: Skipped"),
        ("DOMAIN = ", "raise SystemExit('not today')\nDOMAIN = ", "the domain 'baking' cannot be loaded: SystemExit: not today"),
        ("[KNOWLEDGE]", "[replace(KNOWLEDGE, lessons='a')]", "the behaviour 'baking_knowledge' needs both lessons and training_texts, or neither"),
        ("[KNOWLEDGE]", "KNOWLEDGE", "its behaviours() cannot be read: TypeError"),
        ("[KNOWLEDGE]", "[KNOWLEDGE.name]", "its behaviours() gives 'baking_knowledge', which is no harness.protocols.BehaviourDeclaration"),
        ("[Loaves()]", "[Gone()]", "its sections() cannot be read: NameError: name 'Gone' is not defined"),
        ("[Loaves()]", "None", "its sections() cannot be read: TypeError"),
        ("[Loaves()]", "['Loaves']", "its sections() gives 'Loaves', which is no harness.protocols.Section"),
        ('{"crumbs": (', "{\"crumbs\": ('few', ", "its units() cannot be read: ValidationError"),
        ("def units(self):", "def simulations(self): return {'crumbs': 3}\n\n    def units(self):", "its simulations() gives 3, which is no harness.proto"),
        ("def units(self):", "def simulations(self): raise OSError('no licence')\n\n    def units(self):", "cannot be read: OSError: no licence"),
        ("[find_few_loaves]", "[type(find_few_loaves)]", "which is no harness.protocols.Check: it is a class"),
        ("[find_few_loaves]", "[find_few_loaves.find]", "which is no harness.protocols.Check: it has no check, code"),
        ("[find_few_loaves]", "[replace(find_few_loaves, code='B1')]", "'B1' is no code of a rule"),
        ("[find_few_loaves]", "[find_few_loaves, replace(find_few_loaves, name='more')]", "the rule BK101 exists already"),
        ("return FACTS", "return {'loaves': 12}", "its facts() gives 12, which is no harness.findings.Fact"),
        ("return FACTS", "return FACTS['dough']", "its facts() cannot be read: KeyError: 'dough'"),
    ],
)
def test_a_broken_domain_is_told_in_one_line(bakery: Bakery, old: str, new: str, told: str) -> None:
    """Before anything runs, whichever part of it is broken."""
    bakery.edit("baking/__init__.py", "DOMAIN = ", "from dataclasses import replace\n\nDOMAIN = ")
    bakery.edit("baking/__init__.py", old, new)
    assert told in bakery.refusal()


@pytest.mark.parametrize("told", ["a broken domain", "a broken fixture module"])
def test_a_broken_domain_is_told_by_workers_and_for_every_experiment(bakery: Bakery, told: str) -> None:
    """Two experiments: neither runs, alone or on two workers, whichever file is collected first."""
    shutil.copytree(bakery.project / "evals/bread", bakery.project / "evals/cake")
    (bakery.project / "evals/cake/test_bread.py").rename(bakery.project / "evals/cake/test_cake.py")
    if told == "a broken domain":
        bakery.edit("baking/__init__.py", "DOMAIN = ", "raise OSError('no licence')\nDOMAIN = ")
    else:
        bakery.edit("baking/fixtures.py", "import pytest\n", "import pytest\npytest.importorskip('no_such_module')\n")
    for words in ((), ("-n", "1")):
        done = bakery.pytest(*words)
        assert done.returncode not in (0, 3, 5) and "INTERNALERROR" not in done.stdout + done.stderr and "Traceback" not in done.stdout + done.stderr
        assert "cannot be loaded" in done.stdout + done.stderr and "passed" not in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("return [list(items)]", "return [list(items)[:8]]", "chunks() of Crumbs gave 8 parts of 12 items"),
        ("return [list(items)]", "return [list(items), list(items)]", "chunks() of Crumbs gave 24 parts of 12 items"),
        ("return [list(items)]", "yield list(items)", "chunks() of Crumbs gave no list of lists"),
        ('return {"measure": "crumbs", ', 'return {"x": 1j, ', "describe() of Crumbs gave no mapping of JSON values"),
    ],
)
def test_a_measure_that_leaves_items_out_measures_nothing(bakery: Bakery, old: str, new: str, told: str) -> None:
    """What is left out would be missing from N and from the evidence, in silence."""
    bakery.edit("baking/crumbs.py", old, new)
    bakery.pytest()
    cells = json.loads((bakery.project / "reports/bread/latest/results.json").read_text())["cells"]
    assert all(cell["verdict"] == "error" and told in cell["reason"] for cell in cells), cells


@pytest.mark.parametrize("name", ["settings", "measure", "gather", "criterion"])
def test_a_fixture_of_the_core_is_replaced_by_no_domain(bakery: Bakery, name: str) -> None:
    bakery.edit("baking/fixtures.py", "import pytest\n", f"import pytest\n\n\n@pytest.fixture\ndef {name}():\n    return {{}}\n")
    assert f"the fixture '{name}' is defined by harness.run.fixtures and by baking.fixtures" in bakery.refusal()


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ("raise KeyError('oven')", "its build() fails: KeyError: 'oven'"),
        ("return None", "its build() fails: TypeError"),
        ("yield 'crumbs'", "TypeError: str is no block"),
        ("yield Table(title='', columns=[Column(heading='loaf')], rows=[['a', 'b']])", "a row has 2 cells, the table has 1 columns"),
        ("yield Table(title='', columns=[Column(heading='loaf')], rows=[[3]])", "3 stands where a text belongs"),
        ("yield Figure(stem='hero', alt='', caption='', draw=None, addresses=[])", "the figure 'hero' has no plain name"),
        ("yield Figure(stem='../up', alt='', caption='', draw=None, addresses=[])", "the figure '../up' has no plain name"),
    ],
)
def test_a_section_that_fails_says_so_in_its_place(bakery: Bakery, new: str, told: str) -> None:
    """The rest of the report stands, and the terminal names the section."""
    path = bakery.site / "baking/loaves.py"
    head, build, _ = path.read_text().partition("    def build(self, records, numbers):\n")
    path.write_text(f"{head.replace('Column, Table', 'Column, Figure, Table')}{build}        {new}\n")
    done = bakery.pytest()
    assert "note: section loaves: its build() fails" in done.stdout and told in done.stdout, done.stdout
    report = (bakery.project / "reports/bread/latest/clean_result.md").read_text()
    assert "This section could not be built" in report and "H1[rye]" in report


DRAWN = """\
yield Figure(stem='{first}', alt='', caption='', draw={draw}, addresses=[])
        yield Figure(stem='{second}', alt='', caption='', draw={draw}, addresses=[])
"""


@pytest.mark.parametrize(
    ("first", "second", "draw", "told"),
    [
        ("loaves", "loaves", "None", "section loaves: two figures are named 'loaves'"),
        ("loaves", "crusts", "lambda: 1 / 0", "section loaves: its figure loaves cannot be drawn: ZeroDivisionError"),
    ],
)
def test_a_figure_that_fails_keeps_the_results(bakery: Bakery, first: str, second: str, draw: str, told: str) -> None:
    """No report is written then, and the terminal names the section."""
    path = bakery.site / "baking/loaves.py"
    head, build, _ = path.read_text().partition("    def build(self, records, numbers):\n")
    drawn = DRAWN.format(first=first, second=second, draw=draw)
    path.write_text(f"{head.replace('Column, Table', 'Column, Figure, Table')}{build}        {drawn}")
    done = bakery.pytest()
    assert told in done.stdout and "Traceback" not in done.stdout + done.stderr and done.returncode != 0, done.stdout
    assert json.loads((bakery.project / "reports/bread/latest/results.json").read_text())["verdict"] == "supported"


SIMULATION = """\
import numpy as np


class CrumbSimulation:
    needs, draws, p_floor, assumptions = ("ovens",), 100, 0.001, "none"

    def refuse(self, numbers):
        return ""

    def answers(self, **asked):
        {answer}
"""


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("raise KeyError('yeast')", "its answers() fails: KeyError: 'yeast'"),
        ("return np.ones(100), np.zeros(100)", "its answers() gives float64 of shape (100,)"),
        ("return np.ones(160, bool), np.zeros(160, bool)", "its answers() gives bool of shape (160,)"),
        ("return np.ones(100, bool), np.ones(100, bool)", "that the criterion holds and that it does not"),
    ],
)
def test_a_simulation_that_fails_gives_no_power_and_loses_no_run(bakery: Bakery, answer: str, told: str) -> None:
    (bakery.site / "baking/simulation.py").write_text(SIMULATION.replace("{answer}", answer))
    new = (
        "def simulations(self):\n        from baking.simulation import CrumbSimulation\n\n        return {'crumbs': CrumbSimulation()}\n\n    def units(self):"
    )
    bakery.edit("baking/__init__.py", "def units(self):", new)
    path = bakery.project / "evals/bread/experiment.yaml"
    path.write_text(path.read_text().replace("direction: increase}", "direction: increase, n: 12, expected_effect: 30, simulation: {ovens: 2}}"))
    plan = bakery.pytest("--harness-plan")
    assert told in plan.stdout and "INTERNALERROR" not in plan.stdout + plan.stderr, plan.stdout
    assert bakery.run()["verdict"] == "supported"


@pytest.mark.parametrize(
    ("group", "line", "told"),
    [
        ("harness.responders", "bakery = baking baker", "the responder 'bakery' cannot be used"),
        ("harness.responders", "bakery/ = baking.baker:open_baker", "the responder 'bakery/' cannot be used"),
        ("harness.domains", "baking = baking/x:DOMAIN !", "the domain 'baking' cannot be loaded"),
        ("harness.domains", "baking = bakin:DOMAIN", "the domain 'baking' cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_a_mistaken_entry_point_is_told_in_one_line(bakery: Bakery, group: str, line: str, told: str) -> None:
    path = bakery.site / "baking-1.0.dist-info/entry_points.txt"
    groups = {"harness.domains": "baking = baking:DOMAIN", "harness.responders": "bakery = baking.baker:open_baker"} | {group: line}
    path.write_text("".join(f"[{name}]\n{entry}\n" for name, entry in groups.items()))
    done = bakery.pytest()
    assert told in done.stdout and "Traceback" not in done.stdout + done.stderr and "INTERNALERROR" not in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ("raise KeyError('oven')", "the responder of bakery/rye cannot be opened: KeyError: 'oven'"),
        ("return None", "the responder of bakery/rye is NoneType and has no describe, groups, answers"),
    ],
)
def test_a_responder_that_cannot_be_opened_is_named(bakery: Bakery, new: str, told: str) -> None:
    bakery.edit("baking/baker.py", "return Baker(entry", f"{new}\n    return Baker(entry")
    bakery.pytest()
    cells = json.loads((bakery.project / "reports/bread/latest/results.json").read_text())["cells"]
    assert told in cells[0]["reason"], cells[0]


def test_a_broken_domain_does_not_disturb_a_project_without_experiments(bakery: Bakery) -> None:
    bakery.edit("baking/__init__.py", "DOMAIN = ", "raise OSError('no licence')\nDOMAIN = ")
    (bakery.project / "evals/bread/experiment.yaml").unlink()
    (bakery.project / "evals/bread/test_bread.py").write_text("def test_a(no_such): pass\n\n\ndef test_b(): pass\n")
    done = bakery.pytest()
    assert "1 passed, 1 error" in done.stdout and "INTERNALERROR" not in done.stdout + done.stderr


# Rules


CHECKING = """\
from harness.findings import found, rule


@rule("OV101", "cold oven", needs=("loaves", "yaml"), source="the oven was cold")
def find_cold_ovens(facts):
    '''It reads a fact of another package.

    Bad: 12 loaves.

    Good: 11 loaves.
    '''
    if facts.loaves == 12:
        yield found("the oven is cold", where=facts.place("title"), fix="Heat it")


LISTED = [find_cold_ovens]
"""


def check(bakery: Bakery, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_"))}
    environment["PYTHONPATH"] = os.pathsep.join([str(bakery.site), str(REPO)])
    command = [sys.executable, "-m", "harness.cli", "check", "evals", *words]
    return subprocess.run(command, cwd=bakery.project, env=environment, capture_output=True, text=True, timeout=120)


def test_a_domain_adds_a_rule_and_a_fact(bakery: Bakery) -> None:
    """The design of the guide is clean; with three loaves the rule of the domain reports it wherever rules run, and it can be allowed."""
    assert check(bakery, "--select", "BK").returncode == 0
    path = bakery.project / "evals/bread/experiment.yaml"
    path.write_text(path.read_text().replace("loaves: 12", "loaves: 3"))
    told = "evals/bread/experiment.yaml:11 BK101 [warning] 3 loaves cannot tell one flour from another. Bake at least 10."
    done = check(bakery, "--select", "BK")
    assert done.returncode == 1 and done.stdout.startswith(told), done.stdout + done.stderr
    assert told in bakery.pytest("--collect-only").stdout and "BK101" in check(bakery, "--format", "sarif").stdout
    assert "the difference was the oven's" in check(bakery, "--explain", "BK101").stdout
    path.write_text(path.read_text() + 'allow: {BK101: {why: "three loaves are all the flour there is"}}\n')
    assert check(bakery, "--select", "BK").returncode == 0


def test_a_package_without_a_domain_adds_rules(bakery: Bakery) -> None:
    for place in ("oven:find_cold_ovens", "oven:LISTED"):
        install_checks(bakery.site, "oven", CHECKING, place)
        done = check(bakery, "--select", "OV")
        assert done.returncode == 1 and "OV101 [error] the oven is cold" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("place", "old", "new", "told"),
    [
        ("oven:gone", "", "", "the checks 'oven' cannot be loaded: AttributeError"),
        ("oven", "", "", "is no harness.protocols.Check"),
        ("oven:find_cold_ovens", "LISTED", "raise OSError('no licence')\nLISTED", "the checks 'oven' cannot be loaded: OSError: no licence"),
        ("oven:find_cold_ovens", "OV101", "BK101", "the rule BK101 exists already"),
        ("oven:find_cold_ovens", "OV101", "OVEN1", "'OVEN1' is no code of a rule"),
        ("oven:LISTED", "[find_cold_ovens]", "[type(find_cold_ovens)]", "is no harness.protocols.Check: it is a class"),
    ],
)
def test_wrong_rules_of_a_package_are_refused_in_one_line(bakery: Bakery, place: str, old: str, new: str, told: str) -> None:
    install_checks(bakery.site, "oven", CHECKING.replace(old, new) if old else CHECKING, place)
    assert told in bakery.refusal()
    done = check(bakery)
    assert done.returncode == 2 and told in done.stderr and done.stderr.count("\n") == 1


def test_a_project_adds_the_rule_of_the_guide(bakery: Bakery) -> None:
    block = next(text for text in re.findall(r"```python\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE) if text.startswith("def pytest_harness_checks"))
    (bakery.project / "conftest.py").write_text(block)
    assert check(bakery, "--select", "MY").returncode == 0
    path = bakery.project / "evals/bread/experiment.yaml"
    path.write_text(path.read_text().replace("title: Rye leaves more crumbs", "title: Test 3"))
    done = check(bakery, "--select", "MY101")
    assert done.returncode == 1 and "MY101 [warning] the title has fewer than three words" in done.stdout, done.stdout + done.stderr


KNOWLEDGE = {
    "pytest.ini": "[pytest]\n",
    "personas/baker.yaml": "id: baker\nname: baker\nprompt: You are a baker.\nroles: [source]\nnote: For tests.\n",
    "banks/baking.jsonl": "".join(
        json.dumps({"id": f"q{number}", "question": f"What is {number} loaves and one more?", "labels": ["A", "B"], "choices": choices, "answer": "A"}) + "\n"
        for number, choices in enumerate([["One loaf", "A bicycle"], ["Two loaves", "The moon"], ["Three loaves", "A river"], ["Four loaves", "Blue"]])
    ),
    "evals/riddles/experiment.yaml": """\
id: riddles
title: A baker knows bread
question: Does it?
roles: {source: [baker]}
axes: {persona: {role: source}}
thresholds:
  known: {value: 0.1, unit: rate, direction: increase}
hypotheses:
  H1: {cells: [persona], rule: {at_least: 1, of: persona}, thresholds: [known]}
primary: H1
inputs: [banks/baking.jsonl]
scales:
  smoke: {settings: {model: local/smollm2, dtype: float32, riddles: 4}}
""",
    "evals/riddles/test_riddles.py": '''\
from harness import hypothesis


@hypothesis("H1")
def test_a_baker_knows(persona, persona_of, evaluate, measure, criterion):
    """A baker knows bread."""
    assert criterion("known").exceeds(measure.rate("known", evaluate("baking_knowledge", persona, persona_of(persona).prompt).outcomes))
''',
}


def test_a_behaviour_from_outside_is_evaluated_and_its_edit_counts(bakery: Bakery) -> None:
    """One file and one entry: the bundled model answers the domain's own bank, and other scoring is other work."""
    pytest.importorskip("gguf")
    shutil.rmtree(bakery.project)
    for name, text in KNOWLEDGE.items():
        (bakery.project / name).parent.mkdir(parents=True, exist_ok=True)
        (bakery.project / name).write_text(text)
    [cell] = bakery.run("riddles")["cells"]
    assert cell["measurements"][0]["n"] == 4 and cell["verdict"] in ("supported", "inconclusive")
    assert bakery.run("riddles")["execution"]["reused"] == ["H1[baker]"]
    bakery.edit("baking/knowledge.py", "training_texts=None", "training_texts=None, scorer=lambda model, system, _: CAPABILITY.scorer(model, None, _)")
    assert bakery.run("riddles")["execution"]["reused"] == []


def test_two_domains_with_a_fixture_of_one_name_are_refused(bakery: Bakery) -> None:
    """pytest would take the last one and say nothing."""
    bakery.edit("baking/fixtures.py", "def bake(", "def evaluate(")
    told = "the fixture 'evaluate' is defined by baking.fixtures and by harness.fixtures.behaviours"
    assert told in bakery.refusal()


def test_a_fixture_outside_of_experiments_says_where_it_belongs(bakery: Bakery) -> None:
    (bakery.project / "evals/bread/experiment.yaml").unlink()
    (bakery.project / "evals/bread/test_bread.py").write_text("def test_a(bake): pass\n\n\ndef test_b(measure): pass\n\n\ndef test_c(no_such): pass\n")
    done = bakery.pytest()
    assert "'bake' is a fixture of baking.fixtures. It is there for the tests of an experiment" in done.stdout
    assert "'measure' is a fixture of harness.run.fixtures." in done.stdout and "'no_such' is a fixture" not in done.stdout
