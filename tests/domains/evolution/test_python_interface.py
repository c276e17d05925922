"""`simulate` as a notebook uses it: what it takes, that its numbers are the experiment's, and what it shows."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from harness.domains.evolution import simulate
from harness.domains.evolution.config import simulation
from harness.domains.evolution.fixtures import TOLD, Evolution, choose_generations, to_json_number
from harness.domains.evolution.sweep import list_arms
from harness.errors import HarnessError
from harness.yamlfile import YamlFile
from hostile_text import CONTROL
from seen_report import Seen

SMALL = {"models": 20, "beliefs": 60, "held": 6, "questions": 10, "generations": 12}
ARMS = """\
level 0:
  normal: {landscape: {kind: bivariate_normal, rho: 0.5}}
  "normal, neutral": {landscape.rho: 0.5, selection.beta: 0}
level 1:
  dying: {catastrophe: 4}
"""


@pytest.fixture
def arms(tmp_path: Path) -> Path:
    (tmp_path / "arms.yaml").write_text(ARMS)
    return tmp_path / "arms.yaml"


@pytest.mark.parametrize("arm", ["normal", "normal, neutral", "dying"])
def test_its_numbers_are_those_of_the_experiment(arms: Path, arm: str) -> None:
    """The same arm at the same sizes and seeds, by the measure that the experiment's fixture gathers."""
    levels = YamlFile(arms).data
    overrides = next(level[arm] for level in levels.values() if arm in level)
    rows = Evolution(list_arms(SMALL, {arm: overrides})[0].simulation).score([3, 4])
    runs, kept = simulate(f"{arms}#{arm}", [3, 4], **SMALL), choose_generations(SMALL["generations"])
    for place, row in enumerate(rows):
        assert {name: row[name] for name in TOLD} == {name: [to_json_number(value) for value in runs[name][place, kept].tolist()] for name in TOLD}
        assert row["extinct"] == (None if runs.extinct[place] < 0 else runs.extinct[place])


def test_every_form_of_a_configuration_is_the_same_run(tmp_path: Path) -> None:
    """A simulation, a mapping, a file, keywords and dotted paths; one seed or several."""
    one = simulation({**SMALL, "selection": {"beta": 2}, "landscape": {"kind": "bivariate_normal", "rho": 0.2}})
    (tmp_path / "one.yaml").write_text("selection.beta: 2\nlandscape: {kind: bivariate_normal, rho: 0.2}\n")
    whole = simulate(one, [7]).values
    for config, changes in ((one, {}), (one.to_json(), {}), (tmp_path / "one.yaml", SMALL), (None, {**SMALL, "selection.beta": 2, "landscape.rho": 0.2})):
        found = simulate(config, 7, **changes)
        assert found.simulation == one and np.array_equal(found.values, whole, equal_nan=True)


@pytest.mark.parametrize(
    ("config", "seeds", "changes", "said"),
    [
        (None, 1, {"modls": 3}, "Did you mean 'models'"),
        (None, 1, {"held": 3000}, "only 1000 beliefs"),
        (None, 1, {"landscape.rh": 1}, "Did you mean 'landscape.rho'"),
        ({"modls": 3}, 1, {}, "Did you mean 'models'"),
        ("no.yaml", 1, {}, "no such file"),
        (5, 1, {}, "no mapping of names"),
        (None, 1.5, {}, "1.5 is not a whole number"),
        (None, [1, True], {}, "True is not a whole number"),
    ],
)
def test_a_mistake_is_one_line(config: object, seeds: object, changes: dict[str, object], said: str) -> None:
    with pytest.raises(HarnessError, match=said):
        simulate(config, seeds, **changes)  # type: ignore[arg-type]


def test_a_file_of_arms_needs_the_name_of_one(arms: Path) -> None:
    with pytest.raises(HarnessError, match=r"such as .*arms.yaml#normal"):
        simulate(arms)
    with pytest.raises(HarnessError, match="Did you mean 'normal'"):
        simulate(f"{arms}#nomal")


def test_frames_keep_what_is_missing_missing(arms: Path) -> None:
    """After an extinction there is no number, and the mean is that of the runs that have one; how many there are stands beside it."""
    pytest.importorskip("pandas")
    runs = simulate(f"{arms}#dying", range(6), **SMALL)
    died = runs.extinct >= 0
    assert 0 < died.sum() < 6, "the arm must kill some populations and spare others"
    frame, mean = runs.frame, runs.mean
    assert len(frame) == 6 * 13 and frame["fitness"].isna().sum() == np.isnan(runs["fitness"]).sum() > 0
    row = frame[(frame["seed"] == 2) & (frame["generation"] == 5)].iloc[0]
    assert row["fitness"] == runs["fitness"][2, 5] or np.isnan(runs["fitness"][2, 5])
    last = runs["fitness"][:, -1]
    assert mean["runs"].iloc[-1] == np.isfinite(last).sum() and mean["fitness"].iloc[-1] == pytest.approx(np.nanmean(last))


def test_without_pandas_the_numbers_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    runs = simulate(None, 1, **SMALL)
    assert runs["fitness"].shape == (1, 13) and "<table>" in runs._repr_html_()
    with pytest.raises(HarnessError, match=r"harness-evals\[data\]"):
        _ = runs.frame


@pytest.mark.parametrize(("seeds", "told"), [([], "there are no seeds"), ([3, 1, 3], "the seed 3 stands twice")])
def test_each_run_has_a_seed_of_its_own(seeds: list[int], told: str) -> None:
    """Two runs of one seed are one run, and would halve the interval."""
    with pytest.raises(HarnessError, match=told):
        simulate(None, seeds, **SMALL)


@pytest.mark.parametrize("seeds", [1, range(3)])
def test_a_notebook_sees_a_picture_and_a_table(seeds: object) -> None:
    """Also of one run, which has no interval."""
    runs = simulate(None, seeds, **SMALL)  # type: ignore[arg-type]
    assert runs.plot()._repr_png_()[:4] == b"\x89PNG" and runs.plot("value")
    html = runs._repr_html_()
    assert Seen(html).open == [] and not CONTROL.search(html.replace("\n", ""))
