"""A pytest plugin (`-p harness.export.wandb`): each run of an experiment becomes a run of Weights & Biases.

Its project is WANDB_PROJECT, or `harness`; all else is W&B's own: WANDB_MODE=offline keeps it on this machine.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from harness.export.summary import config_of, metrics_of, report_files, require_package, verdicts_of

if TYPE_CHECKING:
    from harness.records import Results


def pytest_configure() -> None:
    require_package("wandb")


def pytest_harness_finished(results: Results, folder: Path) -> None:
    """Numbers and verdicts go into the summary of the W&B run, the report into an artifact."""
    import wandb

    name, tags = f"{results.experiment} {results.execution.run}", [str(results.verdict), results.scale]
    project = os.environ.get("WANDB_PROJECT") or "harness"
    with wandb.init(project=project, name=name, group=results.experiment, tags=tags, config=config_of(results), settings={"silent": True}) as run:
        run.summary.update({**metrics_of(results), **verdicts_of(results)})
        artifact = wandb.Artifact(f"{results.experiment}-report", "report", metadata=verdicts_of(results))
        for path, inside in report_files(folder):
            artifact.add_file(str(path), inside)
        run.log_artifact(artifact)
