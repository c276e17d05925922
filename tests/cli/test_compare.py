"""`harness compare` on real runs: what is said of a change in code and settings, and that every line fits."""

from __future__ import annotations

import json
import re

import pytest

from harness.cli import main
from toy import Toy, harness


def test_a_change_of_code_and_settings_is_named_with_what_it_moved(toy: Toy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The file and the setting, then the effects of the coin that is less biased now; runs are found by name, and no line is wider than the terminal."""
    toy.run()
    first = (toy.root / "reports/coins/latest").resolve().name
    toy.edit("conftest.py", '"comedian": 0.9', '"comedian": 0.6')
    toy.edit("evals/coins/experiment.yaml", "items: 200", "items: 240")
    toy.run()
    code = toy.results()["environment"]["code"]
    assert {"conftest.py", "evals/coins/test_coins.py", "harness.run.fixtures"} <= code.keys() and all(re.fullmatch("[0-9a-f]{12}", it) for it in code.values())
    monkeypatch.chdir(toy.root)
    monkeypatch.setattr("harness.cli.tables.width", lambda: 80)
    assert main(["compare", first, "reports/coins/latest"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "  code      conftest.py: changed" in lines and "  settings  items: 200 -> 240" in lines
    moved = lines[lines.index("effects that moved by 0.5 half-widths or more") + 1 :]
    assert [line.split()[0] for line in moved[:2]] == ["H1[comedian-tails]", "H1[comedian-heads]"] and all(line.endswith("apart") for line in moved[:2])
    assert moved[-1].startswith("not shown: ")
    assert main(["compare", first, "coins/latest", "--json", "--share", "0.001"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert len(found["moved"]) > 2 and {cause["subject"] for cause in found["causes"]} == {"code", "settings", "measures"}


@pytest.mark.parametrize("share", ["nan", "inf", "-1", "half"])
def test_a_share_is_a_number(share: str, toy: Toy) -> None:
    """Anything else is a mistake of the command line."""
    done = harness(toy, "compare", "a", "b", "--share", share)
    assert done.returncode == 2 and "--share" in done.stderr and "Traceback" not in done.stderr


def test_runs_of_two_experiments_are_one_line(toy: Toy) -> None:
    """Nor is a name that no run has a traceback."""
    toy.run()
    assert harness(toy, "compare", "latest", "coins/latest").stdout.count("no differences") == 1  # the one experiment's
    done = harness(toy, "compare", "latets", "coins/latest")
    assert done.returncode == 2 and "harness runs lists them" in done.stderr and done.stderr.count("\n") == 1
    (toy.root / "reports/dice").mkdir()
    path = toy.root / "reports/dice/one"
    path.mkdir()
    (path / "results.json").write_text(json.dumps(toy.results() | {"experiment": "dice"}))
    done = harness(toy, "compare", "coins/latest", "one")
    assert done.returncode == 2 and "is a run of 'coins'" in done.stderr and done.stderr.count("\n") == 1
