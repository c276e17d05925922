"""The study of simulated populations: its arms are the published design, and its outcome depends on nothing but its parameters."""

from __future__ import annotations

import importlib.util

import pytest
import yaml

from experiment_room import HERE, cell, ran
from harness.domains.evolution.sweep import list_arms

FOLDER = HERE / "evals/belief_evolution"
TINY = {"models": 20, "beliefs": 120, "held": 10, "generations": 10, "runs": 6}


def test_the_arms_are_the_published_design():
    """Every arm is possible and no two are the same; those of levels 0 to 4 are, at full scale, 4,200 runs of 300 models over 100 generations: 126 million
    models in all."""
    levels = yaml.safe_load((FOLDER / "arms.yaml").read_text(encoding="utf-8"))
    settings = yaml.safe_load((FOLDER / "experiment.yaml").read_text(encoding="utf-8"))["scales"]["full"]["settings"]
    sizes = {name: settings[name] for name in ("models", "beliefs", "held", "questions", "generations")}
    arms = [arm for level in levels.values() for arm in list_arms(sizes, level)]
    assert list(levels) == [f"level {number}" for number in range(6)]
    assert len({arm.simulation for arm in arms}) == len(arms)
    published = arms[: -len(levels["level 5"])]
    assert len(published) * settings["runs"] == 4200
    assert sum(arm.simulation.models * arm.simulation.generations * settings["runs"] for arm in published) == 126_000_000


@pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed: the reference would take minutes here")
def test_two_workers_tell_what_one_process_does(tmp_path):
    """Gates, their facts and their records are equal with -n 2, and a population of six runs of ten generations decides nothing by accident of the machine."""
    words = ("-m", "gate or kill")
    one, _ = ran(tmp_path / "one", "belief_evolution", (), *words, **TINY)
    two, _ = ran(tmp_path / "two", "belief_evolution", (), *words, "-n", "2", **TINY)
    for part in ("cells", "checks", "facts", "sections", "caveats"):
        assert one[part] == two[part], part
    assert {name: cell(one, name)["verdict"] for name in ("G1", "G2", "G3", "G5")} == dict.fromkeys(("G1", "G2", "G3", "G5"), "passed")
