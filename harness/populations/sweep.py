"""Sweeps: one simulation under many settings and seeds, all checked before anything runs, and told as one tidy table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from harness.errors import HarnessError
from harness.fingerprint import canonical
from harness.populations.arms import Arm, listed, product, unshared
from harness.populations.form import Form, formed
from harness.populations.heeding import heeded
from harness.populations.history import MEASURED, History
from harness.populations.portions import Portion, gathered, portions
from harness.populations.runs import Engine, engine_named
from harness.populations.table import Table, typed
from harness.store import Store

DERIVED = ("enrichment", "value_each")
MEASURES = (*MEASURED, *DERIVED)
Progress = Callable[[int, int, str], None]


def _plain(value: Any) -> Any:
    found = unshared(value)
    try:
        canonical(found)
    except (TypeError, ValueError) as error:
        raise ValueError(f"only plain finite values can be swept ({error})") from None
    return found


Plain = Annotated[Any, BeforeValidator(_plain)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


class Sweep(Form):
    """`base`: parameters that all arms share. `axes`: dotted path to values, in full product, the last axis moving first; or `arms`: name to paths and values.

    `seeds`: one run each in every arm. Randomness is addressed by seed, so arms of equal seed meet the same draws: one world where they have equal landscapes,
    one set of founders, one course. With `share_worlds` that is wanted, and arms are compared run by run (common random numbers); without it each arm mixes its
    own parameters into its seeds, and all runs of all arms are independent.
    """

    base: Annotated[dict[str, Plain], BeforeValidator(unshared)] = Field(default_factory=dict)
    axes: dict[str, Annotated[tuple[Plain, ...], BeforeValidator(unshared)]] = Field(default_factory=dict)
    arms: dict[str, dict[str, Plain]] = Field(default_factory=dict)
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1), BeforeValidator(unshared)]
    share_worlds: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Sweep:
        if self.axes and self.arms:
            raise ValueError("axes and arms are both given. Give one: axes for all combinations, arms for those you list")
        twice = next((seed for seed in self.seeds if self.seeds.count(seed) > 1), None)
        if twice is not None:
            raise ValueError(f"seed {twice} is given twice, and equal seeds give equal runs. Give each once")
        return self

    def every(self) -> list[Arm]:
        """All arms. Raises HarnessError in one line for what is unknown, impossible, or there twice."""
        found = listed(self.base, self.arms) if self.arms else product(self.base, self.axes)
        first: dict[str, str] = {}
        for arm in found:
            if arm.key in first:
                told = f"arms {first[arm.key]!r} and {arm.name!r} have identical parameters"
                raise HarnessError(told, where="sweep", mend="Leave one out, or change a value")
            first[arm.key] = arm.name
        return found


def sweep(value: Mapping[str, Any]) -> Sweep:
    """A sweep from plain values. Raises HarnessError in one line for what is unknown or impossible; so does asking for its arms."""
    found: Sweep = formed(Sweep, value, "sweep")
    return found


def swept(
    given: Sweep | Mapping[str, Any], *, workers: int = 1, progress: Progress | None = None, folder: Path | str | None = None, engine: Engine = "auto"
) -> Table:
    """All runs as one table: arm, the swept parameters, seed, generation, and every measure of `MEASURES`, in the order of arms, seeds, generations.

    `progress(runs done, runs in all, arm)` is called as they come in. In `folder` results are kept by what made them: what is there already is not run again,
    whoever put it there. Before anything long, each parameter is seen to change something (`heeded`). Workers, engine and folder change no bit of the table.
    """
    asked = given if isinstance(given, Sweep) else sweep(given)
    arms, store = asked.every(), None if folder is None else Store(Path(folder))
    engine_named(engine)  # told now where it cannot be had
    gather = partial(gathered, engine=engine, workers=max(1, workers), store=store)
    heeded(arms, asked.axes, asked.seeds, gather)
    parts = [part for arm in arms for part in portions(arm, [arm.seed(seed, asked.share_worlds) for seed in asked.seeds])]
    done, total = 0, len(arms) * len(asked.seeds)

    def told(part: Portion) -> None:
        nonlocal done
        done += len(part.seeds)
        if progress is not None:
            progress(done, total, part.arm.name)

    found = gather(parts, told=told)
    by_arm = {arm.name: np.concatenate([values for part, values in zip(parts, found, strict=True) if part.arm is arm]) for arm in arms}
    return tidy(arms, asked.seeds, by_arm)


def tidy(arms: list[Arm], seeds: tuple[int, ...], values: Mapping[str, np.ndarray]) -> Table:
    """The table of (runs, generations + 1, measures) for each arm."""
    rows = [values[arm.name].shape[0] * values[arm.name].shape[1] for arm in arms]
    paths = list(dict.fromkeys(path for arm in arms for path in arm.overrides))
    columns = {"arm": np.repeat([arm.name for arm in arms], rows)}
    columns |= {named(path): np.repeat(typed([arm.value(path) for arm in arms]), rows) for path in paths}
    columns["seed"] = np.concatenate([np.repeat(np.array(seeds, dtype=np.int64), arm.simulation.generations + 1) for arm in arms])
    columns["generation"] = np.concatenate([np.tile(np.arange(arm.simulation.generations + 1), len(seeds)) for arm in arms])
    flat = History(np.concatenate([values[arm.name].reshape(-1, len(MEASURED)) for arm in arms]))
    return Table(columns | {name: np.ascontiguousarray(flat[name]) for name in MEASURES})


def named(path: str) -> str:
    """The column of a parameter: its path, with `simulation.` before the few that are also measures (fitness, questions)."""
    return f"simulation.{path}" if path in MEASURES else path
