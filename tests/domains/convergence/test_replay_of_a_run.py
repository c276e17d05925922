"""Any run can be replayed: its samples are a recording, and the recording gives the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from experiment_room import cell, experiment

# Null models stand in as respondents here: they answer at once, and what is tested is the way of their answers through samples, recording and analysis.
ASKED = {
    "words": {"spec": "null/words"},
    "others": {"spec": "null/words", "seed": 1},
    "stock": {"spec": "null/stock"},
    "words_again": {"spec": "null/words", "kind": "repeat", "seed": 2},
    "echo": {"spec": "null/echo", "kind": "echo"},
}
SMALL = {"tasks": 6, "varied": 2, "max_tokens": 20}


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> tuple[Path, dict[str, Any]]:
    """The folder of a run, and its results."""
    root = tmp_path_factory.mktemp("first")
    return root, experiment(root, ASKED, **SMALL)[0]


def recorded(root: Path, name: str) -> str:
    [path] = (root / "run/samples").glob(f"answers-{name}-*.jsonl")
    return f"replay/{path}"


def test_a_run_is_replayed_to_the_same_numbers(tmp_path, first):
    """Matrices, agreement and rankings of the replay are those of the run, digit for digit; what the replay was never asked is an error that says so."""
    folder, first = first
    replay = {name: {"spec": recorded(folder, name), "kind": fields.get("kind", "model")} for name, fields in ASKED.items()}
    second, shown = experiment(tmp_path / "second", replay, **SMALL)
    for section in ("similarity", "agreement", "clusters", "ranking", "pairs"):
        assert first["sections"][section] == second["sections"][section], section
    assert {one["id"]: one["verdict"] for one in first["cells"] if one["id"].startswith(("G", "H1[", "H2", "H3"))} == {
        one["id"]: one["verdict"] for one in second["cells"] if one["id"].startswith(("G", "H1[", "H2", "H3"))
    }
    stated = second["sections"]["respondents"]["words"]
    assert (stated["hits"], stated["usd"]) == (30, 0.0), "what is replayed comes from a cache and costs nothing"
    varied = cell(second, "H6[paraphrase]")
    assert varied["verdict"] == "error", "variations lie in other samples files: a recording never makes an answer up"
    assert "answers are not in the recording" in varied["reason"]
    assert shown.count("Traceback") == 0


def test_null_models_show_no_agreement_and_nothing_is_claimed(tmp_path, first):
    """Respondents that never read are not alike beyond mismatch: H1 is not supported in any capability, and two workers tell the same as one process."""
    _, first = first
    for one in first["cells"]:
        if one["owner"] == "H1":
            assert one["verdict"] in ("falsified", "inconclusive", "blocked"), one["reason"]
    pressed = cell(first, "H10[adversarial]")
    assert pressed["verdict"] == "inconclusive" and "0% of the requests are refused" in pressed["reason"], "who never reads refuses no jailbreak"
    second, _ = experiment(tmp_path / "two", ASKED, "-n", "2", **SMALL)
    for name in ("cells", "hypotheses", "checks", "facts", "sections", "caveats"):
        assert first[name] == second[name], name
