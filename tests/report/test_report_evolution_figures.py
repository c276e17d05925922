"""What the sections on evolution draw, and in which order they tell."""

from __future__ import annotations

from math import isnan
from typing import Any

import pytest
from sample_convergence import with_facts
from sample_evolution import GENERATIONS, cloud, course, deceived, law, measure, phase

from harness.report import clouds, course_figure, courses, deception, laws, phases, spans
from harness.report.cloud_figure import drawn as drawn_clouds
from harness.report.deception_figure import drawn as drawn_deception
from harness.report.evolution import parts, pictures, stems
from harness.report.numbers import Numbers
from harness.report.phase_figure import drawn as drawn_maps
from harness.report.stated import read
from harness.report.view import View


def seen(**groups: Any) -> View:
    return View(with_facts(**groups))


def arms(*found: dict[str, Any]) -> courses.Courses:
    return courses.courses(seen(Evolution={f"arm {place:02}": each for place, each in enumerate(found)}))


def test_arms_keep_their_order_and_panels_have_figures_of_their_own() -> None:
    """By the stated order, not by name."""
    found = arms(course(1, order=3), course(0, order=2), course(2, "second", order=1))
    assert [(panel.title, panel.stem, panel.arms) for panel in found.panels] == [
        ("second", "evolution-1", ("arm 02",)),
        ("Level 1: beta 5", "evolution-2", ("arm 01", "arm 00")),
    ]


def test_every_picture_is_named_as_the_templates_name_it() -> None:
    """The stems are those of the files."""
    view = seen(Evolution={"a": course(0), "b": course(1, "other")}, Phase={"x": phase(2, 2)}, Deception={"d": deceived(0.1)}, Beliefs={"c": cloud(0)})
    assert sorted(pictures(view)) == sorted(f"{stem}.{kind}" for stem in stems(parts(view)) for kind in ("png", "svg"))


def test_four_measures_are_drawn_and_all_are_told() -> None:
    """Those that matter most come first, whatever their names."""
    panel = arms(course(0)).panels[0]
    assert panel.measures[:4] == ["fitness", "true value", "deceptive share", "diversity"]
    assert len(panel.lines) == 7 and panel.partly
    assert len(course_figure.drawn(panel).axes) == 4


def test_a_line_breaks_where_there_is_no_population() -> None:
    """Nothing is drawn after the end, neither line nor shade."""
    axes = course_figure.drawn(arms(course(2)).panels[0]).axes[0]
    ys = [float(value) for value in axes.lines[1 if len(axes.lines) > 1 else 0].get_ydata()]
    assert [isnan(value) for value in ys] == [False] * 8 + [True] * 2
    assert max(float(x) for path in axes.collections[0].get_paths() for x in path.vertices[:, 0]) == GENERATIONS[7]


def test_fourteen_arms_differ_in_look_and_more_are_in_the_table_only() -> None:
    """No two share colour, marker and dash."""
    assert len({course_figure.style(look) for look in range(courses.MOST_ARMS)}) == courses.MOST_ARMS
    panel = arms(*(course(0, order=place, measures={"fitness": measure("u", 1.0)}) for place in range(16))).panels[0]
    assert len(panel.drawn) == 14 and len(panel.lines) == 16 and panel.partly


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"generations": []}, "no generation is stated"),
        ({"generations": [3, 2]}, "the generations do not rise"),
        ({"measures": {}}, "no measure is stated"),
        ({"generations": [0, 1]}, "means or intervals are not as many as the generations"),
    ],
)
def test_a_course_that_does_not_fit_says_why(changes: dict[str, Any], reason: str) -> None:
    """No panel is made of it."""
    found = arms(course(0, measures={"fitness": measure("u", 1.0)}) | changes)
    assert not found.panels and [trouble for _, trouble in found.troubles] == [reason]


def test_one_broken_measure_takes_no_other_with_it() -> None:
    """The other measure of the arm is drawn."""
    found = arms(course(0, measures={"fitness": "text", "true value": measure("u", 1.0)}))
    assert [line.measure.name for line in found.panels[0].lines] == ["true value"]
    assert [at for at, _ in found.troubles] == ["facts/Evolution/arm 00/measures/fitness"]


@pytest.mark.parametrize("signed", [True, False])
def test_colours_are_even_and_centred_on_zero_where_signs_differ(signed: bool) -> None:
    """A diverging map only where there are both signs; gaps are hatched."""
    found = phases.drawable(phases.phases(seen(Phase={"m": phase(7, 6, signed=signed)})))
    axes = drawn_maps(found).axes[0]
    mesh = axes.collections[0]
    assert mesh.get_cmap().name == ("RdBu" if signed else "cividis")
    assert (mesh.norm.vmin == -mesh.norm.vmax) == signed
    assert len([patch for patch in axes.patches if patch.get_hatch()]) == 1
    assert len(axes.texts) == 7 * 6 - 1


def test_a_wide_map_prints_no_values() -> None:
    """They would overlap; the table has them."""
    found = phases.drawable(phases.phases(seen(Phase={"m": phase(30, 3)})))
    assert not drawn_maps(found).axes[0].texts


@pytest.mark.parametrize("changes", [{"xs": [1.0]}, {"low": [[0.0]]}, {"mean": []}, {"ys": []}, {"xs": [0.0] * 41}])
def test_a_map_of_another_shape_says_why(changes: dict[str, Any]) -> None:
    """It is not drawn."""
    found = phases.phases(seen(Phase={"m": phase(4, 3, **changes)}))
    assert found[0].trouble and not phases.drawable(found)


def test_harmful_beliefs_that_pass_have_a_marker_of_their_own() -> None:
    """Pool, held and deceptive are three clouds; what nobody holds is pool alone."""
    one = cloud(0, 3, value=[-1.0, 1.0, 1.0], signal=[1.0, 1.0, -1.0], before=[0.1, 0.1, 0.0], after=[0.0, 0.5, 0.0])
    before, after = drawn_clouds(clouds.drawable(clouds.clouds(seen(Beliefs={"a": one})))).axes
    assert [len(cloud.get_offsets()) for cloud in before.collections] == [3, 1, 1]
    assert [len(cloud.get_offsets()) for cloud in after.collections] == [3, 1]
    assert after.texts[0].get_text() == "deceptive"


def test_the_beliefs_told_are_those_held_by_most() -> None:
    """Beliefs that nobody holds are never among them."""
    found = read(clouds.clouds(seen(Beliefs={"a": cloud(0, 4, after=[0.2, 0.0, 0.9, 0.2])})))
    assert clouds.leading(found[0][1]) == [2, 0, 3]


def test_conditions_are_ordered_by_rho_and_theory_is_one_line() -> None:
    """Through the stated points alone."""
    found = deception.deceived(seen(Deception={"c": deceived(-0.5), "a": deceived(1.0), "b": deceived(0.0)}))
    assert [each.name for each in found] == ["c", "b", "a"]
    axes = drawn_deception([stated for _, stated in deception.drawable(found)]).axes
    assert [float(x) for x in axes[0].lines[0].get_xdata()] == [-0.5, 0.0, 1.0]
    assert len(axes) == 2


def test_without_enrichment_there_is_one_axis() -> None:
    """And no word of it in the legend."""
    found = deception.deceived(seen(Deception={"a": deceived(1.0)}))
    figure = drawn_deception([stated for _, stated in deception.drawable(found)])
    assert len(figure.axes) == 1
    assert "enrichment" not in [text.get_text() for text in figure.legends[0].get_texts()]


def test_broken_laws_come_first() -> None:
    """Then the undecided, then those that hold, each by name."""
    found = laws.laws(seen(Laws={"a": law(), "b": law(holds=False), "c": law(holds=None), "d": law(holds=False)}))
    assert [(each.name, laws.word(each)) for each in found] == [("b", "does not hold"), ("d", "does not hold"), ("c", "not decided"), ("a", "holds")]


def test_no_number_is_rounded_onto_a_bound_or_onto_its_interval() -> None:
    """A z just above its bound, a share just below one, a narrow interval."""
    view = seen(Laws={"a": law(z=-5.0004, observed=0.99971, expected=0.99972)}, Published={"a": {"ours": 0.4078, "low": 0.4074, "high": 0.4082}})
    numbers, each = Numbers(view.tree), laws.laws(view)[0]
    assert [laws.told(numbers, each, key) for key in ("z", "observed", "expected", "bound")] == ["−5.0004", "0.99971", "0.99972", "5"]
    found = parts(view)["recorded"][0]
    assert parts(view)["published"].ours(numbers, found) == "0.4078 [0.407, 0.4082]"


@pytest.mark.parametrize("points", [[], [0.0], [1e20, 1e20], [1.0, 1.0 + 1e-16], [-1e-300, 1e-300]])
def test_an_axis_has_two_ends(points: list[float]) -> None:
    """Whatever is to be shown."""
    low, high = spans.limits(points)
    assert low < high
