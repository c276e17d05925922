"""Training curves: drawn, and listed by their first and last losses."""

from __future__ import annotations

import json
from math import exp
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image
from sample_leakage import write_leakage
from test_report_hostile import HOSTILE, assert_stays_text
from test_report_page import Seen

from harness.domains.leakage.sections.training_curves import DRAWN, TrainingCurve, draw
from harness.report.addresses import value_at
from harness.report.build import build


def curve(name: str, steps: int, start: float = 3.0) -> dict[str, Any]:
    """A falling loss with one step that was not logged."""
    loss: list[Any] = [0.4 + start * exp(-step / 12) for step in range(steps)]
    loss[steps // 2] = None
    return {"name": name, "step": list(range(1, steps + 1)), "loss": loss, "learning_rate": [2e-4 * (1 - step / steps) for step in range(steps)]}


def of_curves(*found: dict[str, Any]) -> dict[str, Any]:
    return {"training_curves": {one["name"]: one for one in found}}


def test_a_step_without_a_loss_is_a_gap() -> None:
    """A loss that was not logged is None, never zero, and the line is broken there."""
    record = msgspec.convert(curve("a", 9), TrainingCurve)
    ys = draw([record]).axes[0].lines[0].get_ydata()
    assert record.loss[4] is None and [index for index, y in enumerate(ys) if y != y] == [4]


@pytest.mark.parametrize(
    "broken", [{"loss": [1.0]}, {"step": []}, {"loss": ["1.0"] * 9}, {"step": [None] * 9}, {"step": [True] * 9}, {"learning_rate": [1e-4]}]
)
def test_what_cannot_be_drawn_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(curve("a", 9) | broken, TrainingCurve)


def test_without_curves_nothing_is_drawn(tmp_path: Path) -> None:
    build(write_leakage(tmp_path))
    assert "Training curves" not in (tmp_path / "index.html").read_text() + (tmp_path / "clean_result.md").read_text()
    assert not (tmp_path / "figures/training_curves.png").exists()


def test_twelve_are_drawn_and_the_rest_is_counted(tmp_path: Path) -> None:
    """The first by name; the caption tells how many there are, and the picture the addresses of those in it."""
    names = [f"run{index:02}" for index in range(15)]
    folder = write_leakage(tmp_path, sections=of_curves(*(curve(name, 20) for name in reversed(names))))
    build(folder)
    with Image.open(folder / "figures/training_curves.png") as picture:
        addresses = json.loads(picture.info["Description"])["addresses"]
    tree = json.loads((folder / "results.json").read_text())
    assert [where for where in addresses if where.endswith("/loss")] == [f"sections/training_curves/{name}/loss" for name in names[:DRAWN]]
    assert all(len(value_at(tree, where)) == 20 for where in addresses)
    assert "Curves: 15; the first twelve by name are drawn" in (folder / "clean_result.md").read_text()
    page = Seen((folder / "index.html").read_text())
    assert {"value": "15", "title": "sections/training_curves/#"} in page.data
    assert page.tags.count("img") == 3


def test_the_table_shows_first_last_and_highest(tmp_path: Path) -> None:
    """Each number stands at its address, whatever was not logged."""
    logged = {"name": "a", "step": [1, 2, 3], "loss": [2.5, 1.25, None], "learning_rate": [1e-4, 2e-4, 0.0]}
    folder = write_leakage(tmp_path, sections=of_curves(logged))
    build(folder)
    text = (folder / "clean_result.md").read_text()
    assert "| a | 3 | 2.5 | not measured | 0.0002 |" in text
    assert "| 0.0002 | `sections/training_curves/a/learning_rate/1` |" in text


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    """The name of a curve becomes no markup, neither of the page nor of the clean result."""
    build(write_leakage(tmp_path, sections=of_curves(curve(HOSTILE, 9), curve(f"{HOSTILE}2", 9))))
    assert_stays_text(tmp_path, images=3)


def test_equal_curves_give_equal_bytes(tmp_path: Path) -> None:
    """Two reports of one run are the same files."""
    folders = [write_leakage(tmp_path / name, sections=of_curves(curve("a", 9))) for name in "xy"]
    for folder in folders:
        build(folder)
    first, second = ((folder / "figures/training_curves.svg").read_bytes() for folder in folders)
    assert first == second
