"""Runs as data frames, as a figure, and as what a notebook shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.domains.evolution.state import DERIVED, MEASURES
from harness.plaintext import count_of
from harness.report.notebook import show_itself, to_data_frame, to_notebook

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from harness.domains.evolution.runs import Runs

DRAWN = ("fitness", "value_tested", "deceptive", "enrichment")
COUNT = "runs"


def every_generation(runs: Runs) -> DataFrame:
    """A row for each generation of each run."""
    generations = runs.values.shape[1]
    places = {"generation": np.tile(np.arange(generations), len(runs)), "seed": np.repeat(np.array(runs.seeds, dtype=np.int64), generations)}
    return as_frame(places | {name: runs[name].ravel() for name in (*MEASURES, *DERIVED)})


def means_over_runs(runs: Runs) -> DataFrame:
    """A row for each generation: the mean of each measure over the runs that have it, and in `runs` how many populations there were."""
    columns = {name: mean_and_ends(runs[name])[0] for name in (*MEASURES, *DERIVED)}
    return as_frame({"generation": np.arange(runs.values.shape[1]), COUNT: np.isfinite(runs["fitness"]).sum(axis=0), **columns}).set_index("generation")


def as_frame(columns: dict[str, Any]) -> DataFrame:
    frame = to_data_frame([])
    for name, values in columns.items():
        frame[name] = values
    return frame


def mean_and_ends(course: np.ndarray) -> np.ndarray:
    """(3, generations) mean over (runs, generations) and the ends of Student's 95 % interval; NaN where no run has a value, the mean thrice where one has."""
    from scipy.special import stdtrit

    there = np.isfinite(course)
    count, known = there.sum(axis=0), np.where(there, course, 0.0)
    mean = np.divide(known.sum(axis=0), count, out=np.full(count.shape, np.nan), where=count > 0)
    squares = (np.where(there, course - mean, 0.0) ** 2).sum(axis=0)
    error = np.sqrt(squares / np.maximum(1, count - 1) / np.maximum(1, count))
    away = np.where(count > 1, stdtrit(np.maximum(1, count - 1), 0.975) * error, 0.0)
    return np.stack([mean, mean - away, mean + away])


def draw(runs: Runs, measures: Sequence[str]) -> Figure:
    """The report's figure of courses: means over the runs, shaded by their interval."""
    from harness.domains.evolution.sections.time_series import Course, MeasuredCourse
    from harness.domains.evolution.sections.time_series_figure import draw_courses

    arm, generations = count_of(len(runs), "run", "runs"), tuple(range(runs.values.shape[1]))
    made = []
    for name in measures:
        mean, low, high = (tuple(None if value != value else value for value in part) for part in mean_and_ends(runs[name]).tolist())
        made.append(MeasuredCourse(name=name.replace("_", " "), unit="", mean=mean, low=low, high=high))
    course = Course(name=arm, panel="", arm=arm, order=0, runs=len(runs), generations=generations, measures=tuple(made))
    return show_itself(draw_courses([course], [one.name for one in made]))


def to_html(runs: Runs) -> str:
    """The first and the last generation of what is drawn."""
    died = int((runs.extinct >= 0).sum())
    rows = []
    for name in DRAWN:
        mean, low, high = mean_and_ends(runs[name])[:, [0, -1]].tolist()
        rows.append((name, mean[0], mean[1], low[1], high[1]))
    changed = runs.simulation.model_dump(mode="json", exclude_defaults=True)
    told = f"{runs.simulation.generations} generations. {count_of(died, 'population', 'populations')} died out."
    parameters = f"Not the default: {changed}" if changed else ""
    headings = ("mean over runs", "first generation", "last generation", "low", "high")
    return to_notebook(f"{count_of(len(runs), 'run', 'runs')} of a simulated population", (told, parameters), headings, rows)
