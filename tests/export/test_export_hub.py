"""The adapters of a run, as PEFT reads them: the same logits as ours, and a card with what they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from exports import exported
from harness.cli import main
from harness.models.local import load
from harness.store import Store
from harness.training.adapter import WEIGHTS
from harness.training.adapter_stack import AdaptedModel, Stack
from harness.training.trainings import KIND, TrainingRecord
from training_room import trained

# peft asks transformers by a name that is on its way out.
pytestmark = [pytest.mark.usefixtures("single"), pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / ".harness" / "store")


@pytest.fixture
def adapted(run: Path, little_folder: Path, store: Store) -> AdaptedModel:
    """A run that sampled from a small model with one adapter on another; a third adapter of the store is not the run's."""
    stack = Stack(load(f"local/{little_folder}", device="cpu"))
    below = trained(store, stack)
    below.folder()
    upper = trained(store, stack, seed=4, below=(below,))
    upper.folder()
    trained(store, stack, seed=5).folder()
    model = AdaptedModel(stack, [below, upper])
    tree = json.loads((run / "results.json").read_text(encoding="utf-8"))
    tree["facts"]["Eval"]["villain"]["model"] = model.fingerprint
    tree["facts"]["Training"] = {"small adapters": {"rows": 14, "steps": 8, "learning_rate": 0.01, "method": "LoRA | <b>"}}
    tree["facts"]["Model"] = {stack.base.spec: next(iter(tree["facts"]["Model"].values()))}
    note = json.loads((upper.folder() / "harness.json").read_text())
    record = store.peek(KIND, note["training"], TrainingRecord)
    tree["sections"]["training_curves"] = {"upper seed 4": {"name": "upper seed 4", "step": list(record.steps), "loss": list(record.loss)}}
    (run / "results.json").write_text(json.dumps(tree), encoding="utf-8")
    return model


def test_peft_gives_the_logits_of_our_merge(run, adapted, capsys):
    """Both adapters of the stack are there, the third is not; merged one on the other by peft alone they give the logits of ours."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    code, value, _ = exported(capsys, run, "--hub")
    assert code == 1 and [str(note).partition(":")[0] for note in value["notes"]] == ["not verified"]
    folders = sorted({name.partition("/")[0] for name in value["files"]}, key=lambda name: name.startswith("upper"))
    assert len(folders) == 4 - 2 and sorted(path.name for path in (run / "exports/hub" / folders[1]).iterdir()) == [
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    tokens = torch.arange(1, 12).reshape(1, -1)
    with torch.no_grad():
        ours = adapted.model(tokens).logits.clone()
        bare = AutoModelForCausalLM.from_pretrained(adapted.spec.removeprefix("local/"), dtype=torch.float32)
        alone = bare(tokens).logits.clone()
        merged = PeftModel.from_pretrained(bare, run / "exports/hub" / folders[0]).merge_and_unload()
        theirs = PeftModel.from_pretrained(merged, run / "exports/hub" / folders[1])(tokens).logits
    assert torch.allclose(ours, theirs, atol=1e-4) and not torch.allclose(ours, alone, atol=1e-2)


def test_the_card_says_what_it_is(run, adapted, capsys):
    """Base and hash, what lies below, data, recipe, licence, verdicts, and the numbers by address; texts are no markup."""
    exported(capsys, run, "--hub")
    card = next((run / "exports/hub").glob("upper-seed-4-epoch-2-*/README.md")).read_text(encoding="utf-8")
    below = next((run / "exports/hub").glob("adapter-*/README.md")).read_text(encoding="utf-8")
    for told in (
        "license: apache-2.0",
        "SmolLM2-135M-Instruct",
        "a" * 64,
        "Merge first (1 of 1)",
        "14 rows",
        "Run: `2026-11-20T10-00-00`",
        "| 80 | supported |",
        "PeftModel",
    ):
        assert told in card
    assert "cells/H1[villain-refusal]/measurements/" in card and "H1: supported" in card.replace("`hypotheses/H1`", "H1")
    assert "LoRA \\| \\<b\\>" in card and "Merge first" not in below


def test_a_run_without_trainings_is_one_line(run, capsys):
    """Nothing is written."""
    code, value, _ = exported(capsys, run, "--hub")
    assert code == 2 and "trained nothing" in str(value["error"]) and not (run / "exports/hub").exists()


def test_an_adapter_that_is_altered_is_not_exported(run, adapted, store, capsys):
    """It is none of the run's any more, and the line says that something is missing."""
    path = next(path for path in (store.root / "adapters").glob(f"*/{adapted.layers[1].key}/{WEIGHTS}"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    code, value, _ = exported(capsys, run, "--hub")
    assert code == 2 and "holds none of the adapters" in str(value["error"])
    assert main(["export", str(run), "--hub", "--store", str(run / "absent")]) == 2 and "there is no store" in capsys.readouterr().err
