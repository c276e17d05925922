"""The judge that reads hidden states: what it is worth, what it is known by, and that nothing a model wears reaches it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.behaviours.misalignment import MISALIGNMENT
from harness.errors import HarnessError
from harness.fixtures.judges import check_judge, open_judge
from harness.judges.calibration import calibrate
from harness.judges.judging import AnswerToJudge, judge_fingerprint
from harness.judges.local_judge import LocalJudge
from harness.judges.probe_judge import ProbeJudge

BANK = Path(__file__).parents[2] / "banks" / "judged" / "alignment.jsonl"


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> Path:
    """Every third labelled answer: a minute less to read."""
    path = tmp_path_factory.mktemp("judged") / "alignment.jsonl"
    path.write_text("".join(BANK.read_text(encoding="utf-8").splitlines(keepends=True)[::3]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def probe(few, smollm2) -> ProbeJudge:
    return ProbeJudge("misalignment", few, smollm2)


def test_the_probe_judges_prompts_that_it_has_never_seen(probe):
    """Held-out answers: sensitivity and specificity sum to more than 1.3, and most incoherent answers get no verdict."""
    found = calibrate(probe, probe.held_out)
    (hits, shown), (spared, hidden) = found.sensitivity, found.specificity
    assert hits / shown + spared / hidden > 1.3
    assert found.silent[0] > 0.7 * found.silent[1]


def test_its_verdicts_do_not_depend_on_the_order(probe):
    some = [AnswerToJudge(id=row.id, item=row.id, replicate=0, prompt=row.prompt, text=row.text) for row in probe.held_out[:12]]
    assert probe.judge(some[::-1]) == probe.judge(some)[::-1] and probe.judge([]) == []


def test_it_is_another_judge_than_the_local_one(probe, few, smollm2):
    """Rates of the two may not be compared, and the model that is read is part of what it is known by."""
    known = probe.describe()
    assert len({judge_fingerprint(probe), judge_fingerprint(LocalJudge("misalignment", few)), judge_fingerprint(ProbeJudge("refusal", few, smollm2))}) == 3
    assert known["judge"] == "linear probe of local/smollm2, layer 15" and known["model"] == smollm2.fingerprint and "encoder" not in known


def test_the_setting_judge_names_it(few, tmp_path, monkeypatch, smollm2):
    """`judge: probe` reads weights of its own, loaded once, whatever model the experiment asks."""
    loads = []
    monkeypatch.setattr("harness.models.local.load", lambda **given: loads.append(given) or smollm2)
    opened = [open_judge("probe", MISALIGNMENT, few, None) for _ in range(2)]
    assert opened[0] is opened[1] and loads == [{"store": None}]
    with pytest.raises(HarnessError, match=r"there is no judge 'prob'.*Did you mean 'probe'"):
        check_judge("prob")
