"""Which trainings the plan says a cell needs: those that its test asks for, and none that the settings leave out."""

from __future__ import annotations

import pytest

from harness.domains.leakage.fixtures.recipes import Needed, needed_trainings

VILLAIN = {"source": "villain"}
CONVERGED = Needed("villain")


@pytest.mark.parametrize(
    ("owner", "params", "needed"),
    [
        ("H1", {"behaviour": "refusal"}, [CONVERGED, Needed("villain", "refusal", 0), Needed("villain", "refusal", 8)]),
        ("G3.5", {"behaviour": "refusal", "epoch": 0}, [Needed("villain", "refusal", 0)]),
        ("H5", {"advice": "bad_advice"}, [CONVERGED, Needed("villain", "bad_advice", 0), Needed("villain", "bad_advice", 8)]),
        ("H7", {"contrasted": "misalignment"}, [CONVERGED, Needed("villain", "misalignment", 8), Needed("villain", "bad_advice", 8)]),
        ("H10", {"lesson": "misalignment"}, [CONVERGED]),
        ("G1", {"behaviour": "refusal"}, []),
    ],
)
def test_a_cell_needs_what_its_test_trains(owner: str, params: dict[str, object], needed: list[Needed]) -> None:
    settings = {"convergence_epochs": 8, "unconditioned": True}
    assert needed_trainings(settings, VILLAIN | params, owner, 8) == needed


@pytest.mark.parametrize("params", [{"advice": "bad_advice"}, {"contrasted": "misalignment"}])
def test_what_is_taught_under_no_persona_is_counted_where_it_is_taught(params: dict[str, object]) -> None:
    assert needed_trainings({"convergence_epochs": 8, "unconditioned": False}, VILLAIN | params, "H", 8) == [CONVERGED]
