"""Workers beside each other take accelerators in turn."""

from __future__ import annotations

import pytest

from harness.run import accelerators
from harness.run.accelerators import VISIBLE, visible_device
from toy import Toy


@pytest.mark.parametrize(
    ("visible", "installed", "number", "own"),
    [
        (None, [], 3, {}),
        (None, ["0", "1"], 0, {VISIBLE: "0"}),
        (None, ["0", "1"], 3, {VISIBLE: "1"}),
        ("4,6,7", ["0", "1"], 1, {VISIBLE: "6"}),
        ("GPU-8a1b", [], 5, {VISIBLE: "GPU-8a1b"}),
        ("", ["0", "1"], 1, {}),  # none is to be seen here
    ],
)
def test_each_number_has_one_of_those_that_are_visible(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, installed: list[str], number: int, own: dict[str, str]
) -> None:
    monkeypatch.setattr(accelerators, "installed_devices", lambda: installed)
    assert visible_device(number, {} if visible is None else {VISIBLE: visible}) == own


def test_workers_of_xdist_and_sessions_have_one_each(toy: Toy) -> None:
    toy.edit("conftest.py", "    def score(self, chunk):\n", '    def score(self, chunk):\n        log("device " + os.environ["CUDA_VISIBLE_DEVICES"])\n')
    for words in (("-n", "2"), ("--harness-engine=subprocess", "--harness-sessions=2", "--harness-store=other")):
        assert toy.run(*words, env={VISIBLE: "5,7"}).returncode == 0
        assert {line for line in toy.thrown() if line.startswith("device")} == {"device 5", "device 7"}
        (toy.root / "thrown").unlink()
