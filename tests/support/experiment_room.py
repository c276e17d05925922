"""An experiment of the project in a folder of its own, with settings of the test's."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from fork_server import run_python

HERE = Path(__file__).parents[2]
DATA = HERE / "../shared/data/convergence/level1_results_20250817_231441.json"


def models(path: Path) -> list[str]:
    """Every model of a Level-1 file, in order."""
    return list(dict.fromkeys(row["model_id"] for row in json.loads(path.read_text(encoding="utf-8"))["responses"]))


def short(model: str) -> str:
    return model.partition("/")[2]


def replayed(root: Path, path: Path, members: list[str], **settings: Any) -> tuple[dict[str, Any], str]:
    """(results.json, what pytest printed) of the experiment run over the recording of `members`."""
    of = {short(model): {"spec": f"replay/{path}#{model}", "family": model.partition("/")[0]} for model in members}
    return experiment(root, of, prompts="level1", prompts_folder=str(path.parents[1]), **settings)


def experiment(root: Path, members: dict[str, dict[str, Any]], /, *words: str, **settings: Any) -> tuple[dict[str, Any], str]:
    """(results.json, what pytest printed) of the comparison in `root` with a model set and settings of its own."""
    (root / "model_sets").mkdir(parents=True, exist_ok=True)
    (root / "model_sets/own.yaml").write_text(yaml.safe_dump({"title": "Of a test", "members": members}, sort_keys=False))
    return ran(root, "convergence", ("model_sets", "banks/convergence"), *words, model_set="own", **settings)


def ran(root: Path, name: str, beside: tuple[str, ...], *words: str, parents: tuple[Any, ...] = (), **settings: Any) -> tuple[dict[str, Any], str]:
    """(results.json, what pytest printed) of an experiment copied to `root` with settings of its own at smoke scale, and parents of its own if any."""
    own = f"evals/{name}"
    for copied in ("fixtures", "personas", own, *beside):
        kept = HERE / copied
        (root / copied).parent.mkdir(parents=True, exist_ok=True)
        if kept.is_dir():
            shutil.copytree(kept, root / copied, ignore=shutil.ignore_patterns("__pycache__", "*.lock.json"), dirs_exist_ok=True)
        else:
            shutil.copyfile(kept, root / copied)
    (root / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib -p no:cacheprovider\npythonpath = .\n")
    declared = yaml.safe_load((root / own / "experiment.yaml").read_text(encoding="utf-8"))
    declared["scales"]["smoke"]["settings"] |= settings
    declared["parents"] = list(parents) or declared["parents"]
    (root / own / "experiment.yaml").write_text(yaml.safe_dump(declared, sort_keys=False))
    run = root / "run"
    command = [sys.executable, "-m", "pytest", own, "--harness-falsified-ok", "--harness-run-dir", str(run), "--harness-store", str(root / "store")]
    done = run_python([*command, *words], root, os.environ | {"COLUMNS": "160"}, timeout=600)
    if not (run / "results.json").exists():
        raise AssertionError(done.stdout[-3000:] + done.stderr[-3000:])
    return json.loads((run / "results.json").read_text(encoding="utf-8")), done.stdout


def cell(results: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in results["cells"] if one["id"] == name)


def measured(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["measurements"] if one["name"] == name)
