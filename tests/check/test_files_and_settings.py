"""D114, D115: files that are read and not declared, settings that are declared and not read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fork_server import run_python
from planted import Planted, environment

TESTS, CONFTEST = "evals/coins/test_coins.py", "conftest.py"
SHIFT = '    shift = measure.shift("shift", after, before)\n'


@pytest.mark.parametrize("code", ["D114", "D115"])
@pytest.mark.parametrize("name", ["coin_design", "leakage", "prompting", "convergence", "evolution"])
def test_sound_designs_have_no_finding(name: str, code: str, request: pytest.FixtureRequest) -> None:
    design: Planted = request.getfixturevalue(name)
    assert design.found(code, scale="all") == []


def test_the_experiment_of_harness_init_has_no_finding(tmp_path: Path) -> None:
    run_python([sys.executable, "-m", "harness.cli", "init"], cwd=tmp_path, env=environment())
    assert {finding["code"] for finding in Planted(tmp_path, "first").check("--select", "M,S,D11,R5")} <= {"M310"}  # it has no positive control


def in_test(design: Planted, body: str) -> None:
    design.edit(TESTS, SHIFT, body + SHIFT)


READ = {
    "open": '    rows = open("banks/other.jsonl").read()\n    assert rows\n',
    "with open": '    with open("banks/other.jsonl", encoding="utf-8") as stream:\n        assert stream.read()\n',
    "read_text": '    from pathlib import Path\n\n    assert Path("banks/other.jsonl").read_text()\n',
    "beside": '    from pathlib import Path\n\n    assert (Path(__file__).parent / "other.json").read_text()\n',
    "the root": '    from pathlib import Path\n\n    assert (Path(__file__).parents[2] / "banks" / "deep" / "other.jsonl").open().read()\n',
    "json": '    import json\n\n    assert json.load(open("banks/deep/other.json"))\n',
    "a name": '    name = "other.jsonl"\n    assert open(f"data/{name}").read()\n',
    "pandas": '    import pandas as pd\n\n    assert len(pd.read_csv("data/other.csv"))\n',
    "numpy": '    import numpy as np\n\n    assert np.load("data/other.npy").size\n',
    "join": '    import os\n\n    assert open(os.path.join("data", "other.csv")).read()\n',
    "rows": '    from harness.measures import load_rows\n\n    assert load_rows("data/rows.jsonl", dict)\n',
    "a constant": "    assert open(OTHER).read()\n",
    "what is made up": '    assert open(f"data/{persona}.json").read()\n',
}


@pytest.mark.mistake("T6", rule="D114", stage="declare")
@pytest.mark.parametrize("body", READ.values(), ids=READ)
def test_a_file_that_is_read_and_not_declared_is_reported(coin_design: Planted, body: str) -> None:
    coin_design.edit(coin_design.yaml, "inputs: [banks/*.jsonl]", "inputs: [banks/coins.jsonl]")
    coin_design.write(TESTS, coin_design.read(TESTS) + '\n\nOTHER = "banks/other.jsonl"\n')
    in_test(coin_design, body)
    (finding,) = coin_design.found("D114")
    assert finding["stage"] == "declare" and finding["where"]["file"] == TESTS


@pytest.mark.mistake("T6", rule="D114", stage="declare")
@pytest.mark.parametrize(
    "body",
    [
        '\n\nTABLE = open(HERE / "data" / "table.json").read()\n',
        '\n\n@pytest.fixture\ndef table():\n    return (HERE / "data/table.json").read_text()\n',
    ],
)
def test_a_conftest_that_reads_one_is_reported(coin_design: Planted, body: str) -> None:
    coin_design.write("data/table.json", "{}")
    coin_design.write(CONFTEST, coin_design.read(CONFTEST) + body)
    coin_design.edit(
        TESTS,
        "(persona, behaviour, coin, measure, criterion)",
        "(persona, behaviour, coin, measure, criterion, table)" if "table()" in body else "(persona, behaviour, coin, measure, criterion)",
    )
    in_test(coin_design, "    assert table is not None\n" if "table()" in body else "")
    assert [finding["where"]["file"] for finding in coin_design.found("D114")] == [CONFTEST]


FALLBACKS = {
    "a conditional": '    path = Path("banks/one.jsonl") if Path("banks/one.jsonl").exists() else Path("banks/two.jsonl")\n    assert path\n',
    "an if": '    path = Path("banks/one.jsonl")\n    if not path.exists():\n        path = Path("banks/two.jsonl")\n    assert path.read_text()\n',
    "a try": '    try:\n        rows = open("banks/one.jsonl").read()\n    except FileNotFoundError:\n        rows = open("banks/two.jsonl").read()\n    assert rows\n',  # noqa: E501
    "os.path": '    import os\n\n    name = "banks/one.jsonl"\n    if not os.path.exists(name):\n        name = "banks/two.jsonl"\n    assert open(name).read()\n',  # noqa: E501
}


@pytest.mark.mistake("D22", rule="D114", stage="declare")
@pytest.mark.parametrize("body", FALLBACKS.values(), ids=FALLBACKS)
def test_a_silent_fallback_is_reported_though_both_are_declared(coin_design: Planted, body: str) -> None:
    in_test(coin_design, "    from pathlib import Path\n\n" + body)
    assert coin_design.found("D114")


SOUND = {
    "an input": '    assert open("banks/coins.jsonl").read()\n',
    "an input from here": '    from pathlib import Path\n\n    assert (Path(__file__).parents[2] / "banks" / "coins.jsonl").read_text()\n',
    "a written file": '    with open("data/out.json", "w") as stream:\n        stream.write("x")\n',
    "a persona with a role": '    assert open("personas/villain.yaml").read()\n',
    "elsewhere": '    assert open("/etc/hostname") and open("/tmp/some.json")\n',
    "a path that is only named": '    assert "banks/other.jsonl"[0]\n',
    "one that must be there": '    from pathlib import Path\n\n    path = Path("banks/coins.jsonl")\n    if not path.exists():\n        raise FileNotFoundError(path)\n',  # noqa: E501
}


@pytest.mark.parametrize("body", SOUND.values(), ids=SOUND)
def test_declared_files_are_sound(coin_design: Planted, body: str) -> None:
    in_test(coin_design, body)
    assert coin_design.found("D114") == []


def setting(design: Planted, entry: str) -> None:
    design.edit(design.yaml, "pause: 0.0}", f"pause: 0.0, {entry}}}", count=0)


@pytest.mark.mistake("E11", rule="D115", stage="declare")
@pytest.mark.parametrize("entry", ["temperature: 0.7", "itmes: 5", "judge: none", "warmup_steps: 3"])
def test_a_setting_that_nobody_reads_is_reported(coin_design: Planted, entry: str) -> None:
    setting(coin_design, entry)
    (finding,) = coin_design.found("D115", scale="all")
    assert finding["subject"] == entry.split(":")[0] and finding["where"]["line"] > 20


@pytest.mark.mistake("D22", rule="D115", stage="declare")
@pytest.mark.parametrize(("old", "new"), [("judge: local", "jugde: local"), ("judge: none", "jugde: none")])
def test_a_misspelt_judge_is_reported(leakage: Planted, old: str, new: str) -> None:
    leakage.edit(leakage.yaml, "judge: ", "jugde: ", count=0)
    leakage.edit("evals/persona_leakage/test_controls.py", 'settings["judge"]', 'settings.get("judge", "none")')
    findings = leakage.found("D115")
    assert [finding["subject"] for finding in findings] == ["jugde"] and "judge" in findings[0]["message"], (old, new)


@pytest.mark.mistake("E11", rule="D115", stage="declare")
@pytest.mark.parametrize(
    "entry", ["temperatur: 0.9", "behaviour_weight_decay: 0.1", "convergence_lrr: 0.1", "question_bank: banks/a.jsonl", "behavior_lr: 0.1", "concurrency: 4"]
)
def test_a_setting_that_this_domain_does_not_read_is_reported(leakage: Planted, entry: str) -> None:
    leakage.edit(leakage.yaml, "      model: local/smollm2\n", f"      model: local/smollm2\n      {entry}\n")
    assert [finding["subject"] for finding in leakage.found("D115")] == [entry.split(":")[0]]


@pytest.mark.parametrize("entry", ["temperature: 0.9", "top_p: 0.5", "requests_bank: banks/benign_requests.jsonl"])
def test_a_setting_that_is_read_where_it_is_there_is_sound(leakage: Planted, entry: str) -> None:
    leakage.edit(leakage.yaml, "      model: local/smollm2\n", f"      model: local/smollm2\n      {entry}\n")
    assert leakage.found("D115") == []


@pytest.mark.mistake("D22", rule="D115", stage="declare")
def test_a_misspelt_default_in_the_code_is_reported(coin_design: Planted) -> None:
    setting(coin_design, "judge: none")
    in_test(coin_design, '    settings = coin.settings\n    assert settings.get("jugde", "local")\n')
    assert coin_design.found("D115")


@pytest.mark.parametrize(
    "body",
    [
        '    assert coin.settings["extra"]\n',
        '    assert coin.settings.get("extra")\n',
        '    assert [coin.settings[name] for name in ("extra", "items")]\n',
        '    assert coin.settings[f"ex{str()}tra"]\n',
        "    settings = dict(coin.settings)\n    assert dict(**settings)\n",
    ],
)
def test_a_setting_that_is_read_somehow_is_sound(coin_design: Planted, body: str) -> None:
    setting(coin_design, "extra: 3")
    in_test(coin_design, body)
    assert coin_design.found("D115") == []


def test_a_setting_that_a_threshold_takes_is_read(coin_design: Planted) -> None:
    setting(coin_design, "units: 100")
    coin_design.edit(coin_design.yaml, "n: items", "n: units")
    assert coin_design.found("D115") == []


HELPERS = {
    "a function of settings": ("    def note(self, name):", "    def note(self, name, size=None):\n        size = size_of(self.settings, 'warmth')\n"),
    "a function of anything": ("    def note(self, name):", "    def note(self, name, size=None):\n        size = taken(self.settings, name='warmth')\n"),
}


@pytest.mark.parametrize(("old", "new"), HELPERS.values(), ids=HELPERS)
def test_a_setting_that_a_helper_reads_is_sound(coin_design: Planted, old: str, new: str) -> None:
    setting(coin_design, "warmth: 1")
    coin_design.edit("conftest.py", old, new)
    helpers = "def size_of(settings, name):\n    return settings[name]\n\n\ndef taken(config, name):\n    return config[name]\n\n\n"
    coin_design.edit("conftest.py", "class Hand:", f"{helpers}class Hand:")
    assert coin_design.found("D115", scale="all") == []
