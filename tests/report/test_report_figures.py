"""The hero figure."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
from PIL import Image

from harness.report.addresses import value_at
from harness.report.figures import hero
from harness.report.forest import panels
from harness.report.numbers import Numbers
from harness.report.view import View
from sample_cells import accuracy
from sample_run import results


def test_every_cell_of_the_primary_hypothesis_has_a_line() -> None:
    """Nine points were promised; six have a number, and the other three are there and have none."""
    view = View(results())
    shown = panels(view, Numbers(view.tree))
    marks = [mark for panel in shown if panel.title != "controls" for mark in panel.marks]
    assert [panel.title for panel in shown] == ["capability", "agreement", "refusal", "controls"]
    assert len(marks) == 9
    assert sum(mark.value is None for mark in marks) == 3
    assert all(mark.note for mark in marks if mark.value is None)


def test_the_effect_is_drawn_and_not_the_baseline_that_came_first() -> None:
    """A cell that measured its two arms before their difference shows the difference, which its criterion judged."""
    before = (accuracy(0.5, "before"), accuracy(0.42, "after"))
    cells = tuple(
        msgspec.structs.replace(cell, measurements=(*before, *cell.measurements)) if cell.id == "H1[villain-capability]" else cell for cell in results().cells
    )
    view = View(results(cells=cells))
    first = panels(view, Numbers(view.tree))[0]
    assert (first.unit, first.marks[0].value) == ("pp", -8.25)


def test_panels_never_mix_units() -> None:
    """Percentage points and rates do not share an axis."""
    view = View(results())
    assert {panel.title: panel.unit for panel in panels(view, Numbers(view.tree))} == {
        "capability": "pp",
        "agreement": "rate",
        "refusal": "rate",
        "controls": "pp",
    }


def test_the_threshold_stands_on_the_registered_side() -> None:
    """Either way draws both bars; an increase only the upper one."""
    view = View(results())
    bars = {panel.title: sorted(panel.bars) for panel in panels(view, Numbers(view.tree))}
    assert bars == {"capability": [-5.0, 5.0], "agreement": [0.05], "refusal": [0.05], "controls": []}


def test_the_figure_carries_its_provenance(built: Path) -> None:
    """Copied away from its report, the picture still says what it was drawn from, and no date makes it differ."""
    with Image.open(built / "figures" / "hero.png") as picture:
        told = json.loads(picture.info["Description"])
    tree = json.loads((built / "results.json").read_text())
    assert told["experiment"] == "persona_prompting"
    assert told["promise"] == "b" * 64
    assert told["commit"].startswith("0123")
    assert told["addresses"]
    assert all(value_at(tree, where) is not None for where in told["addresses"])
    svg = (built / "figures" / "hero.svg").read_text()
    assert "persona_prompting" in svg
    assert not re.search(r"<dc:date>", svg)


def test_no_global_state_is_touched() -> None:
    """Drawing leaves pyplot unimported and the user's settings as they were."""
    code = (
        "import sys, matplotlib as m; m.rcParams['font.size'] = 3; sys.path.insert(0, 'tests/support')\n"
        "from sample_run import results\nfrom harness.report.view import View\nfrom harness.report.figures import hero\n"
        "hero(View(results()))\nprint('matplotlib.pyplot' in sys.modules, m.rcParams['font.size'])"
    )
    assert printed(code) == "False 3.0"


def printed(code: str) -> str:
    """What a fresh Python prints that runs `code` at the repository's root."""
    env = {"PYTHONPATH": ".", "PATH": "/usr/bin"}
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], env=env, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def test_a_run_without_cells_has_a_figure_that_says_so() -> None:
    """An empty run gives a picture, not a crash."""
    assert set(hero(View(results(cells=(), missing=())))) == {"hero.png", "hero.svg"}


def test_importing_the_report_loads_neither_matplotlib_nor_jinja() -> None:
    """The command line stays quick: heavy libraries load on first use."""
    code = "import sys, harness.report.build, harness.report.compare; print({'matplotlib', 'jinja2', 'numpy', 'torch'} & set(sys.modules))"
    assert printed(code) == "set()"
