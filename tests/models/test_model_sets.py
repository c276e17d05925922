"""Sets of models in YAML: what they may say, and what is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.models.model_sets import load_model_set

ROOT = Path(__file__).parents[2]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "set.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted((ROOT / "model_sets").glob("*.yaml")), ids=lambda path: path.stem)
def test_our_own_sets_are_sound(path):
    """Every set of ours loads, has controls of both kinds, and names personas that exist."""
    found = load_model_set(path).members
    kinds = {member.kind for member in found}
    assert {"model", "repeat", "null"} <= kinds
    for member in found:
        assert not member.persona or (ROOT / "personas" / f"{member.persona}.yaml").exists()
        if member.kind in ("guise", "repeat"):
            assert member.spec in {other.spec for other in found if other.kind == "model"}, f"{member.name} repeats nobody"


def test_members_keep_their_declared_order(tmp_path):
    """The order is the promise of who is taken first; YAML's order is kept."""
    found = load_model_set(written(tmp_path, "title: t\nmembers:\n  zeta: {spec: null/words}\n  alpha: {spec: null/stock}\n")).members
    assert [member.name for member in found] == ["zeta", "alpha"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: t\nmembers:\n  a: {spec: local/x, persona: villain}\n", "a persona makes a guise"),
        ("title: t\nmembers:\n  a: {spec: local/x, kind: guise}\n", "a guise needs a persona"),
        ("title: t\nmembers:\n  a: {spec: local/x}\n  b: {spec: local/x}\n", "b is a again"),
        ("title: t\nmembers:\n  a: {spec: local/x, sed: 1}\n", "unknown field `sed`"),
        ("title: t\nmembers:\n  a: {kind: model}\n", "missing required field `spec`"),
        ("title: t\nmembers:\n  a: {spec: replay/x.jsonl, seed: 3}\n", "a recording was made as it was made"),
        ("title: t\nmembers: {}\n", "a title and members by name"),
        ("members:\n  a: {spec: local/x}\n", "a title and members by name"),
        ("title: [\n", "not valid YAML"),
        ("title: t\nmembers:\n  a b: {spec: local/x}\n", "a plain name"),
    ],
)
def test_mistakes_are_one_line(tmp_path, text, told):
    """Each mistake names the file, the member and the mend, on one line."""
    with pytest.raises(HarnessError, match=told) as error:
        load_model_set(written(tmp_path, text))
    assert "set.yaml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_set_is_told(tmp_path):
    with pytest.raises(HarnessError, match="there is no such file"):
        load_model_set(tmp_path / "none.yaml")
