"""What a test or a fixture may ask of the run that it is part of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.run.fixtures import DeclaredSettings
from harness.run.recorder import Recorder


@dataclass(frozen=True, kw_only=True)
class Context:
    """One cell in its run. `params` are its values on the axes, `axes` all values of each axis at this scale; `folder` is that of the experiment, `root` the
    project's. Budgets are the stricter of the declaration and the command line, None where there is none."""

    experiment: str
    scale: str
    settings: Mapping[str, Any]
    seeds: tuple[int, ...]
    cell: str
    params: Mapping[str, Any]
    axes: Mapping[str, tuple[Any, ...]]
    folder: Path
    root: Path
    run: str
    budget_usd: float | None
    budget_gpu_hours: float | None
    offline: bool

    @property
    def spending(self) -> tuple[str, float] | None:
        """(the run's name, US dollars) that bound what all of its calls may cost, those of judges too; None without a budget."""
        return None if self.budget_usd is None else (self.run, self.budget_usd)

    @property
    def judging(self) -> dict[str, Any]:
        """How judges behind an API are asked: `offline`, `run` (see `spending`) and `batch`, the setting `judge_batches`. Raises HarnessError for another
        value than true or false."""
        batch = self.settings.get("judge_batches", False)
        if not isinstance(batch, bool):
            raise HarnessError(f"{batch!r} is neither true nor false", where="setting judge_batches", mend="true sends their questions to the batch endpoint")
        return {"offline": self.offline, "run": self.spending, "batch": batch}


def context_of(recorder: Recorder) -> Context:
    active, planned = recorder.active, recorder.planned
    universe, options, declared = active.universe, active.settings, active.experiment.spec.budget
    return Context(
        experiment=universe.experiment,
        scale=universe.scale,
        settings=DeclaredSettings(universe.settings),
        seeds=universe.seeds,
        cell=planned.id,
        params=dict(planned.params),
        axes={name: tuple(active.experiment.axis(name, universe.scale)) for name in active.experiment.axes},
        folder=active.experiment.folder,
        root=options.root,
        run=active.folder.path.name,
        budget_usd=stricter(declared.usd, options.budget_usd),
        budget_gpu_hours=stricter(declared.gpu_hours, options.budget_gpu_hours),
        offline=options.offline,
    )


def stricter(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)
