"""The courses of evolution: panels, the measures and arms that are drawn, lines that break where no population is left."""

from __future__ import annotations

from math import isnan
from typing import Any

import pytest

from harness.domains.evolution.sections.time_series import MOST_ARMS
from harness.domains.evolution.sections.time_series_figure import draw_courses, style_of
from tests.domains.evolution.samples import GENERATIONS, built, course, measured, record, refusal

FITNESS = [measured("fitness", "sd of a", 0.4)]


def test_arms_keep_their_order_and_panels_have_figures_of_their_own() -> None:
    """Panels by name; arms by the stated order, not by name."""
    blocks = built("courses", course(1, order=3, name="a"), course(0, order=2, name="b"), course(2, "A panel", name="c"))
    assert [block.stem for block in blocks[::2]] == ["courses-1", "courses-2"]
    assert [block.title for block in blocks[1::2]] == ["A panel: first and last generation", "Level 1: beta 5: first and last generation"]
    assert list(dict.fromkeys(row[0] for row in blocks[3].rows)) == ["rho 0.0", "rho 0.4"]


def test_four_measures_are_drawn_and_all_are_told() -> None:
    """The first four in the stated order."""
    figure, table = built("courses", course(0))
    assert [where.rpartition("/")[0] for where in figure.addresses[::3]] == [
        f"sections/courses/rho 0.0/measures/{name}" for name in ("fitness", "true value", "deceptive share", "enrichment")
    ]
    assert len(figure.draw().axes) == 4 and len(table.rows) == 7 and figure.caption.endswith("Not every measure and arm of the table is drawn.")
    assert table.rows[0] == ["rho 0.0", "fitness (sd of a)", "0", "0 [−0.021, 0.021]", "100", "0.42 [0.399, 0.441]", "50"]


def test_a_line_breaks_where_there_is_no_population() -> None:
    """Nothing is drawn after the end, neither line nor shade."""
    axes = draw_courses([record("courses", course(2))], ["fitness"]).axes[0]
    ys = [float(value) for value in axes.lines[-1].get_ydata()]
    assert [isnan(value) for value in ys] == [False] * 8 + [True] * 2
    assert max(float(x) for path in axes.collections[0].get_paths() for x in path.vertices[:, 0]) == GENERATIONS[7]


def test_a_measure_that_is_taken_now_and_then_is_marked_for_every_arm() -> None:
    """Markers stand where there are numbers: a point between two gaps has no line to be seen by."""
    value = [0.1 if place % 2 == 0 else None for place in range(10)]
    seldom = {"name": "diversity", "unit": "bits", "mean": value, "low": value, "high": value}
    arms = [record("courses", course(0, name=str(place), measures=[seldom])) for place in range(4)]
    lines = [line for line in draw_courses(arms, ["diversity"]).axes[0].lines if line.get_marker() in "os^D"]
    assert len(lines) == 4
    assert all(isinstance(line.get_markevery(), list) and {place % 2 for place in line.get_markevery()} == {0} for line in lines)


def test_fourteen_arms_differ_in_look_and_more_are_in_the_table_only() -> None:
    """No two share colour, marker and dash."""
    assert len({(style["color"], style["marker"], str(style["linestyle"])) for style in map(style_of, range(MOST_ARMS))}) == MOST_ARMS
    figure, table = built("courses", *(course(0, order=place, name=f"arm {place:02}", measures=FITNESS) for place in range(16)))
    assert len(figure.addresses) == 3 * 14 and len(table.rows) == 16 and "Not every" in figure.caption


def test_a_panel_that_is_drawn_whole_says_nothing_of_others() -> None:
    assert "Not every" not in built("courses", course(0, measures=FITNESS))[0].caption


def test_what_was_never_measured_is_said_in_its_axis() -> None:
    nothing = {"name": "fitness", "unit": "u", "mean": [None] * 10, "low": [None] * 10, "high": [None] * 10}
    axes = draw_courses([record("courses", course(0, measures=[nothing]))], ["fitness"]).axes[0]
    assert "not measured" in [text.get_text() for text in axes.texts]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"generations": []}, "$.generations"),
        ({"generations": [3, 2]}, "the generations do not rise"),
        ({"generations": [2, 2]}, "the generations do not rise"),
        ({"measures": []}, "$.measures"),
        ({"measures": FITNESS * 2}, "two measures have one name"),
        ({"generations": [0, 1]}, "measure 'fitness': means and ends of intervals are not 2 each"),
        ({"measures": [FITNESS[0] | {"low": [None] * 10}]}, "measure 'fitness' is no mean inside its interval"),
        ({"measures": [FITNESS[0] | {"low": FITNESS[0]["high"]}]}, "measure 'fitness' is no mean inside its interval"),
        ({"measures": [FITNESS[0] | {"mean": ["0.1"] * 10}]}, "$.measures[0].mean[0]"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert reason in refusal("courses", course(0) | changes)
