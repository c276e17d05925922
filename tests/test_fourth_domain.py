"""A fourth domain, in a package of its own outside the checkout, adds a measure, a unit, a section, a responder and fixtures by its entry points alone; its
experiment runs, stands in the report, and runs again when the package's code is edited."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).parents[1]
PACKAGE = {
    "baking/__init__.py": '''\
"""How well models bake."""


class Domain:
    name = "baking"
    fixtures = ("baking.fixtures",)

    def sections(self):
        from baking.loaves import Loaves

        return [Loaves()]

    def simulations(self):
        return {}

    def units(self):
        return {"crumbs": (0.0, 1000.0, "crumbs on the board")}


DOMAIN = Domain()
''',
    "baking/loaves.py": """\
from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Column, Table


class Loaf(SectionRecord, frozen=True, kw_only=True):
    crumbs: float


class Loaves:
    id, title, position = "loaves", "Loaves", 250
    record = Loaf

    def build(self, records, numbers):
        rows = [[numbers.told(below(at, "name")), numbers.num(below(at, "crumbs"), "crumbs")] for at in records]
        yield Table(title="", columns=[Column(heading="loaf"), Column(heading="weight", numeric=True)], rows=rows)
""",
    "baking/baker.py": '''\
from harness.models.provider import Answer


class Baker:
    """Answers with as many crumbs as the kind says."""

    def __init__(self, kind):
        self.kind = kind

    def describe(self):
        return {"responder": "bakery", "kind": self.kind}

    def groups(self, asked):
        return [list(asked)]

    def answers(self, asked, tick=None):
        return [Answer(status="ok", text="crumb " * (3 if self.kind == "white" else 7)) for _ in asked]


def opened(member, drawing, means):
    return Baker(member.spec.partition("/")[2])
''',
    "baking/crumbs.py": '''\
from harness.models.respondent import Asked


class Crumbs:
    """The crumbs in each answer."""

    outcome, unit, sampling_unit = "crumbs", "crumbs", "question"

    def __init__(self, baker):
        self.baker = baker

    def describe(self):
        return {"measure": "crumbs", "baker": self.baker.describe()}

    def chunks(self, items):
        return [list(items)]

    def score(self, chunk):
        answers = self.baker.answers([Asked(id=item, turns=()) for item in chunk])
        return [{"item": item, "crumbs": 10.0 * answer.text.split().count("crumb") + len(item) % 3} for item, answer in zip(chunk, answers, strict=True)]
''',
    "baking/fixtures.py": '''\
import pytest


@pytest.fixture
def bake(gather, context):
    """`bake(kind)`: the crumbs of a loaf."""

    def bake_loaf(kind):
        from harness.models.respondent import Drawing, Member
        from harness.models.respondents import Means, opened

        from baking.crumbs import Crumbs

        means = Means(loaded=None, cache=context.root / "replies", root=context.root)
        baker = opened(Member(name=kind, spec=f"bakery/{kind}"), Drawing(max_tokens=9), means)
        return gather(f"crumbs-{kind}", Crumbs(baker), [f"loaf {number}" * (number % 4 + 1) for number in range(context.settings["loaves"])])

    return bake_loaf
''',
}
EXPERIMENT = {
    "pytest.ini": "[pytest]\n",
    "evals/bread/experiment.yaml": """\
id: bread
title: Rye leaves more crumbs
question: Does rye leave more crumbs than white bread?
axes: {loaf: [rye, white]}
thresholds:
  crumbs: {value: 20, unit: crumbs, direction: increase}
hypotheses:
  H1: {cells: [loaf], rule: {at_least: 1, of: loaf}, thresholds: [crumbs]}
primary: H1
scales:
  smoke: {settings: {loaves: 12}}
""",
    "evals/bread/test_bread.py": '''\
from baking.loaves import Loaf

from harness import hypothesis


@hypothesis("H1")
def test_rye_leaves_more(loaf, bake, measure, criterion, report, context):
    """A loaf leaves at least twenty crumbs."""
    crumbs = measure.mean("crumbs", bake(loaf))
    report(Loaf(name=f"{loaf} in {context.scale}", crumbs=crumbs.value))
    assert criterion("crumbs").exceeds(crumbs)
''',
}


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
        (info / "entry_points.txt").write_text("[harness.domains]\nbaking = baking:DOMAIN\n[harness.responders]\nbakery = baking.baker:opened\n")

    def run(self) -> dict[str, Any]:
        """results.json of a run."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_"))}
        environment["PYTHONPATH"] = os.pathsep.join([str(self.site), str(REPO)])
        command = [sys.executable, "-m", "pytest", "evals", "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(command, cwd=self.project, env=environment, capture_output=True, text=True, timeout=120)
        path = self.project / "reports/bread/latest/results.json"
        assert path.exists(), done.stdout + done.stderr
        found: dict[str, Any] = json.loads(path.read_text())
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
    assert "### Loaves" in text and "sections/loaves/rye in smoke/crumbs" in text


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
