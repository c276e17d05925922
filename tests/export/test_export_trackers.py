"""The hook at the end of a run, and what W&B and MLflow keep of it on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.export.mlflow import metric_name
from harness.export.summary import metrics_of
from harness.report.addresses import Lookup
from harness.report.build import read_results, view_of
from toy import Toy

CONFTEST = """
def pytest_harness_finished(results, folder):
    with open("heard", "a") as stream:
        stream.write(f"{results.experiment} {results.verdict} {(folder / 'index.html').exists()}\\n")
"""
BROKEN = """
def pytest_harness_finished(results, folder):
    raise SystemExit("the server\\x1b[2J is gone")
"""


@pytest.mark.parametrize("words", [(), ("-n", "2")])
def test_a_hook_hears_once_and_one_that_fails_is_a_line(toy: Toy, words):
    """After the report, in the deciding process; another plugin's failure keeps nobody from hearing, and the exit code is that of the run."""
    quiet = toy.run()
    toy.write("broken.py", BROKEN)
    toy.write("evals/conftest.py", CONFTEST)
    ran = toy.reporting().run(*words, "-p", "broken", env={"PYTHONPATH": os.pathsep.join([str(toy.root), os.environ.get("PYTHONPATH", "")])})
    assert ran.returncode == quiet.returncode == 0, ran.stdout
    assert (toy.root / "heard").read_text() == "coins supported True\n"
    assert "note: broken: pytest_harness_finished failed: SystemExit: the server\\x1b[2J is gone" in " ".join(ran.stdout.split())


def test_metrics_are_addresses(run):
    """Each number under the address at which it stands in results.json."""
    results, lookup = read_results(run), Lookup(view_of(run).tree)
    metrics = metrics_of(results)
    assert metrics and all(lookup.at(address) == value for address, value in metrics.items())


def test_names_that_mlflow_takes():
    """Brackets and long names are replaced, and stay different."""
    names = [metric_name(f"cells/H1[{name}]/measurements/x/value") for name in ("a", "(a", "a" * 300, "a" * 301, "../..")]
    assert len(set(names)) == 5 and all(len(name) <= 250 and "[" not in name and "/../" not in name for name in names)
    assert metric_name("cells/C1/measurements/fair/value") == "cells/C1/measurements/fair/value"


def test_a_tracker_that_is_not_installed_is_told_before_the_run(toy: Toy):
    """In one line, as pytest's usage error."""
    toy.write("wandb.py", "")
    (toy.root / "wandb.py").unlink()
    code = "import sys; sys.modules['wandb'] = None; import pytest; sys.exit(pytest.main(['evals', '-p', 'harness.export.wandb']))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=toy.root, capture_output=True, text=True, check=False, env=toy.env(None))
    assert ran.returncode == 4 and "needs the package wandb" in ran.stderr and "Traceback" not in ran.stderr and not toy.thrown()


READ = """
import json, sys, mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
[run] = mlflow.search_runs(experiment_names=["coins"], output_format="list")
addresses = mlflow.artifacts.load_dict(run.info.artifact_uri + "/addresses.json")
files = [one.path for one in mlflow.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="report")]
print(json.dumps(dict(tags=run.data.tags, params=run.data.params, metrics={addresses[name]: value for name, value in run.data.metrics.items()}, files=files)))
"""
# The file of a run: a header of 7 bytes, then records in blocks of 32 KiB, as LevelDB writes its log.
READ_WANDB = """
import glob, json, struct
from wandb.proto import wandb_internal_pb2
[path] = glob.glob("wandb/offline-run-*/*.wandb")
data, place, record, summary, config, files = open(path, "rb").read(), 7, b"", {}, {}, []
while place < len(data):
    if 32768 - place % 32768 < 7:
        place += 32768 - place % 32768
        continue
    _, length, part = struct.unpack_from("<IHB", data, place)
    record += data[place + 7 : place + 7 + length]
    place += 7 + length
    if part in (1, 4):
        found = wandb_internal_pb2.Record.FromString(record)
        record = b""
        for update in found.summary.update:
            summary[update.key or "/".join(update.nested_key)] = json.loads(update.value_json)
        for update in found.run.config.update:
            config[update.key] = json.loads(update.value_json)
        files += [entry.path for entry in (*found.artifact.manifest.contents, *found.request.log_artifact.artifact.manifest.contents)]
print(json.dumps(dict(summary=summary, config=config, files=files)))
"""


def test_wandb_and_mlflow_keep_a_run(toy: Toy, trackers_python):
    """Offline, both at once: configuration, numbers by address with their bounds, verdicts, and the report."""
    main = Path(pytest.__file__).parents[1]
    path = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), str(Path(__file__).parents[2]), str(main)])
    env = toy.env({"WANDB_MODE": "offline", "WANDB_SILENT": "true", "MLFLOW_TRACKING_URI": "sqlite:///mlflow.db", "PYTHONPATH": path})
    words = ["evals", "-p", "harness.export.wandb", "-p", "harness.export.mlflow"]
    ran = subprocess.run([trackers_python, "-m", "pytest", *words], cwd=toy.root, env=env, capture_output=True, text=True, check=False)
    assert "pytest_harness_finished failed" not in ran.stdout and ran.returncode == 0, ran.stdout
    metrics = metrics_of(read_results(toy.root / "reports/coins/latest"))
    kept = json.loads(told(trackers_python, READ, toy.root, env))
    assert kept["metrics"] == metrics and kept["tags"]["harness.verdict/H1"] == "supported" and kept["params"]["settings/items"] == "200"
    assert {"report/index.html", "report/results.json"} <= set(kept["files"])
    kept = json.loads(told(trackers_python, READ_WANDB, toy.root, env))
    assert metrics.items() <= kept["summary"].items() and kept["summary"]["verdict/H1"] == "supported"
    assert kept["config"]["settings"]["items"] == 200 and kept["config"]["seeds"] == [1]
    assert {"index.html", "results.json"} <= set(kept["files"])


def told(python: Path, code: str, root: Path, env: dict[str, str]) -> str:
    ran = subprocess.run([python, "-c", code], cwd=root, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()[-1]
