"""The changes that docs/extending.md shows, each applied to a copy of the package: one file, or two with the registration, and it works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
GUIDE = (REPO / "docs/extending.md").read_text(encoding="utf-8").partition("## Changes inside this package")[2]
CHANGE = re.compile(r"<!-- (file|edit): (\S+) -->\n```\w+\n(.*?)^```", re.DOTALL | re.MULTILINE)
CHANGES = {title: CHANGE.findall(text) for title, text in (part.split("\n", 1) for part in GUIDE.split("\n### ")[1:])}
USES = {
    "A similarity of texts": """
import importlib, numpy as np
comparing = importlib.import_module("harness.domains" + ".convergence.fixtures.comparing")
texts = ["Yes, it is.", "Yes. Of course.", "No."]
block = comparing.blocks_of(texts, np.eye(3), {})(np.arange(3))["first_word"]
assert block[0].tolist() == [1.0, 0.0, 0.0] and comparing.describe_measures()["first_word"]["similarity"] == "first_word", block
""",
    "A provider": """
from harness.models.provider import provider_for
assert provider_for("lmstudio/some-model", offline=True).endpoint.base_url == "http://localhost:1234/v1"
""",
    "A command": """
import sys
from harness.cli import main
assert main(["cells", sys.argv[1]]) == 0
""",
    "A confidence rule": """
from harness.verdict.confidence import confidence
given = dict(decided=True, seeds=3, p=0.001, confounds=(), out_of_distribution=True)
assert confidence(agreeing=2, **given).level == "HIGH"
assert "one measure" in confidence(agreeing=1, **given).reason
""",
    "A table column": """
from harness.fixtures.sections.judges import JudgeCalibration, Judges
from harness.report.numbers import Numbers
record = JudgeCalibration(name="refusal", judge="one", prevalence=0.4)
tree = {"sections": {"judges": {"refusal": {"name": "refusal", "judge": "one", "rubric": "", "prevalence": 0.4}}}}
_, table = Judges().build({"sections/judges/refusal": record}, Numbers(tree))
assert [column.heading for column in table.columns][-1] == "prevalence" and ".40" in str(table.rows[0][-1]), table
""",
}


def test_every_change_has_a_use() -> None:
    assert CHANGES.keys() == USES.keys()
    assert all(1 <= len({name for _, name, _ in changes}) <= 2 for changes in CHANGES.values())


@pytest.mark.parametrize("title", USES)
def test_the_change_works(title: str, tmp_path: Path) -> None:
    shutil.copytree(REPO / "harness", tmp_path / "harness", ignore=shutil.ignore_patterns("__pycache__"))
    for kind, name, text in CHANGES[title]:
        path = tmp_path / name
        if not path.parent.exists():
            pytest.skip(f"{path.parent} is not there")
        path.write_text(text if kind == "file" else edit(path.read_text(encoding="utf-8"), text), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", USES[title], str(REPO / "reports/examples/persona_prompting")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def edit(text: str, diff: str) -> str:
    """The text with the removed lines of each hunk replaced by the added ones."""
    for removed, added in re.findall(r"((?:^-.*\n)+)((?:^\+.*\n)+)", diff, re.MULTILINE):
        old, new = (re.sub(r"^[-+]", "", lines, flags=re.MULTILINE) for lines in (removed, added))
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
