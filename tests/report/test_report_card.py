"""card.json."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.records import SamplesRef
from harness.report.addresses import value_at
from harness.report.build import build
from harness.report.card import card
from harness.report.view import View
from harness.review.review import review_file
from harness.run.sampling import file_name
from sample_cells import measurement
from sample_run import MODEL, results


def made(**facts: Any) -> Any:
    return card(View(results(facts={"Model": {"smollm2": MODEL}, **facts})))


def test_every_filled_field_holds_what_stands_at_its_address(built: Path) -> None:
    """A value of the card can be looked up where the card says it is from."""
    groups = json.loads((built / "card.json").read_text())["groups"]
    tree = json.loads((built / "results.json").read_text())
    filled = [field for sections in groups.values() for fields in sections.values() for field in fields.values() if "value" in field]
    assert list(groups) == sorted(groups)
    assert len(filled) > 25
    assert all(value_at(tree, field["from"]) == field["value"] for field in filled)


def test_the_count_of_missing_fields_is_in_the_verdict(built: Path) -> None:
    """A judge without a name or prompt version, and unstated preprocessing: three fields, and the card says three."""
    told = json.loads((built / "card.json").read_text())
    assert told["reproducibility"] == "INCOMPLETE (3)"
    assert told["counts"]["missing"] == 3


def test_seeds_with_equal_samples_are_on_the_card_and_in_the_summary(new_run: Callable[..., Path]) -> None:
    """Where three seeds gave equal answers, the card names them, and neither the page nor the clean result speaks of one seed alone."""
    replace = msgspec.structs.replace
    cells = [replace(cell, measurements=tuple(replace(one, equal_seeds=(2, 3)) for one in cell.measurements)) for cell in results().cells]
    folder = new_run(cells=tuple(cells))
    build(folder)
    evals = json.loads((folder / "card.json").read_text())["groups"]["Eval"]
    assert [(part["seeds"]["value"], part["equal_seeds"]["value"]) for part in evals.values() if "equal_seeds" in part]
    assert "1 seed (2 more with equal samples)" in (folder / "clean_result.md").read_text()
    assert "1</data> seed (" in (folder / "index.html").read_text()


@pytest.mark.parametrize("source", ["api", "replay", "null"])
def test_what_no_weights_can_fill_does_not_apply(source: str, new_run: Callable[..., Path]) -> None:
    """Nobody knows the weights behind an API, a recording or no model: not applicable with a reason, and neither card nor review counts it as missing."""
    address = "http://127.0.0.1:8000/v1_a"
    stated = {"name": f"vllm/_m@{address}", "source": source, "provider": {"base_url": address}}
    folder = new_run(facts={"Model": {f"vllm/_m@{address}": stated}})
    build(folder)
    (fields,) = json.loads((folder / "card.json").read_text())["groups"]["Model"].values()
    lacking = {name for name, field in fields.items() if "not_applicable" in field}
    assert lacking == {"version", "licence", "parameters", "architecture", "dtype", "weights_sha256", "device"}
    assert not [one for one in review_file(folder).findings if one.code == "card/model-base"]
    assert fields["endpoint"]["value"] == {"base_url": address}
    text = (folder / "clean_result.md").read_text()
    assert f"| Model | `name` | `vllm/_m@{address}` |" in text and "Model /" not in text
    assert address in text and "v1\\_a" not in text and "~1" not in text.partition("## Headline numbers")[0]


def test_weights_that_leave_fields_open_lack_them() -> None:
    """A model of this machine, or one that a test states itself, has them."""
    fields = card(View(results(facts={"Model": {"mine": {"name": "mine", "source": "hub"}}}))).groups["Model"]["mine"]
    assert fields["weights_sha256"] == {"missing": True, "why": "results.json states no weights_sha256"}


def test_samples_are_found_by_the_file_of_their_name() -> None:
    """A name that no file system takes, and the second of one name, are those of their samples: what measured them names the test."""
    found = [measurement("villain", "refusal", (SamplesRef(path=f"samples/{file_name('a & b')}-{'0' * 12}.jsonl", sha256="0" * 64, rows=1),))]
    cells = tuple(msgspec.structs.replace(cell, measurements=tuple(found)) if cell.measurements else cell for cell in results().cells)
    made = card(View(results(cells=cells, facts={"Eval": {"a & b": {"metric": "x"}, "a & b (2)": {"metric": "y"}}}))).groups["Eval"]
    assert [part["significance"]["value"] for part in made.values()] == ["sign-flip permutation"] * 2


def test_without_training_the_training_fields_do_not_apply() -> None:
    """Not applicable is another thing than missing."""
    fields = made().groups["Training"]["all"]
    assert all(field == {"not_applicable": "no cell of this run tells of a training"} for field in fields.values())


def test_with_training_an_unstated_field_is_missing() -> None:
    """A recipe that tells half of itself leaves the other half as gaps; the effective batch is told as a product."""
    fields = made(Training={"lora": {"method": "LoRA SFT", "lr": 2e-4, "batch": 4, "accumulation": 4, "epochs": 1}}).groups["Training"]["lora"]
    assert fields["learning_rate"] == {"value": 2e-4, "from": "facts/Training/lora/lr"}
    assert fields["effective_batch"]["value"] == "4 x 4 = 16"
    assert fields["seeds"]["from"] == "seeds"
    assert fields["schedule"]["missing"] is True


def test_a_complete_card_says_so() -> None:
    """With every field stated the line is COMPLETE."""
    facts = {"Data": {"preprocessing": "none"}, "Eval": {"capability": {"metric": "accuracy", "dataset": "ARC-Easy", "items": 80, "method": "log-prob"}}}
    assert made(**facts).line == "Reproducibility: COMPLETE"


@pytest.mark.mistake("R3", rule="-", stage="run")
def test_a_missing_commit_is_a_gap() -> None:
    """An empty text fills nothing."""
    fields = card(View(results(environment={"python": "3.11.7", "commit": ""}))).groups["Environment"]["all"]
    assert fields["commit"]["missing"] is True
    assert fields["packages"]["missing"] is True
