"""A pytest plugin (`-p harness.export.mlflow`): each run of an experiment becomes a run of MLflow, in the store that MLFLOW_TRACKING_URI names."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from harness.export.summary import config_of, metrics_of, report_files, require_package, verdicts_of
from harness.fingerprint import canonical, fingerprint

if TYPE_CHECKING:
    from harness.records import Results

LONGEST, LONGEST_VALUE = 240, 6000  # characters that MLflow takes of a name, and of a parameter


def pytest_configure() -> None:
    require_package("mlflow")


def pytest_harness_finished(results: Results, folder: Path) -> None:
    """Numbers are metrics, the configuration parameters, verdicts tags, the report artifacts. MLflow takes no brackets in names: addresses.json has the
    address of each metric."""
    import mlflow

    config, metrics = config_of(results), metrics_of(results)
    names = {address: metric_name(address) for address in metrics}
    parameters = {f"settings/{name}": value for name, value in config.pop("settings").items()} | config
    mlflow.set_experiment(results.experiment)
    with mlflow.start_run(run_name=results.execution.run, tags={f"harness.{name}": verdict for name, verdict in verdicts_of(results).items()}):
        mlflow.log_params({metric_name(name): (value if isinstance(value, str) else canonical(value))[:LONGEST_VALUE] for name, value in parameters.items()})
        mlflow.log_metrics({names[address]: value for address, value in metrics.items()})
        mlflow.log_dict({name: address for address, name in names.items()}, "addresses.json")
        for path, inside in report_files(folder):
            mlflow.log_artifact(str(path), posixpath.dirname(f"report/{inside}"))


def metric_name(text: str) -> str:
    """The text itself where MLflow takes it as a name, else what is left of it with its hash."""
    name = re.sub(r"[^\w\- ./:]", "_", text, flags=re.ASCII)[:LONGEST]
    if posixpath.normpath(name) != name or name.startswith(("/", "..")):
        name = re.sub(r"[./]+", "_", name)
    return name if name == text else f"{name}.{fingerprint(text)[:8]}"
