"""Phase maps: colours, gaps, what is printed, and shapes that fit."""

from __future__ import annotations

from typing import Any

import pytest

from harness.domains.evolution.sections.phase_figure import colour_limits, draw_maps
from tests.domains.evolution.samples import built, phase, record, refusal


@pytest.mark.parametrize("signed", [True, False])
def test_colours_are_even_and_centred_on_zero_where_signs_differ(signed: bool) -> None:
    """A diverging map only where there are both signs; gaps are hatched."""
    axes = draw_maps([record("phases", phase("m", 7, 6, signed=signed))]).axes[0]
    mesh = axes.collections[0]
    assert mesh.get_cmap().name == ("RdBu" if signed else "cividis")
    assert (mesh.norm.vmin == -mesh.norm.vmax) == signed
    assert len([patch for patch in axes.patches if patch.get_hatch()]) == 1
    assert len(axes.texts) == 7 * 6 - 1


@pytest.mark.parametrize("values", [[], [0.0], [1e20, 1e20], [-1e-300, 1e-300], [0.2, 0.2 + 1e-17]])
def test_a_scale_of_colours_has_two_ends(values: list[float]) -> None:
    low, high = colour_limits(values)
    assert low < high


def test_a_wide_map_prints_no_values() -> None:
    """They would overlap; the table has them."""
    assert not draw_maps([record("phases", phase("m", 30, 3))]).axes[0].texts


def test_a_table_tells_axes_means_and_gaps() -> None:
    """Values of y head the rows, values of x the columns."""
    _, table = built("phases", phase("fitness", 3, 2))
    assert table.title == "fitness (sd of v) at generation 100, runs: 20" and table.folded
    assert [column.heading for column in table.columns] == ["rho, by selection pressure beta", "0", "0.5", "1"]
    assert list(map(list, table.rows)) == [
        ["0", "not measured", "0.1 [0.08, 0.13]", "0.1 [0.08, 0.13]"],
        ["0.2", "0.1 [0.08, 0.13]", "0.13 [0.11, 0.16]", "0.16 [0.14, 0.19]"],
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"xs": [1.0]}, "a row: means and ends of intervals are not 1 each"),
        ({"low": [[0.0]]}, "means and ends of intervals have not 3 rows each"),
        ({"mean": []}, "means and ends of intervals have not 3 rows each"),
        ({"high": [[0.0] * 4] * 3}, "a row is no mean inside its interval"),
        ({"ys": []}, "$.ys"),
        ({"xs": [0.0] * 41}, "$.xs"),
    ],
)
def test_a_map_of_another_shape_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert reason in refusal("phases", phase("m", 4, 3, **changes))
