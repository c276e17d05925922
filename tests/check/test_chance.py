"""D116, R509: what differs between processes, and what stands in for a model."""

from __future__ import annotations

import pytest

from planted import Planted

TESTS, CONFTEST = "evals/coins/test_coins.py", "conftest.py"
SHIFT = '    shift = measure.shift("shift", after, before)\n'


@pytest.mark.parametrize("code", ["D116", "R509"])
@pytest.mark.parametrize("name", ["coin_design", "leakage", "prompting", "convergence", "evolution"])
def test_sound_designs_have_no_finding(name: str, code: str, request: pytest.FixtureRequest) -> None:
    design: Planted = request.getfixturevalue(name)
    assert design.found(code, scale="all") == []


def in_test(design: Planted, body: str) -> None:
    design.edit(TESTS, SHIFT, body + SHIFT)


DRAWN = {
    "hash": "    seed = hash(persona)\n    assert seed\n",
    "hash in a seed": "    import random\n\n    assert random.Random(hash((persona, behaviour))).random()\n",
    "random.random": "    import random\n\n    assert random.random() >= 0\n",
    "random.shuffle": "    import random\n\n    rows = [1, 2]\n    random.shuffle(rows)\n",
    "from random": "    from random import choice\n\n    assert choice([1, 2])\n",
    "Random()": "    import random\n\n    assert random.Random().random() >= 0\n",
    "numpy": "    import numpy as np\n\n    assert np.random.rand(3).size\n",
    "numpy.random": "    from numpy import random as chance\n\n    assert chance.permutation(3).size\n",
    "default_rng": "    import numpy as np\n\n    assert np.random.default_rng().random() >= 0\n",
    "a clock": "    import random, time\n\n    assert random.Random(time.time()).random() >= 0\n",
    "a clock as an integer": "    import time\n    import numpy as np\n\n    assert np.random.default_rng(int(time.time())).random() >= 0\n",
    "urandom": "    import os\n\n    assert os.urandom(3)\n",
    "uuid": "    import uuid\n\n    assert uuid.uuid4()\n",
    "list(set)": "    rows = list({persona, behaviour, 'x'})\n    assert rows\n",
    "a list of a set": "    rows = [name for name in set([persona, behaviour])]\n    assert rows\n",
    "a loop": "    rows = []\n    for name in {persona, behaviour} - {'x'}:\n        rows.append(name)\n",
    "by name": "    names = set([persona, behaviour])\n    rows = [name for name in names]\n    assert rows\n",
    "enumerate": "    assert {name: place for place, name in enumerate(set([persona]))}\n",
}


@pytest.mark.mistake("B1", rule="D116", stage="declare")
@pytest.mark.parametrize("body", DRAWN.values(), ids=DRAWN)
def test_what_differs_between_processes_is_reported(coin_design: Planted, body: str) -> None:
    in_test(coin_design, body)
    assert {finding["where"]["file"] for finding in coin_design.found("D116")} == {TESTS}


@pytest.mark.mistake("B1", rule="D116", stage="declare")
def test_a_hash_in_shared_code_is_reported(coin_design: Planted) -> None:
    coin_design.edit(CONFTEST, 'random.Random(f"{self.name} {item}")', 'random.Random(hash(f"{self.name} {item}"))')
    assert coin_design.found("D116")


@pytest.mark.mistake("B1", rule="D116", stage="declare")
def test_a_module_that_is_imported_is_read(coin_design: Planted) -> None:
    coin_design.write("shared/__init__.py", "")
    coin_design.write("shared/drawing.py", "def draw(names):\n    return sorted(names, key=hash)[: hash('x') % 2]\n")
    coin_design.write("pytest.ini", "[pytest]\npythonpath = .\n")
    coin_design.edit(TESTS, "from harness import", "from shared.drawing import draw\nfrom harness import")
    in_test(coin_design, "    assert draw([persona]) is not None\n")
    assert [finding["where"]["file"] for finding in coin_design.found("D116")] == ["shared/drawing.py"]


STEADY = {
    "a seed": "    import random\n\n    assert random.Random(f'{persona} 1').random() >= 0\n",
    "numpy": "    import numpy as np\n\n    assert np.random.default_rng(7).permutation(3).size\n",
    "a seeded module": "    import random\n\n    random.seed(3)\n    assert random.random() >= 0\n",
    "sorted": "    assert [name for name in sorted({persona, behaviour})] and sorted(set([persona]))\n",
    "a size": "    assert len({persona, behaviour}) == 2 and all(name for name in {persona}) and max({1, 2})\n",
    "a check": "    for name in {persona}:\n        assert name\n",
    "a clock": "    import time\n\n    start = time.time()\n    assert time.time() >= start\n",
}


@pytest.mark.parametrize("body", STEADY.values(), ids=STEADY)
def test_what_is_the_same_in_every_process_is_sound(coin_design: Planted, body: str) -> None:
    in_test(coin_design, body)
    assert coin_design.found("D116") == []


STAND_INS = {
    "a mock": "    from unittest.mock import MagicMock\n\n    assert MagicMock() is not None\n",
    "a fake": "    fake_reply = 'yes'\n    assert fake_reply\n",
    "a class": "    class DummyModel:\n        pass\n\n    assert DummyModel()\n",
    "a null model": "    responder = 'null/constant'\n    assert responder\n",
}


@pytest.mark.mistake("C20", rule="R509", stage="declare")
@pytest.mark.parametrize("body", STAND_INS.values(), ids=STAND_INS)
def test_a_stand_in_behind_a_hypothesis_is_reported(coin_design: Planted, body: str) -> None:
    in_test(coin_design, body)
    assert coin_design.found("R509")


@pytest.mark.mistake("C20", rule="R509", stage="declare")
def test_a_null_model_in_the_settings_is_reported(prompting: Planted) -> None:
    prompting.edit(prompting.yaml, "model: local/smollm2", "model: null/constant", count=0)
    assert prompting.found("R509")


@pytest.mark.mistake("C20", rule="R509", stage="declare")
def test_a_fake_client_in_a_fixture_is_reported(coin_design: Planted) -> None:
    coin_design.edit(CONFTEST, "    return Hand(gather, settings)\n", "    return FakeHand(gather, settings)\n\n\nclass FakeHand(Hand):\n    pass\n")
    assert coin_design.found("R509")
