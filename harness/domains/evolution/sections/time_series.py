"""How populations change over the generations: arms of one panel are drawn together, one small axis a measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated

from msgspec import Meta

from harness.domains.evolution.sections.interval_format import check_spans
from harness.domains.evolution.sections.time_series_figure import draw_courses
from harness.plaintext import by_number
from harness.records import Record, SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Figure, Table
from harness.report.numbers import Numbers
from harness.report.record_format import Count, Real, format_mean

MOST_MEASURES, MOST_ARMS, MOST_ROWS = 4, 14, 100  # measures and arms in a figure, where each arm has a look of its own; rows of a table in the clean result
CAPTION = ". Means over runs by generation, shaded by their interval; a line breaks where there is no number, as after extinction."
HEADINGS = ("generation", "mean [interval]", "generation", "mean [interval]", "runs")  # of the first and of the last generation


class MeasuredCourse(Record, frozen=True, kw_only=True):
    """A measure at each generation: the mean over runs and the ends of its interval, None where there was no population."""

    name: str
    unit: str
    mean: tuple[Real | None, ...]
    low: tuple[Real | None, ...]
    high: tuple[Real | None, ...]


class Course(SectionRecord, frozen=True, kw_only=True):
    """An arm of a panel, and its measures in the order in which they are drawn. Arms stand in the order of `order`."""

    panel: str
    arm: str
    order: Count
    runs: Count
    generations: Annotated[tuple[Count, ...], Meta(min_length=1)]
    measures: Annotated[tuple[MeasuredCourse, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        if list(self.generations) != sorted(set(self.generations)):
            raise ValueError("the generations do not rise")
        if len({measure.name for measure in self.measures}) < len(self.measures):
            raise ValueError("two measures have one name")
        for measure in self.measures:
            check_spans(f"measure {measure.name!r}", len(self.generations), measure.mean, measure.low, measure.high)


Panel = Mapping[str, Course]  # arms by address


class Courses:
    """A figure and a table for each panel."""

    id, title, position = "courses", "Evolution", 300
    record = Course

    def build(self, records: Mapping[str, Course], numbers: Numbers) -> Iterator[Block]:
        for index, panel in enumerate(group_panels(records), start=1):
            title = numbers.text(below(next(iter(panel)), "panel"))
            yield build_figure(f"courses-{index}", title, panel)
            yield build_table(title, panel, numbers)


def group_panels(records: Mapping[str, Course]) -> list[Panel]:
    """The panels by name, each with its arms in their order."""
    found: dict[str, dict[str, Course]] = {}
    for at, course in sorted(records.items(), key=lambda item: (item[1].panel, item[1].order, by_number(item[0]))):
        found.setdefault(course.panel, {})[at] = course
    return list(found.values())


def build_figure(stem: str, title: str, panel: Panel) -> Figure:
    """The first measures of the first arms."""
    arms = list(panel.items())[:MOST_ARMS]
    names = list(dict.fromkeys(measure.name for _, course in arms for measure in course.measures))[:MOST_MEASURES]
    drawn = [below(at, "measures", measure.name) for at, course in arms for measure in course.measures if measure.name in names]
    partly = len(drawn) < sum(len(course.measures) for course in panel.values())
    return Figure(
        stem=stem,
        alt="Means by generation with intervals, one line an arm; first and last generation stand in the table below.",
        caption=title + CAPTION + (" Not every measure and arm of the table is drawn." if partly else ""),
        draw=partial(draw_courses, [course for _, course in arms], names),
        addresses=[below(where, key) for where in drawn for key in ("mean", "low", "high")],
    )


def build_table(title: str, panel: Panel, numbers: Numbers) -> Table:
    columns = [Column(heading="arm"), Column(heading="measure"), *(Column(heading=name, numeric=True) for name in HEADINGS)]
    rows = [row(numbers, at, course, measure) for at, course in panel.items() for measure in course.measures]
    return Table(title=title + ": first and last generation", columns=columns, rows=rows, folded=True, most=MOST_ROWS)


def row(numbers: Numbers, at: str, course: Course, measure: MeasuredCourse) -> list[str]:
    where = below(at, "measures", measure.name)
    cells = [numbers.text(below(at, "arm")), numbers.text(below(where, "name")) + " (" + numbers.text(below(where, "unit")) + ")"]
    for index in (0, len(course.generations) - 1):
        cells += [numbers.num(below(at, "generations", index), "count"), format_mean(numbers, where, measure, ("mean", "low", "high"), index)]
    return [*cells, numbers.num(below(at, "runs"), "count")]
