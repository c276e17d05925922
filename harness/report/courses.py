"""How populations change over the generations, from `facts/Evolution`: arms that share a panel are drawn together, one small axis a measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from harness.report.addresses import below
from harness.report.numbers import Numbers
from harness.report.spans import Real, listed
from harness.report.stated import Count, Entry, Stated, entries, entry, number, read
from harness.report.view import View

GROUP = "Evolution"
STEM = "evolution"
# Beginnings of the names that are drawn first: what is selected, what is wanted, what passes although it harms, what is left to select from.
ORDER = ("fitness", "true value", "deceptive share", "diversity", "value as the test sees it", "enrichment", "founders left")
MOST_DRAWN, MOST_ARMS = 4, 14  # measures in a row; arms in a panel, each with a look of its own


class Measure(Stated, frozen=True, kw_only=True):
    """One measure by generation: the mean over runs and the ends of its interval, None where there was no population."""

    unit: str | None = None
    mean: tuple[Real | None, ...] = ()
    low: tuple[Real | None, ...] | None = None
    high: tuple[Real | None, ...] | None = None


class Course(Stated, frozen=True, kw_only=True):
    """One arm. The measures are read one by one, so that a broken one takes no other with it."""

    panel: str | None = None
    arm: str | None = None
    order: Real | None = None
    runs: Count | None = None
    generations: tuple[Count, ...] = ()
    measures: dict[str, Any] = msgspec.field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One measure of one arm, fit to be drawn and told."""

    arm: str
    at: str
    course: Course
    measure: Entry[Measure]
    stated: Measure


@dataclass(frozen=True)
class Panel:
    """Arms that are drawn together; `stem` names the figure."""

    title: str
    stem: str
    arms: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def measures(self) -> list[str]:
        """All measures of the panel, those that are drawn first."""
        return sorted({line.measure.name for line in self.lines}, key=ranked)

    @property
    def drawn(self) -> list[Line]:
        """The lines of the figure."""
        measures, arms = self.measures[:MOST_DRAWN], self.arms[:MOST_ARMS]
        return [line for line in self.lines if line.measure.name in measures and line.arm in arms]

    @property
    def partly(self) -> bool:
        """True where the table holds more than the figure."""
        return len(self.drawn) < len(self.lines)


@dataclass(frozen=True)
class Courses:
    """The panels in their order, and what cannot be told, each with its address and reason."""

    panels: list[Panel]
    troubles: list[tuple[str, str]]

    def __bool__(self) -> bool:
        return bool(self.panels or self.troubles)


def ranked(name: str) -> tuple[int, str]:
    """The place of a measure: JSON objects are sorted on writing, so their order tells nothing."""
    return (next((place for place, known in enumerate(ORDER) if name.startswith(known)), len(ORDER)), name)


def courses(view: View) -> Courses:
    """All of the group; what is absent is empty."""
    found = entries(view, GROUP, Course)
    troubles = [(each.at, each.trouble) for each in found if each.trouble]
    arms = sorted(read(found), key=lambda pair: (pair[1].order is None, pair[1].order or 0.0, pair[0].name))
    grouped: dict[str, list[Line]] = {}
    for each, course in arms:
        lines, broken = _lines(each, course)
        troubles += broken
        if lines:
            grouped.setdefault(course.panel or "", []).extend(lines)
    stems = [STEM] if len(grouped) == 1 else [f"{STEM}-{place}" for place in range(1, len(grouped) + 1)]
    panels = [_panel(title, stem, lines) for stem, (title, lines) in zip(stems, grouped.items(), strict=True)]
    return Courses(panels, troubles)


def _panel(title: str, stem: str, lines: list[Line]) -> Panel:
    return Panel(title, stem, tuple(dict.fromkeys(line.arm for line in lines)), tuple(lines))


def _lines(each: Entry[Course], course: Course) -> tuple[list[Line], list[tuple[str, str]]]:
    """The measures that can be told, by rank, and the troubles of the others."""
    at = below(each.at, "measures")
    measures = [entry(name, below(at, name), value, Measure) for name, value in sorted(course.measures.items(), key=lambda item: ranked(item[0]))]
    if fault := _unordered(course) or ("" if measures else "no measure is stated"):
        return [], [(each.at, fault)]
    troubles = [(measure.at, measure.trouble) for measure in measures if measure.trouble]
    troubles += [(measure.at, _unequal(course, stated)) for measure, stated in read(measures) if _unequal(course, stated)]
    # The name of the fact tells arms apart, also where two carry the same legend.
    return [Line(each.name, each.at, course, measure, stated) for measure, stated in read(measures) if not _unequal(course, stated)], troubles


def _unordered(course: Course) -> str:
    if not course.generations:
        return "no generation is stated"
    rising = all(one < two for one, two in zip(course.generations, course.generations[1:], strict=False))
    return "" if rising else "the generations do not rise"


def _unequal(course: Course, stated: Measure) -> str:
    lengths = {len(numbers) for numbers in (stated.mean, stated.low, stated.high) if numbers is not None}
    return "" if lengths == {len(course.generations)} else "means or intervals are not as many as the generations"


def legend(line: Line) -> str:
    """The words for an arm."""
    return line.course.arm or line.arm


def generation(numbers: Numbers, line: Line, *, last: bool) -> str:
    """The first or the last generation of an arm."""
    return numbers.num(below(line.at, "generations", _place(line, last=last)), "count")


def told(numbers: Numbers, line: Line, *, last: bool) -> str:
    """Mean and interval in the first or in the last generation."""
    return listed(numbers, line.measure.at, line.stated, _place(line, last=last))


def _place(line: Line, *, last: bool) -> int:
    return len(line.course.generations) - 1 if last else 0


def runs(numbers: Numbers, line: Line) -> str:
    """How many runs an arm has."""
    return number(numbers, line.at, line.course, "runs", "count")
