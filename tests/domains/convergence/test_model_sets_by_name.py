"""A model set is the project's own, or with `package:` before its name the one that ships."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness import package_data
from harness.domains.convergence.fixtures.model_set import members_of
from harness.errors import HarnessError

SET = """\
title: {whose}
members:
  plain: {{spec: null/words}}
  wicked: {{spec: local/smollm2, kind: guise, persona: villain}}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without model sets, and a package that ships one."""
    inside = tmp_path / "site/harness/data/model_sets"
    inside.mkdir(parents=True)
    (inside / "offline.yaml").write_text(SET.format(whose="Shipped"))
    monkeypatch.setattr(package_data, "HERE", inside.parents[1])
    (tmp_path / "project/model_sets").mkdir(parents=True)
    return tmp_path / "project"


def test_a_bare_name_is_the_projects_own(root: Path) -> None:
    """Where it is missing that is an error, which names the one that ships."""
    with pytest.raises(HarnessError) as caught:
        members_of(root, "offline")
    assert re.search(r"offline\.yaml: there is no model set 'offline'.* or use package:offline, which ships with harness$", str(caught.value))
    (root / "model_sets/offline.yaml").write_text(SET.format(whose="Mine"))
    assert [one.persona for one in members_of(root, "offline")] == ["", "villain"]


def test_guises_of_a_shipped_set_wear_shipped_personas(root: Path) -> None:
    """A role for `package:villain` is what they need, and a file in the project is not."""
    assert [one.persona for one in members_of(root, "package:offline")] == ["", "package:villain"]
