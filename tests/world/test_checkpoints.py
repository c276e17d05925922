"""Checkpoints: a run that stops and goes on is the run that never stopped, to the last bit."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.populations import checkpoint as checkpoints
from harness.populations.checkpoint import continued, loaded, resumed, saved, started
from harness.populations.runs import runs
from harness.populations.simulation import simulation
from harness.populations.table import Table

LAST = 6
BASE = {"models": 10, "beliefs": 60, "held": 4, "questions": 8, "generations": LAST, "diversity_every": 4}
KINDS = {
    "clonal": {},
    "course": {"selection": {"beta": 0.5, "last": 20, "course": "geometric"}},
    "mutating": {"mutation": {"rate": 0.2, "proposals": 3, "price": 0.5}},
    "growing": {"mutation": {"rate": 0.1, "loss": 0.2, "gain": 0.4}, "fitness": "additive"},
    "recombining": {"reproduction": "recombining", "mutation": {"rate": 0.05}},
    "noisy": {"evaluators": {"noise": 0.7}},
    "evaluators": {"evaluators": {"each": [{"correlation": 0.1, "last": 0.9}, {"correlation": -0.2, "weight": 2}], "every": 2}},
    "examined": {"test": {"every": 2, "added": 3, "dropped": 1, "policy": "harmful", "drop": "redundant", "scored_with": 0.9}},
    "examined growing": {"test": {"every": 3, "policy": "common", "drop": "uninformative"}, "mutation": {"gain": 0.3, "loss": 0.1}},
    "network": {"network": {"degree": 3}, "usage": {"kind": "zipf"}},
    "personalities": {"activation": {"kind": "personality"}, "test": {"every": 4, "policy": "uncovered"}},
    "dying": {"catastrophe": 2.0, "mutation": {"rate": 0.6}},
}


def of(kind):
    return simulation(BASE | KINDS[kind])


@cache
def unsplit(kind, engine="reference", seed=0):
    return runs(of(kind), [seed], engine=engine).values[0].tobytes()


def bits(found):
    return found.history.values.tobytes()


@pytest.mark.parametrize("kind", KINDS)
@given(splits=st.lists(st.integers(0, LAST), min_size=1, max_size=3).map(sorted))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_run_split_anywhere_is_the_unsplit_run(kind, splits, tmp_path):
    """Stopped at any generations, each time through a file: the whole history has the bits of the run that never stopped."""
    path, found = tmp_path / "run.npz", started(of(kind), 0)
    for until in splits:
        saved(path, continued(found, until, engine="reference"))
        found = loaded(path, expected=of(kind))
    assert bits(resumed(path, engine="reference")) == unsplit(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_either_engine_goes_on_from_the_other(kind, tmp_path):
    """Each of the four successions of engines gives the bits of the unsplit reference."""
    pytest.importorskip("numba")
    for before, after in (("compiled", "compiled"), ("compiled", "reference"), ("reference", "compiled")):
        for until in (0, 2, 3):
            saved(tmp_path / "run.npz", continued(started(of(kind), 0), until, engine=before))
            assert bits(resumed(tmp_path / "run.npz", engine=after)) == unsplit(kind)


def test_every_kind_does_what_it_is_called():
    """The runs above exercise their parts: no two kinds have equal histories, and the dying one dies before its end."""
    assert len({unsplit(kind) for kind in KINDS}) == len(KINDS)
    found = continued(started(of("dying"), 0), engine="reference")
    assert found.history.extinct is not None and found.generation == found.history.extinct < LAST


def test_shared_worlds_and_founders_are_kept(tmp_path):
    """The seeds of a world and of founders that several runs share go on with the run."""
    saved(tmp_path / "run.npz", continued(started(of("clonal"), 5, world_seed=8, founder_seed=9), 3, engine="reference"))
    assert bits(resumed(tmp_path / "run.npz", engine="reference")) == runs(of("clonal"), [5], world_seed=8, founder_seed=9, engine="reference").values.tobytes()


def test_going_on_leaves_a_checkpoint_as_it_was(tmp_path):
    """Two continuations of one checkpoint are equal, and saving it again gives the same bytes."""
    here = continued(started(of("examined growing"), 5), 3, engine="reference")
    saved(tmp_path / "one.npz", here)
    assert bits(continued(here, engine="reference")) == bits(continued(here, engine="reference"))
    saved(tmp_path / "other.npz", here)
    saved(tmp_path / "again.npz", loaded(tmp_path / "one.npz"))
    assert len({(tmp_path / f"{name}.npz").read_bytes() for name in ("one", "other", "again")}) == 1


@pytest.mark.parametrize("until", [2, LAST + 1])
def test_going_where_a_run_cannot_go_is_told_in_one_line(until):
    """Neither back nor beyond the last generation."""
    here = continued(started(of("clonal"), 5), 3, engine="reference")
    with pytest.raises(HarnessError, match=rf"at generation 3 cannot go on until {until}. Give a generation from 3 to {LAST}"):
        continued(here, until, engine="reference")


def test_a_checkpoint_of_another_simulation_is_refused(tmp_path):
    """The line names the parameter that differs, and both of its values."""
    saved(tmp_path / "run.npz", started(of("clonal"), 5))
    with pytest.raises(HarnessError, match=r"another simulation: selection.beta is 5.0, not 6.0") as error:
        resumed(tmp_path / "run.npz", expected=simulation(BASE | {"selection": {"beta": 6}}))
    assert "\n" not in str(error.value)


def test_a_checkpoint_of_other_code_is_told_aloud(tmp_path, monkeypatch):
    """It can be gone on with, but not silently: the bits may be others."""
    monkeypatch.setattr(checkpoints, "code", lambda: "before")
    saved(tmp_path / "run.npz", started(of("clonal"), 5))
    monkeypatch.undo()
    with pytest.warns(UserWarning, match="written by other code"):
        assert loaded(tmp_path / "run.npz").generation == 0


def test_a_file_that_is_not_a_whole_checkpoint_is_told_in_one_line(tmp_path):
    """Cut anywhere, of another kind, or with arrays that are not those that were sealed."""
    whole, bad = tmp_path / "run.npz", tmp_path / "bad.npz"
    saved(whole, continued(started(of("examined"), 5), 3, engine="reference"))
    content = whole.read_bytes()
    contents = [b"", b"not it", *(content[:length] for length in range(1, len(content), 307))]
    parts = dict(np.load(whole))
    np.savez(bad, **parts | {"held": parts["held"][::-1]})
    contents.append(bad.read_bytes())
    for each in contents:
        bad.write_bytes(each)
        with pytest.raises(HarnessError, match="not a whole checkpoint") as error:
            loaded(bad)
        assert "\n" not in str(error.value)
    with pytest.raises(HarnessError, match="not a whole table"):
        Table.load(whole)
    with pytest.raises(HarnessError, match="no such checkpoint"):
        loaded(tmp_path / "none.npz")
