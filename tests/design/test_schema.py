"""The JSON Schema of experiment.yaml: it takes what the reader takes, refuses what the reader refuses, explains every key, and is the code's."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from harness.design import schema
from harness.design.reading import read_plain
from harness.errors import HarnessError
from harness.yamlfile import YamlFile
from toy import YAML

ROOT = Path(__file__).parents[2]
EXPERIMENTS = sorted([*ROOT.glob("evals/*/experiment.yaml"), *ROOT.glob("tests/**/experiment.yaml")])
SHIPPED = json.loads(schema.shipped_text())
DELETE = object()


def is_valid(data: Any) -> bool:
    return not list(Draft7Validator(SHIPPED).iter_errors(data))


def test_the_shipped_file_is_that_of_the_code() -> None:
    """Whoever changes the specification runs: python -m harness.design.schema > harness/design/experiment.schema.json."""
    assert schema.shipped_text() == schema.text()
    Draft7Validator.check_schema(SHIPPED)


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.parent.name)
def test_what_ships_is_valid(path: Path) -> None:
    """Every declaration of this checkout."""
    errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in Draft7Validator(SHIPPED).iter_errors(YamlFile(path).data)]
    assert not errors


def test_every_key_is_explained() -> None:
    """A sentence for each, wherever it may stand."""
    for part in (SHIPPED, *SHIPPED["$defs"].values()):
        for name, key in part["properties"].items():
            assert len(key["description"]) > 15, name


def changed(place: str, value: Any) -> dict[str, Any]:
    """The coins with another value at a place: `thresholds/heads/value`."""
    data = copy.deepcopy(yaml.safe_load(YAML))
    *way, last = place.split("/")
    inner = data
    for part in way:
        inner = inner[part]
    if value is DELETE:
        del inner[last]
    else:
        inner[last] = value
    return data


def is_read(folder: Path, data: dict[str, Any]) -> bool:
    """Whether the reader takes it."""
    (folder / "coins").mkdir()
    (folder / "coins/experiment.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    try:
        read_plain(folder / "coins")
    except HarnessError:
        return False
    return True


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("title", DELETE),
        ("title", ""),
        ("titel", "Coins"),
        ("question", 3),
        ("matched", "one text"),
        ("axes/1st", ["a"]),
        ("axes/persona", {"rolle": "source"}),
        ("thresholds/heads/valu", 5),
        ("thresholds/heads/value", 0),
        ("thresholds/heads/value", "5"),
        ("thresholds/heads/direction", "up"),
        ("thresholds/heads/floor", "none"),
        ("thresholds/heads/expected_baseline", 1.5),
        ("thresholds/heads/calibration", {"sensitivity": [1], "specificity": [1, 2]}),
        ("hypotheses", {}),
        ("hypotheses/H1/rule", {"of": "persona"}),
        ("hypotheses/H1/rule/at_least", "most"),
        ("hypotheses/H1/rule/at_least", 0),
        ("hypotheses/H1/family", "main"),
        ("primary", DELETE),
        ("alpha", 1),
        ("alpha", True),
        ("scales/2 tiny", {}),
        ("scales/smoke/settings", {"items": [1]}),
        ("scales/smoke/seeds", []),
        ("scales/smoke/seeds", [1.5]),
        ("scales/smoke/cell_cost", {"minutes": 3}),
        ("scales/smoke/gpus", -1),
        ("parents", [3]),
        ("allow", {"D101": {"why": "short"}}),
        ("trajectories", {"a": {"of": "H1", "x": "persona", "lines": [], "rows": "behaviour"}}),
    ],
)
def test_a_mistake_is_refused_by_both(tmp_path: Path, place: str, value: Any) -> None:
    """What an editor underlines, the reader refuses, and the other way round."""
    assert is_read(tmp_path, changed("title", "Coins"))
    (tmp_path / "again").mkdir()
    data = changed(place, value)
    assert (is_valid(data), is_read(tmp_path / "again", data)) == (False, False)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("parents", ["an earlier study", {"statement": "another"}]),
        ("allow", {"D101": {"why": "because it was argued for at length"}}),
        ("allow", {"D101": [{"why": "because it was argued for at length", "scales": ["smoke"]}]}),
        ("thresholds/heads/floor", "none, because every level is measured equally well"),
        ("scales/smoke/settings", {"items": 200, "chunk": "many", "pause": True}),
        ("hypotheses/H1/rule/at_least", "all"),
        ("claim", {"population": "coins"}),
        ("power", 0.5),
    ],
)
def test_what_may_be_written_otherwise_is_taken_by_both(tmp_path: Path, place: str, value: Any) -> None:
    """Texts for parents, one reason without a list, argued bounds, free settings."""
    data = changed(place, value)
    assert (is_valid(data), is_read(tmp_path, data)) == (True, True)
