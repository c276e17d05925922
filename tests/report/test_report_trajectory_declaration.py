"""What a declared trajectory may say, and what it does not change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.code_dependencies import Dependencies
from harness.design.catalogue import Catalogue, PlannedCell, cell_id
from harness.design.declaring import Declaration
from harness.design.experiment import Experiment
from harness.design.preregistration import flatten
from harness.design.reading import read_plain
from harness.errors import HarnessError
from harness.run.cell_key import identity

YAML = """\
id: {id}
title: t
question: q
axes: {{source: [villain], behaviour: [refusal], epoch: [1, 2]}}
thresholds: {{}}
hypotheses:
  H1: {{cells: [source], rule: {{at_least: 1, of: source}}}}
primary: H1
scales: {{smoke: {{}}}}
trajectories:
  leakage: {{of: P1, x: epoch, lines: [source, target], rows: source, columns: behaviour}}
"""


def read(folder: Path, old: str = "", new: str = "") -> dict[str, Any]:
    folder.joinpath("experiment.yaml").write_text(YAML.format(id=folder.name).replace(old, new))
    return read_plain(folder)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("x: epoch", "x: epochs", r"experiment.yaml:11: leakage: unknown axis 'epochs'. Did you mean 'epoch'\?"),
        ("columns: behaviour", "columns: behavior", r"leakage: unknown axis 'behavior'. Did you mean 'behaviour'\?"),
        ("rows: source", "rows: epoch", "the axis 'epoch' stands twice"),
        ("[source, target]", "[source, source]", "the measurement 'source' stands twice"),
        ("[source, target]", "[]", "at least 1 item"),
        ("rows: source", "row: source", r"unknown key 'row'. Did you mean 'rows'\?"),
    ],
)
def test_a_mistake_of_the_declaration_is_one_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    """The line has the file, what is wrong and the mend."""
    with pytest.raises(HarnessError, match=line):
        read(tmp_path, old, new)


def catalogue(folder: Path, **changes: str) -> Catalogue:
    """The experiment with its tests: H1, and the control P1 over the three axes."""
    plain = read(folder)
    plain["trajectories"]["leakage"] |= changes
    params = {"H1": {"source": "villain"}, "P1": {"source": "villain", "behaviour": "refusal", "epoch": 1}, "G1": {}}
    kinds: dict[str, Any] = {"H1": "hypothesis", "P1": "control", "G1": "gate"}
    tests = [Declaration(kind=kinds[name], id=name, needs=(), over=(), statement=name, where="test.py:1") for name in params]
    cells = [PlannedCell(id=cell_id(test.id, params[test.id]), nodeid=test.id, params=params[test.id], declaration=test) for test in tests]
    return Catalogue(Experiment(plain, folder), cells)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"of": "P2"}, r"the trajectory leakage is of 'P2', which no test is. Did you mean 'P1'\?"),
        ({"of": "H1", "columns": ""}, "the trajectory leakage is over 'epoch', which is no axis of H1. "),
    ],
)
def test_a_figure_of_nothing_is_told_before_the_run(tmp_path: Path, changes: dict[str, str], line: str) -> None:
    """The test and its axes are known once the tests are collected: a mistake costs no GPU-hours."""
    with pytest.raises(HarnessError, match=line):
        catalogue(tmp_path, **changes)
    assert len(catalogue(tmp_path).cells) == 3


def test_a_figure_is_no_part_of_a_key(tmp_path: Path) -> None:
    """What is drawn can change without any cell running again; an experiment without figures promises what it promised before."""
    with_one, without = flatten(read(tmp_path)), flatten(read(tmp_path, YAML[YAML.index("trajectories") :].format(), ""))
    assert {place for place in with_one.keys() ^ without.keys() if not place.startswith("trajectories/")} == set()
    assert not [place for place in without if place.startswith("trajectories")]
    assert identity(with_one, "smoke", (1,), [], Dependencies(), {}) == identity(without, "smoke", (1,), [], Dependencies(), {})
