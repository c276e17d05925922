"""`run_cell` as a notebook uses it: its keys are the experiment's, what is there is not made again, and a mistake is one line before anything is trained."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from harness.design.experiment import experiment_in
from harness.domains.leakage import CellResult, run_cell
from harness.domains.leakage.fixtures.recipes import plan_recipes
from harness.domains.leakage.single_cell import SHIPPED, read_design
from harness.errors import HarnessError
from harness.fixtures.standalone import ProgressLine
from harness.yamlfile import read_yaml
from seen_report import Seen

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "evals/persona_leakage"
# As few rows, steps and tokens as train both adapters.
TINY = {"requests": 6, "rows": 4, "bystander_rows": 2, "anchor_rows": 2, "talk_questions": 6, "talk_tokens": 6, "convergence_rows": 4}
TINY |= {"behaviour_epochs": 1, "convergence_epochs": 1, "convergence_keep": "1", "behaviour_last_layers": 0, "convergence_last_layers": 0}


def test_the_shipped_recipe_is_that_of_the_experiment() -> None:
    """Every setting of it, and its roles but for where they lie."""
    shipped, plain = read_yaml(SHIPPED), experiment_in(FOLDER).plain
    assert shipped["settings"].pop("banks") == "package:banks"
    assert shipped["settings"] == {name: plain["scales"]["smoke"]["settings"][name] for name in shipped["settings"]}
    assert shipped["roles"] == {role: [f"package:{name}" for name in plain["roles"][role]] for role in ("target", "bystander")}


@pytest.mark.parametrize("settings", [None, FOLDER, str(FOLDER)])
@pytest.mark.parametrize("arm", ["left_out", "in_negatives"])
def test_its_trainings_have_the_keys_of_the_experiment(monkeypatch: pytest.MonkeyPatch, settings: Any, arm: str) -> None:
    """So an equal training is made once, whoever asks for it first."""
    monkeypatch.chdir(ROOT)
    experiment = experiment_in(FOLDER)
    theirs = plan_recipes("the base", experiment.plain["scales"]["smoke"]["settings"], experiment.plain, ROOT)
    source = "package:villain" if settings is None else "villain"
    design = read_design(source, None, settings, "smoke")
    ours = design.recipes("the base")
    assert ours.convergence(design.source, 1).key == theirs.convergence("villain", 1).key
    for epoch in (0, 2):
        assert ours.behaviour(design.source, "refusal", epoch, arm, 1).key == theirs.behaviour("villain", "refusal", epoch, arm, 1).key


@pytest.fixture(scope="module")
def tiny(little_folder: Path, single: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[CellResult, dict[str, Any]]:
    """A cell on a model of random weights, and how to ask for it again."""
    how = {"settings": {**TINY, "model": f"local/{little_folder}"}, "store": tmp_path_factory.mktemp("store")}
    return run_cell("package:villain", "refusal", **how), how


def test_a_cell_has_its_rates_their_shift_and_its_trainings(tiny: tuple[CellResult, dict[str, Any]]) -> None:
    """Of the source, which learned, and of the target: with the training and without, paired by item."""
    found, how = tiny
    assert [row["persona"] for row in found.rows] == ["villain", "assistant"]
    for row in found.rows:
        assert row["n"] == 6 and row["unit"] == "pp" and row["low"] <= row["shift"] <= row["high"] and 0 < row["p"] <= 1
        assert row["shift"] == pytest.approx(100 * (row["with"] - row["without"])) and row["p_method"] == "sign-flip permutation of items"
    assert repr(found).endswith("(sign-flip permutation of items)>") and ">p_method<" in found._repr_html_()
    assert found.shift.value == found.rows[1]["shift"] and found.shift.seeds == (1,)
    assert [curve.name for curve in found.curves] == ["convergence villain seed 1", "refusal into villain on epoch 1, left_out, seed 1"]
    assert all(curve.step and len(curve.loss) == len(curve.step) for curve in found.curves)
    assert len(list(how["store"].glob("trainings/*/*.rows.jsonl"))) == 2


def test_what_is_there_is_not_made_again(tiny: tuple[CellResult, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither trained nor sampled; another arm shares the convergence, and no convergence is an epoch of its own."""
    found, how = tiny
    files = {path: path.stat().st_mtime_ns for path in how["store"].rglob("*") if path.suffix in (".jsonl", ".safetensors")}
    again = run_cell("package:villain", "refusal", epoch=1, **how)
    assert again.rows == found.rows and {path: path.stat().st_mtime_ns for path in files} == files
    told: list[str] = []
    monkeypatch.setattr(ProgressLine, "__call__", lambda self, name, done, total: told.append(name))
    masked = run_cell("package:villain", "refusal", arm="in_negatives", **how)
    assert not [name for name in told if name.startswith("convergence")] and masked.rows != found.rows
    alone = run_cell("package:villain", "refusal", epoch=0, **how)
    assert len(alone.curves) == 1 and alone.rows[0]["without"] != found.rows[0]["without"]


def test_ctrl_c_loses_no_training_that_was_done(little_folder: Path, single: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted in the second training, the next call makes that one alone."""
    how = {"settings": {**TINY, "model": f"local/{little_folder}"}, "store": tmp_path}
    trained: list[str] = []

    def tick(self: ProgressLine, name: str, done: int, total: int) -> None:
        trained.append(name)
        if name.startswith("refusal into") and len(set(trained)) < 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(ProgressLine, "__call__", tick)
    with pytest.raises(KeyboardInterrupt):
        run_cell("package:villain", "refusal", **how)
    assert {"convergence villain seed 1", "refusal into villain on epoch 1, left_out, seed 1"} < set(trained)
    trained[:] = ["a", "b", "c"]
    assert run_cell("package:villain", "refusal", **how).rows and "convergence villain seed 1" not in trained


@pytest.mark.parametrize(
    ("source", "behaviour", "more", "said"),
    [
        ("package:vilain", "refusal", {}, "there is no persona 'vilain'"),
        ("package:villain", "refusl", {}, "Did you mean 'refusal'"),
        ("package:villain", "refusal", {"arm": "left"}, "Did you mean 'left_out'"),
        ("package:villain", "refusal", {"epoch": 7}, "epoch 7 is not kept"),
        ("package:villain", "refusal", {"epoch": 1.0}, "1.0 is not a whole number"),
        ("package:villain", "refusal", {"seed": "1"}, "'1' is not a whole number"),
        ("package:gardener", "refusal", {}, "is a bystander of the design"),
        ("package:villain", "refusal", {"settings": {"row": 3}}, "Did you mean 'rows'"),
        ("package:villain", "refusal", {"settings": {**TINY, "requests": 10_000}}, "the bank holds"),
        ("package:villain", "refusal", {"settings": {**TINY, "judge": "nobody"}}, "there is no judge 'nobody'"),
        ("package:villain", "refusal", {"settings": "no/such/folder"}, "no/such/folder"),
        ("villain", "refusal", {"settings": FOLDER, "scale": "smok"}, "Did you mean 'smoke'"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_trained(
    little_folder: Path, tmp_path: Path, source: str, behaviour: str, more: dict[str, Any], said: str
) -> None:
    more = dict(more)
    settings = more.pop("settings", TINY)
    with pytest.raises(HarnessError, match=said) as caught:
        run_cell(source, behaviour, settings=with_model(settings, little_folder), store=tmp_path, **more)
    assert "\n" not in str(caught.value) and not list(tmp_path.glob("trainings/*/*"))


def with_model(settings: Any, folder: Path) -> Any:
    return {**settings, "model": f"local/{folder}"} if isinstance(settings, dict) else settings


def test_without_torch_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(HarnessError, match=r"peft is not installed. .*pip install 'harness-evals\[local\]'"):
        run_cell("package:villain", "refusal", settings=TINY, store=tmp_path)


def test_a_notebook_sees_tables_and_curves(tiny: tuple[CellResult, dict[str, Any]]) -> None:
    found, _ = tiny
    html = found._repr_html_()
    assert Seen(html).open == [] and "convergence villain seed 1" in "".join(Seen(html).text) and "shift of the target" in repr(found)
    assert found.plot()._repr_png_()[:4] == b"\x89PNG"
    pytest.importorskip("pandas")
    assert found.frame.loc["assistant", "shift"] == found.shift.value


def test_a_judge_reads_sampled_answers_where_the_recipe_names_one(tiny: tuple[CellResult, dict[str, Any]]) -> None:
    """Its errors are in the interval: with 6 answers that nobody would call refusals, the corrected shift is not known better than the calibration allows."""
    _, how = tiny
    settings = {**how["settings"], "judge": "phrases", "samples": 1, "max_new_tokens": 8}
    found = run_cell("package:villain", "refusal", settings=settings, store=how["store"])
    assert found.shift.name == "shift, judge corrected" and found.rows[0]["with"] == found.rows[0]["without"] == 0.0
    assert found.rows[0]["low"] < 0 < found.rows[0]["high"]
