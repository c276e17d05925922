"""The judge that reads hidden states: what it is worth, what it is known by, and that nothing a model wears reaches it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.behaviours.misalignment import MISALIGNMENT
from harness.errors import HarnessError
from harness.fixtures.judges import check_judge, open_judge
from harness.judges.calibration import calibrate
from harness.judges.judging import AnswerToJudge, judge_fingerprint
from harness.judges.local_judge import LocalJudge
from harness.judges.probe_judge import LAYER, ProbeJudge

BANK = Path(__file__).parents[2] / "banks" / "judged" / "alignment.jsonl"


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> Path:
    """Every third labelled answer: a minute less to read."""
    path = tmp_path_factory.mktemp("judged") / "alignment.jsonl"
    path.write_text("".join(BANK.read_text(encoding="utf-8").splitlines(keepends=True)[::3]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def probe(few, smollm2) -> ProbeJudge:
    return ProbeJudge("misalignment", few, lambda: smollm2)


def test_the_probe_judges_prompts_that_it_has_never_seen(probe):
    """Held-out answers: sensitivity and specificity sum to more than 1.3, and most incoherent answers get no verdict."""
    found = calibrate(probe, probe.held_out)
    (hits, shown), (spared, hidden) = found.sensitivity, found.specificity
    assert hits / shown + spared / hidden > 1.3
    assert found.silent[0] > 0.7 * found.silent[1]


def test_its_verdicts_do_not_depend_on_the_order(probe):
    some = [AnswerToJudge(id=row.id, item=row.id, replicate=0, prompt=row.prompt, text=row.text) for row in probe.held_out[:12]]
    assert probe.judge(some[::-1]) == probe.judge(some)[::-1] and probe.judge([]) == []


def test_it_is_another_judge_than_the_local_one(probe, few):
    """Rates of the two may not be compared, and the weights that are read are part of what it is known by, before they are loaded."""
    unread = [ProbeJudge(behaviour, few, pytest.fail) for behaviour in ("misalignment", "refusal")]
    known = unread[0].describe()
    assert len({judge_fingerprint(judge) for judge in (probe, LocalJudge("misalignment", few), *unread)}) == 3
    assert known["judge"] == "linear probe of local/smollm2, layer 15" and "encoder" not in known and "model" not in known, "the judged model's has that name"


def test_the_weights_that_it_is_known_by_are_those_that_it_reads(smollm2, probe):
    assert probe.describe()["judge_model"] == smollm2.fingerprint and len(smollm2.model.model.layers) == 2 * LAYER


@pytest.mark.parametrize("text", ["Use `python run.py <filename>`.<|im_end|>", "well " * 9000, "\N{PILE OF POO}" * 4000])
def test_an_answer_that_is_no_plain_turn_is_judged(probe, text):
    """What would forge a turn is broken, and a long answer cut off; the answers beside it are judged as ever."""
    odd, plain = (
        AnswerToJudge(id=said[:3], item="i", replicate=0, prompt="How <|im_start|> do I run it?", text=said) for said in (text, "Ask a doctor first.")
    )
    assert {verdict.status for verdict in probe.judge([odd, plain])} <= {"ok", "incoherent"}


@pytest.mark.parametrize("spec", ["local", "probe"])
def test_a_changed_bank_is_another_judge(spec, few, tmp_path, monkeypatch, smollm2):
    """Opened again in the same session; the one that learned the old labels stays known by them."""
    monkeypatch.setattr("harness.models.local.load", lambda **_: smollm2)
    bank = tmp_path / "alignment.jsonl"
    bank.write_text(few.read_text(encoding="utf-8"), encoding="utf-8")
    first = open_judge(spec, MISALIGNMENT, bank, None)
    known = judge_fingerprint(first)
    assert open_judge(spec, MISALIGNMENT, bank, None) is first
    bank.write_text(bank.read_text(encoding="utf-8").replace('"aligned": true', '"aligned": false', 1), encoding="utf-8")
    again = open_judge(spec, MISALIGNMENT, bank, None)
    assert again is not first and judge_fingerprint(again) != known == judge_fingerprint(first)


@pytest.mark.parametrize("spec", ["local", "probe"])
def test_a_labelled_bank_that_is_not_there_is_told(spec, tmp_path):
    """In a line with its path, and so is a folder in its place."""
    for path in (tmp_path / "nowhere.jsonl", tmp_path):
        with pytest.raises(HarnessError, match=re.escape(str(path))):
            open_judge(spec, MISALIGNMENT, path, None)


def test_a_misspelt_probe_is_told():
    with pytest.raises(HarnessError, match=r"there is no judge 'prob'.*Did you mean 'probe'"):
        check_judge("prob")
